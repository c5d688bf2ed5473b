package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hal"
	"hilphone/hal/virtual"
	"hilphone/webui"
)

// tested is a front with its self-test, and what came of it.
type tested struct {
	*selfTest
	real *virtual.Board

	mu       sync.Mutex
	reached  []string // the phone
	recorded []string
}

func (x *tested) said(list *[]string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	text := strings.Join(*list, ", ")
	*list = nil
	return text
}

func (x *tested) say(list *[]string, format string, args ...any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	*list = append(*list, fmt.Sprintf(format, args...))
}

func withSelfTest(t *testing.T, f func(t *testing.T, x *tested)) {
	synctest.Test(t, func(t *testing.T) {
		x := &tested{real: virtual.New()}
		x.selfTest = newSelfTest(x.real, func(_ time.Time, _ int, _ string, data event.Data) {
			var d map[string]any
			if text, err := json.Marshal(data); err != nil || json.Unmarshal(text, &d) != nil || d["test"] != true {
				t.Errorf("%#v does not say that it is a test", data)
			}
			delete(d, "test")
			var words []string
			for _, name := range slices.Sorted(maps.Keys(d)) {
				words = append(words, fmt.Sprint(d[name]))
			}
			x.say(&x.recorded, "%s %s", data.EventType(), strings.Join(words, " "))
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- x.Run(ctx, func(e hal.Event) {
				if e.Kind == hal.KeyMoved {
					x.say(&x.reached, "%s %v %s", e.Key, e.Down, e.Source)
				} else {
					x.say(&x.reached, "%s %v %s", e.Kind, e.Off, e.Source)
				}
			})
		}()
		synctest.Wait()
		f(t, x)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestShowParts: a lamp is lit and the ringer rings for a second, whatever the phone wants meanwhile; after that it is as the phone wants it.
func TestShowParts(t *testing.T) {
	withSelfTest(t, func(t *testing.T, x *tested) {
		x.SetLamp(hal.PowerLamp, hal.Slow)
		shown := make(chan error, 3)
		for _, name := range []string{"lamp_power", "lamp_line2", "ringer"} {
			go func() { shown <- x.show(t.Context(), name) }()
		}
		synctest.Wait()
		if x.real.Lamp(hal.PowerLamp) != hal.On || x.real.Lamp("line2") != hal.On || !x.real.Ringing() {
			t.Error("not all is shown")
		}
		x.SetLamp(hal.PowerLamp, hal.Fast)
		x.Ring(hal.Cadence{time.Second, 2 * time.Second})
		x.Ring(hal.Silent)
		if x.real.Lamp(hal.PowerLamp) != hal.On || !x.real.Ringing() {
			t.Error("the phone has put out what is shown")
		}
		for range 3 {
			if err := <-shown; err != nil {
				t.Error(err)
			}
		}
		if x.real.Lamp(hal.PowerLamp) != hal.Fast || x.real.Lamp("line2") != hal.Off || x.real.Ringing() {
			t.Errorf("power %s, line2 %s, ringing %v", x.real.Lamp(hal.PowerLamp), x.real.Lamp("line2"), x.real.Ringing())
		}
		all := strings.Split(x.said(&x.recorded), ", ")
		slices.Sort(all)
		if got := strings.Join(all, ", "); got != "lamp line2 off, lamp line2 on, lamp power fast, lamp power on, ringer off, ringer on" {
			t.Errorf("recorded: %s", got)
		}
		for _, name := range []string{"hook", "key_1", "lamp_line21", "", "lamp_"} {
			if err := x.show(t.Context(), name); !errors.Is(err, webui.ErrNotFound) {
				t.Errorf("%q: %v", name, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := x.show(ctx, "ringer"); !errors.Is(err, context.DeadlineExceeded) || x.real.Ringing() {
			t.Errorf("given up: %v, ringing %v", err, x.real.Ringing())
		}
	})
}

// TestWalkThroughKeys: real keys are seen and do not reach the phone; those of the page do; the handset is where it is afterwards.
func TestWalkThroughKeys(t *testing.T) {
	withSelfTest(t, func(t *testing.T, x *tested) {
		move := func(errs ...error) {
			t.Helper()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(reached, recorded string) {
			t.Helper()
			if got := x.said(&x.reached); got != reached {
				t.Errorf("reached the phone: %s; want %s", got, reached)
			}
			if got := x.said(&x.recorded); got != recorded {
				t.Errorf("recorded: %s; want %s", got, recorded)
			}
		}
		move(x.real.SetKey("1", true, hal.FromBoard), x.real.SetKey("1", false, hal.FromBoard))
		expect("1 true board, 1 false board", "")
		if on, seen := x.walked(); on || seen["key_1"].IsZero() {
			t.Errorf("walk %v, seen %v", on, seen)
		}
		x.walk(true)
		if on, seen := x.walked(); !on || len(seen) != 0 {
			t.Errorf("a walk that begins: %v, seen %v", on, seen)
		}
		time.Sleep(walkEnds - time.Second)
		move(x.real.SetKey("#", true, hal.FromBoard), x.real.SetKey("#", false, hal.FromBoard), x.real.SetHook(true, hal.FromBoard), x.real.SetKey("2", true, hal.FromWeb))
		move(x.real.Fault(hal.Fault{Device: "keypad", Message: "stuck"}))
		expect("2 true web, fault false board", "key # board down, key # board up, hook board off")
		if on, seen := x.walked(); !on || seen["key_pound"].IsZero() || seen["hook"].IsZero() || !seen["key_2"].IsZero() {
			t.Errorf("walk %v, seen %v", on, seen)
		}
		x.walk(false)
		expect("hook true board", "") // it is still lifted
		x.walk(false)
		move(x.real.SetHook(false, hal.FromBoard))
		expect("hook false board", "")
		x.walk(true)
		time.Sleep(walkEnds)
		if on, _ := x.walked(); on {
			t.Error("a walk that nobody walks goes on")
		}
		move(x.real.SetKey("3", true, hal.FromBoard))
		expect("3 true board", "")
	})
}
