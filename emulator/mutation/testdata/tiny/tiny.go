// Package tiny is changed by the tests of package mutation.
package tiny

import (
	"errors"
	"time"
)

const pause = 2 * time.Second

// Clamp returns n, but not more than most.
func Clamp(n, most int) int {
	if n > most {
		return most
	}
	return n
}

// Counter counts up to a limit.
type Counter struct {
	n     int
	limit int
}

func (c *Counter) Add(by int) (bool, error) {
	if by < 0 || by > 100 {
		return false, errors.New("out of range")
	}
	c.n += by
	for c.n > c.limit {
		c.n--
	}
	switch {
	case c.n == c.limit:
		return true, nil
	}
	return false, nil
}

// Name is tested by no test.
func Name(first string) string {
	if first == "" {
		first = "none"
	} else {
		first = "a " + first
	}
	return first
}

const none = iota

// None returns nothing.
func None() (int, string, error) {
	return none, "", nil
}
