package server

import (
	"bytes"
	"slices"
	"strings"
)

// listFields are header fields whose values are lists; structured ones have parameters, or parts that white space may separate.
var (
	listFields       = []string{"Via", "Record-Route", "Route", "Contact"}
	structuredFields = append([]string{"From", "To", "CSeq"}, listFields...)
)

// canonical writes a message the way sipgo's parser wants it: one value a line, nothing folded, no white space round separators, parameter names
// in small letters, no line without a colon. A phone that was written to in another way may answer in that way (RFC 3261 7.3.1).
func canonical(data []byte) []byte {
	data = bytes.TrimLeft(data, "\r\n") // RFC 3261 7.5 asks for it on streams; phones keep their NAT open with empty lines on UDP too
	if !bytes.Contains(data, []byte("\r\n\r\n")) {
		return data
	}
	t := readText(data)
	if i := strings.LastIndex(strings.ToUpper(t.start), "SIP/2.0"); i == 0 || i > 0 && i == len(t.start)-len("SIP/2.0") {
		t.start = t.start[:i] + "SIP/2.0" + t.start[i+len("SIP/2.0"):]
	}
	t.remove(func(f fieldLine) bool { return f.bare })
	for _, name := range structuredFields {
		if name != "CSeq" {
			t.each(name, squeeze)
		}
	}
	t.each("CSeq", func(value string) string { return strings.Join(strings.Fields(value), " ") })
	t.unlist()
	return t.bytes()
}

// unlist gives every value of a list its own line.
func (t *text) unlist() {
	for i := 0; i < len(t.fields); i++ {
		f := t.fields[i]
		if !slices.ContainsFunc(listFields, f.is) {
			continue
		}
		items := splitList(f.value)
		t.fields[i].value = items[0]
		for n, item := range items[1:] {
			t.insert(i+1+n, fieldLine{name: f.name, value: item})
		}
		i += len(items) - 1
	}
}

// squeeze takes white space away round separators, and capitals from the names of parameters.
func squeeze(value string) string {
	first := true
	value = outside(value, func(part string) string {
		for _, separator := range []string{";", "=", ",", "/", ":"} {
			items := strings.Split(part, separator)
			for i := range items {
				if i > 0 {
					items[i] = strings.TrimLeft(items[i], " \t")
				}
				if i < len(items)-1 {
					items[i] = strings.TrimRight(items[i], " \t")
				}
			}
			part = strings.Join(items, separator)
		}
		items := strings.Split(part, ";")
		for i := range items {
			if i == 0 && first {
				continue // no parameter
			}
			name, rest, has := strings.Cut(items[i], "=")
			if items[i] = strings.ToLower(name); has {
				items[i] += "=" + rest
			}
		}
		first = false
		return strings.Join(items, ";")
	})
	return value
}
