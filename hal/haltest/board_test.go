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
			Lacks: []string{"flash", "dial", "occupied"}, // it has keys and a hook instead of contacts, and no pins
			Ready: func() bool { return b.SetHook(false, hal.FromAPI) == nil },
			Key: func(k hal.Key, down bool) {
				for range 3 { // moved there again, it does not move
					must(b.SetKey(string(k), down, hal.FromAPI))
				}
			},
			Hook: func(off bool) { must(b.SetHook(off, hal.FromAPI)) },
			Lit:  func(l hal.Lamp) bool { return level("lamp_" + string(l)) },
			Loud: func() bool { return level("ringer") },

			Rectangle: [4]hal.Key{"1", "2", "4", "5"}, Diodes: true,
			Break: func() { must(b.Fault(hal.Fault{Device: "virtual", Message: "made"})) },
			Mend:  func() { must(b.Fault(hal.Fault{Device: "virtual"})) },
			Stale: func() {
				for _, k := range hal.Keys() {
					must(b.SetKey(string(k), false, hal.FromAPI))
				}
				must(b.SetHook(false, hal.FromAPI))
			},
		}
	})
}
