package scenario

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hilphone/db/nearest"
)

// token is a word of a line.
type token struct {
	text   string
	quoted bool
}

// split cuts a line into words. A word that begins with # and is not quoted ends it.
func split(line string) ([]token, error) {
	if !utf8.ValidString(line) {
		return nil, refuse("text", "is not UTF-8")
	}
	var words []token
	for {
		line = strings.TrimLeft(line, " \t")
		switch {
		case line == "" || line[0] == '#':
			return words, nil
		case line[0] == '"':
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, refuse("text", `a " is not closed, or \ is not followed by what it may`)
			}
			text, err := strconv.Unquote(quoted)
			if err != nil || !utf8.ValidString(text) {
				return nil, refuse("text", "%s cannot be read", quoted)
			}
			words, line = append(words, token{text, true}), line[len(quoted):]
			if line != "" && line[0] != ' ' && line[0] != '\t' {
				return nil, refuse("text", "%s must be followed by a space", quoted)
			}
		case valueQuoted(line):
			i := strings.Index(line, `="`) + 1
			quoted, err := strconv.QuotedPrefix(line[i:])
			if err != nil {
				return nil, refuse("text", `a " is not closed, or \ is not followed by what it may`)
			}
			text, err := strconv.Unquote(quoted)
			if rest := line[i+len(quoted):]; err != nil || !utf8.ValidString(text) || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
				return nil, refuse("text", "%s must be followed by a space", quoted)
			}
			words, line = append(words, token{text: line[:i] + text}), line[i+len(quoted):]
		default:
			end := strings.IndexAny(line, " \t")
			if end < 0 {
				end = len(line)
			}
			if strings.IndexFunc(line[:end], func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
				return nil, refuse("text", "has a character that cannot be seen")
			}
			words, line = append(words, token{text: line[:end]}), line[end:]
		}
	}
}

// valueQuoted tells whether the line begins with KEY="text".
func valueQuoted(line string) bool {
	i := strings.Index(line, `="`)
	return i > 0 && strings.IndexFunc(line[:i], func(r rune) bool { return !isNameRune(r) }) < 0
}

// isNameRune tells whether names of labels, fields and headers may have it.
func isNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// word is a text as a word of a line, quoted where it has to be.
func word(text string) string {
	plain := text != "" && text[0] != '#' && text[0] != '"' && !reserved(text) &&
		strings.IndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == utf8.RuneError }) < 0
	if plain {
		return text
	}
	return strconv.Quote(text)
}

// reserved tells whether a word has a meaning of its own in the middle of a step, so that a text of these letters is quoted.
func reserved(text string) bool {
	switch text {
	case "as", "after", "at", "within", "between", "for", "and":
		return true
	}
	return false
}

// words are those of a line that have not been read yet.
type words struct {
	all []token
}

func (w *words) empty() bool { return len(w.all) == 0 }

// peek is the next word unless it is quoted, else empty.
func (w *words) peek() string {
	if w.empty() || w.all[0].quoted {
		return ""
	}
	return w.all[0].text
}

// next takes a word; what names it where there is none.
func (w *words) next(what string) (string, error) {
	if w.empty() {
		return "", refuse(what, "is missing")
	}
	text := w.all[0].text
	w.all = w.all[1:]
	return text, nil
}

// one takes a word that must be one of these.
func (w *words) one(what string, of ...string) (string, error) {
	text, err := w.next(what)
	if err != nil {
		return "", refuse(what, "is missing: one of %s", strings.Join(of, ", "))
	}
	for _, o := range of {
		if text == o {
			return text, nil
		}
	}
	return "", refuse(what, "%q is not one of %s%s", text, strings.Join(of, ", "), nearest.Hint(text, of))
}

// take takes the next word if it is this.
func (w *words) take(text string) bool {
	if w.peek() != text || text == "" {
		return false
	}
	w.all = w.all[1:]
	return true
}

func (w *words) number(what string, low, high int) (int, error) {
	text, err := w.next(what)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, refuse(what, "%q is not a number from %d to %d", text, low, high)
	}
	return n, nil
}

func (w *words) fixed(what string) (time.Duration, error) {
	text, err := w.next(what)
	if err != nil {
		return 0, err
	}
	return parseFixed(text)
}

func (w *words) span(what string) (Span, error) {
	text, err := w.next(what)
	if err != nil {
		return Span{}, err
	}
	return parseSpan(text)
}

// end refuses what is left.
func (w *words) end() error {
	if w.empty() {
		return nil
	}
	return refuse(w.all[0].text, "is too much")
}
