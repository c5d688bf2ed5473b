// Package rig is hands and eyes on a real phone: outputs that close the contacts of its keys and lift its handset, by opto-couplers or relays,
// and sensors that look at its lamps and listen to its ringer.
//
// A rig file says what hangs on which pin, see Read. Hands press for as long as they are told and let go whatever happens: at the end, when
// the context ends, and, as far as the kernel lets them, when the program dies. An Eye makes of edges and their times what a person says
// of a lamp: off, on, slow, fast.
package rig

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"hilphone/hal/gpiochip"
)

// Lines are the open pins of a rig, numbered as Config.Uses. Their methods are safe for concurrent use, but Close.
type Lines interface {
	String() string // of which chip
	Set(use int, high bool) error
	High(use int) (bool, error)
	// Edges returns the edges of a sensor since the last call, by the kernel's time stamps, oldest first.
	Edges(use int) ([]gpiochip.Edge, error)
	// Watch calls wake after edges of the sensors until it is ended; end has to be called before Close.
	Watch(wake func()) (end func())
	Close() error
}

// Rig is a rig whose pins are open. One hand moves at a time.
type Rig struct {
	config *Config
	uses   []Use
	lines  Lines

	mu sync.Mutex
	on map[int]bool // outputs that are closed
}

// New makes a rig of open lines; nothing is pressed.
func New(c *Config, lines Lines) *Rig {
	return &Rig{config: c, uses: c.Uses(), lines: lines, on: map[int]bool{}}
}

// String says which rig it is: its file and its chip.
func (r *Rig) String() string { return r.config.File + " on " + r.lines.String() }

// Config is what hangs on which pin.
func (r *Rig) Config() *Config { return r.config }

// Moved is told of each movement of a hand: "key 1", "down"; "hook", "off".
type Moved func(at time.Time, name, value string)

// Can tells whether the rig has hands for that key.
func (r *Rig) Can(key string) bool { return len(r.config.usesOfKey(key)) > 0 }

// CanLift tells whether the rig lifts the handset.
func (r *Rig) CanLift() bool { return r.config.Hook != nil }

// Sees tells whether the rig has an eye for "lamp NAME" or "ringer".
func (r *Rig) Sees(part string) bool {
	return slices.ContainsFunc(r.uses, func(u Use) bool { return !u.Output && u.Part == part })
}

// Press presses keys, named as in a scenario, one after the other. A hold or a gap of 0 is the rig file's. When ctx ends the key is let go at once.
func (r *Rig) Press(ctx context.Context, keys []string, hold, gap time.Duration, moved Moved) error {
	if hold == 0 {
		hold = r.config.Press
	}
	if gap == 0 {
		gap = r.config.Gap
	}
	for _, key := range keys {
		if !r.Can(key) {
			return fmt.Errorf("%s has no output at key %s", r.config.File, key)
		}
	}
	for _, key := range keys {
		uses := r.config.usesOfKey(key)
		err := r.set(uses, true)
		if err == nil {
			moved(time.Now(), "key "+key, "down")
			err = pause(ctx, hold)
		}
		if err = errors.Join(err, r.set(uses, false)); err != nil {
			return fmt.Errorf("pressing %s: %w", key, err)
		}
		moved(time.Now(), "key "+key, "up")
		if err := pause(ctx, gap); err != nil {
			return err
		}
	}
	return nil
}

// Hook lifts the handset or puts it back, and waits until the relay has settled.
func (r *Rig) Hook(ctx context.Context, off bool, moved Moved) error {
	if r.config.Hook == nil {
		return fmt.Errorf("%s has no output at the hook", r.config.File)
	}
	if err := r.set(r.config.usesOf(hookPart), off); err != nil {
		return fmt.Errorf("moving the handset: %w", err)
	}
	moved(time.Now(), "hook", map[bool]string{true: "off", false: "on"}[off])
	return pause(ctx, r.config.Hook.Settle)
}

// Lifted tells whether the rig holds the handset up.
func (r *Rig) Lifted() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.config.usesOf(hookPart), func(u int) bool { return r.on[u] })
}

// set closes or opens contacts. Of those that cannot be moved the others are all the same.
func (r *Rig) set(uses []int, on bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, u := range uses {
		if err := r.lines.Set(u, on == r.uses[u].High); err != nil {
			errs = append(errs, fmt.Errorf("%s on %s: %w", r.uses[u].Part, r.uses[u].Pin, err))
			continue
		}
		r.on[u] = on
	}
	return errors.Join(errs...)
}

// Release lets everything go.
func (r *Rig) Release() error {
	var all []int
	for i, u := range r.uses {
		if u.Output {
			all = append(all, i)
		}
	}
	return r.set(all, false)
}

// Close lets everything go and gives the pins back: the kernel makes inputs of them, as it does when the program is killed. Nobody may watch by then.
func (r *Rig) Close() error { return errors.Join(r.Release(), r.lines.Close()) }

// pause waits, and says why if that was less.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
