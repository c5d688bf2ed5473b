package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/hal"
	"hilphone/hal/virtual"
)

func newTestWaves() (*waves, func(event.Data)) {
	j := journal.New(journal.Config{})
	w := newWaves(j, hal.Cadence{time.Second, 2 * time.Second})
	return w, func(data event.Data) { w.record(time.Time{}, 0, "", data) }
}

// dumped is what a dump says of one variable: "0=0 1500=1".
func dumped(t *testing.T, w *waves, since int64, name string) string {
	t.Helper()
	text, err := w.VCD(since)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(text), "$enddefinitions $end\n")
	id := ""
	for line := range strings.Lines(head) {
		if f := strings.Fields(line); f[0] == "$var" && f[4] == name {
			id = f[3]
		}
	}
	if id == "" {
		t.Fatalf("no variable %s in\n%s", name, head)
	}
	var seen []string
	at := ""
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line[0] == '#':
			at = line[1:]
		case strings.Contains("01", line[:1]) && line[1:] == id:
			seen = append(seen, at+"="+line[:1])
		}
	}
	return strings.Join(seen, " ")
}

func TestWaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tell := newTestWaves()
		time.Sleep(1500 * time.Microsecond)
		tell(event.Hook{State: "off", Source: "board"})
		tell(event.Phone{State: "dial_tone"})
		tell(event.Key{Key: "*", State: "down", Source: "web"})
		time.Sleep(80 * time.Millisecond)
		tell(event.Key{Key: "*", State: "up", Source: "web"})
		tell(event.Lamp{Name: "line1", Pattern: "fast"})
		tell(event.Lamp{Name: "message", Pattern: "slow"})
		tell(event.Ringer{State: "on"})
		for name, want := range map[string]int{"hook": 1, "key_star": 0, "lamp_line1": 1, "ringer": 1, "lamp_power": 0} {
			if got := w.level(name); got != want {
				t.Errorf("%s is at %d, want %d", name, got, want)
			}
		}
		time.Sleep(500 * time.Millisecond)
		if w.level("lamp_line1") != 1 || w.level("lamp_message") != 0 || w.level("ringer") != 1 {
			t.Error("levels after 500 ms")
		}
		tell(event.Lamp{Name: "line1", Pattern: "on"})
		time.Sleep(600 * time.Millisecond)
		tell(event.Ringer{State: "off"})
		tell(event.Phone{State: "idle"})
		tell(event.Hook{State: "off"}) // is so already
		tell(event.Call{State: "ended"})
		for name, want := range map[string]string{
			"hook":            "0=0 1500=1",
			"key_star":        "0=0 1500=1 81500=0",
			"key_pound":       "0=0",
			"lamp_line1":      "0=0 81500=1 281500=0 481500=1",
			"lamp_message":    "0=0 81500=1 581500=0 1081500=1",
			"ringer":          "0=0 81500=1 1081500=0",
			"state_idle":      "0=1 1500=0 1181500=1",
			"state_dial_tone": "0=0 1500=1 1181500=0",
		} {
			if got := dumped(t, w, 0, name); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		for name, want := range map[string]string{"hook": "300000=1", "lamp_line1": "300000=0 481500=1", "ringer": "300000=1 1081500=0"} {
			if got := dumped(t, w, 300_000, name); got != want {
				t.Errorf("%s from 0.3 s on: %s, want %s", name, got, want)
			}
		}
		if got := dumped(t, w, 1<<62, "hook"); got != "1181500=1" {
			t.Errorf("hook from after the end on: %s", got)
		}
	})
}

// TestWavesAreBounded: a phone that has been on for long keeps the newest, and knows how things stood before.
func TestWavesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tell := newTestWaves()
		tell(event.Hook{State: "off"})
		for range maxWaves {
			time.Sleep(time.Millisecond)
			tell(event.Key{Key: "1", State: "down"})
			time.Sleep(time.Millisecond)
			tell(event.Key{Key: "1", State: "up"})
		}
		if got := dumped(t, w, 0, "hook"); got != fmt.Sprintf("%d=1", maxWaves*1000) {
			t.Errorf("hook: %s", got)
		}
		if got := dumped(t, w, 0, "key_1"); strings.Count(got, "=") != maxWaves+1 || !strings.HasPrefix(got, "16384000=0 16385000=1 16386000=0 ") {
			t.Errorf("%d changes of key 1, %.60s", strings.Count(got, "="), got)
		}
		tell(event.Lamp{Name: "power", Pattern: "fast"})
		time.Sleep(60 * 24 * time.Hour)
		text, err := w.VCD(0)
		if n := bytes.Count(text, []byte("\n#")); err != nil || n > maxEdges+1 || n < maxEdges-100 {
			t.Errorf("%d instants after two months, %v", n, err)
		}
	})
}

// TestWavesTakeAnything: an event that is not as expected changes nothing.
func TestWavesTakeAnything(t *testing.T) {
	w, tell := newTestWaves()
	w.note(journal.Event{Type: "key", Data: []int{1}})
	w.note(journal.Event{Type: "hook"})
	tell(event.Key{Key: "nose", State: "down"})
	tell(event.Lamp{Name: "nose", Pattern: "on"})
	for _, n := range virtual.New().Names() {
		if w.level(n.Name) != 0 {
			t.Errorf("%s is at 1", n.Name)
		}
	}
}

// Events of the front that are recorded in another order than that of their times make a waveform in the order of the times, and of one part in the
// order in which the phone took them.
func TestWavesOfLateEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.New(journal.Config{})
		w := newWaves(j, hal.Cadence{time.Second})
		at := func(us int64) time.Time {
			now, mono := j.Clock()
			return now.Add(time.Duration(us-mono) * time.Microsecond)
		}
		time.Sleep(time.Second)
		w.record(at(900_000), 0, "", event.Ringer{State: "on"})
		w.record(at(500_000), 0, "", event.Hook{State: "off"}) // of a board whose program was late
		w.record(at(700_000), 0, "", event.Key{Key: "1", State: "down"})
		w.record(at(600_000), 0, "", event.Key{Key: "1", State: "up"}) // of another board, taken later
		for name, want := range map[string]string{"ringer": "0=0 900000=1", "hook": "0=0 500000=1", "key_1": "0=0 700000=1 700000=0"} {
			if got := dumped(t, w, 0, name); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		if w.level("key_1") != 0 || w.level("hook") != 1 {
			t.Error("levels")
		}
	})
}
