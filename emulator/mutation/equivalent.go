package mutation

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// An Entry names mutants that no test can find, because the program does the same with them, and says why it does.
type Entry struct {
	File, Func    string
	Before, After string
	Reason        string
	Line          int // in the list
}

// Matches tells whether the entry means the mutant. The line number is not compared: it changes with every change above it.
func (e Entry) Matches(m Mutant) bool {
	return e.File == m.File && e.Func == m.Func && e.Before == m.Before && e.After == m.After
}

var head = regexp.MustCompile(`^([^\s:]+\.go):(?:\d+:)? ([^:]+):(?: [a-z ]+)?$`)

// ReadEquivalents reads a list of equivalent mutants: each as the report prints it, and the reason in a line below, indented too.
// Lines that begin with # and empty lines are passed over.
func ReadEquivalents(name string, r io.Reader) ([]Entry, error) {
	var entries []Entry
	part := 0 // lines of the entry so far: none, head, before, after
	n := 0
	for lines := bufio.NewScanner(r); lines.Scan(); {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if part == 0 {
			found := head.FindStringSubmatch(line)
			if found == nil {
				return nil, fmt.Errorf("%s:%d: %q: want file.go: function: kind", name, n, line)
			}
			entries = append(entries, Entry{File: found[1], Func: found[2], Line: n})
			part++
			continue
		}
		e := &entries[len(entries)-1]
		switch {
		case part == 1 && line[0] == '-':
			e.Before = oneLine(line[1:])
		case part == 2 && line[0] == '+':
			e.After = oneLine(line[1:])
		case part == 3 && line[0] != '-' && line[0] != '+':
			e.Reason = line
		default:
			return nil, fmt.Errorf("%s:%d: %q: want %s", name, n, line, []string{1: "- the line before", 2: "+ the line after", 3: "the reason"}[part])
		}
		part = (part + 1) % 4
	}
	if part != 0 {
		return nil, fmt.Errorf("%s:%d: the entry has no end: after the lines before and after, the reason", name, n)
	}
	return entries, nil
}
