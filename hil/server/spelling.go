package server

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Marks that a server knows again in what a phone returns.
const (
	oddHost     = "proxy.example.net"
	oddUser     = "+4912345"
	oddVia      = `;x="a;b,\"c\""`
	oddFrom     = `;x="a b;c,d"`
	oddName     = `"D \" J, <1>" `
	cseqShift   = 1 << 31
	strangerURI = "sip:1003@192.0.2.5"
)

// outgoing is a message on its way to a phone, as it is spelled.
type outgoing struct {
	text
	stream bool           // over TCP or TLS
	at     netip.AddrPort // our address of the transport
	length string         // Content-Length; empty: there is none
}

// spelling is one way to write a message, and what it does to one. They are applied in the order of the table: first what a field says, then
// the lines, then their names, then what is between the words of a line.
type spelling struct {
	name  string
	apply func(*outgoing)
}

var spellings = []spelling{
	{"rewritten-contact", onRegistration(func(m *outgoing) { m.each("Contact", rewriteContact) })},
	{"bare-contacts", onRegistration(bareContacts)},
	{"bad-contact", onRegistration(func(m *outgoing) {
		m.insert(m.last("Contact")+1, fieldLine{name: "Contact", value: "<sip:1003@192.0.2.10:5060transport=udp>;expires=60"})
	})},
	{"lost-contact", func(m *outgoing) {
		if m.method() == "INVITE" {
			m.each("Contact", func(string) string { return "<sip:1002@nowhere.invalid>" })
		}
	}},
	{"bad-cseq", onRequest(func(m *outgoing) { m.first("CSeq", shiftCSeq(cseqShift)) })},
	{"no-branch", onRequest(func(m *outgoing) { m.first("Via", branchOf("")) })},
	{"old-branch", onRequest(func(m *outgoing) { m.first("Via", branchOf(m.transaction(""))) })},
	{"same-branch", onRequest(func(m *outgoing) { m.first("Via", branchOf(m.transaction("z9hG4bK"))) })},
	{"via-name", onRequest(func(m *outgoing) { m.first("Via", m.nameVia) })},
	{"escaped-user", onRequest(func(m *outgoing) { m.uri(escapeUser); m.first("To", escapeUser) })},
	{"tel-uri", onRequest(func(m *outgoing) { m.uri(telURI) })},
	{"tel-from", onRequest(func(m *outgoing) { m.first("From", telFrom) })},
	{"numbers", oddNumbers},
	{"bad-max-forwards", onRequest(func(m *outgoing) { m.each("Max-Forwards", func(string) string { return "abc" }) })},
	{"no-max-forwards", onRequest(func(m *outgoing) { m.remove(func(f fieldLine) bool { return f.is("Max-Forwards") }) })},
	{"quoted", quote},
	{"unknown-headers", func(m *outgoing) {
		m.insert(1, fieldLine{name: "X-!%*_+`'~.", value: `a;b="c, d"`}, fieldLine{name: "X-Empty"})
		m.add("Organization", "Ä, ö <ü>; \"")
		m.add("X-Colons", ":::")
	}},
	{"no-colon", func(m *outgoing) {
		m.insert(1, fieldLine{name: "This line has no colon", bare: true})
	}},
	{"no-reason", func(m *outgoing) {
		if code := m.status(); code != 0 {
			m.start = fmt.Sprintf("SIP/2.0 %d ", code)
		}
	}},
	{"one-line", func(m *outgoing) { m.join("Via"); m.join("Record-Route"); m.join("Contact") }},
	{"reordered", reorder},
	{"bad-length", onDatagram(func(m *outgoing) { m.length = strconv.Itoa(len(m.body) + 1000) })},
	{"negative-length", onDatagram(func(m *outgoing) { m.length = "-1" })},
	{"no-length", onDatagram(func(m *outgoing) { m.length = "" })},
	{"trailing", onDatagram(func(m *outgoing) {
		m.body = append(slices.Clone(m.body), "\r\nOPTIONS sip:trailing SIP/2.0\r\n\r\n"...)
	})},
	{"compact", func(m *outgoing) { m.rename(func(name string) string { return cmp.Or(compactForms[name], name) }) }},
	{"lower-case", func(m *outgoing) {
		m.rename(strings.ToLower)
		m.start = strings.Replace(m.start, "SIP/2.0", "sip/2.0", 1)
		m.each("Via", lowerProtocol)
	}},
	{"upper-case", func(m *outgoing) {
		m.rename(strings.ToUpper)
		for _, name := range structuredFields {
			m.each(name, capitalParams)
		}
	}},
	{"spaces", func(m *outgoing) {
		for _, name := range structuredFields {
			m.each(name, spread)
		}
		m.each("CSeq", func(v string) string { return strings.Replace(v, " ", "  ", 1) })
		m.rename(func(name string) string { return name + " " })
	}},
	{"folded", fold},
}

func onRequest(f func(*outgoing)) func(*outgoing) {
	return func(m *outgoing) {
		if m.isRequest() {
			f(m)
		}
	}
}

func onDatagram(f func(*outgoing)) func(*outgoing) {
	return func(m *outgoing) {
		if !m.stream {
			f(m)
		}
	}
}

// onRegistration is for the 200 to a REGISTER that leaves bindings.
func onRegistration(f func(*outgoing)) func(*outgoing) {
	return func(m *outgoing) {
		if m.status() == 200 && m.method() == "REGISTER" && m.has("Contact") {
			f(m)
		}
	}
}

func rewriteContact(value string) string {
	begin, end := strings.IndexByte(value, '@')+1, strings.IndexByte(value, '>')
	if begin <= 0 || end < begin {
		return value
	}
	if semicolon := strings.IndexByte(value[begin:end], ';'); semicolon >= 0 {
		end = begin + semicolon
	}
	return value[:begin] + "203.0.113.9:40002" + value[end:]
}

// bareContacts is a list whose parameters belong to the header field, as there are no brackets (RFC 3261 20.10).
func bareContacts(m *outgoing) {
	all := []string{strangerURI + ";expires=60"}
	for _, value := range m.values("Contact") {
		all = append(all, strings.NewReplacer("<", "", ">", "").Replace(value))
	}
	at := m.index("Contact")
	m.remove(func(f fieldLine) bool { return f.is("Contact") })
	m.insert(at, fieldLine{name: "Contact", value: strings.Join(all, ", ")})
}

func shiftCSeq(by int64) func(string) string {
	return func(value string) string {
		number, method, _ := strings.Cut(value, " ")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n+by < 0 {
			return value
		}
		return strconv.FormatInt(n+by, 10) + " " + method
	}
}

// transaction is a branch that only Call-ID and CSeq number decide.
func (m *outgoing) transaction(cookie string) string {
	number, _, _ := strings.Cut(m.get("CSeq"), " ")
	return cookie + digestOf(m.get("Call-ID"), number)
}

// branchOf changes the branch of a Via; empty takes it away.
func branchOf(branch string) func(string) string {
	return func(value string) string {
		const name = ";branch="
		begin := strings.Index(value, name)
		if begin < 0 {
			return value
		}
		end := strings.IndexByte(value[begin+1:], ';')
		if end < 0 {
			end = len(value)
		} else {
			end += begin + 1
		}
		if branch != "" {
			branch = name + branch
		}
		return value[:begin] + branch + value[end:]
	}
}

// nameVia makes the sent-by a name that is not known, so that only `received` leads back (RFC 3261 18.2.1).
func (m *outgoing) nameVia(value string) string {
	protocol, rest, _ := strings.Cut(value, " ")
	_, params, _ := strings.Cut(rest, ";")
	value = fmt.Sprintf("%s %s:%d;%s", protocol, oddHost, m.at.Port(), params)
	return strings.Replace(value, ";rport", "", 1)
}

// escapeUser writes the first character of the user of a URI by its number (RFC 3261 19.1.4: the same user).
func escapeUser(value string) string {
	i := strings.Index(value, "sip:")
	if i < 0 || i+4 >= len(value) || !strings.Contains(value[i:], "@") {
		return value
	}
	i += 4
	return fmt.Sprintf("%s%%%02X%s", value[:i], value[i], value[i+1:])
}

func telURI(uri string) string {
	user, _, ok := strings.Cut(strings.TrimPrefix(uri, "sip:"), "@")
	if !ok {
		user = oddUser
	}
	return "tel:" + user
}

func telFrom(value string) string {
	_, params, _ := strings.Cut(value, ">")
	return "<tel:" + oddUser + ">" + params
}

// oddNumbers are out of range, or no numbers, in header fields that the phone does not need.
func oddNumbers(m *outgoing) {
	if !m.has("Expires") {
		m.add("Expires", "4294967296")
	}
	m.add("Timestamp", "soon")
	if !m.isRequest() {
		if !m.has("Retry-After") {
			m.add("Retry-After", "99999999999999999999")
		}
		if m.method() == "REGISTER" {
			m.first("Contact", func(value string) string {
				before, _, found := strings.Cut(value, ";expires=")
				if !found {
					return value
				}
				return before + ";expires=45abc"
			})
		}
		return
	}
	m.each("Max-Forwards", func(string) string { return "999" })
}

// quote puts quoted strings with separators in them wherever a peer may.
func quote(m *outgoing) {
	if m.isRequest() {
		m.first("Via", func(value string) string { return value + oddVia })
		m.first("From", func(value string) string { return oddName + value + oddFrom })
	}
	if m.method() != "REGISTER" {
		m.first("Contact", func(value string) string {
			if !strings.HasPrefix(value, "<") {
				return value
			}
			return oddName + value
		})
		return
	}
	m.each("Contact", func(value string) string { return oddName + value })
}

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
