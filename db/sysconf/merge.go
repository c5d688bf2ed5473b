package sysconf

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"hilphone/db/device"
	"hilphone/db/secret"
	"hilphone/sip/line"
)

// merging is a configuration while a file is merged into it.
type merging struct {
	file   *File
	next   Configuration
	report Report
	held   map[place]int   // index of each foreign entry
	seen   map[place]Entry // of the file
	unset  []Entry         // keys of the file without a value
	faults []error
	lab    bool
}

// Merge returns the configuration with what the file says; what it does not name stays as it is. An error joins one *Fault for each
// thing that is wrong, and then nothing is to be changed; the report has them, too. Lab says that the phone runs its lab,
// whose addresses it may call.
func (c Configuration) Merge(f *File, lab bool) (Configuration, Report, error) {
	m := merging{
		file:   f,
		next:   Configuration{Lines: maps.Clone(c.Lines), Device: c.Device.Clone(), Foreign: slices.Clone(c.Foreign)},
		report: Report{Format: f.Format, Keys: len(f.Entries), Notes: slices.Clone(f.Notes), lines: map[string]int{}},
		held:   map[place]int{}, seen: map[place]Entry{}, lab: lab, faults: slices.Clone(f.faults),
	}
	for i, e := range m.next.Foreign {
		m.held[place{e.Line, e.Path}] = i
	}
	for _, e := range f.Entries {
		m.entry(e)
	}
	m.noteUnset()
	m.validate(f)
	m.next.Foreign = m.next.needed()
	if size := m.next.foreignSize(); size > maxForeign {
		last := f.Entries[len(f.Entries)-1]
		m.faults = append(m.faults, position{last.At, last.Column}.fault("there are too many keys that this phone has no use for"))
	}
	if len(m.faults) > 0 {
		slices.SortStableFunc(m.faults, inOrder)
		err := errors.Join(m.faults...)
		m.report.Kept, m.report.Unknown, m.report.Refused = nil, nil, Faults(err)
		return c, m.report, err
	}
	m.report.Changes = Changes(c, m.next)
	return m.next, m.report, nil
}

// entry merges one entry of the file.
func (m *merging) entry(e Entry) {
	here := place{e.Line, e.Path}
	if before, twice := m.seen[here]; twice && before.Value != e.Value {
		m.report.note(e, "%s", e.again(before))
	}
	m.seen[here] = e
	m.report.lines[e.Name()] = e.At
	if e.blank() {
		m.unset = append(m.unset, e)
		return
	}
	e, masks, stays := m.next.unmasked(e, m.held)
	if masks != "" {
		m.report.note(e, "%s", masks)
	}
	if stays {
		return
	}
	if d, used := e.deviceSetting(); used {
		if err := m.next.Device.SetValue(d.Name, e.Value, m.lab); err != nil {
			m.faults = append(m.faults, faultOf(e, err))
		}
		return
	}
	if d, used := e.wideSetting(); used {
		if err := m.next.setWide(m.file, d, e.Value); err != nil {
			m.faults = append(m.faults, faultOf(e, err))
		}
		return
	}
	keep := true
	if d, used := e.setting(); used {
		s := m.next.Lines[e.Line]
		if err := setText(d, &s, e.Value); err != nil {
			m.faults = append(m.faults, faultOf(e, err))
			return
		}
		if isTransport(d) && strings.TrimSpace(e.Value) == otherTLS {
			m.report.note(e, "2 is read as TLS, which some files write so; others write 3")
		}
		m.next.Lines[e.Line] = s
		keep = d.Text(s) != e.Value
	} else {
		m.reportKept(e)
	}
	m.keep(e, keep)
}

// keep stores an entry for the next export, or takes the stored one away where the setting says it all.
func (m *merging) keep(e Entry, keep bool) {
	here := place{e.Line, e.Path}
	i, held := m.held[here]
	switch {
	case held && keep:
		m.next.Foreign[i] = e.over(m.next.Foreign[i])
	case held: // its own spelling is the usual one again
		m.next.Foreign[i].Value = e.Value
	case keep:
		m.held[here] = len(m.next.Foreign)
		m.next.Foreign = append(m.next.Foreign, e)
	}
}

var (
	wholeNumber = regexp.MustCompile(`^\s*-?[0-9]+\s*$`)
	// header is what a file begins a module or a sub-list with. Within a value it stands where the end of a line was lost.
	header = regexp.MustCompile(`--[A-Za-z0-9 _.-]+--\s*:|<[A-Za-z0-9 _.-]+ MODULE>`)
)

// reportKept reports a key that this phone does not obey, and a value of the wrong kind (IM-07).
func (m *merging) reportKept(e Entry) {
	kept := Kept{At: e.At, Line: e.Line, Key: e.Name(), Path: e.FullPath(), Value: e.Value, Default: e.standard(), Secret: e.Secret()}
	switch {
	case e.Use() == UseUnknown:
		m.report.Unknown = append(m.report.Unknown, Unknown{e.At, e.Name(), e.Line, e.FullPath()})
	case e.Ignored():
		if kept.Secret {
			kept.Value, kept.Default = "", ""
		} else if strings.Contains(kept.Value, "://") {
			kept.Value = device.Mask(kept.Value)
		}
		kept.Value, kept.Default = secret.Mask(kept.Value), secret.Mask(kept.Default)
		m.report.Kept = append(m.report.Kept, kept)
	}
	switch found := header.FindString(e.Value); {
	case found != "" && !kept.Secret:
		m.report.note(e, "its value has %q in it: the end of a line may be missing; it is kept as it is", shorten(found))
	case e.numeric() && !wholeNumber.MatchString(e.Value):
		m.report.note(e, "should be a number; it is kept as it is")
	}
}

// noteUnset is the one note for all keys without a value (IM-01).
func (m *merging) noteUnset() {
	switch n := len(m.unset); {
	case n == 1:
		m.report.note(m.unset[0], "is empty and so stays as it is")
	case n > 1:
		m.report.note(m.unset[0], "is empty and so stays as it is; so do %d more", n-1)
	}
}

// blank tells whether the file has the key and no value of it (IM-01).
func (e Entry) blank() bool { return e.Unset || e.numeric() && strings.TrimSpace(e.Value) == "" }

// numeric tells whether the key holds a number, a switch or a choice, so that an empty value is none: templates of provisioning systems leave the
// fields of unused lines empty. Of keys that this phone does not obey the default says it.
func (e Entry) numeric() bool {
	d, used := e.setting()
	if !used {
		d, used = e.wideSetting()
	}
	if used {
		return d.Kind == line.Number || d.Kind == line.Switch || d.Kind == line.Choice
	}
	if d, used := e.deviceSetting(); used {
		return wholeNumber.MatchString(device.Settings{}.Value(d.Name))
	}
	return e.known() && wholeNumber.MatchString(e.standard())
}

// over is the entry with what only an earlier file has said of it: how the text file spells it and where it stands there.
func (e Entry) over(old Entry) Entry {
	if e.Module == "" {
		e.Module = old.Module
	}
	if e.List == "" {
		e.List = old.List
	}
	if tagOf(e.Key) == e.Key {
		e.Key = old.Key
	}
	return e
}

// validate holds the lines against the rules between settings.
func (m *merging) validate(f *File) {
	for n := 1; n <= line.MaxLines; n++ {
		for _, wrong := range line.FieldErrors(m.next.Lines[n].Validate()) {
			e := Entry{Line: n, Key: wrong.Name, Path: wrong.Name}
			if d, ok := line.ByName(wrong.Name); ok {
				e = entryOf(n, d, m.next.Lines[n])
			}
			given, ok := m.seen[place{n, e.Path}]
			for _, other := range f.Entries {
				if !ok && other.Line == n {
					given = other // the last key of the line: together with what is stored it is wrong
				}
			}
			e.At, e.Column = given.At, given.Column
			m.faults = append(m.faults, faultOf(e, wrong))
		}
	}
}

// inOrder compares faults by their place in the file; those without one come last.
func inOrder(a, b error) int {
	var x, y *Fault
	if !errors.As(a, &x) || !errors.As(b, &y) {
		return 0
	}
	if (x.At == 0) != (y.At == 0) {
		return y.At - x.At
	}
	return cmp.Or(x.At-y.At, x.Column-y.Column)
}

func faultOf(e Entry, err error) error {
	f := &Fault{At: e.At, Column: e.Column, Key: e.Name(), Path: e.FullPath(), Message: err.Error()}
	var wrong *line.FieldError
	if errors.As(err, &wrong) {
		f.Message, f.Value = wrong.Message, wrong.Value
	}
	if found := header.FindString(e.Value); found != "" && !e.Secret() {
		f.Message += fmt.Sprintf("; the end of a line may be missing before %q", shorten(found))
	}
	return f.masked(e)
}

// otherTLS is what some files write for TLS, which is 3.
const otherTLS = "2"

func isTransport(d line.Setting) bool { return d.Key == "Transport" || d.Key == "Backup Transport" }

// setText sets a setting to what a file says. Around what is no free text, spaces do not count.
func setText(d line.Setting, s *line.Settings, text string) error {
	if d.Kind != line.Text {
		text = strings.TrimSpace(text)
	}
	if isTransport(d) && text == otherTLS {
		text = "3"
	}
	return d.SetText(s, text)
}
