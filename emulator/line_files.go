package main

import (
	"slices"
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

// ReadFile reads a file that a setting is to name and holds it. Changed says that it has something else than before: the lines whose settings
// name it already try the servers again that they did not trust (UX-04).
func (l *lines) ReadFile(name string) (changed bool, err error) {
	changed, err = l.files.Read(name)
	if changed {
		for n, s := range l.known() {
			if names(s, name) {
				l.post(n, line.TrustChanged{})
			}
		}
	}
	return changed, err
}

// names reports whether a setting names the file.
func names(s line.Settings, file string) bool {
	return slices.ContainsFunc(line.Table, func(d line.Setting) bool { return d.File && d.Text(s) == file })
}

// readFilesAgain reads the files that the settings of a line name: who registers by hand may have mended one of them. A file that cannot be read
// now stays as it is held.
func (l *lines) readFilesAgain(n int) {
	s := l.known()[n]
	for _, d := range line.Table {
		name := d.Text(s)
		if !d.File || name == "" {
			continue
		}
		if _, err := l.ReadFile(name); err != nil {
			l.log.Warn("a file that a setting names was not read again", "line", n, "setting", d.Name, "err", err)
		}
	}
}

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
