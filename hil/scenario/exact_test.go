package scenario

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// refusal parses a scenario of a press and one more line, and returns what is wrong with that line: field and message; empty if nothing is.
func refusal(t *testing.T, text string) string {
	t.Helper()
	_, err := Parse("f", []byte("scenario A\npress 1 as dial\nexpect ringer on within 1s\n"+text))
	problems, ok := err.(Problems)
	switch {
	case err == nil:
		return ""
	case !ok || len(problems) != 1 || problems[0].Line != 4:
		t.Errorf("%s: %v", text, err)
		return ""
	}
	return problems[0].Field + ": " + problems[0].Message
}

// TestTrailingWords: what stands behind the end of a step is refused and not ignored: it may be what the writer meant.
func TestTrailingWords(t *testing.T) {
	for _, text := range []string{
		"press 1", "press 1 hold 1s", "hook on", "call 1002", "call 1002 line 2", "call peer", "call hangup", "call answer", "call reject 486", "call digits 1", "line register",
		"line 2 unregister", "peer hangup", "peer register 1", "peer register 1 via backup", "server primary down", "setting t1_ms 100", "setting line 2 t1_ms 100",
		"setting domain {register_addr}", "wait 1s", "expect ringer on within 1s", "expect ringer on within 1s after dial", "expect no ringer on for 1s", "expect no ringer on between 1s and 2s",
		"expect ringer on at 1s +-100ms", "expect 2 sip INVITE between 1s and 2s after dial", "expect sip 200 INVITE with To=x within 1s", "expect display 1 within 1s",
	} {
		if got := refusal(t, text); got != "" {
			t.Errorf("%s: %s", text, got)
		}
		for _, more := range []string{"surplus", "2", `"two words"`} {
			if got, want := refusal(t, text+" "+more), strings.Trim(more, `"`)+": is too much"; got != want {
				t.Errorf("%s %s: %q, want %q", text, more, got, want)
			}
		}
		if got := refusal(t, text+` # "a comment"`); got != "" {
			t.Errorf("%s with a comment: %s", text, got)
		}
	}
	// Those that take any number of words refuse one that they do not have.
	for _, text := range []string{"peer answer after 1s", "peer busy", "peer call via backup", "peer send NOTIFY event x", "server primary serve delay 1s", "server both status 503"} {
		if got := refusal(t, text+" surplus"); !strings.Contains(got, `"surplus" is not one of `) {
			t.Errorf("%s surplus: %q", text, got)
		}
	}
	if _, err := Parse("f", []byte("scenario A\ntimeout 3m x\npress 1\nexpect ringer on within 1s")); err == nil || err.Error() != "f:2: x: is too much" {
		t.Errorf("timeout: %v", err)
	}
	for text, want := range map[string]string{"press 1 2": "2: is too much", "hook off hook": "hook: is too much", "": "text: is no step: press, hook, call, line, peer, server, setting, wait, note, expect",
		"expect ringer on within 1s": "text: is no step: press, hook, call, line, peer, server, setting, wait, note, expect; did you mean expect?"} {
		if _, err := ParseStep(text); err == nil || err.Error() != want {
			t.Errorf("ParseStep %q: %v, want %s", text, err, want)
		}
	}
	if a, err := ParseStep("press 1 hold 1s # as always"); err != nil || a != (Press{Keys: "1", Hold: time.Second}) {
		t.Errorf("%v, %v", a, err)
	}
}

// TestEmptyDisplay: every display is empty somewhere, so that is no expectation.
func TestEmptyDisplay(t *testing.T) {
	if got, want := refusal(t, `expect display "" within 1s`), "display: is always there when it is empty"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestHookIsPrinted: both positions of the handset, as they are read.
func TestHookIsPrinted(t *testing.T) {
	for text, want := range map[string]Hook{"hook off": {Off: true}, "hook on": {}} {
		if a, err := ParseStep(text); err != nil || a != want || a.String() != text {
			t.Errorf("%s is %+v, %v", text, a, err)
		}
	}
}

// TestKeysOfAPress: the keys of a press by their names; the soft key END is the key release, and is printed as it was written.
func TestKeysOfAPress(t *testing.T) {
	for keys, want := range map[string]string{"1": "1", "*0#": "* 0 #", "{end}": "release", "{release}": "release", "1{end}2{ok}{line20}{hold}": "1 release 2 ok line20 hold", "{line1}9{end}": "line1 9 release"} {
		a, err := ParseStep("press " + `"` + keys + `"`)
		if err != nil {
			t.Errorf("%s: %v", keys, err)
			continue
		}
		if got := strings.Join(a.(Press).Names(), " "); got != want {
			t.Errorf("%s: %s, want %s", keys, got, want)
		}
		if again, err := ParseStep(a.String()); err != nil || again != a || a.(Press).Keys != keys {
			t.Errorf("%s is printed as %s: %v, %v", keys, a, again, err)
		}
	}
	if IsKey("end") || !IsKey("release") || !IsKey("line20") || !IsKey("#") || IsKey("line21") || IsKey("line0") || len(KeyNames()) != 12+8+20 {
		t.Errorf("keys %q", KeyNames())
	}
	for keys, want := range map[string]string{
		"{END}":    `press: there is no key "END": {ok}, {release}, {end}, {speaker}, {hold}, {transfer}, {conf}, {mute}, {message} or {line1} to {line20}`,
		"{line21}": `press: there is no key "line21": {ok}, {release}, {end}, {speaker}, {hold}, {transfer}, {conf}, {mute}, {message} or {line1} to {line20}`,
		"1{end":    "press: a { is not closed", "end": `press: "e" is not a key: 0 to 9, *, #, or a name in braces, as {release}; did you mean {end}?`,
		"1}": `press: "}" is not a key: 0 to 9, *, #, or a name in braces, as {release}`, "ä": `press: "ä" is not a key: 0 to 9, *, #, or a name in braces, as {release}`,
		strings.Repeat("1", 129): "press: more than 128 keys", strings.Repeat("{end}", 129): "press: more than 128 keys",
	} {
		if got := refusal(t, `press "`+keys+`"`); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", keys, got, want)
		}
	}
	for _, keys := range []string{strings.Repeat("1", 128), strings.Repeat("{end}", 128)} {
		if got := refusal(t, `press `+keys); got != "" {
			t.Errorf("128 keys: %s", got)
		}
	}
}

// TestCountIsANumber: expect N is for 1 to 1000 times, of events and messages.
func TestCountIsANumber(t *testing.T) {
	for text, want := range map[string]string{
		"expect 1 event hook within 1s": "", "expect 1000 sip BYE within 1s": "",
		"expect 0 event hook within 1s":    "expect: 0 times is not 1 to 1000; none is: expect no ...",
		"expect -1 event hook within 1s":   "expect: -1 times is not 1 to 1000; none is: expect no ...",
		"expect 1001 event hook within 1s": "expect: 1001 times is not 1 to 1000; none is: expect no ...",
		"expect 2 ringer on within 1s":     "ringer: can be counted only of event and sip", "expect 1 call ended within 1s": "call: can be counted only of event and sip",
	} {
		if got := refusal(t, text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestExactCount: expect N is met by N and by nothing else: by one less it is not when its time is over, by one more it is not at once. What comes before
// or after its time does not count.
func TestExactCount(t *testing.T) {
	const from, to = 2 * second, 4 * second // of expect N ... between 1s and 3s, measured from 1 s
	met := func(at time.Duration) string { return fmt.Sprintf("met at %s", at) }
	for _, c := range []struct {
		count int
		came  []time.Duration
		known time.Duration
		want  string // empty: not settled
	}{
		{2, nil, to, ""},
		{2, nil, to + 1, "it came 0 times, wanted 2"},
		{2, []time.Duration{from}, to, ""},
		{2, []time.Duration{from}, to + 1, "it came 1 times, wanted 2"},
		{2, []time.Duration{from, to}, to, ""},
		{2, []time.Duration{from, to}, to + 1, met(to)},
		{2, []time.Duration{from, from}, to + 1, met(from)},
		{2, []time.Duration{from - 1, from, to}, to + 1, met(to)},
		{2, []time.Duration{from, to, to + 1}, to + 1, met(to)},
		{2, []time.Duration{from - 1, to}, to + 1, "it came 1 times, wanted 2"},
		{2, []time.Duration{from, to + 1}, to + 1, "it came 1 times, wanted 2"},
		{2, []time.Duration{from, 3 * second, to}, to, "it came more than 2 times, again at 3.000 s"},
		{2, []time.Duration{from, from, from}, from, "it came more than 2 times, again at 1.000 s"},
		{2, []time.Duration{from, 3 * second, 3 * second, to}, to + 1, "it came more than 2 times, again at 2.000 s"},
		{1, []time.Duration{3 * second}, 3 * second, ""},
		{1, []time.Duration{3 * second}, to + 1, met(3 * second)},
		{1, []time.Duration{3 * second, to}, to, "it came more than 1 times, again at 3.000 s"},
		{3, []time.Duration{from, from, to}, to + 1, met(to)},
	} {
		var seen []Observation
		for _, at := range c.came {
			seen = append(seen, Observation{At: at, What: SIP, Name: "INVITE", Slot: "primary", Out: true},
				Observation{At: at, What: SIP, Name: "INVITE", Slot: "backup", Out: true}, Observation{At: at, What: SIP, Name: "INVITE", Value: "200", Slot: "primary"})
		}
		e := expectation(t, fmt.Sprintf("expect %d sip INVITE to primary between 1s and 3s", c.count))
		j := e.Judge(seen, Frame{T1: second / 2, Line: 1, Anchor: second, Known: c.known})
		got := ""
		switch {
		case j.Settled && j.Met && j.Came:
			got = met(j.At)
		case j.Settled:
			got = j.Cause
		}
		if got != c.want || j.Met && !j.Settled {
			t.Errorf("%d times, came %v, known to %s: %q, want %q", c.count, c.came, c.known, got, c.want)
		}
	}
	// What the clocks may be wrong by is in favour of the phone at both ends (see TestClocks).
	for at, want := range map[time.Duration]bool{from - 21*time.Millisecond: false, from - 20*time.Millisecond: true, to + 20*time.Millisecond: true, to + 21*time.Millisecond: false} {
		e := expectation(t, "expect 1 sip INVITE between 1s and 3s")
		j := e.Judge([]Observation{{At: at, Clock: PhoneClock, What: SIP, Name: "INVITE"}}, Frame{Anchor: second, Slack: 20 * time.Millisecond, Known: to + 21*time.Millisecond})
		if !j.Settled || j.Met != want {
			t.Errorf("at %s: %+v, want %v", at, j, want)
		}
	}
}

// TestWindowEdges: an instant at an end of the time is within it, one nanosecond further is not; and it is over when more than its end is known.
func TestWindowEdges(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		expect   string
		in, out  []time.Duration // since the anchor
		end      time.Duration   // of the time in which it may come
		absences bool            // what came in it is a fault
	}{
		{"expect event hook within 3s", []time.Duration{0, 3 * second}, []time.Duration{-1, 3*second + 1}, 3 * second, false},
		{"expect event hook at 2s +-100ms", []time.Duration{1900 * ms, 2100 * ms}, []time.Duration{1900*ms - 1, 2100*ms + 1}, 2100 * ms, false},
		{"expect event hook at 50ms +-100ms", []time.Duration{0, 150 * ms}, []time.Duration{-1, 150*ms + 1}, 150 * ms, false},
		{"expect event hook at 3T1 +-100ms", []time.Duration{1400 * ms, 1600 * ms}, []time.Duration{1400*ms - 1, 1600*ms + 1}, 1600 * ms, false},
		{"expect event hook between 1s and 3s", []time.Duration{second, 3 * second}, []time.Duration{second - 1, 3*second + 1}, 3 * second, false},
		{"expect no event hook for 3s", []time.Duration{0, 3 * second}, []time.Duration{-1, 3*second + 1}, 3 * second, true},
		{"expect no event hook between 1s and 3s", []time.Duration{second, 3 * second}, []time.Duration{second - 1, 3*second + 1}, 3 * second, true},
	} {
		e := expectation(t, c.expect)
		judge := func(at, known time.Duration) Judgement {
			return e.Judge([]Observation{{At: 10*second + at, What: Event, Name: "hook"}}, Frame{T1: second / 2, Anchor: 10 * second, Known: 10*second + known})
		}
		for _, at := range c.in {
			if j := judge(at, max(at, 0)); !j.Settled || j.Met == c.absences {
				t.Errorf("%s, at %s: %+v", c.expect, at, j)
			}
		}
		for _, at := range c.out {
			if j := judge(at, c.end); j.Settled {
				t.Errorf("%s, at %s, known to its end: %+v", c.expect, at, j)
			}
			if j := judge(at, c.end+1); !j.Settled || j.Met != c.absences {
				t.Errorf("%s, at %s, known beyond its end: %+v", c.expect, at, j)
			}
		}
	}
}

// TestSpans: lengths of time at their bounds.
func TestSpans(t *testing.T) {
	for text, want := range map[string]time.Duration{"0s": 0, "24h": 24 * time.Hour, "1m30s": 90 * second, "7.5s": 7500 * time.Millisecond, "10000T1": 5000 * second, "0.5T1": 250 * time.Millisecond, "1.5T1": 750 * time.Millisecond} {
		s, err := parseSpan(text)
		if err != nil || s.At(second/2) != want {
			t.Errorf("%s: %s, %v", text, s.At(second/2), err)
		}
	}
	for text, want := range map[string]string{"24h0m0.001s": "is longer than a day", "-1s": "is before its beginning", "-0s": "is before its beginning", "10000.1T1": "is not so many times T1, as 64T1", "0T1": "is not so many times T1, as 64T1", "-1T1": "is not so many times T1, as 64T1",
		"1e3T1": "is not so many times T1, as 64T1", "0x1T1": "is not so many times T1, as 64T1", "T1": "is not so many times T1, as 64T1", "1_0T1": "is not so many times T1, as 64T1", "NaNT1": "is not so many times T1, as 64T1"} {
		if _, err := parseSpan(text); err == nil || err.Error() != text+": "+want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := parseFixed("1T1"); err == nil || err.Error() != "1T1: must be a fixed time, as 500ms" {
		t.Error(err)
	}
	for _, d := range []struct {
		d    time.Duration
		want string
	}{{0, "0s"}, {2 * time.Minute, "2m"}, {time.Hour, "1h"}, {90 * time.Minute, "1h30m"}, {time.Hour + 10*second, "1h0m10s"}, {10 * time.Minute, "10m"}, {100 * time.Millisecond, "100ms"}} {
		if got := plain(d.d); got != d.want {
			t.Errorf("%s is written %s, want %s", d.d, got, d.want)
		}
	}
}

// TestLimits: a label and a scenario at their limits.
func TestLimits(t *testing.T) {
	steps := func(n int) string {
		return "scenario A\npress 1\n" + strings.Repeat("wait 1s\n", n-2) + "expect ringer on within 1s\n"
	}
	if _, err := Parse("f", []byte(steps(1000))); err != nil {
		t.Error(err)
	}
	if _, err := Parse("f", []byte(steps(1001))); err == nil || err.Error() != "f:1002: expect: is more than 1000 steps" {
		t.Errorf("%.100v", err)
	}
	whole := steps(3)
	if _, err := Parse("f", []byte(whole+"#"+strings.Repeat("x", 256<<10-len(whole)-1))); err != nil {
		t.Errorf("%.100v", err)
	}
	if _, err := Parse("f", []byte(whole+"#"+strings.Repeat("x", 256<<10-len(whole)))); err == nil || err.Error() != "f: text: is longer than 256 KiB" {
		t.Errorf("%.100v", err)
	}
	_, err := Parse("f", []byte("scenario A\n"+strings.Repeat("nothing\n", 120)))
	if problems, _ := err.(Problems); len(problems) != 101 || problems[100] != (Problem{"f", 101, "text", "no more is looked at"}) {
		t.Errorf("%d problems, the last %v", len(problems), problems[len(problems)-1])
	}
	for label, ok := range map[string]bool{strings.Repeat("a", 40): true, strings.Repeat("a", 41): false, "a-b_C9": true, "a.b": false, "after": false, "as": false, "ä": false} {
		if got := refusal(t, "press 1 as "+label); (got == "") != ok {
			t.Errorf("%s: %q", label, got)
		}
	}
	for text, want := range map[string]string{"call " + strings.Repeat("1", 128): "", "call " + strings.Repeat("1", 129): `call: "` + strings.Repeat("1", 129) + `" is no number`,
		"call digits " + strings.Repeat("D", 64): "", "call digits E": `digits: "E" is not 0 to 9, A to D, * and #, 64 at most`,
		"call digits " + strings.Repeat("1", 65): `digits: "` + strings.Repeat("1", 65) + `" is not 0 to 9, A to D, * and #, 64 at most`,
		"call reject 400":                        "", "call reject 399": `reject: "399" is not a number from 400 to 699`, "call reject 699": "", "call reject 700": `reject: "700" is not a number from 400 to 699`,
		"call 1 line 1": "", "call 1 line 20": "", "call 1 line 0": `line: "0" is not a number from 1 to 20`, "call 1 line 21": `line: "21" is not a number from 1 to 20`,
		"peer register 1000": "", "peer register 0": `register: "0" is not a number from 1 to 1000`, "peer register 1001": `register: "1001" is not a number from 1 to 1000`,
		"server primary status 300": "", "server primary status 299": `status: "299" is not a number from 300 to 699`, "server primary status 699": "", "server primary status 700": `status: "700" is not a number from 300 to 699`,
		"expect sip 100 INVITE within 1s": "", "expect sip 99 INVITE within 1s": `sip: "99" is no status: 100 to 699, or 1xx to 6xx`, "expect sip 699 INVITE within 1s": "",
		"expect sip 6xx INVITE within 1s": "", "expect sip 7xx INVITE within 1s": `sip: "7xx" is no status: 100 to 699, or 1xx to 6xx`, "expect sip 1000 INVITE within 1s": `sip: "1000" is no status: 100 to 699, or 1xx to 6xx`,
		"expect ringer on within 0s": "within: no time at all", "expect ringer on within 1ns": "", "expect ringer on at 1s +-0s": "at: nothing comes at an instant exactly",
		"expect ringer on between 2s and 1s": "between: 2s is after 1s", "expect ringer on between 2s and 2s": "", "expect ringer on between 3T1 and 2T1": "between: 3T1 is after 2T1", "expect ringer on between 2T1 and 2T1": "",
		"expect ringer on between 9s and 1T1": "", "press 1 hold 10s": "", "press 1 hold 10001ms": "hold: must be 10ms to 10s", "press 1 hold 10ms": ""} {
		if got := refusal(t, text); got != want {
			t.Errorf("%.60s: %q, want %q", text, got, want)
		}
	}
	if timeout := "scenario A\ntimeout %s\npress 1\nexpect ringer on within 1s"; true {
		for text, ok := range map[string]bool{"1s": true, "999ms": false, "24h": true, "25h": false} {
			if s, err := Parse("f", []byte(fmt.Sprintf(timeout, text))); (err == nil) != ok || ok && plain(s.Timeout) != text {
				t.Errorf("timeout %s: %v", text, err)
			}
		}
	}
}

// TestNeedsOfSteps: each need that follows from a step, once, and none where none does.
func TestNeedsOfSteps(t *testing.T) {
	for text, want := range map[string][]Need{
		"wait 1s": nil, "server primary silent": {NeedServers}, "peer busy": {NeedPeer}, "call peer": {NeedPeer}, "call 1002": nil, "call hangup": nil, "setting t1_ms 100": nil,
		"expect peer up within 1s": {NeedPeer}, "expect level line1 on within 1s": {NeedRig}, "expect lamp line1 on by rig within 1s": {NeedRig}, "expect lamp line1 on by rest within 1s": nil,
		"expect ringer on by rig within 1s": {NeedRig}, "peer busy\npeer answer": {NeedPeer}, "call peer\nserver both serve\nserver primary silent": {NeedPeer, NeedServers},
	} {
		s, err := Parse("f", []byte("scenario A\npress 1\n"+text+"\nexpect hook off within 1s"))
		if err != nil || !slices.Equal(s.Needs, want) {
			t.Errorf("%s: %v, %v, want %v", text, s.Needs, err, want)
		}
	}
}
