package phone

import (
	"slices"
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

// UX-08: a digit beyond the 64th of a number has no effect, and the answer says why; a key that dials does.
func TestFullNumber(t *testing.T) {
	m := NewMachine(DefaultConfig())
	do(t, m, "line 1 registered primary")
	do(t, m, "keys "+strings.Repeat("12345678", 8))
	if got := do(t, m, "keys 9"); !slices.Contains(got, "no_effect 9 a number has 64 digits at most") {
		t.Errorf("the 65th digit: %q", got)
	}
	if got := do(t, m, "keys #"); slices.ContainsFunc(got, func(a string) bool { return strings.HasPrefix(a, "no_effect") }) || len(got) == 0 {
		t.Errorf("after it #: %q", got)
	}
}
