package virtual

import (
	"context"
	"fmt"
	"time"

	"hilphone/hal"
)

// Limits of Press.
const (
	MaxKeys  = 64                    // keys in one sequence
	MinPress = 10 * time.Millisecond // of press and gap
	MaxPress = 10 * time.Second
)

// LimitError says that a sequence of keys cannot be pressed as asked.
type LimitError struct {
	Name    string // "keys", "press" or "gap"
	Message string
}

func (e *LimitError) Error() string { return e.Name + " " + e.Message }

// Press presses keys one after the other, as hal.ParseKeys reads them: each is down for press, and gap passes between two. It returns
// when the last key has been let go and the phone has acted on it, and does nothing at all unless the whole sequence can be pressed.
// Sequences wait for one another. When ctx ends first, no key stays down.
//
// press and gap are 10 ms to 10 s, a sequence has 1 to 64 keys; the error is a *hal.KeyError that names key and position, a
// *LimitError, ErrOff, or that of ctx.
func (b *Board) Press(ctx context.Context, keys string, press, gap time.Duration, source hal.Source) error {
	sequence, err := checkPress(keys, press, gap)
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
		waited := sleep(ctx, press)
		if err := b.moveKey(k, false, source); err != nil {
			return err
		}
		if waited != nil {
			return waited
		}
	}
	return nil
}

func checkPress(keys string, press, gap time.Duration) ([]hal.Key, error) {
	sequence, err := hal.ParseKeys(keys)
	if err != nil {
		return nil, err
	}
	if n := len(sequence); n < 1 || n > MaxKeys {
		return nil, &LimitError{"keys", fmt.Sprintf("must be 1 to %d keys, not %d", MaxKeys, n)}
	}
	for _, t := range []struct {
		name string
		d    time.Duration
	}{{"press", press}, {"gap", gap}} {
		if t.d < MinPress || t.d > MaxPress {
			return nil, &LimitError{t.name, fmt.Sprintf("must be %s to %s, not %s", MinPress, MaxPress, t.d)}
		}
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
