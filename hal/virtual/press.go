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
//
// The limits are those of package press; the error is a *hal.KeyError that names key and position, a *press.Error, ErrOff, or that of ctx.
func (b *Board) Press(ctx context.Context, keys string, down, gap time.Duration, source hal.Source) error {
	sequence, err := checkPress(keys, down, gap)
	if err != nil {
		return err
	}
	select {
	case b.pressed <- struct{}{}:
		defer func() { <-b.pressed }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for i, k := range sequence {
		if i > 0 {
			if err := sleep(ctx, gap); err != nil {
				return err
			}
		}
		if err := b.moveKey(k, true, source); err != nil {
			return err
		}
		waited := sleep(ctx, down)
		if err := b.moveKey(k, false, source); err != nil {
			return err
		}
		if waited != nil {
			return waited
		}
	}
	return nil
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
