package scenario

import (
	"strings"
	"testing"
	"time"
)

// expectation reads one; it is measured from a step at 10 s.
func expectation(t *testing.T, text string) Expect {
	t.Helper()
	s, err := Parse("test", []byte("scenario A\npress 1\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Steps[1].Do.(Expect)
}

const second = time.Second

// story is what the phone did: dialled at 10 s, failed over.
var story = []Observation{
	{At: 1 * second, What: LineState, Name: "1", Value: "registered", Slot: "primary", Fields: map[string]string{"phase": "on_primary"}},
	{At: 2 * second, What: Lamp, Name: "line1", Value: "off"},
	{At: 3 * second, What: CallState, Value: "ended"},
	{At: 10 * second, What: SIP, Name: "INVITE", Slot: "primary", Out: true, Raw: "INVITE sip:1002@a SIP/2.0\r\nFrom: <sip:1001@a>\r\n\r\nbody: x"},
	{At: 10*second + second/2, What: SIP, Name: "INVITE", Slot: "primary", Out: true},
	{At: 17*second + second/2, What: Event, Name: "failover", Fields: map[string]string{"from": "primary", "to": "backup"}},
	{At: 17*second + second/2, What: SIP, Name: "REGISTER", Slot: "backup", Out: true},
	{At: 17*second + second/2, What: SIP, Name: "REGISTER", Value: "200", Slot: "backup"},
	{At: 18 * second, What: CallState, Value: "talking", Slot: "backup", Fields: map[string]string{"remote": "1002"}},
	{At: 18 * second, What: Lamp, Name: "line1", Value: "on"},
	{At: 18 * second, What: Display, Value: "1002 backup"},
}

func TestJudge(t *testing.T) {
	const pending = "pending"
	for _, c := range []struct {
		expect string
		known  time.Duration // since the step
		want   string        // "met 7.5s", pending, or a part of the cause
	}{
		{"expect sip REGISTER to backup at 7.5s +-100ms", 8 * second, "met 7.5s"},
		{"expect sip REGISTER to backup at 15T1 +-100ms", 8 * second, "met 7.5s"},
		{"expect sip REGISTER to backup at 5s +-100ms", 9 * second, "it came at 7.500 s"},
		{"expect sip REGISTER from backup within 9s", 9 * second, "pending"},
		{"expect sip REGISTER from backup within 9s", 10 * second, "it did not come"},
		{"expect sip 200 REGISTER from backup within 9s", 9 * second, "met 7.5s"},
		{"expect sip 2xx REGISTER within 9s", 9 * second, "met 7.5s"},
		{"expect sip BYE within 9s", 8 * second, pending},
		{"expect 2 sip INVITE to primary within 4s", 4 * second, pending},
		{"expect 2 sip INVITE to primary within 4s", 5 * second, "met 500ms"},
		{"expect 3 sip INVITE to primary within 4s", 5 * second, "it came 2 times, wanted 3"},
		{"expect 1 sip INVITE to primary within 4s", 1 * second, "more than 1 times, again at 0.500 s"},
		{"expect sip INVITE with From=1001 within 1s", 1 * second, "met 0s"},
		{"expect sip INVITE with body=x within 1s", 2 * second, "it did not come"},
		{"expect no sip INVITE to backup for 9s", 9 * second, pending},
		{"expect no sip INVITE to backup for 9s", 10 * second, "met 0s"},
		{"expect no sip REGISTER to backup for 9s", 8 * second, "it came about at 7.500 s"},
		{"expect no sip INVITE to primary between 1s and 9s", 10 * second, "met 0s"},
		{"expect event failover to=backup within 9s", 8 * second, "met 7.5s"},
		{"expect event failover to=primary within 9s", 10 * second, "it did not come"},
		{"expect line registered primary within 1s", 0, "met 0s"},
		{"expect line on_primary within 1s", 0, "met 0s"},
		{"expect line registered backup within 1s", 2 * second, "instead line 1 is registered (primary)"},
		{"expect line 2 registered within 1s", 2 * second, "it did not come"},
		{"expect call ended within 1s", 2 * second, "it did not come"},
		{"expect call talking on backup remote=1002 within 9s", 8 * second, "met 8s"},
		{"expect lamp line1 on within 9s", 8 * second, "met 8s"},
		{"expect lamp line1 off within 9s", 0, "met 0s"},
		{"expect lamp line1 off between 0s and 7s", 7500 * time.Millisecond, "lamp line1 is off, and was so before"},
		{"expect no lamp line1 off for 1s", 0, "lamp line1 is off, from the beginning"},
		{"expect no lamp line1 on for 9s", 8 * second, "it came about at 8.000 s"},
		{"expect display 1002 within 9s", 8 * second, "met 8s"},
		{"expect display 1003 within 9s", 10 * second, `instead the display says "1002 backup"`},
	} {
		seen := story
		for len(seen) > 0 && seen[len(seen)-1].At > 10*second+c.known {
			seen = seen[:len(seen)-1]
		}
		j := expectation(t, c.expect).Judge(seen, Frame{T1: second / 2, Line: 1, Slack: time.Millisecond, Anchor: 10 * second, Known: 10*second + c.known})
		got := pending
		switch {
		case j.Settled && j.Met:
			got = "met 0s"
			if j.Came {
				got = "met " + (j.At - 10*second).String()
			}
		case j.Settled:
			got = j.Cause
		}
		if got != c.want && !(j.Settled && !j.Met && strings.Contains(got, c.want)) {
			t.Errorf("%s, known %v: %s, want %s", c.expect, c.known, got, c.want)
		}
	}
}

// TestClocks: an instant that may be wrong is counted in favour of the phone. Two instants of one clock are exact against each other, so that a
// message before the anchor is never held against the phone.
func TestClocks(t *testing.T) {
	const slack = 20 * time.Millisecond
	for _, c := range []struct {
		expect string
		came   time.Duration // after the anchor
		clock  Clock
		want   string
	}{
		{"expect no sip REGISTER to primary for 1s", -5 * time.Millisecond, PhoneClock, "met"},
		{"expect no sip REGISTER to primary for 1s", 5 * time.Millisecond, PhoneClock, "it came about at 0.005 s"},
		{"expect no sip REGISTER to primary for 1s", 5 * time.Millisecond, BenchClock, "met"},
		{"expect no sip REGISTER to primary for 1s", 25 * time.Millisecond, BenchClock, "it came about at 0.025 s"},
		{"expect no sip REGISTER to primary for 1s", 990 * time.Millisecond, BenchClock, "met"},
		{"expect sip REGISTER to primary within 1s", -5 * time.Millisecond, PhoneClock, "met"},
		{"expect sip REGISTER to primary within 1s", -25 * time.Millisecond, PhoneClock, "it did not come by 1.020 s"},
		{"expect sip REGISTER to primary within 1s", -5 * time.Millisecond, BenchClock, "met"},
		{"expect sip REGISTER to primary within 1s", 1010 * time.Millisecond, BenchClock, "met"},
		{"expect sip REGISTER to primary within 1s", 1025 * time.Millisecond, PhoneClock, "it came at 1.025 s"},
	} {
		seen := []Observation{{At: second + c.came, Clock: PhoneClock, What: SIP, Name: "REGISTER", Slot: "primary", Out: true}}
		j := expectation(t, c.expect).Judge(seen, Frame{T1: second / 2, Line: 1, Slack: slack, Anchor: second, Clock: c.clock, Known: 10 * second})
		got := j.Cause
		if j.Met {
			got = "met"
		}
		if !j.Settled || got != c.want {
			t.Errorf("%s, came %v, anchor of clock %q: %q, want %q", c.expect, c.came, c.clock, got, c.want)
		}
	}
}

// TestMilliseconds: instants of one clock are exact to the microsecond, however uncertain that clock is on the bench's: nothing that comes early or late
// by more than the expectation says is taken.
func TestMilliseconds(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		expect string
		came   time.Duration // after the anchor
		clock  Clock
		want   string
	}{
		{"expect event failover at 7500ms +-2ms", 7500 * ms, PhoneClock, "met"},
		{"expect event failover at 7.5s +-2ms", 7498 * ms, PhoneClock, "met"},
		{"expect event failover at 7.5s +-2ms", 7502 * ms, PhoneClock, "met"},
		{"expect event failover at 7.5s +-2ms", 7497 * ms, PhoneClock, "it came at 7.497 s"},
		{"expect event failover at 7.5s +-2ms", 7503 * ms, PhoneClock, "it came at 7.503 s"},
		{"expect event failover between 7.5s and 8s", 7500 * ms, PhoneClock, "met"},
		{"expect event failover between 7.5s and 8s", 7499999 * time.Microsecond, PhoneClock, "it came at 7.500 s"},
		{"expect event failover within 7.5s", 7501 * ms, PhoneClock, "it came at 7.501 s"},
		{"expect event failover at 7.5s +-2ms", 7482 * ms, BenchClock, "met"},
		{"expect event failover at 7.5s +-2ms", 7477 * ms, BenchClock, "it came at 7.477 s"},
		{"expect event failover at 7.5s +-2ms", 7523 * ms, BenchClock, "it came at 7.523 s"},
	} {
		seen := []Observation{{At: second + c.came, Clock: PhoneClock, What: Event, Name: "failover"}}
		j := expectation(t, c.expect).Judge(seen, Frame{T1: second / 2, Line: 1, Slack: 20 * ms, Anchor: second, Clock: c.clock, Known: 20 * second})
		got := j.Cause
		if j.Met {
			got = "met"
		}
		if !j.Settled || got != c.want {
			t.Errorf("%s, came %v, anchor of clock %q: %q, want %q", c.expect, c.came, c.clock, got, c.want)
		}
	}
}

// TestOneInstant: of what the phone decided at once, and of the messages that followed from it, that is after the anchor which was recorded after it.
func TestOneInstant(t *testing.T) {
	const us = time.Microsecond
	for _, c := range []struct {
		expect string
		came   time.Duration // after the anchor
		order  int64         // the anchor has 20
		want   string
	}{
		{"expect no event failover for 1s", 0, 18, "met"},
		{"expect no event failover for 1s", 0, 22, "it came about at 0.000 s"},
		{"expect no event failover for 1s", 300 * us, 18, "met"}, // a message of the decision before the anchor was written
		{"expect no event failover for 1s", -300 * us, 22, "met"},
		{"expect event failover within 1s", 0, 18, "met"},
		{"expect event failover within 1s", -300 * us, 22, "met"}, // decided before the message that is the anchor, recorded after it
		{"expect event failover within 1s", -300 * us, 18, "it did not come by 1.000 s"},
		{"expect event failover between 0s and 1s", -300 * us, 22, "met"},
		{"expect event failover between 1ms and 1s", -300 * us, 22, "it did not come by 1.000 s"},
	} {
		seen := []Observation{{At: second + c.came, Clock: PhoneClock, Order: c.order, What: Event, Name: "failover"}}
		j := expectation(t, c.expect).Judge(seen, Frame{T1: second / 2, Line: 1, Slack: 0, Anchor: second, Clock: PhoneClock, Order: 20, Known: 10 * second})
		got := j.Cause
		if j.Met {
			got = "met"
		}
		if !j.Settled || got != c.want {
			t.Errorf("%s, came %v, order %d: %q, want %q", c.expect, c.came, c.order, got, c.want)
		}
	}
}

// FuzzJudge: an expectation that is settled stays so, whatever is seen later.
func FuzzJudge(f *testing.F) {
	f.Add("expect sip REGISTER to backup at 7.5s +-100ms", int64(7*second))
	f.Add("expect no lamp line1 on for 9s", int64(8*second))
	f.Fuzz(func(t *testing.T, text string, known int64) {
		s, err := Parse("f", []byte("scenario A\npress 1 as a\n"+text))
		if err != nil || len(s.Steps) != 2 {
			return
		}
		e, ok := s.Steps[1].Do.(Expect)
		if !ok || known < 0 || known > int64(100*second) {
			return
		}
		var before Judgement
		for i := range story {
			frame := Frame{T1: second / 2, Line: 1, Anchor: 10 * second, Known: min(story[i].At, time.Duration(known))}
			now := e.Judge(story[:i], frame)
			if before.Settled && now != before && !(now.Settled && now.Met == before.Met) {
				t.Fatalf("%s was %+v and is %+v", e, before, now)
			}
			before = now
		}
	})
}
