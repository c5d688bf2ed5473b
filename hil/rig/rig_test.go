package rig

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const rigFile = `
keys: {1: 5, pound: 6}
matrix: {rows: [7, 8], columns: [9, 10], keys: [[4, 5], [7, '']]}
hook: {pin: 17, active: low, settle: 30ms}
lamps:
  line1: {pin: 22}
  power: {pin: 24, active: high, pull: down}
ringer: {pin: 23}
`

func open(t *testing.T, text string, chip *memoryChip) *Rig {
	t.Helper()
	c, err := Parse("rig.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := openOn(c, chip)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestHands: keys are closed for as long as they are held, one after the other; a key of a matrix is its row and its column.
func TestHands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := newMemoryChip(30)
		r := open(t, rigFile, chip)
		chip.log = nil
		began := time.Now()
		var moves []string
		moved := func(at time.Time, name, value string) {
			moves = append(moves, fmt.Sprintf("%d %s %s", at.Sub(began).Milliseconds(), name, value))
		}
		if err := r.Press(t.Context(), []string{"1", "5"}, 0, 0, moved); err != nil {
			t.Fatal(err)
		}
		if err := r.Hook(t.Context(), true, moved); err != nil || !r.Lifted() {
			t.Fatal(err)
		}
		if want := "0 key 1 down, 80 key 1 up, 160 key 5 down, 240 key 5 up, 320 hook off"; strings.Join(moves, ", ") != want {
			t.Errorf("%s", strings.Join(moves, ", "))
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if want := "5 High, 5 Low, 7 High, 10 High, 7 Low, 10 Low, 17 Low, 17 High"; strings.Join(chip.log, ", ") != want {
			t.Errorf("%s", strings.Join(chip.log, ", "))
		}
		if n := chip.inUse(); n != 0 {
			t.Errorf("%d lines are not given back", n)
		}
	})
}

// TestLetGo: whatever ends a press, the key is let go.
func TestLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := newMemoryChip(30)
		r := open(t, rigFile, chip)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := r.Press(ctx, []string{"1", "#"}, time.Hour, 0, func(time.Time, string, string) {})
		if !errors.Is(err, context.DeadlineExceeded) || bool(chip.lines[5].high) || !chip.lines[5].output {
			t.Errorf("%v; the key is down: %v", err, chip.lines[5].high)
		}
		if err := r.Press(t.Context(), []string{"9"}, 0, 0, nil); err == nil || err.Error() != "rig.yaml has no output at key 9" {
			t.Errorf("%v", err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestInUse: a pin that somebody has is refused before anything is moved, with its chip and its holder.
func TestInUse(t *testing.T) {
	chip := newMemoryChip(24)
	chip.lines[5].holder, chip.lines[22].holder = "hilphone@77", "other"
	c, err := Parse("rig.yaml", []byte(rigFile))
	if err != nil {
		t.Fatal(err)
	}
	_, err = openOn(c, chip)
	want := `rig.yaml:2: keys.1: key 1 on GPIO5 of chip memory: in use by hilphone@77
rig.yaml:6: lamps.line1.pin: lamp line1 on GPIO22 of chip memory: in use by other
rig.yaml:7: lamps.power.pin: chip memory has lines 0 to 23, not 24`
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	if chip.inUse() != 0 || len(chip.log) != 0 {
		t.Error("lines were taken")
	}
	chip = newMemoryChip(30)
	chip.lines[23].refuse = errors.New("device or resource busy")
	if _, err = openOn(c, chip); err == nil || !strings.Contains(err.Error(), "ringer on GPIO23 of chip memory: device or resource busy") {
		t.Errorf("%v", err)
	}
	if chip.inUse() != 0 || len(chip.log) != 0 {
		t.Errorf("%d lines are left, %v was written", chip.inUse(), chip.log)
	}
	twice, err := Parse("rig.yaml", []byte("keys: {1: 5, 2: GPIO5}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = openOn(twice, newMemoryChip(8)); err == nil || !strings.Contains(err.Error(), "rig.yaml:1: keys.2: line GPIO5 is line 5 of chip memory, which is key 1 already") {
		t.Errorf("%v", err)
	}
}

// notes are a Witness.
type notes struct {
	zero  time.Time
	seen  []string
	known map[string]time.Duration
}

func (n *notes) Shows(at time.Time, part, shows string) {
	n.seen = append(n.seen, fmt.Sprintf("%d %s %s", at.Sub(n.zero).Milliseconds(), part, shows))
}

func (n *notes) Lit(at time.Time, part, level string) {
	n.seen = append(n.seen, fmt.Sprintf("%d sensor of %s %s", at.Sub(n.zero).Milliseconds(), part, level))
}

func (n *notes) Known(until time.Time, part string) { n.known[part] = until.Sub(n.zero) }

// TestWatch: sensors tell what they see, when it was, and up to when all is known; a chip that goes is an error.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := newMemoryChip(30)
		r := open(t, rigFile, chip)
		n := &notes{time.Now(), nil, map[string]time.Duration{}}
		ended := make(chan error, 1)
		go func() { ended <- r.Watch(t.Context(), n) }()
		time.Sleep(2 * time.Second)
		for range 5 {
			chip.pull(22, false)
			time.Sleep(500 * time.Millisecond)
			chip.pull(22, true)
			time.Sleep(500 * time.Millisecond)
		}
		chip.pull(23, false)
		time.Sleep(900 * time.Millisecond)
		synctest.Wait()
		shows := slices.DeleteFunc(slices.Clone(n.seen), func(s string) bool { return strings.Contains(s, "sensor") })
		if want := "0 ringer off, 0 lamp line1 off, 0 lamp power off, 2000 lamp line1 slow, 7000 ringer on"; strings.Join(shows, ", ") != want {
			t.Errorf("%v", shows)
		}
		if len(n.seen)-len(shows) != 3+10+1 || n.known["lamp power"] != 7900*time.Millisecond || n.known["lamp line1"] != 5*time.Second || n.known["ringer"] != 7900*time.Millisecond {
			t.Errorf("%v; %v", n.seen, n.known)
		}
		chip.mu.Lock()
		chip.gone = true
		chip.mu.Unlock()
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "the sensor of lamp line1 on GPIO22: chip memory: reading: no such device") &&
			!strings.Contains(err.Error(), "the sensor of lamp power on GPIO24") {
			t.Errorf("%v", err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestLateWatch: a program that does not run while a lamp blinks sees afterwards how it blinked, and when (BE-06).
func TestLateWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := newMemoryChip(30)
		r := open(t, rigFile, chip)
		n := &notes{time.Now(), nil, map[string]time.Duration{}}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- r.Watch(ctx, &lateWitness{notes: n, from: 2500 * time.Millisecond, length: 3 * time.Second})
		}()
		time.Sleep(3 * time.Second)
		for range 8 {
			chip.pull(22, false)
			time.Sleep(100 * time.Millisecond)
			chip.pull(22, true)
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(6 * time.Second)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		shows := slices.DeleteFunc(slices.Clone(n.seen), func(s string) bool { return !strings.Contains(s, "lamp line1") })
		if len(shows) != 4+16 || shows[1] != "0 lamp line1 off" || !slices.Contains(shows, "3000 lamp line1 fast") || shows[len(shows)-1] != "4500 lamp line1 off" {
			t.Errorf("%q", shows)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// lateWitness does not return for a time.
type lateWitness struct {
	*notes
	from, length time.Duration
}

func (w *lateWitness) Known(until time.Time, part string) {
	w.notes.Known(until, part)
	if now := time.Since(w.zero); w.length > 0 && now >= w.from {
		<-time.After(w.length)
		w.length = 0
	}
}

// TestSelfTest: each output is closed for a moment, and the sensor that answers is told with its delay.
func TestSelfTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := newMemoryChip(30)
		r := open(t, rigFile, chip)
		ended := make(chan struct{})
		stop := make(chan struct{})
		go func() { // lifting the handset lights the lamp 12 ms later
			defer close(ended)
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
				}
				chip.mu.Lock()
				lifted := !bool(chip.lines[17].high)
				chip.mu.Unlock()
				if lifted {
					time.Sleep(12 * time.Millisecond)
				}
				chip.pull(22, !lifted)
			}
		}()
		pulses, sensors, err := r.SelfTest(t.Context())
		close(stop)
		<-ended
		if err != nil || len(pulses) != 7 || len(sensors) != 3 {
			t.Fatalf("%d outputs, %d sensors, %v", len(pulses), len(sensors), err)
		}
		for _, p := range pulses {
			if (p.Use.Part == "hook") != (len(p.Touched) > 0) || p.Err != nil {
				t.Errorf("%s: %v %v", p.Use.Part, p.Touched, p.Err)
			}
		}
		if touch := pulses[0].Touched; touch[0].Part != "lamp line1" || touch[0].Level != On || touch[0].After < 12*time.Millisecond || touch[0].After > 14*time.Millisecond {
			t.Errorf("%v", touch)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}
