package board

import (
	"fmt"
	"strings"
)

// FieldError says what is wrong with one field of a board file.
type FieldError struct {
	File  string
	Line  int    // from 1; 0: the board was not read from a file
	Field string // "keypad.rows[1]", indices from 0; empty: the file as a whole
	Why   string
	Err   error // the cause, if there is one
}

func (e *FieldError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Field != "" {
		b.WriteString(": " + e.Field)
	}
	b.WriteString(": " + e.Why)
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

func (e *FieldError) Unwrap() error { return e.Err }

// source is where the fields of a board stand.
type source struct {
	file  string
	lines map[string]int // by field
}

// line returns where a field stands, or the nearest thing around it that stands in the file.
func (s source) line(field string) int {
	for field != "" {
		if n, ok := s.lines[field]; ok {
			return n
		}
		field = field[:max(0, strings.LastIndexAny(field, ".["))]
	}
	if s.file == "" {
		return 0
	}
	return 1
}

// File returns the name of the file that the board was read from.
func (b *Board) File() string { return b.source.file }

// Refuse returns an error about a field of the board, for those who find out more about it than the file can tell: that the chip is
// not there, that someone else holds the pin. cause may be nil.
func (b *Board) Refuse(field, why string, cause error) *FieldError {
	return &FieldError{File: b.source.file, Line: b.source.line(field), Field: field, Why: why, Err: cause}
}
