// Package limit bounds what comes from outside before anything parses it: how deep JSON, XML and YAML are nested, how long a text is, and
// which files are read. Parsers recurse, and some need memory that grows with the square of the depth, so a small file could take all of it
// (SE-05).
package limit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Depth is how many arrays, objects, elements, sequences and mappings may stand in one another.
const Depth = 32

// Error is a text that goes past a limit. Line and Column are where it does, from 1; they are 0 if the text as a whole is too long.
type Error struct {
	Name         string // of the file, or what else the text is
	Line, Column int
	Why          string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Name + ": " + e.Why
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Why)
}

// Where is the error for those who name file and line themselves.
func (e *Error) Where() string {
	if e.Line == 0 {
		return e.Why
	}
	return fmt.Sprintf("column %d: %s", e.Column, e.Why)
}

// tooDeep is the error of a text that is nested too deep at an offset.
func tooDeep(name string, text []byte, offset int) error {
	return errorAt(name, text, offset, fmt.Sprintf("nested deeper than %d", Depth))
}

func errorAt(name string, text []byte, offset int, why string) error {
	before := text[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return &Error{name, 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[start:]), why}
}

// checkSize refuses a text of more than most bytes.
func checkSize(name string, text []byte, most int) error {
	if len(text) > most {
		return &Error{Name: name, Why: fmt.Sprintf("longer than %d bytes", most)}
	}
	return nil
}

// JSON refuses a text of more than most bytes, or one that is nested too deep. It does not see whether the text is JSON otherwise.
func JSON(name string, text []byte, most int) error {
	if err := checkSize(name, text, most); err != nil {
		return err
	}
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > Depth {
				return tooDeep(name, text, i)
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	if i := LoneSurrogate(text); i >= 0 {
		return errorAt(name, text, i, "half of a surrogate pair, which is no character")
	}
	return nil
}

// LoneSurrogate returns where a JSON text has an escape for half of a surrogate pair alone, which is no character and which Go reads as
// U+FFFD (RFC 8259 8.2); -1 without one.
func LoneSurrogate(text []byte) int {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		switch unit := escapedUnit(text[i:]); {
		case unit < 0:
			i++ // \" and \\ above all
		case unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(escapedUnit(text[min(i+6, len(text)):])):
			i += 11
		case utf16.IsSurrogate(unit):
			return i
		default:
			i += 5
		}
	}
	return -1
}

func isLowSurrogate(unit rune) bool { return unit >= 0xdc00 && unit < 0xe000 }

// escapedUnit is the UTF-16 code unit of an escape \uXXXX at the beginning of text; -1 if there is none.
func escapedUnit(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}

// DecodeJSON is json.Unmarshal for a text from outside.
func DecodeJSON(name string, text []byte, most int, into any) error {
	if err := JSON(name, text, most); err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
