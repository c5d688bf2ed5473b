package rig

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var cadence = newConfig("rig.yaml").Cadence

// TestEye plays the lists of testdata/eye.txt.
func TestEye(t *testing.T) {
	text, err := os.ReadFile("testdata/eye.txt")
	if err != nil {
		t.Fatal(err)
	}
	stories := strings.Split(string(text), "\n\n")[1:]
	for _, story := range stories {
		var e *Eye
		var want, got []string
		var now time.Duration
		lit := false
		step := func(at time.Duration) {
			for _, l := range e.Step(lit, at) {
				got = append(got, fmt.Sprintf("< %d %s since %d", at.Milliseconds(), l.Shows, l.At.Milliseconds()))
			}
			now = at
		}
		for line := range strings.SplitSeq(strings.TrimSpace(story), "\n") {
			var ms int
			var says string
			switch {
			case strings.HasPrefix(line, "< "):
				want = append(want, line)
				continue
			case strings.HasPrefix(line, "#"):
				continue
			}
			if _, err := fmt.Sscanf(line, "> %d %s", &ms, &says); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			at := time.Duration(ms) * time.Millisecond
			if e == nil {
				lit = says == "lit"
				e = NewEye(cadence, lit, at)
				continue
			}
			for next := now + 10*time.Millisecond; next < at; next += 10 * time.Millisecond {
				step(next)
			}
			lit = says == "lit"
			step(at)
		}
		step(now + 10*time.Millisecond)
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s\ngot:\n%s", story, strings.Join(got, "\n"))
		}
	}
	if len(stories) != 11 {
		t.Errorf("%d stories", len(stories))
	}
}

// TestEar: a ringer is on through the pauses of its cadence, and off since its last sound.
func TestEar(t *testing.T) {
	e, first := NewEar(cadence, false, 0)
	if first != (Look{0, Off}) {
		t.Errorf("it begins %v", first)
	}
	var got []Look
	for at := time.Duration(0); at < 20*time.Second; at += 10 * time.Millisecond {
		sounding := at >= time.Second && at < 3*time.Second || at >= 7*time.Second && at < 9*time.Second
		if sounding && at%(40*time.Millisecond) >= 20*time.Millisecond {
			sounding = false // a bell's current goes both ways
		}
		got = append(got, e.Step(sounding, at)...)
		if known := e.Known(); known > at || at > 15*time.Second && known < at {
			t.Fatalf("at %s all is known up to %s", at, known)
		}
	}
	if want := []Look{{time.Second, On}, {8980 * time.Millisecond, Off}}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// FuzzEye: whatever a sensor says, what is told goes forward in time, changes each time, and is not older than what was said to be known.
func FuzzEye(f *testing.F) {
	f.Add([]byte{0, 50, 51, 50, 51, 50}, false)
	f.Add([]byte{200, 20, 20, 20, 20, 255, 255}, true)
	f.Add([]byte{30, 51, 30, 51, 1, 1, 1, 90}, false)
	f.Fuzz(func(t *testing.T, phases []byte, ear bool) {
		var w watcher = NewEye(cadence, false, 0)
		if ear {
			w, _ = NewEar(cadence, false, 0)
		}
		lit := false
		var at, told, known time.Duration
		shows := ""
		for _, p := range phases {
			lit = !lit
			for range max(1, int(p)%16) { // some of the time goes by unseen
				for _, l := range w.Step(lit, at) {
					if l.At < told || l.At < known || l.At > at || l.Shows == shows {
						t.Fatalf("at %s: %v, after %s at %s, all known up to %s", at, l, shows, told, known)
					}
					told, shows = l.At, l.Shows
				}
				if k := w.Known(); k < known || k > at {
					t.Fatalf("at %s: known up to %s, before %s", at, k, known)
				} else {
					known = k
				}
				at += time.Duration(p) * 10 * time.Millisecond / time.Duration(max(1, int(p)%16))
			}
		}
		if len(phases) > 0 && !ear {
			w.Step(lit, at)
			w.Step(lit, at+time.Minute)
			if k := w.Known(); k != at+time.Minute {
				t.Fatalf("still for a minute: known up to %s of %s", k, at+time.Minute)
			}
		}
	})
}
