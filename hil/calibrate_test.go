package hil

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestCalibrate: latencies of what is wired well; keys that are crossed, a wire that is off, and a sensor the wrong way round are found.
func TestCalibrate(t *testing.T) {
	for _, c := range []struct {
		name  string
		wires map[int]string // key that the phone notices, by output
		file  string
		want  []string
	}{
		{"well", map[int]string{0: "#", 1: "1"}, memoryRigFile,
			[]string{"key # 7ms", "key 1 7ms", "lamp line1 off, at rest", "hook off 7ms", "lamp line1 on, off-hook", "hook on 7ms"}},
		{"crossed", map[int]string{0: "1", 1: "#"}, memoryRigFile,
			[]string{"key # 7ms FAULT the phone notices key 1: crossed with 1", "key 1 7ms FAULT the phone notices key #: crossed with #", "lamp line1 off, at rest",
				"hook off 7ms", "lamp line1 on, off-hook", "hook on 7ms"}},
		{"dead, and inverted", map[int]string{1: "1"}, strings.Replace(memoryRigFile, "active: high", "active: low", 1),
			[]string{"key # FAULT the phone does not notice it within 1s", "key 1 7ms", "lamp line1 on, at rest FAULT at rest: the sensor sees on, the phone shows off",
				"hook off 7ms", "lamp line1 off, off-hook FAULT off-hook: the sensor sees off, the phone shows on", "hook on 7ms"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newFakePhone()
				g, m := newMemoryRig(t, c.file)
				m.pressed = func(use int, high bool) {
					time.AfterFunc(7*time.Millisecond, func() {
						if use == 2 {
							p.mu.Lock()
							p.lamp, p.hook = map[bool]string{true: "on", false: "off"}[high], map[bool]string{true: "off", false: "on"}[high]
							p.mu.Unlock()
							m.mu.Lock()
							m.high[3] = high
							m.mu.Unlock()
							p.event("hook", map[string]any{"state": p.hook, "source": "board"})
						} else if key := c.wires[use]; key != "" {
							p.event("key", map[string]any{"key": key, "state": map[bool]string{true: "down", false: "up"}[high]})
						}
					})
				}
				ctx, stop := context.WithTimeout(t.Context(), time.Minute)
				defer stop()
				found, err := (&Calibration{Phone: &Phone{URL: "http://phone", Client: &http.Client{Transport: p}}, Rig: g}).Run(ctx)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, f := range found {
					text := f.Part
					if f.Timed {
						text += fmt.Sprint(" ", f.Took)
					}
					if f.Note != "" {
						text += " " + f.Note
					}
					if f.Fault != "" {
						text += " FAULT " + f.Fault
					}
					got = append(got, text)
				}
				if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
				}
				m.up(t, 3)
				if p.locked || !slices.Contains(p.requests, "POST lock") {
					t.Error("the phone was not taken, or not given back")
				}
			})
		})
	}
}
