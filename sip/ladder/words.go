package ladder

import (
	"bytes"
	"strings"
	"unicode"
)

// What says in a word or two what a message is: "REGISTER", or "200 OK", and what one would look for in it.
func What(start string, raw []byte) (label, note string) {
	fields := strings.Fields(start)
	if len(fields) < 2 {
		return start, ""
	}
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	header := headers(head)
	if strings.HasPrefix(fields[0], "SIP/") {
		label = strings.Join(fields[1:], " ")
		return label, strings.Join(answerNotes(fields[1], header, body), ", ")
	}
	return fields[0], strings.Join(requestNotes(fields, header, body), ", ")
}

func requestNotes(start []string, header map[string]string, body []byte) (notes []string) {
	switch start[0] {
	case "REGISTER":
		if header["expires"] == "0" {
			notes = append(notes, "expires 0")
		}
	case "INVITE", "BYE", "CANCEL", "ACK", "OPTIONS":
		if user, _, ok := strings.Cut(strings.TrimPrefix(start[1], "sip:"), "@"); ok {
			notes = append(notes, user)
		}
	}
	if number, _, _ := strings.Cut(header["cseq"], " "); number != "" && start[0] == "REGISTER" {
		notes = append(notes, "CSeq "+number)
	}
	if header["authorization"] != "" || header["proxy-authorization"] != "" {
		notes = append(notes, "credentials")
	}
	if sdp(header, body) {
		notes = append(notes, "SDP")
	}
	return notes
}

func answerNotes(status string, header map[string]string, body []byte) (notes []string) {
	_, method, _ := strings.Cut(header["cseq"], " ")
	if method != "" {
		notes = append(notes, method)
	}
	if method == "REGISTER" && status == "200" && header["expires"] != "" {
		notes = append(notes, "expires "+header["expires"])
	}
	if after := header["retry-after"]; after != "" {
		notes = append(notes, "retry after "+after)
	}
	if sdp(header, body) {
		notes = append(notes, "SDP")
	}
	return notes
}

func sdp(header map[string]string, body []byte) bool {
	return len(body) > 0 && strings.HasPrefix(strings.ToLower(header["content-type"]), "application/sdp")
}

// headers are the first values of the header fields, by their long names in lower case (RFC 3261 7.3.3).
func headers(head []byte) map[string]string {
	found := map[string]string{}
	for line := range strings.SplitSeq(string(head), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "c" {
			name = "content-type"
		}
		if _, twice := found[name]; ok && !twice {
			found[name] = strings.TrimSpace(value)
		}
	}
	return found
}

// maxText is the most characters of one text in the drawing.
const maxText = 60

// text keeps what came from the network within XML and within its place in the drawing, and escapes it.
func text(s string) string { return escape(shorten(s, maxText)) }

func shorten(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.MaxRune || r&0xfffe == 0xfffe {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace(s)
}

// Method is the method of a request, or of the request that a response answers; empty where it cannot be told.
func Method(start string, raw []byte) string {
	first, _, _ := strings.Cut(start, " ")
	if !strings.HasPrefix(first, "SIP/") {
		return first
	}
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	if fields := strings.Fields(headers(head)["cseq"]); len(fields) == 2 {
		return fields[1]
	}
	return ""
}

// Header is the first value of a header field by its long name in lower case; empty where there is none.
func Header(raw []byte, name string) string {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return headers(head)[name]
}
