package hil

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"hilphone/hil/evidence"
)

// show plays a step that passes and one that fails to a terminal.
func show(t Terminal) string {
	var out bytes.Buffer
	t.Out = &out
	took := 7500 * time.Millisecond
	good := evidence.Step{Line: 3, Text: "expect sip REGISTER to backup within 9s", Measured: &took, Verdict: evidence.Passed}
	bad := evidence.Step{Line: 12, Text: "note \u96fb\u8a71\u6a5f\u306e\u8a66\u9a13", Verdict: evidence.Failed, Cause: "it did not come"}
	for _, s := range []evidence.Step{good, bad} {
		t.StepBegins(s)
		t.StepEnds(s)
	}
	return out.String()
}

// TestTerminal: what is under way stays in one line of a terminal and is written over; without one there are plain lines, and never a colour
// that was not asked for.
func TestTerminal(t *testing.T) {
	const plain = "  ok     3 expect sip REGISTER to backup within 9s  7.500 s\n  FAIL  12 note \u96fb\u8a71\u6a5f\u306e\u8a66\u9a13\n           it did not come\n"
	if got := show(Terminal{}); got != plain {
		t.Errorf("without a terminal: %q", got)
	}
	width := func() int { return 20 }
	live := show(Terminal{Live: true, Width: width})
	if want := "\r\x1b[K  ..     3 expect s\r\x1b[K  ok     3 expect"; !strings.HasPrefix(live, want) || strings.Contains(live, "\x1b[3") || !strings.Contains(live, "\x1b[K  ..    12 note \u96fb\r") {
		t.Errorf("live: %q, want %q", live, want)
	}
	if got := show(Terminal{Live: true, Colour: true, Width: width}); !strings.Contains(got, "\x1b[32m  ok   \x1b[0m") || !strings.Contains(got, "\x1b[1;31m  FAIL \x1b[0m") {
		t.Errorf("in colour: %q", got)
	}
	if got := show(Terminal{Live: true}); !strings.Contains(got, "within 9s\r\x1b[K  ok ") {
		t.Errorf("of a width that is not known: %q", got)
	}
}
