package main

import (
	"strconv"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// loadFiles reads the files that the settings of a line name, unless they are held. One that cannot be used is a fault of the line and of nothing
// else: its servers cannot be verified, so by TLS they are unavailable (SE-02).
func (l *lines) loadFiles(n int, s line.Settings) {
	if !s.Enabled {
		return
	}
	for _, d := range line.Table {
		name := d.Text(s)
		if !d.File || name == "" {
			continue
		}
		if err := l.files.Load(name); err != nil {
			l.log.Error("a file that a setting names cannot be used; servers are unavailable over TLS", "line", n, "setting", d.Name, "err", err)
			l.journal.Record(n, "", event.Fault{Device: "line " + strconv.Itoa(n), Message: d.Name + ": " + err.Error()})
		}
	}
}

// ReadFile reads a file that a setting is to name and holds it. Changed says that it has something else than before.
func (l *lines) ReadFile(name string) (changed bool, err error) { return l.files.Read(name) }

// DropFiles releases the files that no setting names.
func (l *lines) DropFiles() {
	used := map[string]bool{}
	for _, s := range l.known() {
		for _, d := range line.Table {
			if d.File {
				used[d.Text(s)] = true
			}
		}
	}
	l.files.Keep(func(name string) bool { return used[name] })
}
