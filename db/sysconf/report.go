package sysconf

import (
	"fmt"
	"strings"
)

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
	lines   map[string]int // of the file, by key
}

// Outcome is what becomes of a key of a file.
type Outcome string

// The outcomes.
const (
	Changed   Outcome = "changed"
	NotObeyed Outcome = "kept" // stored and exported again, but without effect
	NotKnown  Outcome = "unknown"
	NotTaken  Outcome = "refused"
)

// Row is a line of the table of what a file does.
type Row struct {
	Outcome    Outcome
	At, Column int // in the file; 0: not in it
	Line       int // 0: of the device
	Key, Path  string
	Old, New   string // of a change; of a secret neither
	Obeyed     bool   // of a change: it has an effect here
	Default    string // of a key that is not obeyed
	Secret     bool
	Set        bool   // of a secret: it is set from now on
	Message    string // why it is refused
}

// Rows returns the table: what is refused, the settings that change, what is kept without effect although it is not at its default, what is unknown.
func (r Report) Rows() []Row {
	var rows []Row
	for _, f := range r.Refused {
		rows = append(rows, Row{Outcome: NotTaken, At: f.At, Column: f.Column, Key: f.Key, Path: f.Path, Message: f.Message})
	}
	elsewhere := map[string]bool{} // kept and unknown keys, whose change is not another row
	for _, k := range r.Kept {
		elsewhere[k.Path] = true
	}
	for _, u := range r.Unknown {
		elsewhere[u.Path] = true
	}
	for _, c := range r.Changes {
		if c.Used || !elsewhere[c.Name] {
			rows = append(rows, Row{Outcome: Changed, At: r.lines[c.Key], Line: c.Line, Key: c.Key, Path: c.Name, Old: c.Old, New: c.New, Obeyed: c.Used, Secret: c.Secret, Set: c.Set})
		}
	}
	for _, k := range r.Kept {
		rows = append(rows, Row{Outcome: NotObeyed, At: k.At, Line: k.Line, Key: k.Key, Path: k.Path, New: k.Value, Default: k.Default, Secret: k.Secret, Set: true})
	}
	for _, u := range r.Unknown {
		rows = append(rows, Row{Outcome: NotKnown, At: u.At, Line: u.Line, Key: u.Key, Path: u.Path})
	}
	return rows
}

// Place is where a file has the key, as long as its name alone does not say it: the module and the sub-list of an unknown key of the device.
func (r Row) Place() string {
	if r.Line > 0 || r.Outcome != NotKnown {
		return ""
	}
	group, list, _ := splitPath(r.Path)
	return strings.TrimSpace(group + " " + unescapeDots.Replace(list))
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
	At   int // line of the file
	Key  string
	Line int    // 0: of the device
	Path string // as Entry.FullPath
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
