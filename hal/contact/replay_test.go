package contact_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/hal/contact"
)

// kernel keeps the edges of contacts for a program that may be late.
type kernel struct {
	replay contact.Replay
	lines  []*kernelLine
	buffer int // edges of a line that are kept
}

type kernelLine struct {
	contact *contact.Contact
	changes []time.Duration // ascending; the level is another one from each on, beginning with low
}

func (k *kernel) line(c *contact.Contact) *kernelLine {
	l := &kernelLine{contact: c}
	k.lines = append(k.lines, l)
	return l
}

// stall is a time in which the program does not run.
type stall struct{ from, until time.Duration }

// run lets the program run to an instant but for the stalls, and returns what it reports: event and instant of each.
func (k *kernel) run(t testing.TB, until time.Duration, stalls ...stall) (told []string) {
	t.Helper()
	at := time.Duration(0)
	var last time.Time
	report := func(e hal.Event) {
		if e.At.Before(last) && e.Kind != hal.FaultRaised || e.At.After(dawn.Add(at)) {
			t.Errorf("%s at %s, told at %s after one at %s", eventText(e), e.At.Sub(dawn), at, last.Sub(dawn))
		}
		last = e.At
		told = append(told, fmt.Sprintf("%s %s", e.At.Sub(dawn), eventText(e)))
	}
	for _, l := range k.lines {
		l.contact.Begin(false, dawn)
	}
	seen := make([]int, len(k.lines))
	for steps := 0; ; steps++ {
		if steps > 100000 {
			t.Fatal("the program does not come to rest")
		}
		for i, l := range k.lines {
			var edges []contact.Edge
			for ; seen[i] < len(l.changes) && l.changes[seen[i]] <= at; seen[i]++ {
				edges = append(edges, contact.Edge{At: dawn.Add(l.changes[seen[i]]), Closed: seen[i]%2 == 0})
			}
			if k.buffer > 0 && len(edges) > k.buffer {
				edges = edges[len(edges)-k.buffer:]
				edges[0].Lost = true
			}
			l.contact.See(edges, seen[i]%2 == 1, dawn.Add(at))
		}
		next := until
		if again := k.replay.Until(dawn.Add(at), report); !again.IsZero() {
			if !again.After(dawn.Add(at)) {
				t.Fatalf("at %s it asks for %s", at, again.Sub(dawn))
			}
			next = min(next, again.Sub(dawn))
		}
		for i, l := range k.lines {
			if seen[i] < len(l.changes) {
				next = min(next, l.changes[seen[i]])
			}
		}
		for _, s := range stalls {
			if next >= s.from && next < s.until {
				next = s.until
			}
		}
		if at >= until {
			return told
		}
		at = next
	}
}

// train is the pulse contact of a dial that turns, bouncing at each change; times are of the changes.
func train(from time.Duration, pulses, speed int, bounces int) (changes []time.Duration) {
	period := time.Second / time.Duration(speed)
	for p := range pulses {
		began := from + time.Duration(p)*period
		for _, at := range []time.Duration{began, began + period*6/10} {
			changes = append(changes, at)
			for b := range 2 * bounces {
				changes = append(changes, at+time.Duration(b+1)*200*time.Microsecond)
			}
		}
	}
	return changes
}

// newDialKernel is a dial with one or two contacts.
func newDialKernel(speed int, two bool) (k *kernel, open, away *kernelLine) {
	c := contact.DialOf(speed)
	c.Device, c.OffNormal = "dial", two
	k = &kernel{}
	o, a := k.replay.Dial(contact.NewDial(c))
	return k, k.line(o), k.line(a)
}

// dialled returns the digits of what has been reported, and how many faults.
func dialled(told []string) (digits string, faults int) {
	for _, line := range told {
		words := strings.Fields(line)
		switch {
		case words[1] == "fault:":
			faults++
		case words[1] == "key" && words[3] == "down":
			digits += words[2]
		}
	}
	return digits, faults
}

// TestStalls: wherever the program stalls while the dial turns, and for how long, the digit is the same, known at the same instant (BE-06).
func TestStalls(t *testing.T) {
	for _, speed := range []int{10, 20} {
		for _, two := range []bool{false, true} {
			for _, pulses := range []int{1, 2, 9, 10} {
				make := func() *kernel {
					k, open, away := newDialKernel(speed, two)
					open.changes = train(300*ms, pulses, speed, 2)
					if two {
						away.changes = []time.Duration{100 * ms, 300*ms + time.Duration(pulses)*time.Second/time.Duration(speed) + 20*ms}
					}
					return k
				}
				want := make().run(t, 4*time.Second)
				if digits, faults := dialled(want); digits != fmt.Sprint(pulses%10) || faults > 0 {
					t.Fatalf("%d pulses at %d a second, two contacts %v: %q", pulses, speed, two, want)
				}
				for _, length := range []time.Duration{1 * ms, 36 * ms, 63 * ms, 100 * ms, 500 * ms, 2 * time.Second} {
					for from := time.Duration(0); from < 1600*ms; from += 17 * ms {
						if got := make().run(t, 4*time.Second, stall{from, from + length}); !slices.Equal(got, want) {
							t.Fatalf("%d pulses at %d a second, two contacts %v, a stall of %s at %s: %q, want %q", pulses, speed, two, length, from, got, want)
						}
					}
				}
			}
		}
	}
}

// TestLostEdges: when edges are lost in a stall there is a fault and no digit of what was cut, wherever that was; later digits are right
// (BE-06).
func TestLostEdges(t *testing.T) {
	for _, speed := range []int{10, 20} {
		for _, two := range []bool{false, true} {
			for _, buffer := range []int{1, 2, 5, 16} {
				for _, length := range []time.Duration{36 * ms, 100 * ms, 500 * ms, 2 * time.Second} {
					for from := time.Duration(0); from < 3*time.Second; from += 41 * ms {
						k, open, away := newDialKernel(speed, two)
						k.buffer = buffer
						begins := []time.Duration{300 * ms, 2 * time.Second, 6 * time.Second}
						for i, pulses := range []int{10, 7, 4} {
							open.changes = append(open.changes, train(begins[i], pulses, speed, 2)...)
							if two {
								away.changes = append(away.changes, begins[i]-100*ms, begins[i]+time.Duration(pulses)*time.Second/time.Duration(speed)+20*ms)
							}
						}
						got := k.run(t, 9*time.Second, stall{from, from + length})
						digits, faults := dialled(got)
						if (digits == "074") == (faults > 0) || digits != "074" && digits != "04" && digits != "74" && digits != "4" {
							t.Fatalf("%d pulses a second, two contacts %v, %d edges kept, a stall of %s at %s: %q", speed, two, buffer, length, from, got)
						}
					}
				}
			}
		}
	}
}

// TestMissingPulse: a pulse that no edge tells of leaves a pause that is too long, which is a fault (BE-06).
func TestMissingPulse(t *testing.T) {
	for _, speed := range []int{8, 10, 12, 18, 20, 22} {
		for pulses := 3; pulses <= 10; pulses++ {
			for missing := 1; missing < pulses-1; missing++ {
				k, open, _ := newDialKernel(speed/9*10, false)
				open.changes = train(300*ms, pulses, speed, 0)
				open.changes = slices.Delete(open.changes, 2*missing, 2*missing+2)
				if digits, faults := dialled(k.run(t, 4*time.Second)); digits != "" || faults != 1 {
					t.Errorf("pulse %d of %d at %d a second is missing: digits %q, %d faults", missing+1, pulses, speed, digits, faults)
				}
			}
		}
	}
}

// TestEdgeOnItsWay: nothing is judged while the level says that an edge has yet to come; one that does not come is a fault (BE-06).
func TestEdgeOnItsWay(t *testing.T) {
	var told []string
	report := func(e hal.Event) { told = append(told, fmt.Sprintf("%s %s", e.At.Sub(dawn), eventText(e))) }
	var r contact.Replay
	h := r.Hook(contact.NewHook(contact.HookConfig{Device: "hook", Debounce: 20 * ms, Flash: hal.Hold, FlashMin: 80 * ms, FlashMax: 600 * ms}))
	at := func(d time.Duration) time.Time { return dawn.Add(d) }
	look := func(now time.Duration, off bool, edges ...contact.Edge) time.Duration {
		h.See(edges, off, at(now))
		again := r.Until(at(now), report)
		if again.IsZero() {
			return 0
		}
		return again.Sub(dawn)
	}
	h.Begin(false, dawn)
	look(0, false)
	look(100*ms, true, contact.Edge{At: at(100 * ms), Closed: true})
	// At 121 ms the level is the other one already: whether the handset was up for 20 ms is not known before the edge.
	if again := look(121*ms, false); again != 122*ms || told != nil {
		t.Errorf("asks for %s, told %q", again, told)
	}
	look(122*ms, false, contact.Edge{At: at(119 * ms), Closed: false})
	if again := look(200*ms, false); again != 0 || told != nil {
		t.Errorf("asks for %s, told %q", again, told)
	}
	look(1000*ms, true)
	look(1200*ms, true)
	look(1250*ms, true)
	want := []string{"1.2s fault: hook: edges: edges of the contact were lost, or came too late to be judged",
		"1.22s fault over: hook: edges", "1.22s hook off"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	// An edge that comes after what it would have changed has been judged: a fault, and instants do not go back.
	told = nil
	look(2000*ms, false, contact.Edge{At: at(1500 * ms), Closed: false})
	look(2300*ms, false)
	if !slices.Equal(told, []string{"2.1s hook on"}) {
		t.Errorf("told %q, want the handset put back", told)
	}
	// Nor does one make a fault from which the contact was back at once.
	look(2350*ms, false, contact.Edge{At: at(1530 * ms), Closed: true}, contact.Edge{At: at(1532 * ms)})
	told = told[1:]
	look(2400*ms, true, contact.Edge{At: at(1550 * ms), Closed: true})
	if len(told) != 3 || !strings.Contains(told[0], "fault: hook: edges") || told[2] != "2.12s hook off" {
		t.Errorf("told %q, want a fault, its end and the handset lifted", told)
	}
}

// TestLostEdgesOfHook: a flash that cannot be measured is none.
func TestLostEdgesOfHook(t *testing.T) {
	k := &kernel{buffer: 3}
	c := k.line(k.replay.Hook(contact.NewHook(contact.HookConfig{Device: "hook", Debounce: 20 * ms, Flash: hal.Hold, FlashMin: 80 * ms, FlashMax: 600 * ms})))
	c.changes = []time.Duration{100 * ms, 1000 * ms, 1050 * ms, 1055 * ms, 1060 * ms, 1065 * ms, 1200 * ms}
	got := k.run(t, 4*time.Second, stall{1030 * ms, 1500 * ms})
	want := []string{"120ms hook off", "1.06s fault: hook: edges: edges of the contact were lost, or came too late to be judged", "1.22s fault over: hook: edges"}
	if !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// FuzzReplay moves a hook, a button and a dial at random. A program that stalls tells the same as one that does not; when edges are lost,
// what it dials is some of the same digits, in order, and there is a fault if it is not all of them (BE-06).
func FuzzReplay(f *testing.F) {
	f.Add([]byte{0, 60, 0, 40, 0, 60, 0, 255, 1, 30, 2, 20, 2, 90, 1, 10}, []byte{10, 100}, byte(0))
	f.Add([]byte{0, 60, 0, 40, 0, 60, 0, 40, 0, 60, 0, 255, 0, 60, 0, 255}, []byte{3, 60, 90, 20}, byte(2))
	f.Add([]byte{3, 100, 0, 60, 0, 40, 0, 60, 0, 60, 3, 255, 3, 90, 0, 60, 0, 40, 3, 200}, []byte{200, 60, 10, 200}, byte(1))
	f.Fuzz(func(t *testing.T, moves, pauses []byte, buffer byte) {
		moves, pauses = moves[:min(len(moves), 300)], pauses[:min(len(pauses), 20)]
		two := slices.ContainsFunc(moves, func(m byte) bool { return m%8 == 3 })
		make := func() (*kernel, time.Duration) {
			k, open, away := newDialKernel(10, two)
			hook := k.line(k.replay.Hook(contact.NewHook(contact.HookConfig{Device: "hook", Debounce: 20 * ms, Flash: hal.Hold, FlashMin: 80 * ms, FlashMax: 600 * ms})))
			button := k.line(k.replay.Button(contact.NewButton(contact.ButtonConfig{Device: "b", Key: hal.Mute, Debounce: 15 * ms, Stuck: time.Second})))
			lines := []*kernelLine{open, hook, button, away}
			at := 10 * ms
			for i := 0; i+1 < len(moves); i += 2 {
				l := lines[moves[i]%4]
				l.changes = append(l.changes, at)
				at += time.Duration(moves[i+1])*ms + 100*time.Microsecond
			}
			return k, at + 5*time.Second
		}
		punctual, end := make()
		want := punctual.run(t, end)
		var stalls []stall
		at := time.Duration(0)
		for i := 0; i+1 < len(pauses); i += 2 {
			at += time.Duration(pauses[i]) * 5 * ms
			length := time.Duration(pauses[i+1]) * 10 * ms
			stalls = append(stalls, stall{at, at + length})
			at += length
		}
		late, _ := make()
		if got := late.run(t, end, stalls...); !slices.Equal(got, want) {
			t.Errorf("stalls %v: %q, want %q", stalls, got, want)
		}
		if buffer == 0 {
			return
		}
		losing, _ := make()
		losing.buffer = int(buffer)
		digits, faults := dialled(losing.run(t, end, stalls...))
		all, before := dialled(want)
		if !subsequence(digits, all) || digits != all && faults <= before && faults == 0 {
			t.Errorf("stalls %v, %d edges kept: digits %q, %d faults, want some of %q", stalls, buffer, digits, faults, all)
		}
	})
}

// subsequence reports whether part is what remains of all when some are taken away.
func subsequence(part, all string) bool {
	for _, c := range part {
		i := strings.IndexRune(all, c)
		if i < 0 {
			return false
		}
		all = all[i+1:]
	}
	return true
}
