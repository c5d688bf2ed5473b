package ladder

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What says in a word or two what a message is: "REGISTER", or "200 OK", and what one would look for in it.
func What(start string, raw []byte) (label, note string) {
	fields := strings.Fields(start)
	if len(fields) < 2 {
		return start, ""
	}
	header, body := split(raw)
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

// maxFolded is the length of a value, in octets, from which on continued lines are left out of it.
const maxFolded = 256

// split gives the first values of the header fields, by their long names in lower case (RFC 3261 7.3.3), and the body.
func split(raw []byte) (header map[string]string, body []byte) {
	header = map[string]string{}
	name := ""
	for len(raw) > 0 {
		var part []byte
		part, raw, _ = bytes.Cut(raw, []byte("\n"))
		line := strings.TrimSuffix(string(part), "\r")
		switch {
		case line == "":
			return header, raw
		case strings.HasPrefix(line, " "), strings.HasPrefix(line, "\t"): // goes on with the one before (RFC 3261 7.3.1)
			if name != "" && len(header[name]) < maxFolded {
				header[name] = strings.TrimSpace(header[name] + " " + strings.TrimSpace(line))
			}
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		key = strings.ToLower(strings.TrimSpace(key))
		if key == "c" {
			key = "content-type"
		}
		if _, twice := header[key]; !ok || twice {
			name = ""
			continue
		}
		name = key
		header[name] = strings.TrimSpace(value)
	}
	return header, nil
}

// maxText is the most characters of one text in the drawing.
const maxText = 60

// text keeps what came from the network within XML and within its place in the drawing, and escapes it.
func text(s string) string { return escape(shorten(s, maxText)) }

func shorten(s string, most int) string {
	s = Visible(s)
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// Visible writes octets that are not UTF-8, control characters other than tabs and line ends, and code points that are none as \xFF, \x00, so that
// they can be told from each other and from what a reader puts in their place.
func Visible(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, invisible) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 || invisible(r) {
			for _, c := range []byte(s[:n]) {
				fmt.Fprintf(&b, `\x%02X`, c)
			}
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// invisible are characters that HTML and XML cannot hold or do not show.
func invisible(r rune) bool {
	return unicode.IsControl(r) && r != '\t' && r != '\r' && r != '\n' || r == unicode.MaxRune || r&0xfffe == 0xfffe
}

// escape is text within XML; line ends and tabs cannot be in it.
func escape(s string) string {
	s = strings.NewReplacer("\t", `\x09`, "\r", `\x0D`, "\n", `\x0A`).Replace(Visible(s))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace(s)
}

// Method is the method of a request, or of the request that a response answers; empty where it cannot be told.
func Method(start string, raw []byte) string {
	first, _, _ := strings.Cut(start, " ")
	if !strings.HasPrefix(first, "SIP/") {
		return first
	}
	header, _ := split(raw)
	if fields := strings.Fields(header["cseq"]); len(fields) == 2 {
		return fields[1]
	}
	return ""
}

// Header is the first value of a header field by its long name in lower case; empty where there is none.
func Header(raw []byte, name string) string {
	header, _ := split(raw)
	return header[name]
}
