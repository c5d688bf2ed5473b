package sysconf

import (
	"slices"

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

// needed are the foreign entries without those that say nothing more than the settings do.
func (c Configuration) needed() []Entry {
	var all []Entry
	for _, e := range c.Foreign {
		if _, used := e.deviceSetting(); used {
			continue
		}
		if _, used := e.wideSetting(); used {
			continue
		}
		if d, used := e.setting(); used && d.Text(c.Lines[e.Line]) == e.Value {
			continue
		}
		if e.Line > 0 && e.known() && e.Value == e.standard() && !isSetting(e) {
			continue // it is exported with this value anyway
		}
		e.At, e.Column, e.Spelled = 0, 0, ""
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

// known tells whether the real phones are known to have the key.
func (e Entry) known() bool {
	if e.Line > 0 {
		_, known := keysByTag()[e.Path]
		return known && e.Line <= line.MaxLines
	}
	_, known := e.deviceKey()
	return known || e.obeyed()
}

// standard is the value of a key that is not set.
func (e Entry) standard() string {
	if e.Line > 0 {
		return keysByTag()[e.Path].Default
	}
	k, _ := e.deviceKey()
	return k.Default
}

// Changes returns in what the second configuration differs from the first: the device, then by line, the settings first.
func Changes(a, b Configuration) []Change {
	all, wide := wideChanges(a, b)
	for n := 1; n <= line.MaxLines; n++ {
		for _, name := range line.Changed(a.Lines[n], b.Lines[n]) {
			if wide[name] {
				continue
			}
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
		if e.obeyed() || before == after {
			return
		}
		c := Change{Line: e.Line, Name: e.FullPath(), Key: e.Name(), Old: before, New: after, Secret: e.secretWith(before) || e.secretWith(after)}
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
