package sysconf

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"hilphone/db/device"
	"hilphone/sip/line"
)

// Configuration is all that a configuration file can set on this phone.
type Configuration struct {
	Lines  map[int]line.Settings // 1 to line.MaxLines
	Device device.Settings       // of the phone as a whole
	// Foreign are the keys that this phone has no use for, and values of others that are spelled as this phone would not spell them.
	Foreign []Entry
}

// Factory is the configuration as delivered.
func Factory() Configuration {
	c := Configuration{Lines: make(map[int]line.Settings, line.MaxLines)}
	for n := 1; n <= line.MaxLines; n++ {
		c.Lines[n] = line.Default()
	}
	return c
}

// Change is one setting that a file changes.
type Change struct {
	Line     int    // 0: of the device
	Name     string // as REST calls it, of the device as it is stored; of a key without use here its path
	Key      string // as the text file spells it: "SIP1 Failback Interval"
	Old, New string // as the files write them; of a secret neither
	Secret   bool
	Set      bool // of a secret: it is set from now on
	Used     bool // whether this phone does anything with it
}

type place struct {
	line int
	path string
}

// Merge returns the configuration with what the file says; what it does not name stays as it is. An error joins one *Fault for each
// thing that is wrong, and then nothing is to be changed. Lab says that the phone has one of its own, whose addresses it may call.
func (c Configuration) Merge(f *File, lab bool) (Configuration, Report, error) {
	next := Configuration{Lines: maps.Clone(c.Lines), Device: c.Device.Clone(), Foreign: slices.Clone(c.Foreign)}
	report := Report{Format: f.Format, Keys: len(f.Entries)}
	at := map[place]int{}
	for i, e := range next.Foreign {
		at[place{e.Line, e.Path}] = i
	}
	seen := map[place]int{} // line of the file
	var faults []error
	for _, e := range f.Entries {
		here := place{e.Line, e.Path}
		if _, twice := seen[here]; twice {
			report.note(e, "is given a second time; the last one counts")
		}
		seen[here] = e.At
		keep := true
		if d, used := e.deviceSetting(); used {
			if err := next.Device.SetValue(d.Name, e.Value, lab); err != nil {
				faults = append(faults, faultOf(e, err))
			}
			continue
		}
		if d, used := e.setting(); used {
			s := next.Lines[e.Line]
			if err := setText(d, &s, e.Value); err != nil {
				faults = append(faults, faultOf(e, err))
				continue
			}
			if isTransport(d) && strings.TrimSpace(e.Value) == otherTLS {
				report.note(e, "2 is read as TLS, which some files write so; others write 3")
			}
			next.Lines[e.Line] = s
			keep = d.Text(s) != e.Value
		} else if !e.known() {
			report.Unknown = append(report.Unknown, Unknown{e.At, e.Name()})
		}
		i, held := at[here]
		switch {
		case held && keep:
			next.Foreign[i] = e.over(next.Foreign[i])
		case held: // its own spelling is the usual one again
			next.Foreign[i].Value = e.Value
		case keep:
			at[here] = len(next.Foreign)
			next.Foreign = append(next.Foreign, e)
		}
	}
	faults = append(faults, next.validate(seen)...)
	next.Foreign = next.needed()
	if size := next.foreignSize(); size > maxForeign {
		faults = append(faults, &Fault{Message: "there are too many keys that this phone has no use for"})
	}
	if len(faults) > 0 {
		return c, report, errors.Join(faults...)
	}
	report.Changes = Changes(c, next)
	return next, report, nil
}

// over is the entry with what only an earlier file has said of it: how the text file spells it and where it stands there.
func (e Entry) over(old Entry) Entry {
	if e.Module == "" && old.Module != "" {
		e.Key, e.Module, e.List = old.Key, old.Module, old.List
	}
	return e
}

// needed are the foreign entries without those that say nothing more than the settings do.
func (c Configuration) needed() []Entry {
	var all []Entry
	for _, e := range c.Foreign {
		if _, used := e.deviceSetting(); used {
			continue
		}
		if d, used := e.setting(); used && d.Text(c.Lines[e.Line]) == e.Value {
			continue
		}
		if e.Line > 0 && e.known() && e.Value == e.standard() && !isSetting(e) {
			continue // it is exported with this value anyway
		}
		e.At = 0
		all = append(all, e)
	}
	return all
}

func isSetting(e Entry) bool { _, ok := e.setting(); return ok }

// maxForeign bounds what is kept for other phones, in bytes, so that every export can be imported again.
const maxForeign = 512 << 10

func (c Configuration) foreignSize() (size int) {
	for _, e := range c.Foreign {
		size += len(e.Path) + len(e.Key) + len(e.Module) + len(e.List) + len(e.Value) + 16
	}
	return size
}

// validate holds the lines against the rules between settings.
func (c Configuration) validate(seen map[place]int) (faults []error) {
	for n := 1; n <= line.MaxLines; n++ {
		for _, wrong := range line.FieldErrors(c.Lines[n].Validate()) {
			e := Entry{Line: n, Key: wrong.Name, Path: wrong.Name}
			if d, ok := line.ByName(wrong.Name); ok {
				e = entryOf(n, d, c.Lines[n])
			}
			e.At = seen[place{n, e.Path}]
			faults = append(faults, faultOf(e, wrong))
		}
	}
	return faults
}

func faultOf(e Entry, err error) error {
	f := &Fault{At: e.At, Key: e.Name(), Path: e.FullPath(), Message: err.Error()}
	var wrong *line.FieldError
	if errors.As(err, &wrong) {
		f.Message, f.Value = wrong.Message, wrong.Value
	}
	return f
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

// known tells whether the real phones are known to have the key.
func (e Entry) known() bool {
	if e.Line > 0 {
		_, known := keysByTag()[e.Path]
		return known && e.Line <= line.MaxLines
	}
	_, known := deviceKeys()[e.Path]
	return known
}

// Secret tells whether the entry's value must not be shown.
func (e Entry) Secret() bool {
	if d, used := e.setting(); used {
		return d.Secret
	}
	return isSecret(e.Key) || isSecret(e.Path)
}

// standard is the value of a key that nobody has set.
func (e Entry) standard() string {
	if e.Line > 0 {
		return keysByTag()[e.Path].Default
	}
	return deviceKeys()[e.Path].Default
}

// Changes returns in what the second configuration differs from the first: the device, then by line, the settings first.
func Changes(a, b Configuration) []Change {
	var all []Change
	for n := 1; n <= line.MaxLines; n++ {
		for _, name := range line.Changed(a.Lines[n], b.Lines[n]) {
			d, _ := line.ByName(name)
			c := Change{Line: n, Name: name, Key: entryOf(n, d, a.Lines[n]).Name(), Old: d.Text(a.Lines[n]), New: d.Text(b.Lines[n]), Secret: d.Secret, Used: true}
			all = append(all, c.masked())
		}
	}
	all = append(all, deviceChanges(a.Device, b.Device)...)
	old := map[place]Entry{}
	for _, e := range a.Foreign {
		old[place{e.Line, e.Path}] = e
	}
	foreign := func(e Entry, before, after string) {
		_, ofDevice := e.deviceSetting()
		if _, used := e.setting(); used || ofDevice || before == after {
			return
		}
		c := Change{Line: e.Line, Name: e.FullPath(), Key: e.Name(), Old: before, New: after, Secret: e.Secret()}
		all = append(all, c.masked())
	}
	for _, e := range b.Foreign {
		here := place{e.Line, e.Path}
		before := e.standard()
		if was, held := old[here]; held {
			before = was.Value
			delete(old, here)
		}
		foreign(e, before, e.Value)
	}
	for _, e := range a.Foreign { // in their order
		if _, gone := old[place{e.Line, e.Path}]; gone {
			foreign(e, e.Value, e.standard())
		}
	}
	slices.SortStableFunc(all, func(x, y Change) int { return x.Line - y.Line })
	return all
}

func (c Change) masked() Change {
	if c.Secret {
		c.Set, c.Old, c.New = c.New != "", "", ""
	}
	return c
}
