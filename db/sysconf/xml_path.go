package sysconf

import (
	"strconv"
	"strings"
)

// where is the place of an element: what its keys have before their own names.
type where struct {
	path   string
	line   int
	deep   bool   // within another element
	module string // of a legacy file
	part   string // of a legacy file: the element, where it is directly in a module
	list   string // of an entry of a list of a legacy file, as the text file has it: --MMI Account--
	id     string // of the entry
}

// below is the place within an element.
func (w where) below(format Format, e *element) where {
	index := e.marks["index"]
	if n, ok := lineNumber(index); ok && w.line == 0 && w.path == "sip" && e.tag == "line" {
		return where{line: n, deep: true}
	}
	next := where{line: w.line, deep: true, module: w.module}
	name := e.tag
	switch {
	case e.tag == keyTag:
		name, index = e.marks["name"], ""
	case format == LegacyXML && !w.deep:
		next.module = strings.ReplaceAll(e.tag, "_", " ")
		name = groupOf(next.module)
	case format == LegacyXML:
		if w.module != "" && w.path == groupOf(w.module) {
			next.part = e.tag
		}
		name = tagOf(legacyName(e.tag))
	}
	if next.path = join(w.path, name); index != "" {
		next.path = join(next.path, index)
	}
	return next
}

// entry is the place within an entry of a legacy list, <SIP_Line_List_Entry><ID>SIP1</ID>. The entry Account1 of MMI_Account has the keys that the
// text file has in the sub-list --MMI Account-- and begins with Account1.
func (w where) entry(tag, id string) where {
	number, isLine := strings.CutPrefix(id, "SIP")
	n, ok := lineNumber(number)
	isLine = isLine && ok
	if isLine && strings.HasPrefix(w.path, "sip.") {
		return where{line: n, deep: true}
	}
	list := "--" + legacyName(w.part) + "--"
	if w.part != "" && tag == w.part+entryTag && id != "" && !isLine && tagOf(list) != tagOf(lineList) {
		w.list, w.id = list, id
	}
	w.path = join(w.path, tagOf(legacyName(id))) // the list's own name is there already
	w.part = ""
	return w
}

// entryTag is behind the name of a legacy list in the tag of each of its entries.
const entryTag = "_Entry"

// key is the entry of an element without its value.
func (f *File) key(e *element, at where) Entry {
	index := e.marks["index"]
	if e.tag == keyTag && !at.deep && (e.marks["line"] != "" || e.marks["path"] != "") {
		n, _ := strconv.Atoi(e.marks["line"]) // none: of the device
		entry := Entry{Line: max(n, 0), Path: tagOf(e.marks["path"]), Key: e.marks["name"], Module: e.marks["module"], List: e.marks["list"]}
		if entry.Line > 0 {
			entry.Path = tagOf(entry.Key)
		}
		return entry
	}
	name := e.tag
	switch {
	case e.tag == keyTag:
		name, index = e.marks["name"], ""
	case f.Format == LegacyXML:
		name = legacyName(e.tag)
		if at.line > 0 {
			name = wholeKey(name, deviceColumns-len("SIP"+strconv.Itoa(at.line)+" "))
		}
	}
	if at.list != "" && e.tag != keyTag && len(e.marks) == 0 {
		key := at.id + " " + name
		return Entry{Path: devicePath(at.module, at.list, key), Key: key, Module: at.module, List: at.list}
	}
	entry := Entry{Line: at.line, Key: name, Path: join(at.path, tagOf(name)), Module: at.module}
	if !at.deep && strings.Contains(entry.Path, ".") {
		entry.Path = "." + entry.Path // of no module
	}
	if index != "" {
		entry.Path = join(entry.Path, index)
	}
	if k, known := keysByTag()[entry.Path]; known && at.line > 0 {
		entry.Key = k.Name
	}
	if k, known := deviceKeys()[entry.Path]; known && at.line == 0 {
		entry.Key = k.Name
	}
	if e.marks["key"] != "" { // as this phone writes it where the text file's key is not to be seen
		entry.Key = e.marks["key"]
	}
	if e.marks["module"] != "" {
		entry.Module = e.marks["module"]
	}
	entry.List = e.marks["list"]
	return entry
}

// legacyName is the text key of a legacy tag, which has underscores where the key has spaces.
func legacyName(tag string) string {
	if strings.HasPrefix(tag, ownPrefix) {
		return tag
	}
	return strings.TrimSpace(strings.ReplaceAll(tag, "_", " "))
}
