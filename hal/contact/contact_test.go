package contact_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/hal/contact"
)

func TestLight(t *testing.T) {
	var l contact.Light
	look := func(at time.Duration, on bool, again time.Duration) {
		t.Helper()
		gotOn, gotAgain := l.Level(dawn.Add(at))
		want := dawn.Add(again)
		if again < 0 {
			want = time.Time{}
		}
		if gotOn != on || !gotAgain.Equal(want) {
			t.Errorf("at %s on %v until %s, want %v until %s", at, gotOn, gotAgain, on, want)
		}
	}
	look(0, false, -1)
	l.Show(hal.Slow.Cadence(), dawn.Add(100*ms))
	look(100*ms, true, 600*ms)
	look(700*ms, false, 1100*ms)
	l.Show(hal.Slow.Cadence(), dawn.Add(700*ms)) // it goes on as it is
	look(700*ms, false, 1100*ms)
	l.Show(hal.Fast.Cadence(), dawn.Add(700*ms))
	look(700*ms, true, 900*ms)
	l.Show(hal.On.Cadence(), dawn.Add(800*ms))
	look(time.Hour, true, -1)
	l.Show(hal.Cadence{50 * ms}, dawn.Add(time.Hour))
	look(time.Hour+20*ms, true, time.Hour+50*ms)
	look(time.Hour+50*ms, false, -1)
	l.Show(hal.Silent, dawn.Add(2*time.Hour))
	look(2*time.Hour, false, -1)
}

// TestLightKeepsItsOwnCadence: whoever gave it may change it.
func TestLightKeepsItsOwnCadence(t *testing.T) {
	var l contact.Light
	c := hal.Cadence{100 * ms, 100 * ms}
	l.Show(c, dawn)
	c[0] = time.Hour
	if on, _ := l.Level(dawn.Add(150 * ms)); on {
		t.Error("the light follows a cadence that is no longer its own")
	}
}

// TestCodes: the vendor's codes as in "Power LED Ring" and its like: 0 off, 1 on, 2 fast, 3 slow.
func TestCodes(t *testing.T) {
	for code, want := range []hal.Pattern{hal.Off, hal.On, hal.Fast, hal.Slow} {
		if p, ok := contact.PatternOf(code); !ok || p != want || contact.Code(p) != code {
			t.Errorf("code %d: %s, back %d", code, p, contact.Code(p))
		}
	}
	for _, code := range []int{-1, 4} {
		if p, ok := contact.PatternOf(code); ok || p != hal.Off {
			t.Errorf("code %d is %s", code, p)
		}
	}
	if contact.Code("pink") != 0 {
		t.Error("an unknown pattern is not off")
	}
}

func TestCountries(t *testing.T) {
	for country, want := range map[contact.Country]struct {
		cadence hal.Cadence
		hertz   int
	}{
		contact.Europe:       {hal.Cadence{1000 * ms, 4000 * ms}, 25},
		contact.Japan:        {hal.Cadence{1000 * ms, 2000 * ms}, 16},
		contact.NorthAmerica: {hal.Cadence{2000 * ms, 4000 * ms}, 20},
		contact.UK:           {hal.Cadence{400 * ms, 200 * ms, 400 * ms, 2000 * ms}, 25},
		"atlantis":           {nil, 0},
	} {
		if c, hz := country.Cadence(), country.Hertz(); !slices.Equal(c, want.cadence) || hz != want.hertz {
			t.Errorf("%s: %v at %d Hz, want %v at %d Hz", country, c, hz, want.cadence, want.hertz)
		}
	}
	if len(contact.Countries()) != 4 {
		t.Errorf("%d countries", len(contact.Countries()))
	}
}

func TestKeypadSizes(t *testing.T) {
	keys := func(rows, columns int) [][]hal.Key {
		all := make([][]hal.Key, rows)
		for r := range all {
			all[r] = make([]hal.Key, columns)
		}
		return all
	}
	for _, c := range []struct {
		keys [][]hal.Key
		ok   bool
	}{
		{keys(1, 1), true}, {keys(4, 3), true}, {keys(8, 8), true},
		{keys(0, 0), false}, {keys(9, 1), false}, {keys(1, 9), false}, {keys(1, 0), false},
		{[][]hal.Key{{"1", "2"}, {"3"}}, false},
	} {
		if _, err := contact.NewKeypad(contact.KeypadConfig{Keys: c.keys}); (err == nil) != c.ok {
			t.Errorf("%d rows: %v", len(c.keys), err)
		}
	}
}

// TestEveryKeyOfTheLargestKeypad: no line is mistaken for another.
func TestEveryKeyOfTheLargestKeypad(t *testing.T) {
	all := hal.Keys()
	c := contact.KeypadConfig{Device: "keypad", Debounce: 15 * ms, Scan: 5 * ms}
	for r := range contact.MaxLines {
		row := make([]hal.Key, contact.MaxLines)
		for i := range row {
			if n := r*contact.MaxLines + i; n < len(all) {
				row[i] = all[n]
			}
		}
		c.Keys = append(c.Keys, row)
	}
	var told []string
	k := newKeypadPart(c)
	w := world{part: k, now: dawn, tell: func(e hal.Event) { told = append(told, eventText(e)) }}
	var want []string
	for _, key := range all {
		want = append(want, "key "+string(key)+" down", "key "+string(key)+" up")
		for _, move := range []string{"down", "up"} {
			if err := w.move([]string{move, string(key)}); err != nil {
				t.Fatal(err)
			}
			w.pass(w.now.Add(50 * ms))
			if move == "down" && k.machine.Down() != 1 {
				t.Errorf("%d keys are down, want 1", k.machine.Down())
			}
		}
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
}

// TestIdleKeypadSleeps: nothing is scanned while nobody touches it.
func TestIdleKeypadSleeps(t *testing.T) {
	w := world{part: newKeypadPart(twelve), now: dawn, tell: func(hal.Event) {}}
	w.step()
	before := w.steps
	w.pass(dawn.Add(24 * time.Hour))
	if w.steps != before {
		t.Errorf("%d scans in a day without a touch", w.steps-before)
	}
}

var twelve = contact.KeypadConfig{
	Device: "keypad", Debounce: 15 * ms, Scan: 5 * ms, Stuck: 10 * time.Second,
	Keys: [][]hal.Key{{"1", "2", "3"}, {"4", "5", "6"}, {"7", "8", "9"}, {"*", "0", "#"}},
}

// TestBrokenWires: an error of the wires is not a key.
func TestBrokenWires(t *testing.T) {
	k := newKeypadPart(twelve)
	k.broken = errors.New("no such device")
	if scan, err := k.scanner.Scan(); !errors.Is(err, k.broken) || scan != (contact.Scan{}) {
		t.Errorf("scan %v, %v", scan, err)
	}
	if touched, err := k.scanner.Rest(); !errors.Is(err, k.broken) || touched {
		t.Errorf("touched %v, %v", touched, err)
	}
}

// TestRest: a key that went down after the last scan makes no edge any more, so it has to be seen before the keypad sleeps.
func TestRest(t *testing.T) {
	k := newKeypadPart(twelve)
	k.closed[[2]int{3, 2}] = true
	if touched, err := k.scanner.Rest(); !touched || err != nil {
		t.Errorf("touched %v, %v", touched, err)
	}
	delete(k.closed, [2]int{3, 2})
	if touched, err := k.scanner.Rest(); touched || err != nil {
		t.Errorf("touched %v, %v", touched, err)
	}
	if k.driven != 0b1111 {
		t.Errorf("rows %04b are driven while it rests", k.driven)
	}
}

func TestDigits(t *testing.T) {
	for _, c := range []struct {
		coding contact.Coding
		want   string // of 1 to 10 pulses
	}{{contact.Ten, "1234567890"}, {contact.PlusOne, "0123456789"}, {contact.TenMinus, "9876543210"}} {
		var got string
		for n := 1; n <= 10; n++ {
			k, ok := c.coding.Digit(n)
			if !ok {
				t.Errorf("%s: %d pulses are no digit", c.coding, n)
			}
			got += string(k)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.coding, got, c.want)
		}
		for _, n := range []int{0, 11} {
			if k, ok := c.coding.Digit(n); ok {
				t.Errorf("%s: %d pulses are %s", c.coding, n, k)
			}
		}
	}
}
