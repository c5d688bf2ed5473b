package sysconf

import (
	"strconv"
	"strings"
)

// textWriter writes the rows of a text file, as the real phones do with both ends of a line.
type textWriter struct {
	strings.Builder
	like         File // the format
	module, list string
}

func (w *textWriter) row(parts ...string) {
	for _, p := range parts {
		w.WriteString(p)
	}
	w.WriteString("\r\n")
}

func (w *textWriter) enter(module string) {
	if module != w.module {
		w.module, w.list = module, ""
		w.row()
		w.row("<", module, ">")
	}
}

func writeText(entries []Entry, legacy bool) []byte {
	w := &textWriter{like: File{Format: Text}}
	version := currentVersion
	if legacy {
		version, w.like.Format = legacyVersion, LegacyText
	}
	w.row(pad(textHeader+"Version:"+version, headerColumns))
	device, lines := apart(entries)
	done := len(lines) == 0
	for _, e := range byModule(device) {
		if !done && w.module == sipModule && e.module() != sipModule {
			w.lines(lines)
			done = true
		}
		w.device(e)
	}
	if !done {
		w.lines(lines)
	}
	w.row()
	w.row(endOfFile)
	return []byte(w.String())
}

func (w *textWriter) device(e Entry) {
	w.enter(e.module())
	if e.List != w.list && e.List != "" {
		w.row(pad(e.List, deviceColumns), ":")
	}
	w.list = e.List
	key := e.Key
	if !e.sameKey(w.like.textEntry(w.module, w.list, key, "", 0).Agreed()) {
		key = literal + key
	}
	w.row(pad(key, deviceColumns), ":", e.Value)
}

func (w *textWriter) lines(lines []Entry) {
	w.enter(sipModule)
	w.row(pad(lineList, deviceColumns), ":")
	for _, e := range lines {
		prefix := "SIP" + strconv.Itoa(e.Line) + " "
		key, columns := e.Key, lineColumns
		if w.like.Format == LegacyText {
			key, columns = cutKey(e.Key, deviceColumns-len(prefix)), deviceColumns
		}
		key = prefix + key
		if !e.sameKey(w.like.textEntry("", "", key, "", 0)) {
			key = literal + prefix + e.Key
		}
		w.row(pad(key, columns), ":", e.Value)
	}
}

func pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-len(text)))
}

// apart separates the keys of the device from those of the lines.
func apart(entries []Entry) (device, lines []Entry) {
	for _, e := range entries {
		if e.Line > 0 {
			lines = append(lines, e)
		} else {
			device = append(device, e)
		}
	}
	return device, lines
}
