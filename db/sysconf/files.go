package sysconf

import (
	"errors"

	"hilphone/sip/line"
)

// CheckFiles calls check with the name of every file that the configuration names and old did not, for the same line. The error joins a *Fault
// for each that check refuses, at its place in the file that the configuration was made with, if there is one.
func (c Configuration) CheckFiles(f *File, old Configuration, check func(name string) error) error {
	var faults []error
	for n := 1; n <= line.MaxLines; n++ {
		for _, d := range line.Table {
			name := d.Text(c.Lines[n])
			if !d.File || name == "" || name == d.Text(old.Lines[n]) {
				continue
			}
			if err := check(name); err != nil {
				e := entryOf(n, d, c.Lines[n])
				at := f.at(e)
				faults = append(faults, &Fault{At: at.line, Column: at.column, Key: e.Name(), Path: e.FullPath(), Message: err.Error(), Value: name})
			}
		}
	}
	return errors.Join(faults...)
}

// at is where the file gives an entry its value; zero if it does not.
func (f *File) at(e Entry) (at position) {
	if f == nil {
		return at
	}
	for _, given := range f.Entries {
		if given.Line == e.Line && given.Path == e.Path {
			at = position{given.At, given.Column}
		}
	}
	return at
}
