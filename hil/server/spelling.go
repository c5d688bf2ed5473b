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
