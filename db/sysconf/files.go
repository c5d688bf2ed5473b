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
				e.At = f.at(e)
				faults = append(faults, &Fault{At: e.At, Key: e.Name(), Path: e.FullPath(), Message: err.Error(), Value: name})
			}
		}
	}
	return errors.Join(faults...)
}

// at is the line of the file that gives an entry its value, 0 if none does.
func (f *File) at(e Entry) (at int) {
	if f == nil {
		return 0
	}
	for _, given := range f.Entries {
		if given.Line == e.Line && given.Path == e.Path {
			at = given.At
		}
	}
	return at
}
