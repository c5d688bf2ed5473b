package phone

import (
	"strings"
	"testing"
	"time"

	"hilphone/sip/line"
)

func TestReason(t *testing.T) {
	for _, c := range []struct {
		end  line.End
		want string
	}{
		{line.End{Cause: line.CauseResponse, Code: 486, Reason: "Busy Here"}, "Busy here (486)"},
		{line.End{Cause: line.CauseResponse, Code: 603, Reason: "Decline", Elapsed: 2 * time.Second}, "Declined (603), 2.0 s"},
		{line.End{Cause: line.CauseResponse, Code: 402, Reason: "Payment Required"}, "Payment Required (402)"},
		{line.End{Cause: line.CauseResponse, Code: 499}, "(499)"},
		{line.End{Cause: line.CauseResponse, Code: 499, Reason: "a\x00b\r\n\tc\xff"}, "ab c (499)"},
		{line.End{Cause: line.CauseNoResponse, Elapsed: 39500 * time.Millisecond}, "No server answered, 39.5 s"},
		{line.End{Cause: line.CauseICMP, Elapsed: 3 * time.Millisecond}, "Server cannot be reached"},
		{line.End{Cause: line.CauseConnect}, "Server cannot be reached"},
		{line.End{Cause: line.CauseTLS}, "Server failed the TLS check"},
		{line.End{Cause: line.CauseDNS}, "Server name is not known"},
		{line.End{Cause: line.CauseAborted, Reason: "Line switched off"}, "Line switched off"},
		{line.End{Elapsed: time.Minute}, "Call failed"},
		{line.End{Reason: "\x01\x02"}, "Call failed"},
		{line.End{Reason: strings.Repeat("ä", 100)}, strings.Repeat("ä", 63) + "…"},
	} {
		m := NewMachine(DefaultConfig())
		m.fail(reason(c.end))
		if m.failure != c.want {
			t.Errorf("%+v: %q, want %q", c.end, m.failure, c.want)
		}
	}
}
