package phone

import (
	"fmt"
	"strings"
	"testing"

	"hilphone/hal"
	"hilphone/sip/line"
)

// kept is what the phone keeps of a call: state, line, digits, why there is no call, missed calls, and the display.
func kept(m *Machine) string {
	s := m.snapshot()
	return fmt.Sprintf("%s line %d digits %q failure %q missed %d %q", s.State, s.Line, s.Digits, s.Failure, s.Missed, strings.Join(s.Display, "|"))
}

// do plays an event as the traces write it and returns its actions.
func do(t *testing.T, m *Machine, text string) (actions []string) {
	t.Helper()
	events, err := parseEvents(strings.Fields(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	for _, e := range events {
		for _, a := range m.Step(e) {
			actions = append(actions, a.String())
		}
	}
	return actions
}

// TestKept: the digits, the reason of a failure, the other party and the missed calls are on the display for as long as they say something, and no
// longer. Each story begins with a new phone whose line 1 is registered; after each event, what it is then.
func TestKept(t *testing.T) {
	for name, story := range map[string][][2]string{
		"a refused dial shows its reason": {
			{"hook off", `dial_tone line 1 digits "" failure "" missed 0 "1 primary||dial tone"`},
			{"keys 90#", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"not_dialled line 1 is off", `failed line 1 digits "90" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"keys 5", `failed line 1 digits "90" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"keys message", `failed line 1 digits "90" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"keys release", `dial_tone line 1 digits "" failure "" missed 0 "1 primary||dial tone"`},
			{"keys 7", `dialling line 1 digits "7" failure "" missed 0 "1 primary|7|dialling"`},
			{"keys #", `dialling line 1 digits "7" failure "" missed 0 "1 primary|7|dialling"`},
			{"not_dialled line 1 is off", `failed line 1 digits "7" failure "line 1 is off" missed 0 "1 primary|7|line 1 is off"`},
			{"hook on", `idle line 1 digits "" failure "" missed 0 "1 primary||"`},
		},
		"a refused dial on another line": {
			{"hook off", `dial_tone line 1 digits "" failure "" missed 0 "1 primary||dial tone"`},
			{"keys line3", `dial_tone line 3 digits "" failure "" missed 0 "3 Unapplied||dial tone"`},
			{"keys 90#", `dialling line 3 digits "90" failure "" missed 0 "3 Unapplied|90|dialling"`},
			{"not_dialled line 3 is not set up", `failed line 3 digits "90" failure "line 3 is not set up" missed 0 "3 Unapplied|90|line 3 is not set up"`},
			{"keys line1", `dial_tone line 1 digits "" failure "" missed 0 "1 primary||dial tone"`},
		},
		"hands-free the reason stays until the next key": {
			{"keys 90", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"keys ok", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"not_dialled line 1 is off", `failed line 1 digits "90" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"expired auto_on_hook", `idle line 1 digits "" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"place 1 5", `idle line 1 digits "" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"not_dialled line 1 is not registered", `idle line 1 digits "" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"keys message", `idle line 1 digits "" failure "" missed 0 "1 primary||"`},
		},
		"the reason goes with the next number": {
			{"keys 90", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"keys speaker", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"not_dialled line 1 is off", `failed line 1 digits "90" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"expired auto_on_hook", `idle line 1 digits "" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"keys 8", `dialling line 1 digits "8" failure "" missed 0 "1 primary|8|dialling"`},
			{"expired no_digit", `idle line 1 digits "" failure "" missed 0 "1 primary||"`},
		},
		"the reason goes when the handset is lifted": {
			{"keys 90#", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"not_dialled line 1 is off", `failed line 1 digits "90" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"expired auto_on_hook", `idle line 1 digits "" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"hook off", `dial_tone line 1 digits "" failure "" missed 0 "1 primary||dial tone"`},
		},
		"the reason goes with a call that comes in": {
			{"keys 90#", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"not_dialled line 1 is off", `failed line 1 digits "90" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"expired auto_on_hook", `idle line 1 digits "" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"call 3 1 incoming 2004 ringing primary", `ringing line 1 digits "" failure "" missed 0 "1 primary|2004|incoming call"`},
			{"ended 3 peer response 487 1s", `idle line 1 digits "" failure "" missed 1 "1 primary||1 missed call"`},
		},
		"the reason goes with a call that a script places": {
			{"keys 90#", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"not_dialled line 1 is off", `failed line 1 digits "90" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"place 1 5", `failed line 1 digits "90" failure "line 1 is off" missed 0 "1 primary|90|line 1 is off"`},
			{"dialled 1", `calling line 1 digits "5" failure "" missed 0 "1 primary|5|calling"`},
			{"call 1 1 outgoing 5 talking primary", `talking line 1 digits "5" failure "" missed 0 "1 primary|5|talking"`},
			{"end 1", `idle line 1 digits "" failure "" missed 0 "1 primary||"`},
		},
		"a call that fails, and the loudspeaker beside the handset": {
			{"hook off", `dial_tone line 1 digits "" failure "" missed 0 "1 primary||dial tone"`},
			{"keys 90#", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"dialled 1", `calling line 1 digits "90" failure "" missed 0 "1 primary|90|calling"`},
			{"ended 1 peer response 404 0s", `failed line 1 digits "90" failure "No such number (404)" missed 0 "1 primary|90|No such number (404)"`},
			{"keys speaker", `failed line 1 digits "90" failure "No such number (404)" missed 0 "1 primary|90|No such number (404)"`},
			{"hook on", `failed line 1 digits "90" failure "No such number (404)" missed 0 "1 primary|90|No such number (404)"`},
			{"keys speaker", `idle line 1 digits "" failure "" missed 0 "1 primary||"`},
		},
		"the other end hangs up": {
			{"keys 90#", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"dialled 1", `calling line 1 digits "90" failure "" missed 0 "1 primary|90|calling"`},
			{"call 1 1 outgoing 90 talking backup", `talking line 1 digits "90" failure "" missed 0 "1 backup|90|talking"`},
			{"ended 1 peer response 0 0s", `busy_tone line 1 digits "90" failure "" missed 0 "1 primary|90|call ended"`},
			{"expired auto_on_hook", `idle line 1 digits "" failure "" missed 0 "1 primary||"`},
		},
		"the other end hangs up, held": {
			{"hook off", `dial_tone line 1 digits "" failure "" missed 0 "1 primary||dial tone"`},
			{"keys 90#", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"dialled 1", `calling line 1 digits "90" failure "" missed 0 "1 primary|90|calling"`},
			{"call 1 1 outgoing 90 held primary", `held line 1 digits "90" failure "" missed 0 "1 primary|90|on hold"`},
			{"call 1 1 outgoing 90 ringback primary", `held line 1 digits "90" failure "" missed 0 "1 primary|90|on hold"`},
			{"ended 1 peer response 0 0s", `busy_tone line 1 digits "90" failure "" missed 0 "1 primary|90|call ended"`},
			{"keys release", `dial_tone line 1 digits "" failure "" missed 0 "1 primary||dial tone"`},
		},
		"a number on hook gives way to a call": {
			{"keys 90", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"call 3 1 incoming 2004 ringing primary", `ringing line 1 digits "" failure "" missed 0 "1 primary|2004|incoming call"`},
			{"keys release", `idle line 1 digits "" failure "" missed 0 "1 primary||"`},
			{"ended 3 user response 603 0s", `idle line 1 digits "" failure "" missed 0 "1 primary||"`},
		},
		"missed calls are counted until they are looked at": {
			{"call 3 1 incoming 2004 ringing primary", `ringing line 1 digits "" failure "" missed 0 "1 primary|2004|incoming call"`},
			{"ended 3 peer response 487 1s", `idle line 1 digits "" failure "" missed 1 "1 primary||1 missed call"`},
			{"call 4 1 incoming 2004 ringing primary", `ringing line 1 digits "" failure "" missed 1 "1 primary|2004|incoming call"`},
			{"expired ring_time", `idle line 1 digits "" failure "" missed 2 "1 primary||2 missed calls"`},
			{"call 5 1 incoming 2004 ringing primary", `ringing line 1 digits "" failure "" missed 2 "1 primary|2004|incoming call"`},
			{"ended 5 user response 486 0s", `idle line 1 digits "" failure "" missed 2 "1 primary||2 missed calls"`},
			{"keys 1", `dialling line 1 digits "1" failure "" missed 2 "1 primary|1|dialling"`},
			{"keys message", `dialling line 1 digits "1" failure "" missed 0 "1 primary|1|dialling"`},
		},
		"another line while dialling": {
			{"hook off", `dial_tone line 1 digits "" failure "" missed 0 "1 primary||dial tone"`},
			{"keys 90", `dialling line 1 digits "90" failure "" missed 0 "1 primary|90|dialling"`},
			{"keys line2", `dialling line 2 digits "90" failure "" missed 0 "2 Unapplied|90|dialling"`},
			{"keys 1", `dialling line 2 digits "901" failure "" missed 0 "2 Unapplied|901|dialling"`},
			{"hook on", `idle line 1 digits "" failure "" missed 0 "1 primary||"`},
		},
		"a number of 64 digits is full": {
			{"keys " + strings.Repeat("12345678", 8), `dialling line 1 digits "` + strings.Repeat("12345678", 8) + `" failure "" missed 0 "1 primary|` + strings.Repeat("12345678", 8) + `|dialling"`},
			{"keys 9", `dialling line 1 digits "` + strings.Repeat("12345678", 8) + `" failure "" missed 0 "1 primary|` + strings.Repeat("12345678", 8) + `|dialling"`},
		},
	} {
		m := NewMachine(DefaultConfig())
		do(t, m, "line 1 registered primary")
		for i, step := range story {
			do(t, m, step[0])
			if got := kept(m); got != step[1] {
				t.Errorf("%s, %d, after %s:\n\t%s\nwant\n\t%s", name, i+1, step[0], got, step[1])
			}
		}
	}
}

// TestNoReason: a line that gives no reason, or one without a visible character, has failed too.
func TestNoReason(t *testing.T) {
	for _, reason := range []string{"", " \x00\n"} {
		m := NewMachine(DefaultConfig())
		do(t, m, "hook off")
		do(t, m, "keys 1#")
		m.Step(NotDialled{reason})
		if got := kept(m); got != `failed line 1 digits "1" failure "Call failed" missed 0 "1 Unapplied|1|Call failed"` {
			t.Errorf("%q: %s", reason, got)
		}
	}
}

// TestOverForTheUser: a call that the user or a timer has ended does not ring or talk again, whatever its line still reports of it
// (FO-37); once the line has ended it, nothing is kept of it. Another call rings.
func TestOverForTheUser(t *testing.T) {
	const rings = "call 7 1 incoming 2004 ringing primary"
	for name, story := range map[string][]string{
		"rejected by release":        {rings, "keys release"},
		"rejected off hook":          {rings, "reject 7 486"},
		"rejected with the usual":    {rings, "reject 7 0"},
		"ended by a script":          {rings, "end 7"},
		"not answered":               {rings, "expired ring_time", "keys message"},
		"hung up":                    {rings, "keys ok", "keys speaker"},
		"hung up by the handset":     {rings, "hook off", "hook on"},
		"busy":                       {"hook off", rings, "hook on"},
		"busy beside another":        {"call 6 1 incoming 2004 ringing primary", rings, "keys release", "ended 6 user response 603 0s"},
		"outgoing, given up":         {"place 1 5", "dialled 7", "expired call_time", "keys release"},
		"outgoing, hung up":          {"place 1 5", "dialled 7", "keys release"},
		"taken by the line too late": {"hook off", "keys 1#", "hook on", "dialled 7"},
	} {
		m := NewMachine(DefaultConfig())
		do(t, m, "line 1 registered primary")
		for _, e := range story {
			do(t, m, e)
		}
		const rest = `idle line 1 digits "" failure "" missed 0 "1 primary||"`
		if got := kept(m); got != rest {
			t.Errorf("%s: %s, want %s", name, got, rest)
		}
		for _, late := range []string{rings, "call 7 1 incoming 2004 talking primary", "call 7 1 outgoing 5 ringback primary", rings, "ended 7 user response 487 0s"} {
			if got := do(t, m, late); len(got) > 0 || kept(m) != rest {
				t.Errorf("%s, then %s: %q, %s", name, late, got, kept(m))
			}
		}
		if len(m.over) != 0 {
			t.Errorf("%s: calls %v are kept although their lines have ended them", name, m.over)
		}
		do(t, m, "call 8 1 incoming 2005 ringing primary")
		if got := kept(m); got != `ringing line 1 digits "" failure "" missed 0 "1 primary|2005|incoming call"` {
			t.Errorf("%s, then another call: %s", name, got)
		}
	}
}

// TestLoudspeaker: when the loudspeaker is on, beside the handset or without it.
func TestLoudspeaker(t *testing.T) {
	const rings = "call 7 1 incoming 2004 ringing primary"
	for name, story := range map[string][][2]string{
		"beside the handset, until the line is released": {{"hook off", "dial_tone off hook"}, {"keys speaker", "dial_tone off hook speaker"}, {"keys release", "dial_tone off hook"},
			{"hook on", "idle"}},
		"beside the handset, until it is lifted again": {{"hook off", "dial_tone off hook"}, {"keys speaker", "dial_tone off hook speaker"}, {"hook on", "dial_tone speaker"},
			{"hook off", "dial_tone off hook"}},
		"beside the handset, off by its key": {{"hook off", "dial_tone off hook"}, {"keys speaker", "dial_tone off hook speaker"}, {"keys speaker", "dial_tone off hook"}},
		"a number on hook":                   {{"keys 1", "dialling"}, {"keys ok", "dialling"}, {"dialled 1", "calling speaker"}, {"keys speaker", "idle"}},
		"a number on hook, refused":          {{"keys 1", "dialling"}, {"keys ok", "dialling"}, {"not_dialled x", "failed speaker"}, {"keys speaker", "idle"}},
		"a number on hook, lifted":           {{"keys 1", "dialling"}, {"hook off", "dialling off hook"}, {"dialled 1", "calling off hook"}},
		"answered by a key":                  {{rings, "ringing"}, {"keys ok", "talking speaker"}, {"hook off", "talking off hook"}, {"hook on", "idle"}},
		"answered by its line key":           {{rings, "ringing"}, {"keys line1", "talking speaker"}, {"keys release", "idle"}},
		"answered by the handset":            {{rings, "ringing"}, {"hook off", "talking off hook"}, {"keys release", "dial_tone off hook"}},
		"answered without a hand":            {{rings, "ringing"}, {"call 7 1 incoming 2004 held primary", "held speaker"}, {"keys release", "idle"}},
		"answered without a hand, lifted":    {{"hook off", "dial_tone off hook"}, {"place 1 5", "dial_tone off hook"}, {"dialled 7", "calling off hook"}, {"call 7 1 outgoing 5 talking primary", "talking off hook"}},
	} {
		m := NewMachine(DefaultConfig())
		for i, step := range story {
			do(t, m, step[0])
			s := m.snapshot()
			got := string(s.State)
			if s.OffHook {
				got += " off hook"
			}
			if s.Speaker {
				got += " speaker"
			}
			if lit := s.Lamps[hal.SpeakerLamp] == hal.On; got != step[1] || lit != s.Speaker {
				t.Errorf("%s, %d, after %s: %s, lamp on %v, want %s", name, i+1, step[0], got, lit, step[1])
			}
		}
	}
}

// TestRejectCode: a script may reject with any code of 400 to 699 and no other.
func TestRejectCode(t *testing.T) {
	for code, want := range map[int]string{-1: "refuse", 1: "refuse", 399: "refuse", 400: "reject 7 400", 699: "reject 7 699", 700: "refuse", 0: "reject 7 603"} {
		m := NewMachine(DefaultConfig())
		do(t, m, "call 7 1 incoming 2004 ringing primary")
		if got := do(t, m, fmt.Sprintf("reject 7 %d", code)); len(got) == 0 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%d: %q, want %s", code, got, want)
		}
	}
}

// TestUnknownCalls: what a line reports of a call that this phone does not have and that does not ring does nothing, whatever the phone is doing.
func TestUnknownCalls(t *testing.T) {
	for _, before := range [][]string{nil, {"hook off"}, {"hook off", "keys 1"}, {"call 1 1 incoming 2004 ringing primary"}, {"call 1 1 incoming 2004 ringing primary", "keys ok"}} {
		m := NewMachine(DefaultConfig())
		for _, e := range before {
			do(t, m, e)
		}
		was := kept(m)
		for _, e := range []string{"call 9 1 outgoing 5 calling primary", "call 9 1 outgoing 5 ringing primary", "call 9 1 incoming 5 talking primary", "call 9 1 incoming 5 held primary",
			"ended 9 peer response 486 0s"} {
			if got := do(t, m, e); len(got) > 0 || kept(m) != was {
				t.Errorf("%q, then %s: %q, %s", before, e, got, kept(m))
			}
		}
		m.Step(CallChanged{line.Call{Direction: line.Incoming, State: line.Ringing}}) // without an ID
		if kept(m) != was {
			t.Errorf("%q, then a call without ID: %s", before, kept(m))
		}
	}
}

// TestHandsetTwice: a handset that is reported where it is already has not moved.
func TestHandsetTwice(t *testing.T) {
	const rings = "call 1 1 incoming 2004 ringing primary"
	for _, before := range [][]string{{"hook on"}, {"keys 1", "hook on"}, {rings, "hook on"}, {rings, "keys ok", "hook on"}, {rings, "hook off", "hook off"}, {"hook off", "hook off"},
		{"hook off", "keys 1", "hook off"}, {"hook off", "expired no_digit", "hook off"}} {
		m := NewMachine(DefaultConfig())
		for _, e := range before[:len(before)-1] {
			do(t, m, e)
		}
		was := kept(m)
		if got := do(t, m, before[len(before)-1]); len(got) > 0 || kept(m) != was {
			t.Errorf("%q: %q, %s, was %s", before, got, kept(m), was)
		}
	}
}
