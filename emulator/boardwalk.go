package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"hilphone/hal"
	"hilphone/hal/board"
)

const (
	// walkPatience is how long a walk waits for a hand.
	walkPatience = 30 * time.Second
	// walkShow is how long a walk shows a lamp and rings.
	walkShow = time.Second
)

// boardWalk goes through the parts of a board with somebody in front of it.
type boardWalk struct {
	board  hal.Board
	config *board.Board
	out    io.Writer
	events chan hal.Event
	lost   []string // parts that were not found
}

func newBoardWalk(b hal.Board, config *board.Board, out io.Writer) *boardWalk {
	return &boardWalk{board: b, config: config, out: out, events: make(chan hal.Event, 64)}
}

// moved takes what the board reports. What nobody waits for any more is dropped.
func (w *boardWalk) moved(e hal.Event) {
	select {
	case w.events <- e:
	default:
	}
}

// run goes through all parts. The error names those that were not found.
func (w *boardWalk) run(ctx context.Context) error {
	for _, l := range w.config.LampNames() {
		w.board.SetLamp(l, hal.On)
		fmt.Fprintf(w.out, "lamp %s is lit\n", l)
		w.show(ctx)
		w.board.SetLamp(l, hal.Off)
	}
	if w.config.Ringer != nil {
		w.board.Ring(hal.Cadence{walkShow, walkShow})
		fmt.Fprintln(w.out, "the ringer rings")
		w.show(ctx)
		w.board.Ring(hal.Silent)
	}
	if w.config.Hook != nil {
		w.await(ctx, "lift the handset", func(e hal.Event) bool { return e.Kind == hal.HookMoved && e.Off })
		w.await(ctx, "put the handset back", func(e hal.Event) bool { return e.Kind == hal.HookMoved && !e.Off })
	}
	if w.config.Dial != nil {
		w.await(ctx, "dial 5", func(e hal.Event) bool { return e.Kind == hal.KeyMoved && e.Down && e.Key == "5" })
	}
	for _, k := range w.keys() {
		w.await(ctx, "press "+string(k), func(e hal.Event) bool { return e.Kind == hal.KeyMoved && e.Down && e.Key == k })
	}
	switch {
	case ctx.Err() != nil:
		return errors.New("the walk was ended")
	case len(w.lost) > 0:
		return fmt.Errorf("not found: %s", strings.Join(w.lost, ", "))
	}
	fmt.Fprintln(w.out, "all parts were found")
	return nil
}

// keys are those with a contact of their own.
func (w *boardWalk) keys() (keys []hal.Key) {
	if w.config.Keypad != nil {
		for _, row := range w.config.Keypad.Keys {
			for _, k := range row {
				if k != "" {
					keys = append(keys, k)
				}
			}
		}
	}
	for _, b := range w.config.Buttons {
		keys = append(keys, b.Key)
	}
	return keys
}

func (w *boardWalk) show(ctx context.Context) {
	t := time.NewTimer(walkShow)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// await asks for a movement and waits for it; others are named.
func (w *boardWalk) await(ctx context.Context, what string, is func(hal.Event) bool) {
	if ctx.Err() != nil {
		return
	}
	fmt.Fprintf(w.out, "%s ... ", what)
	limit := time.NewTimer(walkPatience)
	defer limit.Stop()
	for {
		select {
		case e := <-w.events:
			if is(e) {
				fmt.Fprintln(w.out, "yes")
				return
			}
			w.other(e)
		case <-limit.C:
			fmt.Fprintln(w.out, "nothing came")
			w.lost = append(w.lost, what)
			return
		case <-ctx.Done():
			fmt.Fprintln(w.out)
			return
		}
	}
}

// other names what came instead.
func (w *boardWalk) other(e hal.Event) {
	switch {
	case e.Kind == hal.KeyMoved && e.Down:
		fmt.Fprintf(w.out, "(that was %s) ", e.Key)
	case e.Kind == hal.FaultRaised && e.Fault.Message != "":
		fmt.Fprintf(w.out, "(%s: %s) ", e.Fault.Device, e.Fault.Message)
	}
}
