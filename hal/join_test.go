package hal_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hal"
	"hilphone/hal/virtual"
)

// frail is a board that fails when it is told to.
type frail struct {
	*virtual.Board
	fail chan error
	mu   sync.Mutex
	runs int
	gone error // the answer to being run
}

func newFrail() *frail { return &frail{Board: virtual.New(), fail: make(chan error)} }

func (f *frail) Kind() string { return "frail" }

func (f *frail) Run(ctx context.Context, report func(hal.Event)) error {
	f.mu.Lock()
	f.runs++
	gone := f.gone
	f.mu.Unlock()
	if gone != nil {
		return gone
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- f.Board.Run(ctx, report) }()
	select {
	case err := <-f.fail:
		stop()
		<-ended
		return err
	case err := <-ended:
		return err
	}
}

func (f *frail) setGone(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = err
}

func (f *frail) opened() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.runs
}

// phone writes down what reaches it.
type phone struct {
	start time.Time
	mu    sync.Mutex
	lines []string
}

func (p *phone) report(e hal.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var what string
	switch e.Kind {
	case hal.KeyMoved:
		what = fmt.Sprintf("%s %s", e.Key, map[bool]string{true: "down", false: "up"}[e.Down])
	case hal.HookMoved:
		what = "hook " + map[bool]string{true: "off", false: "on"}[e.Off]
	case hal.FaultRaised:
		what = fmt.Sprintf("fault %s: %q", e.Fault.Device, e.Fault.Message)
	}
	p.lines = append(p.lines, fmt.Sprintf("%s %s %s", e.At.Sub(p.start), what, e.Source))
}

// expect compares what has reached the phone since the last time.
func (p *phone) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Equal(p.lines, want) {
		t.Errorf("reported\n\t%s\nwant\n\t%s", strings.Join(p.lines, "\n\t"), strings.Join(want, "\n\t"))
	}
	p.lines = nil
}

// joined runs f with a phone whose board is a virtual one and a frail one.
func joined(t *testing.T, f func(t *testing.T, web *virtual.Board, real *frail, both hal.Board, p *phone)) {
	synctest.Test(t, func(t *testing.T) {
		web, real := virtual.New(), newFrail()
		both, p := hal.Join(web, real), &phone{start: time.Now()}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- both.Run(ctx, p.report) }()
		synctest.Wait()
		f(t, web, real, both, p)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestJoin(t *testing.T) {
	joined(t, func(t *testing.T, web *virtual.Board, real *frail, both hal.Board, p *phone) {
		must(t, web.SetKey("1", true, hal.FromWeb), real.SetKey("2", true, hal.FromBoard), web.SetKey("1", false, hal.FromWeb), real.SetKey("2", false, hal.FromBoard))
		p.expect(t, "0s 1 down web", "0s 2 down board", "0s 1 up web", "0s 2 up board")
		both.SetLamp(hal.PowerLamp, hal.Slow)
		both.Ring(hal.Cadence{time.Second})
		if web.Lamp(hal.PowerLamp) != hal.Slow || real.Lamp(hal.PowerLamp) != hal.Slow || !web.Ringing() || !real.Ringing() {
			t.Error("a lamp or a bell is not on both")
		}
		if kind := both.Kind(); kind != "virtual+frail" {
			t.Errorf("kind %s", kind)
		}
		must(t, real.Fault(hal.Fault{Device: "hook", Message: "bounces"}), real.Fault(hal.Fault{Device: "hook"}))
		p.expect(t, `0s fault hook: "bounces" board`, `0s fault hook: "" board`)
	})
}

// TestJoinOneLine: two handsets, and two keys of the same name, are like those of two telephones on one line.
func TestJoinOneLine(t *testing.T) {
	joined(t, func(t *testing.T, web *virtual.Board, real *frail, _ hal.Board, p *phone) {
		must(t, web.SetHook(true, hal.FromWeb), real.SetHook(true, hal.FromBoard), web.SetHook(false, hal.FromWeb))
		p.expect(t, "0s hook off web")
		must(t, real.SetHook(false, hal.FromBoard))
		p.expect(t, "0s hook on board")
		must(t, real.SetKey("ok", true, hal.FromBoard), web.SetKey("ok", true, hal.FromAPI), real.SetKey("ok", false, hal.FromBoard))
		p.expect(t, "0s ok down board")
		must(t, web.SetKey("ok", false, hal.FromAPI))
		p.expect(t, "0s ok up api")
	})
}

func TestJoinFailingBoard(t *testing.T) {
	joined(t, func(t *testing.T, web *virtual.Board, real *frail, _ hal.Board, p *phone) {
		must(t, real.SetKey("5", true, hal.FromBoard), real.SetKey("*", true, hal.FromBoard), real.Fault(hal.Fault{Device: "key 5", Message: "sticks"}))
		p.expect(t, "0s 5 down board", "0s * down board", `0s fault key 5: "sticks" board`)
		time.Sleep(5 * time.Second)
		real.setGone(errors.New("gpiochip0: no such device"))
		real.fail <- errors.New("row 2: input/output error")
		p.expect(t, "5s 5 up board", "5s * up board", `5s fault key 5: "" board`, `5s fault frail: "row 2: input/output error" board`)
		// It is tried again after 1, 2, 4, 8, 16, 30, 30 s; the same fault is told once, the other board goes on.
		for i, wait := range []int{1, 2, 4, 8, 16, 30, 30} {
			time.Sleep(time.Duration(wait)*time.Second - time.Nanosecond)
			synctest.Wait()
			if n := real.opened(); n != i+1 {
				t.Errorf("opened %d times, want %d", n, i+1)
			}
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			if n := real.opened(); n != i+2 {
				t.Errorf("after %d s opened %d times, want %d", wait, n, i+2)
			}
		}
		must(t, web.SetKey("1", true, hal.FromWeb))
		p.expect(t, `6s fault frail: "gpiochip0: no such device" board`, "1m36s 1 down web")
		real.setGone(nil)
		time.Sleep(30 * time.Second)
		p.expect(t)
		must(t, real.SetKey("5", true, hal.FromBoard))
		p.expect(t, "2m6s 5 down board")
		time.Sleep(time.Second)
		p.expect(t, `2m7s fault frail: "" board`)
		// It has been back, so the next failure is tried again soon.
		real.fail <- nil
		p.expect(t, "2m7s 5 up board", `2m7s fault frail: "the board has ended by itself" board`)
		time.Sleep(2 * time.Second)
		p.expect(t, `2m9s fault frail: "" board`)
	})
}

// TestJoinFaultThatIsOver: what a board has told as over is not told again when it fails, nor is what it had not told.
func TestJoinFaultThatIsOver(t *testing.T) {
	joined(t, func(t *testing.T, _ *virtual.Board, real *frail, _ hal.Board, p *phone) {
		must(t, real.Fault(hal.Fault{Device: "hook", Message: "bounces"}), real.Fault(hal.Fault{Device: "hook"}), real.Fault(hal.Fault{Device: "key 1", Message: "sticks"}))
		must(t, real.SetKey("2", true, hal.FromBoard), real.SetKey("2", false, hal.FromBoard))
		p.expect(t, `0s fault hook: "bounces" board`, `0s fault hook: "" board`, `0s fault key 1: "sticks" board`, "0s 2 down board", "0s 2 up board")
		real.fail <- errors.New("gone")
		p.expect(t, `0s fault key 1: "" board`, `0s fault frail: "gone" board`)
		time.Sleep(time.Second)
		synctest.Wait()
		real.fail <- errors.New("gone") // before it counts as back: the same fault is not told twice
		p.expect(t)
		time.Sleep(time.Hour)
		p.expect(t, `4s fault frail: "" board`)
	})
}

// lasting is a board that needs a second to end.
type lasting struct{ *virtual.Board }

func (l lasting) Run(ctx context.Context, report func(hal.Event)) error {
	err := l.Board.Run(ctx, report)
	<-time.After(time.Second)
	return err
}

// TestJoinWaitsForItsBoards: Run returns when the last of its boards has ended, not before.
func TestJoinWaitsForItsBoards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		if err := hal.Join(virtual.New(), lasting{virtual.New()}, virtual.New()).Run(ctx, func(hal.Event) {}); err != nil || time.Since(start) != 11*time.Second {
			t.Errorf("ended after %s: %v", time.Since(start), err)
		}
	})
}

// TestJoinHandsetOfFailingBoard: a call outlives a cable that is loose for a moment.
func TestJoinHandsetOfFailingBoard(t *testing.T) {
	for _, lifted := range []bool{true, false} {
		joined(t, func(t *testing.T, _ *virtual.Board, real *frail, _ hal.Board, p *phone) {
			must(t, real.SetHook(true, hal.FromBoard))
			p.expect(t, "0s hook off board")
			real.fail <- errors.New("gone")
			p.expect(t, `0s fault frail: "gone" board`)
			time.Sleep(time.Second)
			if synctest.Wait(); lifted { // the board finds the handset as it was
				must(t, real.SetHook(true, hal.FromBoard))
				time.Sleep(10 * time.Second)
				p.expect(t, `2s fault frail: "" board`)
				must(t, real.SetHook(false, hal.FromBoard))
				p.expect(t, "11s hook on board")
				return
			}
			time.Sleep(10 * time.Second)
			p.expect(t, `2s fault frail: "" board`, "2s hook on board")
		})
	}
}

// TestJoinEnds: a board that waits to be run again does not hold up the end.
func TestJoinEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		real := newFrail()
		real.setGone(errors.New("gone"))
		for range 2 {
			start := time.Now()
			ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
			if err := hal.Join(virtual.New(), real).Run(ctx, func(hal.Event) {}); err != nil || time.Since(start) != 10*time.Second {
				t.Errorf("ended after %s: %v", time.Since(start), err)
			}
			stop()
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := hal.Join().Run(ctx, nil); err != nil || ctx.Err() == nil {
			t.Errorf("no board at all: %v", err)
		}
	})
}

// Whether a handset is lifted on another board than one: before the boards run none is, and that of the board itself does not count.
func TestLiftedBeside(t *testing.T) {
	idle := virtual.New()
	if hal.Join(idle, newFrail()).LiftedBeside(idle) {
		t.Error("a handset is lifted before the boards run")
	}
	joined(t, func(t *testing.T, web *virtual.Board, real *frail, both hal.Board, p *phone) {
		j := both.(*hal.Joined)
		for i, c := range []struct {
			move                  func() error
			besideWeb, besideReal bool
		}{
			{func() error { return nil }, false, false},
			{func() error { return real.SetHook(true, hal.FromBoard) }, true, false},
			{func() error { return web.SetHook(true, hal.FromWeb) }, true, true},
			{func() error { return real.SetHook(false, hal.FromBoard) }, false, true},
			{func() error { return web.SetHook(false, hal.FromWeb) }, false, false},
		} {
			must(t, c.move())
			if a, b := j.LiftedBeside(web), j.LiftedBeside(real); a != c.besideWeb || b != c.besideReal {
				t.Errorf("move %d: beside the web's %v, beside the real one %v, want %v, %v", i, a, b, c.besideWeb, c.besideReal)
			}
		}
	})
}
