package sysconf

import (
	"errors"
	"strings"

	"hilphone/db/device"
	"hilphone/sip/line"
)

// Use is what this phone does with a key.
type Use string

// The uses.
const (
	UseObeyed  Use = "obeyed"  // it does what the key says
	UseKept    Use = "kept"    // real phones have it; it is kept for the next export and changes nothing here
	UseUnknown Use = "unknown" // it is kept, and neither this phone nor the known files of real ones have it
)

// Use returns what this phone does with the entry's key.
func (e Entry) Use() Use {
	switch {
	case e.obeyed():
		return UseObeyed
	case e.known():
		return UseKept
	}
	return UseUnknown
}

// obeyed tells whether this phone does what the key says, in whatever sub-list it stands.
func (e Entry) obeyed() bool {
	e.Path = e.base()
	_, ofDevice := e.deviceSetting()
	_, ofLines := e.wideSetting()
	return isSetting(e) || ofDevice || ofLines
}

// deviceKey is a known key of the device. TELE is what legacy files call the call features.
func (e Entry) deviceKey() (Key, bool) {
	path := e.plain()
	k, known := deviceKeys()[path]
	if rest, ok := strings.CutPrefix(path, "TELE."); ok && !known {
		k, known = deviceKeys()[pathOf(callModule, rest)]
	}
	return k, known
}

// Standard returns the value that the key has in a phone as delivered, and whether that is known.
func (e Entry) Standard() (value string, known bool) {
	if d, ok := e.setting(); ok {
		return d.Text(line.Default()), true
	}
	if d, ok := e.wideSetting(); ok {
		return d.Text(line.Default()), true
	}
	if d, ok := e.deviceSetting(); ok {
		return device.Settings{}.Value(d.Name), true
	}
	return e.standard(), e.known()
}

// Ignored tells whether the key is kept and not obeyed although its value is not that of a phone as delivered: a real phone would behave
// differently with it, this one does not.
func (e Entry) Ignored() bool {
	standard, _ := e.Standard()
	return e.Use() == UseKept && strings.TrimSpace(e.Value) != strings.TrimSpace(standard)
}

// KnownKey is a key with what this phone does with it.
type KnownKey struct {
	Key     string // as the text file has it: "SIPn Failback Interval", of a setting that only this phone has "SIPn X-failback_probe"
	Path    string // as the XML service has it: sip.line.n.FailbackInterval
	Use     Use
	Setting string   // of an obeyed one: as REST calls it, of the device as it is stored
	Default string   // in a phone as delivered
	Aliases []string // other spellings that were seen, each with where it stands and the kind of file that has it
}

// KnownKeys returns the keys of a line, once for all lines, then those of the phone as a whole, then those that the configuration keeps and that
// are unknown.
func (c Configuration) KnownKeys() []KnownKey {
	var all []KnownKey
	add := func(e Entry, setting string) {
		k := KnownKey{Key: e.Name(), Path: e.FullPath(), Use: e.Use(), Setting: setting}
		k.Default, _ = e.Standard()
		if e.Line > 0 && e.Use() != UseUnknown {
			k.Key, k.Path = "SIPn "+e.Key, "sip.line.n."+e.Path
		}
		for _, a := range Aliases() {
			if a.Line == (e.Line > 0) && a.To == e.Path && a.Seen != "" {
				k.Aliases = append(k.Aliases, a.String())
			}
		}
		all = append(all, k)
	}
	for _, key := range LineKeys() {
		d, _ := line.ByKey(key.Name)
		add(Entry{Line: 1, Path: key.Tag, Key: key.Name}, d.Name)
	}
	for _, d := range line.Table {
		if d.Key == "" {
			add(entryOf(1, d, line.Default()), d.Name)
		}
	}
	for _, e := range c.deviceKeys() {
		d, _ := e.deviceSetting()
		if wide, ok := e.wideSetting(); ok {
			d.Name = wide.Name
		}
		add(e, d.Name)
	}
	for _, e := range c.Foreign {
		if e.Use() == UseUnknown {
			add(e, "")
		}
	}
	return all
}

// deviceKeys are the keys of the phone as a whole, known ones and those that only this phone has, in the order of the modules.
func (c Configuration) deviceKeys() []Entry {
	have := map[string]bool{}
	var all []Entry
	for row := range strings.Lines(deviceKeysText) {
		place, _, _ := strings.Cut(strings.TrimRight(row, "\n"), "=")
		group, name, _ := strings.Cut(place, ".")
		e := Entry{Path: pathOf(moduleOf(group), name), Key: name, Module: moduleOf(group)}
		have[e.Path] = true
		all = append(all, e)
	}
	for _, e := range c.deviceEntries() {
		if !have[e.Path] {
			all = append(all, e)
		}
	}
	return byModule(all)
}

// String is the spelling as a list has it: "GLOBAL: Hold Url, legacy files (2.0002)".
func (a Alias) String() string {
	if group, _, ok := strings.Cut(a.Path, "."); ok && !a.Line {
		return group + ": " + a.Key + ", " + a.Seen
	}
	return a.Key + ", " + a.Seen
}

// At is the entry for a path of the XML service, such as sip.line.1.RegisterAddr, by the current spelling of its key; its line is 0 where the path
// is none of a line. The error says what is wrong with the value.
func At(path, value string) (Entry, error) {
	e := Entry{Path: path, Key: path, Value: value}
	if found := linePath.FindStringSubmatch(path); found != nil {
		n, _ := lineNumber(found[1])
		e.Line, e.Path, e.Key = n, found[2], found[2]
	}
	e, why := e.Agreed().current()
	if why != "" {
		return e, errors.New(why)
	}
	return e, nil
}

// Target is the setting that an entry is for.
type Target struct {
	Line    int            // of a setting of one line
	Setting line.Setting   // of one line or, where Line is 0, of all; without a name: none
	Device  device.Setting // of the phone as a whole; without a name: none
}

// Target returns the setting that the entry is for, and whether there is one.
func (e Entry) Target() (t Target, ok bool) {
	if t.Setting, ok = e.setting(); ok {
		t.Line = e.Line
		return t, true
	}
	if t.Setting, ok = e.wideSetting(); ok {
		return t, true
	}
	t.Device, ok = e.deviceSetting()
	return t, ok
}

// WideValue is the value that all lines have of a setting, or most of them where they differ.
func (c Configuration) WideValue(d line.Setting) string { return c.wideText(d) }
