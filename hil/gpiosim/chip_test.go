//go:build gpiosim

package gpiosim_test

import (
	"os"
	"testing"

	"hilphone/hil/gpiosim"
)

func TestChip(t *testing.T) {
	c, err := gpiosim.NewChip("chip", "pinctrl-sim", []string{"GPIO0", "", "GPIO2"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if found, err := os.ReadDir("/sys/bus/gpio/devices"); err != nil || len(found) != 1 {
			t.Errorf("plugged: chips %v, %v", found, err)
		}
		for line := range 3 {
			for _, up := range []bool{true, false, true} {
				if err := c.Pull(line, up); err != nil {
					t.Error(err)
				}
				if high, err := c.Level(line); high != up || err != nil {
					t.Errorf("line %d pulled %v: level %v, %v", line, up, high, err)
				}
			}
		}
		if err := c.Unplug(); err != nil {
			t.Error(err)
		}
		if found, err := os.ReadDir("/sys/bus/gpio/devices"); err != nil || len(found) != 0 {
			t.Errorf("unplugged: chips %v, %v", found, err)
		}
		if err := c.Plug(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := gpiosim.NewChip("chip", "pinctrl-sim", []string{"GPIO0"}); err != nil {
		t.Errorf("made again: %v", err)
	}
}
