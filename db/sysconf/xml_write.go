package sysconf

import (
	"encoding/xml"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// elementName is a name that an element may have here: a small part of those of XML, without the colon of name spaces.
var elementName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// verbatim is before a name that must not be that of an element, since it would be read as another.
const verbatim = "="

// xmlWriter writes elements in one another.
type xmlWriter struct {
	strings.Builder
	open []string // their paths, the outermost first
	tags []string
}

func (w *xmlWriter) row(depth int, parts ...string) {
	w.WriteString(strings.Repeat("  ", depth))
	for _, p := range parts {
		w.WriteString(p)
	}
	w.WriteString("\n")
}

// enter leaves and opens elements until it stands in the given ones. A number is the index of the element before it.
func (w *xmlWriter) enter(segments []string) {
	same := 0
	for same < len(w.open) && same < len(segments) && w.open[same] == segments[same] {
		same++
	}
	for len(w.open) > same {
		last := len(w.open) - 1
		w.row(last+1, "</", w.tags[last], ">")
		w.open, w.tags = w.open[:last], w.tags[:last]
	}
	for _, s := range segments[same:] {
		name, index, indexed := strings.Cut(s, "#")
		if strings.HasPrefix(s, verbatim) {
			name, indexed = s, false
		}
		tag := name
		attribute := ""
		switch {
		case !elementName.MatchString(name) || name == keyTag:
			tag, attribute = keyTag, ` name="`+escaped(strings.TrimPrefix(name, verbatim))+`"`
		case indexed:
			attribute = ` index="` + index + `"`
		}
		w.row(len(w.open)+1, "<", tag, attribute, ">")
		w.open, w.tags = append(w.open, s), append(w.tags, tag)
	}
}

func (w *xmlWriter) leaf(name, value string) {
	depth := len(w.open) + 1
	if !elementName.MatchString(name) || name == keyTag || len(w.open) == 0 && strings.EqualFold(name, "version") {
		w.row(depth, "<", keyTag, ` name="`, escaped(strings.TrimPrefix(name, verbatim)), `">`, escaped(value), "</", keyTag, ">")
		return
	}
	w.row(depth, "<", name, ">", escaped(value), "</", name, ">")
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes everything
	return b.String()
}

// writeXML writes a file in the current form.
func writeXML(entries []Entry) []byte {
	w := &xmlWriter{}
	w.row(0, `<?xml version="1.0" encoding="UTF-8"?>`)
	w.row(0, "<", currentRoot, ">")
	w.row(1, "<Version>", currentVersion, "</Version>")
	for _, e := range withLines(entries) {
		var place []string
		if e.Line > 0 {
			place = []string{"sip", "line#" + strconv.Itoa(e.Line)}
		}
		w.place(place, e.Path, e.Value)
	}
	w.enter(nil)
	w.row(0, "</", currentRoot, ">")
	return []byte(w.String())
}

// place writes the key with a path below the elements of place.
func (w *xmlWriter) place(place []string, path, value string) {
	segments := append(place, indexed(strings.Split(path, "."))...)
	last := len(segments) - 1
	w.enter(segments[:last])
	if name, index, ok := strings.Cut(segments[last], "#"); ok && !strings.HasPrefix(name, verbatim) { // <Title index="3">value</Title>
		w.row(last+1, "<", name, ` index="`, index, `">`, escaped(value), "</", name, ">")
		return
	}
	w.leaf(segments[last], value)
}

// indexed joins numbers to the names before them: dss.page.1.Title is Title in page 1.
func indexed(segments []string) []string {
	if slices.Contains(segments, "") { // dots without a name between them: one name with dots in it
		return []string{verbatim + strings.Join(segments, ".")}
	}
	var all []string
	for i, s := range segments {
		switch {
		case digits.MatchString(s) && i > 0 && elementName.MatchString(all[len(all)-1]):
			all[len(all)-1] += "#" + s
		case strings.ContainsAny(s, "#="):
			all = append(all, verbatim+s)
		default:
			all = append(all, s)
		}
	}
	return all
}

var digits = regexp.MustCompile(`^[0-9]{1,9}$`)

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
	w := &xmlWriter{}
	w.row(0, `<?xml version="1.0" encoding="UTF-8"?>`)
	w.row(0, "<", legacyRoot, ">")
	w.row(1, "<version>", legacyVersion, "</version>")
	const list = "SIP_Line_List"
	current := 0
	for _, e := range withLines(entries) {
		switch {
		case e.Line > 0:
			if e.Line != current {
				w.enter([]string{strings.ReplaceAll(sipModule, " ", "_"), list})
			}
			w.enter([]string{strings.ReplaceAll(sipModule, " ", "_"), list, list + "_Entry"})
			if e.Line != current {
				w.leaf("ID", "SIP"+strconv.Itoa(e.Line))
				current = e.Line
			}
			w.leaf(underscored(cutKey(e.Key, deviceColumns-len("SIP"+strconv.Itoa(e.Line)+" "))), e.Value)
		case tagOf(e.Key) == e.Path:
			w.enter(nil)
			w.leaf(underscored(e.Key), e.Value)
		case e.group()+"."+tagOf(e.Key) == e.Path:
			w.enter([]string{legacyModule(e.group())})
			w.leaf(underscored(e.Key), e.Value)
		default:
			segments := strings.Split(e.Path, ".")
			for i, s := range segments {
				segments[i] = underscored(s)
			}
			segments[0] = legacyModule(e.group())
			w.enter(segments[:len(segments)-1])
			w.leaf(segments[len(segments)-1], e.Value)
		}
	}
	w.enter(nil)
	w.row(0, "</", legacyRoot, ">")
	return []byte(w.String())
}

// underscored is the legacy tag of a key.
func underscored(name string) string {
	if strings.HasPrefix(name, ownPrefix) && elementName.MatchString(name) {
		return name
	}
	if strings.ContainsAny(name, "_#=") {
		return verbatim + name
	}
	return strings.ReplaceAll(name, " ", "_")
}

func legacyModule(group string) string {
	if strings.ContainsAny(group, "_#=") || !elementName.MatchString(group) {
		return verbatim + group
	}
	return strings.ReplaceAll(moduleOf(group), " ", "_")
}
