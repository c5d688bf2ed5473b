package haltest_test

import (
	"testing"
	"testing/synctest"

	"hilphone/hal"
	"hilphone/hal/haltest"
	"hilphone/hal/virtual"
)

// TestVirtual: the board of the web page is a board.
func TestVirtual(t *testing.T) {
	haltest.Test(t, synctest.Test, func(t *testing.T) *haltest.Bench {
		b := virtual.New()
		must := func(err error) {
			if err != nil {
				t.Error(err)
			}
		}
		level := func(name string) bool {
			l, err := b.Level(name)
			must(err)
			return l == 1
		}
		return &haltest.Bench{
			Board: b, Source: hal.FromAPI, Keys: hal.Keys(), Lamps: []hal.Lamp{hal.PowerLamp, hal.LineLamp(1)},
			Ready: func() bool { return b.SetHook(false, hal.FromAPI) == nil },
			Key:   func(k hal.Key, down bool) { must(b.SetKey(string(k), down, hal.FromAPI)) },
			Hook:  func(off bool) { must(b.SetHook(off, hal.FromAPI)) },
			Lit:   func(l hal.Lamp) bool { return level("lamp_" + string(l)) },
			Loud:  func() bool { return level("ringer") },
		}
	})
}
