package press_test

import (
	"errors"
	"testing"
	"time"

	"hilphone/hal/press"
)

// RS-09: the limits are those that the REST interface, the pages and the scenarios promise.
func TestLimits(t *testing.T) {
	if press.MaxKeys != 128 || press.Min != 10*time.Millisecond || press.Max != 10*time.Second || press.Longest != time.Minute || press.Usual != 80*time.Millisecond {
		t.Errorf("%d keys, %s to %s, %s in all, usually %s", press.MaxKeys, press.Min, press.Max, press.Longest, press.Usual)
	}
}

// RS-09: the limits, on both sides of each.
func TestCheck(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		keys       int
		press, gap time.Duration
		wrong      string
	}{
		{1, 10 * ms, 10 * ms, ""},
		{128, 80 * ms, 80 * ms, ""},
		{1, 10 * time.Second, 10 * time.Second, ""},
		{6, 9 * time.Second, time.Second, ""}, // 59 s
		{3, 20 * ms, 10 * time.Second, ""},
		{0, 80 * ms, 80 * ms, "keys"},
		{129, 80 * ms, 80 * ms, "keys"},
		{1, 9 * ms, 80 * ms, "press"},
		{1, 10*time.Second + 1, 80 * ms, "press"},
		{1, 80 * ms, 9 * ms, "gap"},
		{1, 80 * ms, 10*time.Second + 1, "gap"},
		{7, 9 * time.Second, 10 * ms, "keys"}, // 63.06 s
	} {
		err := press.Check(c.keys, c.press, c.gap)
		var limit *press.Error
		if c.wrong == "" && err != nil || c.wrong != "" && (!errors.As(err, &limit) || limit.Name != c.wrong) {
			t.Errorf("%d keys, %s, %s: %v, want %q", c.keys, c.press, c.gap, err, c.wrong)
		}
	}
}

// RS-09: a refusal says what is refused, its limits and what was given.
func TestMessages(t *testing.T) {
	const ms = time.Millisecond
	for want, err := range map[string]error{
		"keys must be 1 to 128 keys, not 0":                press.CheckKeys(0),
		"keys must be 1 to 128 keys, not 129":              press.CheckKeys(129),
		"press must be 10ms to 10s, not 9ms":               press.Check(1, 9*ms, 80*ms),
		"gap must be 10ms to 10s, not 10.001s":             press.Check(1, 80*ms, 10001*ms),
		"keys would take 1m3.06s, longer than 1m0s":        press.Check(7, 9*time.Second, 10*ms),
		"keys would take 1m0.000000004s, longer than 1m0s": press.Check(4, 7500*ms+1, 10*time.Second),
		"keys must be 1 to 128 keys, not -1":               press.Check(-1, 80*ms, 80*ms),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := press.Check(3, 10*time.Second, 10*time.Second); err != nil { // 50 s
		t.Error(err)
	}
	if err := press.Check(4, 7500*ms, 10*time.Second); err != nil { // a minute exactly
		t.Error(err)
	}
}
