package virtual

import (
	"context"
	"time"

	"hilphone/hal"
	"hilphone/hal/press"
)

// Press presses keys one after the other, as hal.ParseKeys reads them: each is held down for so long, and gap passes between two. It returns
// when the last key has been let go and the phone has acted on it, and does nothing at all unless the whole sequence can be pressed.
// Sequences wait for one another. When ctx ends first, no key stays down.
// The result is the keys that had no effect on the phone.
//
// The limits are those of package press; the error is a *hal.KeyError that names key and position, a *press.Error, ErrOff, or that of ctx.
func (b *Board) Press(ctx context.Context, keys string, down, gap time.Duration, source hal.Source) ([]hal.NoEffect, error) {
	var without []hal.NoEffect
	sequence, err := checkPress(keys, down, gap)
	if err != nil {
		return without, err
	}
	select {
	case b.pressed <- struct{}{}:
		defer func() { <-b.pressed }()
	case <-ctx.Done():
		return without, ctx.Err()
	}
	for i, k := range sequence {
		if i > 0 {
			if err := sleep(ctx, gap); err != nil {
				return without, err
			}
		}
		reason, err := b.moveKey(k, true, source)
		if err != nil {
			return without, err
		}
		if reason != "" {
			without = append(without, hal.NoEffect{Position: i + 1, Key: k, Reason: reason})
		}
		waited := sleep(ctx, down)
		if _, err := b.moveKey(k, false, source); err != nil {
			return without, err
		}
		if waited != nil {
			return without, waited
		}
	}
	return without, nil
}

func checkPress(keys string, down, gap time.Duration) ([]hal.Key, error) {
	sequence, err := hal.ParseKeys(keys)
	if err != nil {
		return nil, err
	}
	if err := press.Check(len(sequence), down, gap); err != nil {
		return nil, err
	}
	return sequence, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
