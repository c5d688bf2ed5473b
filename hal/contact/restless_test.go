package contact_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/hal/contact"
)

// TestRestless: changes that follow one another within twice the time of the debounce are of one movement, and one that goes on for a second is a fault:
// told once, at the change at which the second is full, and over when the contact has been still for a second.
func TestRestless(t *testing.T) {
	button := func() part {
		return &buttonPart{machine: contact.NewButton(contact.ButtonConfig{Device: "button mute", Key: hal.Mute, Debounce: 15 * ms})}
	}
	hook := func() part {
		return &hookPart{machine: contact.NewHook(contact.HookConfig{Device: "hook", Debounce: 20 * ms})}
	}
	const never = ": the contact does not come to rest: a loose wire, or no pull-up?"
	for _, c := range []struct {
		name    string
		part    func() part
		changes []time.Duration // the contact is open before the first
		want    []string        // faults
	}{
		{"a button for 990 ms", button, every(10*ms, 0, 990*ms), nil},
		{"a button for 1 s", button, every(10*ms, 0, 1000*ms), []string{"1s fault: button mute: contact" + never, "2s fault over: button mute: contact"}},
		{"a button from 500 ms on", button, every(10*ms, 500*ms, 3000*ms), []string{"1.5s fault: button mute: contact" + never, "4s fault over: button mute: contact"}},
		{"a button, twice the debounce apart", button, every(30*ms, 0, 1200*ms), []string{"1.02s fault: button mute: contact" + never, "2.2s fault over: button mute: contact"}},
		{"a button, further apart", button, every(31*ms, 0, 3100*ms), nil},
		{"a button with a pause in the middle", button, append(every(10*ms, 0, 900*ms), every(10*ms, 931*ms, 1800*ms)...), nil},
		{"a button with one so short that it is none", button, append(every(10*ms, 0, 900*ms), every(10*ms, 930*ms, 1200*ms)...),
			[]string{"1s fault: button mute: contact" + never, "2.2s fault over: button mute: contact"}},
		{"a button that goes on just before the fault would be over", button, append(every(10*ms, 0, 1000*ms), 1999*ms),
			[]string{"1s fault: button mute: contact" + never, "2.999s fault over: button mute: contact"}},
		{"a button twice", button, append(every(10*ms, 0, 1000*ms), every(10*ms, 5000*ms, 6000*ms)...),
			[]string{"1s fault: button mute: contact" + never, "2s fault over: button mute: contact", "6s fault: button mute: contact" + never, "7s fault over: button mute: contact"}},
		{"a hook for 990 ms", hook, every(10*ms, 0, 990*ms), nil},
		{"a hook for 1 s", hook, every(10*ms, 0, 1000*ms), []string{"1s fault: hook" + never, "2s fault over: hook"}},
		{"a hook, twice the debounce apart", hook, every(40*ms, 0, 1000*ms), []string{"1s fault: hook" + never, "2s fault over: hook"}},
		{"a hook, further apart", hook, every(41*ms, 0, 4100*ms), nil},
	} {
		var faults []string
		w := world{part: c.part(), now: dawn}
		w.tell = func(e hal.Event) {
			if e.Kind == hal.FaultRaised {
				faults = append(faults, fmt.Sprintf("%s %s", w.now.Sub(dawn), eventText(e)))
			}
		}
		words := [2]string{"down", "up"}
		if _, is := w.part.(*hookPart); is {
			words = [2]string{"off", "on"}
		}
		for i, at := range c.changes {
			w.pass(dawn.Add(at))
			if err := w.move([]string{words[i%2]}); err != nil {
				t.Fatal(err)
			}
		}
		w.pass(w.now.Add(time.Minute))
		if !slices.Equal(faults, c.want) {
			t.Errorf("%s: faults %q, want %q", c.name, faults, c.want)
		}
		if !w.again.IsZero() {
			t.Errorf("%s: at rest for a minute, it asks for %s", c.name, w.again.Sub(dawn))
		}
	}
}

// every are the changes from one instant to another, both included.
func every(step, from, to time.Duration) (all []time.Duration) {
	for at := from; at <= to; at += step {
		all = append(all, at)
	}
	return all
}

// TestRestlessKey: a button whose contact bounces for longer than a second is a key that is pressed once, when it comes to rest.
func TestRestlessKey(t *testing.T) {
	var told []string
	w := world{part: &buttonPart{machine: contact.NewButton(contact.ButtonConfig{Device: "b", Key: hal.Mute, Debounce: 15 * ms, Stuck: 10 * time.Second})}, now: dawn}
	w.tell = func(e hal.Event) { told = append(told, fmt.Sprintf("%s %s", w.now.Sub(dawn), eventText(e))) }
	for i, at := range every(14*ms, 0, 1400*ms) { // 101 changes: it is down at the end
		w.pass(dawn.Add(at))
		if err := w.move([]string{[]string{"down", "up"}[i%2]}); err != nil {
			t.Fatal(err)
		}
	}
	w.pass(dawn.Add(11 * time.Second))
	if err := w.move([]string{"up"}); err != nil {
		t.Fatal(err)
	}
	w.pass(dawn.Add(12 * time.Second))
	want := []string{"1.008s fault: b: contact: the contact does not come to rest: a loose wire, or no pull-up?", "1.415s key mute down", "2.4s fault over: b: contact", "11.015s key mute up"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// scans steps a keypad of two rows and two columns with one scan after the other, all equally far apart.
func scans(t *testing.T, c contact.KeypadConfig, all ...contact.Scan) (told []string) {
	t.Helper()
	c.Device, c.Keys = "keypad", [][]hal.Key{{"1", "2"}, {"4", "5"}}
	k, err := contact.NewKeypad(c)
	if err != nil {
		t.Fatal(err)
	}
	for i, scan := range all {
		at := time.Duration(i) * c.Scan
		events, _ := k.Step(scan, dawn.Add(at))
		for _, e := range events {
			told = append(told, fmt.Sprintf("%s %s", at, eventText(e)))
		}
	}
	return told
}

// TestEqualScans: a key is believed after three equal scans that span the debounce time, whichever is later; so is one that was let go, and so is a
// rectangle of keys that cannot be told apart.
func TestEqualScans(t *testing.T) {
	none, one, two, ghost := contact.Scan{}, contact.Scan{0b01}, contact.Scan{0b10}, contact.Scan{0b11, 0b11}
	const cannot = "fault: keypad: three keys of a rectangle are down: nobody can tell which"
	for _, c := range []struct {
		name           string
		debounce, scan time.Duration
		scans          []contact.Scan
		want           []string
	}{
		{"two scans", 5 * ms, 5 * ms, []contact.Scan{one, one, none, none, none}, nil},
		{"three scans", 5 * ms, 5 * ms, []contact.Scan{one, one, one}, []string{"10ms key 1 down"}},
		{"without a debounce time too", 0, 5 * ms, []contact.Scan{one, one, one}, []string{"10ms key 1 down"}},
		{"the debounce time is longer", 15 * ms, 5 * ms, []contact.Scan{one, one, one}, nil},
		{"the debounce time is full", 15 * ms, 5 * ms, []contact.Scan{one, one, one, one}, []string{"15ms key 1 down"}},
		{"and between two scans", 14 * ms, 5 * ms, []contact.Scan{one, one, one, one, one}, []string{"15ms key 1 down"}},
		{"a bounce begins it again", 5 * ms, 5 * ms, []contact.Scan{one, one, none, one, one}, nil},
		{"and it ends three scans later", 5 * ms, 5 * ms, []contact.Scan{one, one, none, one, one, one}, []string{"25ms key 1 down"}},
		{"let go for two scans", 5 * ms, 5 * ms, []contact.Scan{one, one, one, none, none, one, one}, []string{"10ms key 1 down"}},
		{"let go for three", 5 * ms, 5 * ms, []contact.Scan{one, one, one, none, none, none}, []string{"10ms key 1 down", "25ms key 1 up"}},
		{"another key in its place", 5 * ms, 5 * ms, []contact.Scan{one, one, one, two, two, two}, []string{"10ms key 1 down", "25ms key 1 up", "25ms key 2 down"}},
		{"a rectangle for two scans", 5 * ms, 5 * ms, []contact.Scan{ghost, ghost, none}, nil},
		{"a rectangle for three", 5 * ms, 5 * ms, []contact.Scan{ghost, ghost, ghost, none}, []string{"10ms " + cannot, "15ms fault over: keypad"}},
		{"a rectangle for the debounce time", 20 * ms, 5 * ms, []contact.Scan{ghost, ghost, ghost, ghost, none}, nil},
		{"a rectangle for as long", 20 * ms, 5 * ms, []contact.Scan{ghost, ghost, ghost, ghost, ghost, none}, []string{"20ms " + cannot, "25ms fault over: keypad"}},
		{"two rectangles one after the other", 5 * ms, 5 * ms, []contact.Scan{ghost, ghost, none, ghost, ghost, none}, nil},
		{"a key before and after a rectangle", 5 * ms, 5 * ms, []contact.Scan{one, one, ghost, one, one, one}, []string{"25ms key 1 down"}},
		{"lines that the keypad does not have", 5 * ms, 5 * ms, []contact.Scan{{0b101, 0, 0b1}, {0b101, 0, 0b1}, {0b101, 0, 0b1}}, []string{"10ms key 1 down"}},
	} {
		if got := scans(t, contact.KeypadConfig{Debounce: c.debounce, Scan: c.scan}, c.scans...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := scans(t, contact.KeypadConfig{Debounce: 5 * ms, Scan: 5 * ms, Diodes: true}, ghost, ghost, ghost); len(got) != 4 {
		t.Errorf("with diodes: %q, want four keys", got)
	}
}

// noted are the wires of a keypad that note what is done with them. The call of that number fails.
type noted struct {
	did  []string
	fail int
}

var errWires = fmt.Errorf("no such device")

func (n *noted) note(what string) error {
	if n.did = append(n.did, what); len(n.did) == n.fail {
		return errWires
	}
	return nil
}

func (n *noted) Drive(rows uint8) error { return n.note(fmt.Sprintf("drive %03b", rows)) }

func (n *noted) Columns() (uint8, error) {
	err := n.note("read")
	return uint8(len(n.did)), err
}

// TestRowsReleased: a scan drives one row at a time and never two, waits, reads, and leaves all rows to themselves at the end: a row that stayed driven
// would be short-circuited with the next through two keys.
func TestRowsReleased(t *testing.T) {
	steps := []string{"drive 001", "settle", "read", "drive 010", "settle", "read", "drive 100", "settle", "read", "drive 000"}
	wires := &noted{}
	s := contact.Scanner{Wires: wires, Rows: 3, Settle: func() { _ = wires.note("settle") }}
	scan, err := s.Scan()
	if err != nil || scan != (contact.Scan{3, 6, 9}) || !slices.Equal(wires.did, steps) {
		t.Errorf("%v, %v, %q", scan, err, wires.did)
	}
	for fail, want := range map[int]string{
		1: "driving row 1: no such device", 3: "reading the columns of row 1: no such device", 4: "driving row 2: no such device",
		9: "reading the columns of row 3: no such device", 10: "letting go of the rows: no such device",
	} {
		*wires = noted{fail: fail}
		if scan, err := s.Scan(); err == nil || err.Error() != want || scan != (contact.Scan{}) || !slices.Equal(wires.did, steps[:fail]) {
			t.Errorf("%v, %v, want %s; %q", scan, err, want, wires.did)
		}
	}
	*wires = noted{}
	if touched, err := s.Rest(); !touched || err != nil || !slices.Equal(wires.did, []string{"drive 111", "settle", "read"}) {
		t.Errorf("%v, %v, %q", touched, err, wires.did)
	}
	for fail, want := range map[int]string{1: "driving all rows: no such device", 3: "reading the columns: no such device"} {
		*wires = noted{fail: fail}
		if touched, err := s.Rest(); touched || err == nil || err.Error() != want {
			t.Errorf("%v, %v, want %s", touched, err, want)
		}
	}
}

// TestLostWhileDialling: of edges that are lost twice in one train there is one fault, and the next good digit ends it. A dial that leaves its rest too soon
// after the loss may have been away before: its train is no digit, either (BE-06).
func TestLostWhileDialling(t *testing.T) {
	const lost = "fault: dial: a digit was lost: edges of the contact were lost, or came too late to be judged"
	for _, c := range []struct {
		name  string
		lost  []time.Duration
		leave time.Duration // the dial leaves its rest, and makes two pulses 200 ms later
		want  []string
	}{
		{"never", nil, time.Second, []string{"key 2 down", "key 2 up"}},
		{"40 ms before", []time.Duration{time.Second}, 1040 * ms, []string{lost}},
		{"41 ms before", []time.Duration{time.Second}, 1041 * ms, []string{lost, "fault over: dial", "key 2 down", "key 2 up"}},
		{"while it is away", []time.Duration{1100 * ms}, time.Second, []string{lost}},
		{"twice", []time.Duration{1100 * ms, 1150 * ms}, time.Second, []string{lost}},
		{"before and while it is away", []time.Duration{1000 * ms, 1100 * ms}, 1050 * ms, []string{lost, lost}},
	} {
		config := contact.DialOf(10)
		config.Device, config.OffNormal = "dial", true
		d := &dialPart{machine: contact.NewDial(config)}
		var told []string
		w := world{part: d, now: dawn, tell: func(e hal.Event) { told = append(told, eventText(e)) }}
		type happening struct {
			at   time.Duration
			what string
		}
		all := []happening{{c.leave, "away"}, {c.leave + 200*ms, "open"}, {c.leave + 260*ms, "closed"}, {c.leave + 300*ms, "open"}, {c.leave + 360*ms, "closed"}, {c.leave + 500*ms, "rest"}}
		for _, at := range c.lost {
			all = append(all, happening{at, "lost"})
		}
		slices.SortStableFunc(all, func(a, b happening) int { return int(a.at - b.at) })
		for _, h := range all {
			w.pass(dawn.Add(h.at))
			if h.what == "lost" {
				for _, e := range d.machine.Lost(w.now) {
					w.tell(e)
				}
				w.step()
				continue
			}
			if err := w.move([]string{h.what}); err != nil {
				t.Fatal(err)
			}
		}
		w.pass(dawn.Add(time.Minute))
		if !slices.Equal(told, c.want) {
			t.Errorf("%s: %q, want %q", c.name, told, c.want)
		}
	}
}

// TestEdgeOfTheFuture: an edge that is later than the instant up to which a Replay judges waits, and is asked for.
func TestEdgeOfTheFuture(t *testing.T) {
	var r contact.Replay
	var told []string
	report := func(e hal.Event) { told = append(told, fmt.Sprintf("%s %s", e.At.Sub(dawn), eventText(e))) }
	b := r.Button(contact.NewButton(contact.ButtonConfig{Device: "b", Key: hal.Mute, Debounce: 15 * ms}))
	b.Begin(false, dawn)
	if again := r.Until(dawn, report); !again.IsZero() {
		t.Errorf("at rest it asks for %s", again.Sub(dawn))
	}
	b.See([]contact.Edge{{At: dawn.Add(105 * ms), Closed: true}}, true, dawn.Add(100*ms))
	for _, at := range []time.Duration{100 * ms, 105*ms - 1} {
		if again := r.Until(dawn.Add(at), report); !again.Equal(dawn.Add(105 * ms)) {
			t.Errorf("at %s it asks for %s, want 105 ms", at, again.Sub(dawn))
		}
	}
	if again := r.Until(dawn.Add(105*ms), report); !again.Equal(dawn.Add(120 * ms)) {
		t.Errorf("it asks for %s, want 120 ms", again.Sub(dawn))
	}
	if again := r.Until(dawn.Add(120*ms), report); !again.IsZero() || !slices.Equal(told, []string{"120ms key mute down"}) {
		t.Errorf("%s, told %q", again, told)
	}
}
