package virtual_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hal"
	"hilphone/hal/virtual"
)

var _ hal.Board = (*virtual.Board)(nil)

// witness writes down what the board reports.
type witness struct {
	start time.Time
	mu    sync.Mutex
	lines []string
}

func (w *witness) report(e hal.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	what := string(e.Kind)
	switch e.Kind {
	case hal.KeyMoved:
		what = fmt.Sprintf("%s %s", e.Key, map[bool]string{true: "down", false: "up"}[e.Down])
	case hal.HookMoved:
		what = "hook " + map[bool]string{true: "off", false: "on"}[e.Off]
	case hal.FaultRaised:
		what = "fault " + e.Fault.Device
	}
	w.lines = append(w.lines, fmt.Sprintf("%s %s %s", e.At.Sub(w.start), what, e.Source))
}

// expect compares what was reported since the last time.
func (w *witness) expect(t *testing.T, want ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.lines, want) {
		t.Errorf("reported\n\t%s\nwant\n\t%s", strings.Join(w.lines, "\n\t"), strings.Join(want, "\n\t"))
	}
	w.lines = nil
}

// bubble runs f with a board that runs.
func bubble(t *testing.T, f func(t *testing.T, b *virtual.Board, w *witness)) {
	synctest.Test(t, func(t *testing.T) {
		b, w := virtual.New(), &witness{start: time.Now()}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx, w.report) }()
		synctest.Wait()
		f(t, b, w)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

const ms = time.Millisecond

func TestPress(t *testing.T) {
	bubble(t, func(t *testing.T, b *virtual.Board, w *witness) {
		if _, err := b.Press(t.Context(), "10;release", 80*ms, 20*ms, hal.FromAPI); err != nil {
			t.Fatal(err)
		}
		w.expect(t, "0s 1 down api", "80ms 1 up api", "100ms 0 down api", "180ms 0 up api", "200ms release down api", "280ms release up api")
		if passed := time.Since(w.start); passed != 280*ms {
			t.Errorf("answered after %s, want 280ms", passed)
		}
	})
}

func TestSequencesWaitForOneAnother(t *testing.T) {
	bubble(t, func(t *testing.T, b *virtual.Board, w *witness) {
		var both sync.WaitGroup
		both.Go(func() {
			if _, err := b.Press(t.Context(), "12", 50*ms, 50*ms, hal.FromAPI); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if _, err := b.Press(t.Context(), "3", 50*ms, 50*ms, hal.FromWeb); err != nil {
			t.Error(err)
		}
		both.Wait()
		w.expect(t, "0s 1 down api", "50ms 1 up api", "100ms 2 down api", "150ms 2 up api", "150ms 3 down web", "200ms 3 up web")
	})
}

// RS-09
func TestPressRefuses(t *testing.T) {
	bubble(t, func(t *testing.T, b *virtual.Board, w *witness) {
		for _, c := range []struct {
			keys       string
			press, gap time.Duration
			want       string
		}{
			{"10x", 80 * ms, 80 * ms, `no key is called "x" (position 3)`},
			{"", 80 * ms, 80 * ms, "keys must be 1 to 128 keys, not 0"},
			{strings.Repeat("1", 129), 80 * ms, 80 * ms, "keys must be 1 to 128 keys, not 129"},
			{"1", 9 * ms, 80 * ms, "press must be 10ms to 10s, not 9ms"},
			{"1", 80 * ms, 10001 * ms, "gap must be 10ms to 10s, not 10.001s"},
		} {
			_, err := b.Press(t.Context(), c.keys, c.press, c.gap, hal.FromAPI)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%q, %s, %s: %v, want %s", c.keys, c.press, c.gap, err, c.want)
			}
		}
		w.expect(t)
		if _, err := b.Press(t.Context(), strings.Repeat("1", 128), 10*ms, 10*ms, hal.FromAPI); err != nil {
			t.Errorf("128 keys: %v", err)
		}
	})
}

func TestPressThatIsGivenUpLetsGo(t *testing.T) {
	bubble(t, func(t *testing.T, b *virtual.Board, w *witness) {
		ctx, cancel := context.WithTimeout(t.Context(), 130*ms)
		defer cancel()
		if _, err := b.Press(ctx, "123", 100*ms, 20*ms, hal.FromAPI); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		w.expect(t, "0s 1 down api", "100ms 1 up api", "120ms 2 down api", "130ms 2 up api")
		if l, err := b.Level("key_2"); l != 0 || err != nil {
			t.Errorf("key 2 is at %d, %v", l, err)
		}
	})
}

// A series that is given up between two keys presses no further one.
func TestPressThatIsGivenUpInAGap(t *testing.T) {
	bubble(t, func(t *testing.T, b *virtual.Board, w *witness) {
		ctx, cancel := context.WithTimeout(t.Context(), 110*ms)
		defer cancel()
		if _, err := b.Press(ctx, "12", 100*ms, 20*ms, hal.FromAPI); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if passed := time.Since(w.start); passed != 110*ms {
			t.Errorf("given up after %s, want 110ms", passed)
		}
		w.expect(t, "0s 1 down api", "100ms 1 up api")
		over, stop := context.WithCancel(t.Context())
		stop()
		var both sync.WaitGroup
		both.Go(func() { _, _ = b.Press(t.Context(), "3", 100*ms, 20*ms, hal.FromAPI) })
		synctest.Wait()
		if _, err := b.Press(over, "4", 100*ms, 20*ms, hal.FromAPI); !errors.Is(err, context.Canceled) { // does not wait for the other one
			t.Errorf("error %v", err)
		}
		both.Wait()
		w.expect(t, "110ms 3 down api", "210ms 3 up api")
	})
}

func TestPartsThatAreThereAlreadyDoNotMove(t *testing.T) {
	bubble(t, func(t *testing.T, b *virtual.Board, w *witness) {
		for _, move := range []func() error{
			func() error { return b.SetHook(false, hal.FromWeb) },
			func() error { return b.SetHook(true, hal.FromWeb) },
			func() error { return b.SetHook(true, hal.FromAPI) },
			func() error { return b.SetKey("OK", true, hal.FromWeb) },
			func() error { return b.SetKey("ok", true, hal.FromWeb) },
			func() error { return b.SetKey("ok", false, hal.FromAPI) },
			func() error { return b.SetLevel("hook", 0, hal.FromAPI) },
			func() error { return b.SetLevel("key_star", 1, hal.FromAPI) },
			func() error { return b.Fault(hal.Fault{Device: "virtual", Message: "made"}) },
		} {
			if err := move(); err != nil {
				t.Error(err)
			}
		}
		w.expect(t, "0s hook off web", "0s ok down web", "0s ok up api", "0s hook on api", "0s * down api", "0s fault virtual board")
		var bad *hal.KeyError
		if err := b.SetKey("okay", true, hal.FromWeb); !errors.As(err, &bad) {
			t.Errorf("SetKey okay: %v", err)
		}
	})
}

func TestLevels(t *testing.T) {
	bubble(t, func(t *testing.T, b *virtual.Board, _ *witness) {
		began := time.Now()
		b.SetLamp(hal.PowerLamp, hal.On)
		b.SetLamp("line2", hal.Slow)
		b.SetLamp("line3", hal.Fast)
		b.Ring(hal.Cadence{time.Second, 2 * time.Second})
		if !b.Ringing() || b.Lamp("line3") != hal.Fast || b.Lamp("line4") != hal.Off {
			t.Errorf("ringing %v, line3 %s, line4 %s", b.Ringing(), b.Lamp("line3"), b.Lamp("line4"))
		}
		for _, at := range []struct {
			after time.Duration
			want  string // power, line2, line3, line4, ringer
		}{
			{0, "11101"}, {199 * ms, "11101"}, {200 * ms, "11001"}, {400 * ms, "11101"}, {500 * ms, "10101"},
			{999 * ms, "10101"}, {1000 * ms, "11000"}, {2999 * ms, "10100"}, {3000 * ms, "11001"},
		} {
			time.Sleep(time.Until(began.Add(at.after)))
			var got strings.Builder
			for _, name := range []string{"lamp_power", "lamp_line2", "lamp_line3", "lamp_line4", "ringer"} {
				l, err := b.Level(name)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				fmt.Fprint(&got, l)
			}
			if got.String() != at.want {
				t.Errorf("after %s: %s, want %s", at.after, got.String(), at.want)
			}
		}
		b.Ring(hal.Silent)
		if l, _ := b.Level("ringer"); l != 0 || b.Ringing() {
			t.Error("the ringer rings on")
		}
	})
}

func TestNames(t *testing.T) {
	bubble(t, func(t *testing.T, b *virtual.Board, w *witness) {
		seen := map[string]bool{}
		if n := len(b.Names()); n != 65 {
			t.Errorf("%d names", n)
		}
		for _, n := range b.Names() {
			if seen[n.Name] || strings.ContainsAny(n.Name, "*#/ ") {
				t.Errorf("%q is there twice or no word of an address", n.Name)
			}
			seen[n.Name] = true
			if l, err := b.Level(n.Name); l != 0 || err != nil {
				t.Errorf("%s: level %d, %v, want 0", n.Name, l, err)
			}
			err := b.SetLevel(n.Name, 1, hal.FromAPI)
			switch l, _ := b.Level(n.Name); {
			case n.Output && !errors.Is(err, virtual.ErrOutput):
				t.Errorf("%s is an output and was set: %v", n.Name, err)
			case !n.Output && (err != nil || l != 1):
				t.Errorf("%s set to 1: level %d, %v", n.Name, l, err)
			}
		}
		if want := 1 + len(hal.Keys()) + len(hal.Lamps()) + 1; len(seen) != want || len(w.lines) != 1+len(hal.Keys()) {
			t.Errorf("%d names, %d movements", len(seen), len(w.lines))
		}
		for _, name := range []string{"", "hooks", "key_", "key_*", "key_end", "key_OK", "lamp_", "lamp_line21", "lamp_Power", "ringer "} {
			if _, err := b.Level(name); !errors.Is(err, virtual.ErrNoName) {
				t.Errorf("level of %q: %v", name, err)
			}
			if err := b.SetLevel(name, 1, hal.FromAPI); !errors.Is(err, virtual.ErrNoName) {
				t.Errorf("%q set: %v", name, err)
			}
		}
		if err := b.SetLevel("hook", 2, hal.FromAPI); !errors.Is(err, virtual.ErrLevel) {
			t.Errorf("level 2: %v", err)
		}
	})
}

func TestSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := virtual.New(), &witness{start: time.Now()}
		if err := b.SetHook(true, hal.FromWeb); !errors.Is(err, virtual.ErrOff) {
			t.Errorf("before Run: %v", err)
		}
		if _, err := b.Press(t.Context(), "1", 10*ms, 10*ms, hal.FromAPI); !errors.Is(err, virtual.ErrOff) {
			t.Errorf("before Run: %v", err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 25*ms)
		defer stop()
		pressed := make(chan error, 1)
		go func() {
			synctest.Wait()
			_, err := b.Press(t.Context(), "12", 10*ms, 10*ms, hal.FromAPI)
			pressed <- err
		}()
		if err := b.Run(ctx, w.report); err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := <-pressed; !errors.Is(err, virtual.ErrOff) {
			t.Errorf("switched off while pressing: %v", err)
		}
		if err := b.SetHook(true, hal.FromWeb); !errors.Is(err, virtual.ErrOff) {
			t.Errorf("after Run: %v", err)
		}
		if l, _ := b.Level("hook"); l != 0 {
			t.Error("the handset of a board that does not run was lifted")
		}
		w.expect(t, "0s 1 down api", "10ms 1 up api", "20ms 2 down api")
	})
}

func TestSwitchedOnAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := virtual.New(), &witness{start: time.Now()}
		for range 2 {
			ctx, stop := context.WithTimeout(t.Context(), 10*ms)
			defer stop()
			moved := make(chan error, 1)
			go func() {
				synctest.Wait()
				moved <- errors.Join(b.SetKey("1", true, hal.FromWeb), b.SetHook(true, hal.FromWeb))
			}()
			if err := errors.Join(b.Run(ctx, w.report), <-moved); err != nil {
				t.Error(err)
			}
		}
		w.expect(t, "0s 1 down web", "0s hook off web", "10ms 1 down web", "10ms hook off web")
	})
}

// BenchmarkKey is from a key pressed to its event.
func BenchmarkKey(b *testing.B) {
	v, events := virtual.New(), 0
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx, func(hal.Event) { events++ }) }()
	for v.SetKey("1", false, hal.FromAPI) != nil && ctx.Err() == nil { // until it runs
		runtime.Gosched()
	}
	down := false
	for b.Loop() {
		down = !down
		if err := v.SetKey("1", down, hal.FromAPI); err != nil {
			b.Fatal(err)
		}
	}
	stop()
	if err := <-ended; err != nil || events < b.N {
		b.Errorf("%d events of %d, %v", events, b.N, err)
	}
}
