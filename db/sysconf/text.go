package sysconf

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"hilphone/db/secret"
)

const (
	currentVersion = "2.0000000000"
	legacyVersion  = "2.0002"
	endOfFile      = "<<END OF FILE>>"

	// headerColumns is the length of a file's first line: the real phones read so many bytes of it, with the end of the line 64.
	headerColumns = 62

	// literal is before a key that would otherwise be read as another, such as one that a legacy file would have cut from a longer one.
	literal = "X-key "
)

var lineKey = regexp.MustCompile(`^SIP([1-9][0-9]{0,2}) +(\S.*)$`)

// textReader reads the rows of a text file.
type textReader struct {
	*File
	module, list string
	ended        bool // <<END OF FILE>> was read
	trailing     bool // and a note of what follows was made
	at           int  // line of the file
}

// parseText reads a text file that begins at an offset. Without its last line it is refused, unless a part is enough: where a file was cut, half a value
// would be taken (IM-03).
func parseText(text []byte, start int, partial bool) (*File, error) {
	x := newIndex(text)
	begin := x.at(start)
	r := &textReader{File: &File{Format: Text}, at: begin.line}
	first, rest, _ := strings.Cut(string(text[start:]), "\n")
	version, ok := strings.CutPrefix(strings.TrimPrefix(first, textHeader), "Version:")
	if r.Version = strings.TrimSpace(version); !ok || r.Version == "" {
		return nil, begin.fault("the file does not begin with %sVersion:%s", textHeader, currentVersion)
	}
	if r.Version != currentVersion {
		r.Format = LegacyText
	}
	for row := range strings.Lines(rest) {
		r.at++
		if err := r.row(strings.TrimSuffix(strings.TrimSuffix(row, "\n"), "\r")); err != nil {
			return nil, err
		}
	}
	switch {
	case r.ended:
	case !partial:
		return nil, joined(r.faults, x.end().fault("the file ends early, at line %d: it has no last line %s", x.end().line, endOfFile))
	default:
		r.Notes = append(r.Notes, Note{At: x.end().line, Message: "the file has no last line " + endOfFile + "; it was read as a part of one"})
	}
	return r.File, nil
}

func (r *textReader) row(row string) error {
	bare := strings.TrimSpace(row)
	switch {
	case strings.Trim(bare, "\x00\x1a") == "" || bare[0] == '#': // some editors and phones fill a file up behind its end
		return nil
	case r.ended:
		return r.behind(row, bare)
	case strings.EqualFold(bare, endOfFile):
		r.ended = true
		return nil
	case bare[0] == '<' && strings.HasSuffix(bare, ">"):
		r.module, r.list = strings.Trim(bare, "<> "), ""
		return nil
	}
	key, value, ok := strings.Cut(row, ":") // the first alone: values have them too
	if key = strings.TrimSpace(key); isList(key) {
		r.list = key
		return nil
	}
	column := 1 + utf8.RuneCountInString(row[:len(row)-len(value)])
	if !ok {
		at := position{r.at, 1 + utf8.RuneCountInString(row[:len(row)-len(strings.TrimLeft(row, " \t"))])}
		return r.refuse(at.fault("%s", hint("is neither a module nor KEY:VALUE"+keyIn(bare), row)))
	}
	e := r.textEntry(r.module, r.list, key, value, r.at)
	e.Column = column
	return r.add(e)
}

// behind refuses keys behind the end of the file, and a second file; a note tells of other text.
func (r *textReader) behind(row, bare string) error {
	if bare[0] == '<' || strings.Contains(bare, ":") {
		key, _, _ := strings.Cut(bare, ":")
		return r.refuse(position{r.at, 1}.fault("stands behind %s%s", endOfFile, quotedUnlessSecret(strings.TrimSpace(key))))
	}
	if !r.trailing {
		r.trailing = true
		r.Notes = append(r.Notes, Note{At: r.at, Message: "what stands behind " + endOfFile + " is not read"})
	}
	return nil
}

// quotedUnlessSecret is a key for an error text, empty if its value is a secret.
func quotedUnlessSecret(key string) string {
	if secret.Named(key) {
		return ""
	}
	return ": " + strconv.Quote(shorten(key))
}

// keyIn quotes the known key that a row without a colon begins with. The rest is not shown: it may be a password, or a part of one (IM-05).
func keyIn(row string) string {
	name := strings.TrimSpace(row[:min(len(row), maxKey)])
	for name != "" {
		tag, known := tagOf(name), false
		if found := lineKey.FindStringSubmatch(name); found != nil {
			_, known = keysByTag()[tagOf(found[2])]
		}
		for path := range deviceKeys() {
			_, below, _ := strings.Cut(path, ".")
			known = known || below == tag
		}
		if known {
			return ": " + strconv.Quote(name)
		}
		name = strings.TrimSpace(name[:max(0, strings.LastIndexAny(name, " \t"))])
	}
	return ""
}

// textEntry is a row as an entry.
func (f *File) textEntry(module, list, key, value string, at int) Entry {
	key, verbatim := strings.CutPrefix(key, literal)
	if found := lineKey.FindStringSubmatch(key); found != nil {
		n, _ := strconv.Atoi(found[1]) // three digits at most
		if key = found[2]; verbatim {
			return Entry{Line: n, Path: tagOf(key), Key: key, Value: value, At: at}
		}
		if f.Format == LegacyText {
			key = wholeKey(key, deviceColumns-len("SIP"+found[1]+" "))
		}
		if k, known := keysByTag()[tagOf(key)]; known {
			key = k.Name
		}
		return Entry{Line: n, Path: tagOf(key), Key: key, Value: value, At: at}
	}
	return Entry{Path: devicePath(module, "", key), Key: key, Module: module, List: list, Value: value, At: at}
}
