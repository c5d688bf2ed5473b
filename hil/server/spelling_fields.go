package server

import (
	"fmt"
	"strconv"
	"strings"
)

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
