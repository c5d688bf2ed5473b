package scenario

import (
	"fmt"
	"strings"
)

// Problem is a fault of a scenario, where it is.
type Problem struct {
	File    string
	Line    int    // 0: of the whole
	Field   string // the word it is about
	Message string
}

// Error is file:line: field: message.
func (p Problem) Error() string {
	place := p.File
	if p.Line > 0 {
		place = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return place + ": " + p.Field + ": " + p.Message
}

// Problems are all faults of a scenario, in the order of its lines.
type Problems []Problem

// Error has one line for each.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}

// fault is a Problem before it is known where it is.
type fault struct{ field, message string }

func (f *fault) Error() string { return f.field + ": " + f.message }

func refuse(field, format string, args ...any) error {
	return &fault{field, fmt.Sprintf(format, args...)}
}
