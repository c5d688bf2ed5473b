package sysconf

import (
	"hilphone/sip/line"
)

// Some keys of the vendor's phones are of the phone as a whole and a setting of each line here. Such a key sets all lines, but for those that
// the same file sets one by one (IM-10).

// wideSetting returns the setting of all lines that a key of the device is for.
func (e Entry) wideSetting() (line.Setting, bool) {
	if e.Line != 0 {
		return line.Setting{}, false
	}
	for _, d := range line.Table {
		if d.Wide != "" && pathOf(sipModule, d.Wide) == e.Path {
			return d, true
		}
	}
	return line.Setting{}, false
}

// setWide sets all lines but those that the file sets one by one.
func (c Configuration) setWide(f *File, d line.Setting, text string) error {
	own := map[int]bool{}
	for _, e := range f.Entries {
		if one, ok := e.setting(); ok && one.Name == d.Name && !e.blank() {
			own[e.Line] = true
		}
	}
	for n, s := range c.Lines {
		if own[n] {
			continue
		}
		if err := setText(d, &s, text); err != nil {
			return err
		}
		c.Lines[n] = s
	}
	return nil
}

// wideText is the value that the key of the device has in a file: that of most lines, of the first of them where it is not one alone.
func (c Configuration) wideText(d line.Setting) string {
	count, most := map[string]int{}, ""
	for n := 1; n <= line.MaxLines; n++ {
		count[d.Text(c.Lines[n])]++
	}
	for n := 1; n <= line.MaxLines; n++ {
		if text := d.Text(c.Lines[n]); most == "" || count[text] > count[most] {
			most = text
		}
	}
	return most
}

// wideEntries are the keys of the device that set all lines.
func (c Configuration) wideEntries() []Entry {
	var all []Entry
	for _, d := range line.Table {
		if d.Wide != "" {
			all = append(all, Entry{Path: pathOf(sipModule, d.Wide), Key: d.Wide, Module: sipModule, Value: c.wideText(d)})
		}
	}
	return all
}

// unused tells whether line n was never set up: it has what every new line has.
func (c Configuration) unused(n int) bool {
	factory := line.Default()
	for _, d := range line.Table {
		if d.Wide != "" {
			if err := d.SetText(&factory, c.wideText(d)); err != nil {
				return false
			}
		}
	}
	return c.Lines[n] == factory
}

// wideChanges are the changes that are the same for all lines, each as one of the device, and the names of their settings.
func wideChanges(a, b Configuration) (changes []Change, names map[string]bool) {
	names = map[string]bool{}
	for _, d := range line.Table {
		if d.Wide == "" {
			continue
		}
		old, next := d.Text(a.Lines[1]), d.Text(b.Lines[1])
		same := old != next
		for n := 2; n <= line.MaxLines; n++ {
			same = same && d.Text(a.Lines[n]) == old && d.Text(b.Lines[n]) == next
		}
		if same {
			names[d.Name] = true
			changes = append(changes, Change{Name: d.Name, Key: d.Wide, Old: old, New: next, Used: true})
		}
	}
	return changes, names
}
