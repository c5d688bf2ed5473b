package sysconf

import (
	"encoding/xml"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	// elementName is a name that an element may have here: a small part of those of XML, without the colon of name spaces.
	elementName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
	digits      = regexp.MustCompile(`^[0-9]{1,9}$`)
)

// step is an element on the way to a key.
type step struct{ tag, index string }

// xmlWriter writes elements in one another.
type xmlWriter struct {
	strings.Builder
	like File // the format
	open []step
	id   string // of the entry of a list that was opened last
}

func (w *xmlWriter) row(depth int, parts ...string) {
	w.WriteString(strings.Repeat("  ", depth))
	for _, p := range parts {
		w.WriteString(p)
	}
	w.WriteString("\n")
}

// enter leaves and opens elements until it stands in the given ones.
func (w *xmlWriter) enter(steps []step) {
	same := 0
	for same < len(w.open) && same < len(steps) && w.open[same] == steps[same] {
		same++
	}
	for len(w.open) > same {
		last := len(w.open) - 1
		w.row(last+1, "</", w.open[last].tag, ">")
		w.open = w.open[:last]
	}
	for _, s := range steps[same:] {
		w.row(len(w.open)+1, "<", s.tag, attribute("index", s.index), ">")
		w.open = append(w.open, s)
	}
}

func (w *xmlWriter) leaf(s step, attributes, value string) {
	w.row(len(w.open)+1, "<", s.tag, attribute("index", s.index), attributes, ">", escaped(value), "</", s.tag, ">")
}

// literal writes a key that no element can stand for, with its module, sub-list and spelling as attributes.
func (w *xmlWriter) literal(e Entry) {
	w.enter(nil)
	attributes := attribute("path", e.Path) + attribute("module", e.Module) + attribute("list", e.List)
	if e.Line > 0 {
		attributes = attribute("line", strconv.Itoa(e.Line))
	}
	w.leaf(step{tag: keyTag}, attributes+attribute("name", e.Key), e.Value)
}

// attribute is an attribute in a tag; empty without a value.
func attribute(name, value string) string {
	if value == "" {
		return ""
	}
	return " " + name + `="` + escaped(value) + `"`
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes everything
	return b.String()
}

// writeXML writes a file in the current form.
func writeXML(entries []Entry) []byte {
	w := &xmlWriter{like: File{Format: XML}}
	w.row(0, `<?xml version="1.0" encoding="UTF-8"?>`)
	w.row(0, "<", currentRoot, ">")
	w.row(1, "<Version>", currentVersion, "</Version>")
	for _, e := range withLines(entries) {
		w.entry(e)
	}
	w.enter(nil)
	w.row(0, "</", currentRoot, ">")
	return []byte(w.String())
}

func (w *xmlWriter) entry(e Entry) {
	steps, ok := steps(e)
	if !ok {
		w.literal(e)
		return
	}
	last := len(steps) - 1
	read := w.read(steps)
	if read.Line != e.Line || read.base() != e.base() {
		w.literal(e)
		return
	}
	attributes := ""
	if read.Key != e.Key {
		attributes += attribute("key", e.Key)
	}
	if read.module() != e.module() {
		attributes += attribute("module", e.Module)
	}
	if read.List != e.List {
		attributes += attribute("list", e.List)
	}
	w.enter(steps[:last])
	w.leaf(steps[last], attributes, e.Value)
}

// read is the entry that the reader makes of elements in one another.
func (w *xmlWriter) read(steps []step) Entry {
	at, last := where{}, len(steps)-1
	for _, s := range steps[:last] {
		at = at.below(w.like.Format, s.element())
	}
	return w.like.key(steps[last].element(), at).Agreed()
}

func (s step) element() *element {
	e := &element{tag: s.tag, marks: map[string]string{}}
	if s.index != "" {
		e.marks["index"] = s.index
	}
	return e
}

// steps are the elements of a key in the current form: dss.page.1.Title is Title in page 1. Not ok: there are none.
func steps(e Entry) (all []step, ok bool) {
	path := e.Path
	if group, list, _ := splitPath(path); e.Line > 0 {
		all = []step{{tag: "sip"}, {"line", strconv.Itoa(e.Line)}}
	} else if list != "" || group == "" && strings.Contains(path, ".") {
		return nil, false
	}
	depth := len(all)
	for _, s := range strings.Split(path, ".") {
		switch {
		case digits.MatchString(s) && len(all) > depth && all[len(all)-1].index == "":
			all[len(all)-1].index = s
		case !elementName.MatchString(s) || s == keyTag:
			return nil, false
		default:
			all = append(all, step{tag: s})
		}
	}
	version := len(all) == 1 && strings.EqualFold(all[0].tag, "version") // as the version of the file
	return all, len(all) > 0 && len(all) < maxDepth && !version
}

// withLines puts the lines behind the other keys of sip.
func withLines(entries []Entry) []Entry {
	device, lines := apart(entries)
	device = byModule(device)
	behind := 0
	for i, e := range device {
		if g := e.group(); g == "sip" || g == "net" || g == "mm" {
			behind = i + 1
		}
	}
	return append(append(append([]Entry{}, device[:behind]...), lines...), device[behind:]...)
}

// writeLegacyXML writes a file in the legacy form.
func writeLegacyXML(entries []Entry) []byte {
	w := &xmlWriter{like: File{Format: LegacyXML}}
	w.row(0, `<?xml version="1.0" encoding="UTF-8"?>`)
	w.row(0, "<", legacyRoot, ">")
	w.row(1, "<version>", legacyVersion, "</version>")
	current := 0
	for _, e := range withLines(entries) {
		if e.Line == 0 {
			w.legacyEntry(e)
			continue
		}
		prefix := "SIP" + strconv.Itoa(e.Line)
		name := underscored(cutKey(e.Key, deviceColumns-len(prefix+" ")))
		if !elementName.MatchString(name) || name == "ID" || !e.sameKey(w.like.key(step{tag: name}.element(), where{line: e.Line, deep: true})) {
			w.literal(e)
			continue
		}
		const list = "SIP_Line_List"
		module := step{tag: underscored(sipModule)}
		begins := e.Line != current || len(w.open) == 0
		if begins {
			w.enter([]step{module, {tag: list}})
		}
		w.enter([]step{module, {tag: list}, {tag: list + entryTag}})
		if begins {
			w.leaf(step{tag: "ID"}, "", prefix)
			current = e.Line
		}
		w.leaf(step{tag: name}, "", e.Value)
	}
	w.enter(nil)
	w.row(0, "</", legacyRoot, ">")
	return []byte(w.String())
}

// legacyEntry writes a key of the device in the legacy form, where an element of it is read as the same key.
func (w *xmlWriter) legacyEntry(e Entry) {
	if w.listEntry(e) {
		return
	}
	group, list, tag := splitPath(e.Path)
	steps := []step{{tag: underscored(e.module())}}
	if group == "" {
		steps = nil
	}
	if tagOf(e.Key) == tag && (e.Key != tag || !strings.Contains(tag, ".")) {
		steps = append(steps, step{tag: underscored(e.Key)})
	} else {
		for _, s := range strings.Split(tag, ".") {
			steps = append(steps, step{tag: underscored(s)})
		}
	}
	ok := list == "" && e.List == "" && len(steps) < maxDepth && !(group == "" && strings.EqualFold(e.Key, "version"))
	for _, s := range steps {
		ok = ok && elementName.MatchString(s.tag) && s.tag != keyTag && s.tag != "ID"
	}
	if ok {
		read := w.read(steps)
		ok = e.sameKey(read) && read.module() == e.module()
	}
	if !ok {
		w.literal(e)
		return
	}
	w.enter(steps[:len(steps)-1])
	w.leaf(steps[len(steps)-1], "", e.Value)
}

// listEntry writes a key of a sub-list as legacy files have it, <Port_Config><Port_Config_Entry><ID>P1</ID>, if that is read as the same key.
func (w *xmlWriter) listEntry(e Entry) bool {
	id, name, ok := strings.Cut(e.Key, " ")
	if found := portKey.FindStringSubmatch(e.Key); found != nil && e.List == portList {
		id, name, ok = "P"+found[1], found[2], true
	}
	if !ok || !isList(e.List) {
		return false
	}
	name = underscored(name)
	list := underscored(e.List[2 : len(e.List)-2])
	place := []step{{tag: underscored(e.module())}, {tag: list}, {tag: list + entryTag}}
	for _, tag := range []string{place[0].tag, list, name} {
		if !elementName.MatchString(tag) || tag == keyTag || tag == "ID" {
			return false
		}
	}
	at := where{}.below(LegacyXML, place[0].element()).below(LegacyXML, place[1].element()).entry(place[2].tag, id)
	if read := w.like.key(step{tag: name}.element(), at).Agreed(); !e.sameKey(read) || read.module() != e.module() || read.List != e.List {
		return false
	}
	if w.id != id {
		w.enter(place[:2])
	}
	begins := !slices.Equal(w.open, place)
	if w.enter(place); begins {
		w.leaf(step{tag: "ID"}, "", id)
		w.id = id
	}
	w.leaf(step{tag: name}, "", e.Value)
	return true
}

// underscored is the legacy tag of a key.
func underscored(name string) string {
	if strings.HasPrefix(name, ownPrefix) {
		return name
	}
	return strings.ReplaceAll(name, " ", "_")
}
