// Package mutation changes one place of a package at a time and runs the package's tests on the change: a change that no test notices, a
// survivor, is a hole in the tests. The source tree is never written to: the changed file is given to the go command as an overlay.
package mutation

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Kind is what a mutation does, in the words of the report.
type Kind string

const (
	Boundary   Kind = "boundary"          // < and <=, > and >=
	Equality   Kind = "equality"          // == and !=
	Logic      Kind = "logic"             // && and ||
	Arithmetic Kind = "arithmetic"        // + and -, * and /
	Negation   Kind = "negated condition" // of if, for and case
	Removal    Kind = "removed statement" // a call, an assignment
	Branch     Kind = "removed branch"    // what an if, an else or a case does
	Constant   Kind = "constant"          // a number, a string, a unit of time
	Boolean    Kind = "true and false"
	Return     Kind = "returned value" // nil instead of an error, zero instead of a value
	Loop       Kind = "loop"           // break and continue
)

// A Mutant is one change in one file.
type Mutant struct {
	File string // as it was given to Find
	Line int
	Func string // function, (*Type).method, or the name of a variable of the package
	Kind Kind
	// Before and After are the line that changes, without the white space around it. Several lines are joined to one.
	Before, After string

	from, to int // offsets of what is replaced
	text     string
}

// Source returns the text of the file with the change in it.
func (m Mutant) Source(original []byte) []byte {
	changed := make([]byte, 0, len(original)+len(m.text))
	changed = append(changed, original[:m.from]...)
	changed = append(changed, m.text...)
	return append(changed, original[m.to:]...)
}

// String is the form of the report, and that of the list of equivalent mutants without its last line.
func (m Mutant) String() string {
	return fmt.Sprintf("%s:%d: %s: %s\n\t- %s\n\t+ %s\n", m.File, m.Line, m.Func, m.Kind, m.Before, m.After)
}

// describe fills in the lines before and after the change.
func (m *Mutant) describe(src []byte) {
	start := strings.LastIndexByte(string(src[:m.from]), '\n') + 1
	end := len(src)
	if i := strings.IndexByte(string(src[m.to:]), '\n'); i >= 0 {
		end = m.to + i
	}
	m.Line = 1 + strings.Count(string(src[:m.from]), "\n")
	m.Before = oneLine(string(src[start:end]))
	m.After = oneLine(string(src[start:m.from]) + m.text + string(src[m.to:end]))
}

// maxText is the length at which the text of a change is cut.
const maxText = 200

// oneLine joins lines, and makes one space of each white space, so that a realigned comment does not make another mutant.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxText {
		return text
	}
	cut := maxText
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
