package sysconf

import (
	"slices"
	"strings"

	"hilphone/db/device"
	"hilphone/db/secret"
	"hilphone/sip/line"
)

// Export writes the configuration as a file. Without secrets their keys are left out, and passwords in other values are masked; to import
// the file again leaves them as they are (IM-04). A line that was never set up is left out too, but for the first.
func (c Configuration) Export(format Format, secrets bool) []byte {
	all := c.entries(format)
	if !secrets {
		all = masked(all)
	}
	return write(format, all)
}

// ExportOpen is Export for those who are not the administrator: without secrets, and without addresses of which they may know no more
// than scheme and host (SE-09). Their keys are left out.
func (c Configuration) ExportOpen(format Format) []byte {
	return write(format, slices.DeleteFunc(c.entries(format), func(e Entry) bool {
		return e.Secret() || secret.Mask(e.Value) != e.Value || strings.Contains(e.Value, "://") && !device.IsOrigin(e.Value)
	}))
}

func write(format Format, entries []Entry) []byte {
	if format == LegacyText || format == LegacyXML {
		for i, e := range entries {
			entries[i] = e.legacy()
		}
	}
	switch format {
	case XML:
		return writeXML(entries)
	case LegacyXML:
		return writeLegacyXML(entries)
	case JSON:
		return writeJSON(entries)
	}
	return writeText(entries, format == LegacyText)
}

// entries are all keys of a file in their order. In this phone's own format the settings of a line are all with the line; the real phones have
// some of them for all lines at once.
func (c Configuration) entries(format Format) []Entry {
	foreign := map[place]Entry{}
	var all []Entry
	used := map[int]bool{1: true}
	for _, e := range c.Foreign {
		foreign[place{e.Line, e.Path}] = e
		used[e.Line] = true
		if e.Line == 0 && !e.obeyed() {
			all = append(all, e)
		}
	}
	all = append(all, c.deviceEntries()...)
	wide := c.wideEntries()
	if format == JSON {
		wide = nil
	}
	all = append(all, wide...)
	for n := 1; n <= line.MaxLines; n++ {
		used[n] = used[n] || format == JSON && c.Lines[n] != line.Default() || !c.unused(n)
	}
	for n := 1; n <= maxLine; n++ {
		if used[n] {
			all = append(all, c.lineEntries(n, foreign, wide != nil)...)
		}
	}
	return all
}

// lineEntries are the keys of line n: those of the real phones in the order of their files, those of this phone alone, the others.
// With wide, those that all lines have in common are left out.
func (c Configuration) lineEntries(n int, foreign map[place]Entry, wide bool) []Entry {
	var all []Entry
	if n <= line.MaxLines {
		for _, k := range LineKeys() {
			e := Entry{Line: n, Path: k.Tag, Key: k.Name, Value: k.Default}
			other, held := foreign[place{n, k.Tag}]
			switch d, isSetting := e.setting(); {
			case isSetting:
				e = c.spelled(entryOf(n, d, c.Lines[n]), other, held)
			case held:
				e.Value = other.Value
			}
			all = append(all, e)
		}
		for _, d := range line.Table {
			if d.Key == "" && !(wide && d.Wide != "" && d.Text(c.Lines[n]) == c.wideText(d)) {
				e := entryOf(n, d, c.Lines[n])
				other, held := foreign[place{n, e.Path}]
				all = append(all, c.spelled(e, other, held))
			}
		}
	}
	for _, e := range c.Foreign {
		_, isSetting := e.setting()
		if e.Line == n && !isSetting && !e.known() {
			all = append(all, e)
		}
	}
	return all
}

// spelled is a setting as a file has spelled it, if that is still what it is set to.
func (c Configuration) spelled(e, other Entry, held bool) Entry {
	d, ok := e.setting()
	s := c.Lines[e.Line]
	if held && ok && setText(d, &s, other.Value) == nil && s == c.Lines[e.Line] {
		e.Value = other.Value
	}
	return e
}

// entryOf is a setting of line n as an entry of a file.
func entryOf(n int, d line.Setting, s line.Settings) Entry {
	e := Entry{Line: n, Path: tagOf(d.Key), Key: d.Key, Value: d.Text(s)}
	if d.Key == "" {
		e.Path, e.Key = ownPrefix+d.Name, ownPrefix+d.Name
	}
	return e
}
