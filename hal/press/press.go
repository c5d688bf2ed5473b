// Package press holds the limits of a series of key presses. The board, the REST interface, the pages and the scenarios all use them (RS-09).
package press

import (
	"fmt"
	"time"
)

// The limits.
const (
	MaxKeys = 128                   // keys in one series
	Min     = 10 * time.Millisecond // of a press, and of the gap to the next: a shorter one is contact bounce to a real board
	Max     = 10 * time.Second
	Longest = time.Minute // a series as a whole

	Usual = 80 * time.Millisecond // of a press and of a gap where none is given
)

// Error says which part of a series is outside of its limits.
type Error struct {
	Name    string // "keys", "press" or "gap"
	Message string
}

func (e *Error) Error() string { return e.Name + " " + e.Message }

// Check tells whether so many keys can be pressed for so long each with such a gap between two. The error is an *Error.
func Check(keys int, press, gap time.Duration) error {
	if err := CheckKeys(keys); err != nil {
		return err
	}
	for _, t := range []struct {
		name string
		d    time.Duration
	}{{"press", press}, {"gap", gap}} {
		if t.d < Min || t.d > Max {
			return &Error{t.name, fmt.Sprintf("must be %s to %s, not %s", Min, Max, t.d)}
		}
	}
	if takes := time.Duration(keys)*(press+gap) - gap; takes > Longest {
		return &Error{"keys", fmt.Sprintf("would take %s, longer than %s", takes, Longest)}
	}
	return nil
}

// CheckKeys is Check for the number of keys alone.
func CheckKeys(keys int) error {
	if keys < 1 || keys > MaxKeys {
		return &Error{"keys", fmt.Sprintf("must be 1 to %d keys, not %d", MaxKeys, keys)}
	}
	return nil
}
