// Package rpi is the front of a phone on the pins of a Raspberry Pi, or of any Linux computer with a GPIO character device: real keys, a
// hook switch or a rotary dial, lamps and a bell, as a board file describes them.
//
// While no part of the board is touched nothing runs but one look at everything every watchEvery. It is not needed: an edge wakes the board
// up, and so does a chip that is pulled out. It bounds how long an edge that the kernel did not report is missed.
package rpi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/gpiochip"
)

const (
	// watchEvery is how often a board is looked at that nobody touches.
	watchEvery = 10 * time.Second
	// reopenEvery is how often pins are tried that could not be opened.
	reopenEvery = 2 * time.Second
	// goneSettle is how long a chip that is gone is left alone before its lines are given back.
	goneSettle = 100 * time.Millisecond
)

// Board is a hal.Board on pins.
type Board struct {
	config *board.Board
	log    *slog.Logger
	from   source
	watch  func(ctx context.Context, changed func()) error // for chips that come and go
	hands  *hands
	shown  *shown
	lights *lights
	open   *circuit          // nil: closed
	faults map[string]string // told and not over, by device
	chips  chan struct{}     // of capacity 1: a chip has come or gone
	chip   atomic.Pointer[string]
	asks   chan chan<- []PinState // how the pins are
}

// New returns a board whose pins are closed until Open or Run. The error is a *board.FieldError.
func New(config *board.Board, log *slog.Logger) (*Board, error) {
	h, err := newHands(config)
	if err != nil {
		return nil, err
	}
	s := newShown()
	return &Board{
		config: config, log: log, from: source{openChip, openWire}, watch: watchDevices, hands: h, shown: s, lights: newLights(s, config), faults: map[string]string{},
		chips: make(chan struct{}, 1), asks: make(chan chan<- []PinState),
	}, nil
}

// Kind is "rpi".
func (b *Board) Kind() string { return "rpi" }

// Config is what hangs on which pin.
func (b *Board) Config() *board.Board { return b.config }

// Open opens every pin of the board, or none. It may be called before Run, which otherwise opens them itself and waits for pins that
// cannot be opened. Errors are those of the board file (see Misfit) or *PinError, several joined; all are *board.FieldError.
func (b *Board) Open() error {
	if b.open != nil {
		return nil
	}
	c, err := openCircuit(b.config, b.from)
	if b.open = c; c != nil {
		name := c.chip.String()
		b.chip.Store(&name)
	}
	return err
}

// Chip is the chip with the board's pins, by name and label; what the board file calls it until it has been found.
func (b *Board) Chip() string {
	if name := b.chip.Load(); name != nil {
		return *name
	}
	return b.config.Chip
}

// Close gives the pins back if Run has not been called.
func (b *Board) Close() error {
	if b.open == nil {
		return nil
	}
	c := b.open
	b.open = nil
	return c.close()
}

// Misfit reports whether an error of Open says that board file and computer do not go together: no such chip, no such line. No time heals
// that, as it does a pin that another program uses.
func Misfit(err error) bool {
	var pin *PinError
	var field *board.FieldError
	return errors.Is(err, gpiochip.ErrNoChip) || errors.As(err, &field) && !errors.As(err, &pin)
}

// SetLamp implements hal.Board.
func (b *Board) SetLamp(l hal.Lamp, p hal.Pattern) { b.shown.change(func() { b.shown.lamps[l] = p }) }

// Ring implements hal.Board.
func (b *Board) Ring(c hal.Cadence) { b.shown.change(func() { b.shown.cadence = slices.Clone(c) }) }

// Run implements hal.Board. It does not give up: a chip that is pulled out and a pin that another program uses are faults, and the pins are
// opened again as soon as that is possible. It returns nil when ctx has ended and every pin has been given back.
func (b *Board) Run(ctx context.Context, report func(hal.Event)) error {
	err := b.Open()
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() {
		if err := b.watch(ctx, b.look); err != nil {
			b.log.Warn("chips that come and go are noticed late", "err", err)
		}
	})
	for {
		if err == nil {
			b.log.Info("the board is open", "chip", b.open.chip.String())
			b.tell(nil, report)
			err = b.session(ctx, report)
			if closed := b.Close(); err == nil { // otherwise it cannot tell more
				err = closed
			}
		}
		if ctx.Err() == nil {
			b.tell(err, report)
		}
		if !b.rest(ctx) {
			return b.Close()
		}
		err = b.Open()
	}
}

// rest waits until the pins may be tried again. It returns false when ctx has ended.
func (b *Board) rest(ctx context.Context) bool {
	again := time.NewTimer(reopenEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-again.C:
			return true
		case <-b.chips:
			return true
		case answer := <-b.asks:
			answer <- b.pins()
		}
	}
}

// session is the time between opening and closing. It returns nil when ctx has ended, or what went wrong.
func (b *Board) session(ctx context.Context, report func(hal.Event)) error {
	c := b.open
	ctx, stop := context.WithCancel(ctx)
	var lighting sync.WaitGroup
	lighting.Go(func() { b.lights.run(ctx, c) })
	end := c.watch()
	err := b.attend(ctx, c, report)
	if c.chip.Alive() != nil {
		// Kernels before 6.9 take a chip apart while its lines are in use: whoever touches one at that moment may crash them.
		c.gone.Store(true)
		moment := time.NewTimer(goneSettle)
		<-moment.C
	}
	stop()
	end()
	lighting.Wait()
	switch {
	case err == nil:
		return nil
	case c.x != nil && !c.gone.Load():
		return &PinError{Device: expanderDevice, Err: err}
	}
	return &PinError{Device: chipDevice, Err: fmt.Errorf("%s: %w", c.chip, err)}
}

// look has the chip looked at.
func (b *Board) look() {
	select {
	case b.chips <- struct{}{}:
	default:
	}
}

// attend looks at the contacts after every edge, when a machine wants it, and every watchEvery.
func (b *Board) attend(ctx context.Context, c *circuit, report func(hal.Event)) error {
	if err := b.hands.begin(c, time.Now()); err != nil {
		return err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-c.failed:
			return err
		case <-c.wake:
		case <-b.chips:
		case <-timer.C:
		case answer := <-b.asks:
			answer <- b.pins()
			continue
		}
		now := time.Now()
		again, err := b.hands.look(c, now, report)
		if err != nil || len(c.inputs) == 0 { // a line that can be read has a chip
			if gone := c.chip.Alive(); gone != nil {
				return fmt.Errorf("it is gone: %w", gone)
			}
		}
		if err != nil {
			return err
		}
		wait := watchEvery
		if !again.IsZero() {
			wait = min(wait, time.Until(again))
		}
		timer.Reset(max(wait, 0))
	}
}

// tell reports what is wrong with the board as far as it has not been told, and what is over.
func (b *Board) tell(err error, report func(hal.Event)) {
	now := map[string]string{}
	for _, e := range each(err) {
		var pin *PinError
		if errors.As(e, &pin) {
			now[pin.Device] = pin.reason()
		} else {
			now["board"] = e.Error()
		}
	}
	for _, device := range slices.Sorted(maps.Keys(b.faults)) {
		if _, still := now[device]; !still {
			report(fault(device, ""))
		}
	}
	for _, device := range slices.Sorted(maps.Keys(now)) {
		if b.faults[device] != now[device] {
			report(fault(device, now[device]))
		}
	}
	b.faults = now
}

func fault(device, message string) hal.Event {
	return hal.Event{At: time.Now(), Kind: hal.FaultRaised, Fault: hal.Fault{Device: device, Message: message}, Source: hal.FromBoard}
}

// each takes joined errors apart.
func each(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, each(e)...)
	}
	return all
}
