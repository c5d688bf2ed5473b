package sysconf

import "slices"

// Promoted is the configuration without the foreign keys that are for settings: a program that had no such settings kept them. Each sets its
// setting where that has its default still, unless its value is wrong. What is spelled in another way than this phone would stays.
func (c Configuration) Promoted() Configuration {
	var old []Entry
	next := c
	next.Foreign = slices.DeleteFunc(slices.Clone(c.Foreign), func(e Entry) bool {
		now, why := e.current()
		if why != "" || !now.obeyed() || isSetting(e) && !c.unset(e) {
			return false
		}
		old = append(old, now)
		return true
	})
	for _, e := range old {
		if !next.unset(e) {
			continue
		}
		if merged, _, err := next.Merge(&File{Entries: []Entry{e}}, true); err == nil {
			next = merged
		}
	}
	if len(old) == 0 {
		return c
	}
	return next
}

// unset tells whether the setting that an entry is for has its default.
func (c Configuration) unset(e Entry) bool {
	standard, _ := e.Standard()
	if d, ok := e.setting(); ok {
		return d.Text(c.Lines[e.Line]) == standard
	}
	if d, ok := e.wideSetting(); ok {
		return c.wideText(d) == standard
	}
	d, ok := e.deviceSetting()
	return ok && c.Device.Value(d.Name) == standard
}
