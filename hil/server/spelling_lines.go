package server

import (
	"slices"
	"strings"
)

// join makes one line of all of a header field.
func (m *outgoing) join(name string) {
	all := m.values(name)
	if len(all) < 2 {
		return
	}
	at := m.index(name)
	m.remove(func(f fieldLine) bool { return f.is(name) })
	m.insert(at, fieldLine{name: name, value: strings.Join(all, ", ")})
}

// reorder turns the names of the header fields round; several of one name keep their order (RFC 3261 7.3.1).
func reorder(m *outgoing) {
	var groups [][]fieldLine
	for _, f := range m.fields {
		i := slices.IndexFunc(groups, func(g []fieldLine) bool { return !f.bare && !g[0].bare && strings.EqualFold(g[0].name, f.name) })
		if i >= 0 {
			groups[i] = append(groups[i], f)
		} else {
			groups = append(groups, []fieldLine{f})
		}
	}
	slices.Reverse(groups)
	m.fields = slices.Concat(groups...)
}

func (m *outgoing) rename(change func(string) string) {
	for i := range m.fields {
		if !m.fields[i].bare {
			m.fields[i].name = change(m.fields[i].name)
		}
	}
}

// lowerProtocol writes the protocol of a Via in small letters.
func lowerProtocol(via string) string {
	protocol, rest, _ := strings.Cut(via, " ")
	return strings.ToLower(protocol) + " " + rest
}

// capitalParams writes the names of parameters in capitals.
func capitalParams(value string) string {
	first := true
	return outside(value, func(part string) string {
		items := strings.Split(part, ";")
		for i := range items {
			if i == 0 && first {
				continue
			}
			name, rest, has := strings.Cut(items[i], "=")
			if items[i] = strings.ToUpper(name); has {
				items[i] += "=" + rest
			}
		}
		first = false
		return strings.Join(items, ";")
	})
}

// spread puts white space round the separators of a value.
func spread(value string) string {
	return outside(value, func(part string) string {
		if strings.Contains(part, "sip:") {
			return part // a URI without brackets has none in it
		}
		if strings.Contains(part, "[") {
			return strings.NewReplacer(";", " ; ", "=", " = ").Replace(part) // an IPv6 address has none either
		}
		return strings.NewReplacer(";", " ; ", "=", " = ", ",", " ,\t", "/", " / ", ":", " : ").Replace(part)
	})
}

// fold breaks header fields at their parameters, by a space and by a tab in turn, and Content-Length before its value.
func fold(m *outgoing) {
	for _, name := range structuredFields {
		m.each(name, func(value string) string {
			n := 0
			return outside(value, func(part string) string {
				var b strings.Builder
				for _, r := range part {
					if r == ';' {
						b.WriteString([]string{"\r\n ", "\r\n\t"}[n%2])
						n++
					}
					b.WriteRune(r)
				}
				return b.String()
			})
		})
	}
	m.each("CSeq", func(value string) string { return strings.Replace(value, " ", "\r\n ", 1) })
	m.each("Call-ID", func(value string) string { return "\r\n " + value })
	if m.length != "" {
		m.length = "\r\n\t" + m.length
	}
}
