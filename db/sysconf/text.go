package sysconf

import (
	"regexp"
	"strconv"
	"strings"
)

const (
	currentVersion = "2.0000000000"
	legacyVersion  = "2.0002"
	endOfFile      = "<<END OF FILE>>"

	// headerColumns is the length of a file's first line: the real phones read so many bytes of it, with the end of the line 64.
	headerColumns = 62
)

var lineKey = regexp.MustCompile(`^SIP([1-9][0-9]{0,2}) +(\S.*)$`)

// parseText reads what comes after the first line of a text file. Before are the lines that were empty before it.
func parseText(first, rest string, before int) (*File, error) {
	version, ok := strings.CutPrefix(strings.TrimPrefix(first, textHeader), "Version:")
	version = strings.TrimSpace(version)
	if !ok || version == "" {
		return nil, faultAt(before+1, "the file does not begin with %sVersion:%s", textHeader, currentVersion)
	}
	f := &File{Format: Text, Version: version}
	if version != currentVersion {
		f.Format = LegacyText
	}
	module, list := "", ""
	at := before + 1
	for row := range strings.Lines(rest) {
		at++
		row = strings.TrimSuffix(strings.TrimSuffix(row, "\n"), "\r")
		bare := strings.TrimSpace(row)
		switch {
		case bare == "" || bare[0] == '#':
			continue
		case bare == endOfFile:
			return f, nil
		case bare[0] == '<' && strings.HasSuffix(bare, ">"):
			module, list = strings.Trim(bare, "<>"), ""
			continue
		}
		key, value, ok := strings.Cut(row, ":") // the first alone: values have them too
		key = strings.TrimSpace(key)
		switch {
		case !ok:
			return nil, faultAt(at, "is neither a module nor KEY:VALUE: %q", shorten(row))
		case len(key) > 4 && strings.HasPrefix(key, "--") && strings.HasSuffix(key, "--"):
			list = key
			continue
		}
		if err := f.add(f.textEntry(module, list, key, value, at)); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *File) textEntry(module, list, key, value string, at int) Entry {
	if found := lineKey.FindStringSubmatch(key); found != nil {
		n, _ := strconv.Atoi(found[1]) // three digits at most
		if key = found[2]; f.Format == LegacyText {
			key = wholeKey(key, deviceColumns-len("SIP"+found[1]+" "))
		}
		if k, known := keysByTag()[tagOf(key)]; known {
			key = k.Name
		}
		return Entry{Line: n, Path: tagOf(key), Key: key, Value: value, At: at}
	}
	path := tagOf(key)
	if module != "" {
		path = groupOf(module) + "." + path
	}
	return Entry{Path: path, Key: key, Module: module, List: list, Value: value, At: at}
}

// writeText writes a text file, as the real phones do with both ends of a line.
func writeText(entries []Entry, legacy bool) []byte {
	var b strings.Builder
	row := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteString("\r\n")
	}
	version := currentVersion
	if legacy {
		version = legacyVersion
	}
	row(pad(textHeader+"Version:"+version, headerColumns))
	device, lines := apart(entries)
	module, list, done := "", "", len(lines) == 0
	enter := func(next string) {
		if next != module {
			module, list = next, ""
			row()
			row("<", module, ">")
		}
	}
	writeLines := func() {
		enter(sipModule)
		row(pad(lineList, deviceColumns), ":")
		for _, e := range lines {
			key, columns := "SIP"+strconv.Itoa(e.Line)+" "+e.Key, lineColumns
			if legacy {
				prefix := "SIP" + strconv.Itoa(e.Line) + " "
				key, columns = prefix+cutKey(e.Key, deviceColumns-len(prefix)), deviceColumns
			}
			row(pad(key, columns), ":", e.Value)
		}
		done = true
	}
	for _, e := range byModule(device) {
		next := e.Module
		if next == "" && strings.Contains(e.Path, ".") {
			next = moduleOf(e.group())
		}
		if !done && module == sipModule && next != sipModule {
			writeLines()
		}
		if next != "" {
			enter(next)
		}
		if e.List != list && e.List != "" {
			row(pad(e.List, deviceColumns), ":")
		}
		list = e.List
		row(pad(e.Key, deviceColumns), ":", e.Value)
	}
	if !done {
		writeLines()
	}
	row()
	row(endOfFile)
	return []byte(b.String())
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
