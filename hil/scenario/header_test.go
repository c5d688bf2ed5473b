package scenario

import (
	"strings"
	"testing"
)

// TestHeaders: a message is held against another one that came before, header by header.
func TestHeaders(t *testing.T) {
	const before = "BYE sip:1002@a SIP/2.0\r\nVia: x;branch=1\r\nCall-ID: c\r\nCSeq: 2 BYE\r\n\r\nv=0"
	same := strings.Replace(before, "branch=1", "branch=2", 1)
	frame := Frame{Messages: map[string]string{"bye": before}}
	for _, c := range []struct {
		with, message string
		want          bool
	}{
		{"with Call-ID={bye} CSeq={bye} Request-URI={bye} Body={bye} without Via={bye} Route=\"\"", same, true},
		{"with call-id={bye}", strings.Replace(same, "Call-ID: c", "Call-ID: cc", 1), false},
		{"with Request-URI={bye}", strings.Replace(same, "sip:1002@a", "sip:1002@b", 1), false},
		{"with Body={bye}", same + "x", false},
		{"with Route={bye}", same, false}, // that one has none to be the same as
		{"without Via={bye}", before, false},
		{"without CSeq=BYE", same, false},
		{"with CSeq=2 without Contact=\"\"", same, true},
		{"with Call-ID={bye} CSeq=\"2 BYE\"", "BYE sip:1002@a SIP/2.0\r\nv: x\r\nI :\r\n c\r\ncseq: 2\r\n\tBYE\r\n\r\n", true},
		{"with Via=\"a b\" without Via=c", "BYE sip:1002@a SIP/2.0\r\nV : a\r\n\tb\r\nX: c\r\n\r\nVia: c", true},
	} {
		s, err := Parse("test", []byte("scenario A\npress 1\nexpect sip BYE within 1s as bye\nexpect sip BYE "+c.with+" within 1s"))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Steps[2].Do.(Expect).headers(c.message, frame); got != c.want {
			t.Errorf("%s: %v, want %v of\n%s", c.with, got, c.want, c.message)
		}
	}
	for _, bad := range []string{"with Call-ID={nothing}", "with Call-ID={dial}", "without", "with without Via=1"} {
		if _, err := Parse("test", []byte("scenario A\ncall 1 as dial\nexpect sip BYE "+bad+" within 1s")); err == nil {
			t.Errorf("%s: nothing is wrong with it", bad)
		}
	}
}
