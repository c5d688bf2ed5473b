package sysconf

import "fmt"

// Report is what importing a file does, or would do. Every key of the file that is not at its default here is in one of Changes, Kept, Unknown and
// Refused, or was set like this already.
type Report struct {
	Format  Format
	Keys    int // in the file
	Changes []Change
	Kept    []Kept
	Unknown []Unknown
	Refused []*Fault // then nothing is changed
	Notes   []Note
}

// Kept is a key of the real phones that this phone does not obey, with a value other than the default of the real phones. The value is
// stored and exported again.
type Kept struct {
	At             int // line of the file
	Line           int // 0: of the device
	Key            string
	Path           string // as Entry.FullPath
	Value, Default string // of a secret neither
	Secret         bool
}

// Unknown is a key that is kept but that neither this phone nor the known files of real ones have.
type Unknown struct {
	At  int // line of the file
	Key string
}

// Note says how something in a file was understood, where that is not obvious.
type Note struct {
	At      int    // line of the file; 0: of the file as a whole
	Key     string // may be empty
	Message string
}

// note adds a note about an entry.
func (r *Report) note(e Entry, format string, args ...any) {
	r.Notes = append(r.Notes, Note{e.At, e.Name(), fmt.Sprintf(format, args...)})
}
