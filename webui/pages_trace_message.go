package webui

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hilphone/db/journal"
	"hilphone/sip/ladder"
)

// readable is a message as it came, with octets that are no text as \xFF; what is neither SIP nor text, as a dump.
func readable(m journal.Message) string {
	text := string(m.Raw)
	binary := !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\r\n\t", r) })
	if m.Start == "" && binary {
		return dump(m.Raw)
	}
	return ladder.Visible(strings.TrimRight(text, "\r\n"))
}

// dump writes octets in hexadecimal and, where they are printable, as ASCII: in lines of eight, which a narrow screen has room for.
func dump(octets []byte) string {
	var b strings.Builder
	at := 0
	for part := range slices.Chunk(octets, 8) {
		fmt.Fprintf(&b, "%04x %-24s ", at, fmt.Sprintf("% x", part))
		for _, c := range part {
			if c < ' ' || c > '~' {
				c = '.'
			}
			b.WriteByte(c)
		}
		b.WriteByte('\n')
		at += len(part)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// answerTo says what came of a request: the first response of its transaction among the messages after it.
func answerTo(l language, m journal.Message, later []journal.Message) string {
	if m.Start == "" || strings.HasPrefix(m.Start, "SIP/") {
		return ""
	}
	cseq := ladder.Header(m.Raw, "cseq")
	for _, r := range later {
		if r.Out != m.Out && r.CallID == m.CallID && r.Slot == m.Slot && strings.HasPrefix(r.Start, "SIP/") && ladder.Header(r.Raw, "cseq") == cseq {
			return l.say("trace.answered", shorten(ladder.Visible(strings.TrimPrefix(r.Start, "SIP/2.0 "))), l.seconds(r.Time.Sub(m.Time).Round(100*time.Microsecond)))
		}
	}
	return l.say("trace.unanswered")
}
