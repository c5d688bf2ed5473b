//go:build gpiosim

package rpi_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/hal/rpi"
)

// pwmChip is the kernel's view of the PWM chip: two channels, as on a Raspberry Pi up to model 4.
const pwmChip = "/sys/class/pwm/pwmchip0"

// channel is what the kernel takes the channel 0 for: period and pulse in ns, polarity and whether it is on; "" if nobody has it.
func channel(t *testing.T) string {
	t.Helper()
	var all []string
	for _, name := range []string{"period", "duty_cycle", "polarity", "enable"} {
		text, err := os.ReadFile(filepath.Join(pwmChip, "pwm0", name))
		if errors.Is(err, os.ErrNotExist) {
			return ""
		}
		must(t, err)
		all = append(all, strings.TrimSpace(string(text)))
	}
	return strings.Join(all, " ")
}

// TestPiezo: a piezo disc gets its tone while the cadence says so, from a channel in whatever state, and the channel is given back.
func TestPiezo(t *testing.T) {
	for _, c := range []struct {
		name, ringer string
		left         [][2]string // what another program wrote to the channel
		loud         string
	}{
		{"pin", "{kind: piezo, pin: 18}", nil, "434782 217391 normal 1"},
		{"named", "{kind: piezo, pin: 18, pwm: pwmchip0/0, hertz: 1000, active: low}", nil, "1000000 500000 inversed 1"},
		{"left on", "{kind: piezo, pin: 12, hertz: 4000}",
			[][2]string{{"period", "9000000"}, {"duty_cycle", "8000000"}, {"polarity", "inversed"}, {"enable", "1"}}, "250000 125000 normal 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.left != nil {
				must(t, os.WriteFile(filepath.Join(pwmChip, "export"), []byte("0"), 0))
			}
			for _, w := range c.left {
				must(t, os.WriteFile(filepath.Join(pwmChip, "pwm0", w[0]), []byte(w[1]), 0))
			}
			b := newBoard(t, "lamps: {power: {pin: 22}}\nringer: "+c.ringer)
			stop := running(t, b, func(e hal.Event) { t.Errorf("event %+v", e) })
			still := strings.TrimSuffix(c.loud, "1") + "0"
			until(t, "a silent channel", func() bool { return channel(t) == still })
			b.Ring(hal.Cadence{300 * time.Millisecond, 200 * time.Millisecond})
			for range 2 {
				until(t, "a tone", func() bool { return channel(t) == c.loud })
				began := time.Now()
				until(t, "the pause after it", func() bool { return channel(t) == still })
				if length := time.Since(began); length < 250*time.Millisecond || length > 350*time.Millisecond {
					t.Errorf("the tone lasts %s", length)
				}
			}
			until(t, "a tone", func() bool { return channel(t) == c.loud })
			if rpi.InUse(label, 18) {
				t.Error("the pin of the channel is in use as a line, too")
			}
			stop()
			if left := channel(t); left != "" {
				t.Errorf("the channel is still there: %s", left)
			}
		})
	}
}

// TestNoPiezo: a channel that is not there is told by file, line and field, and no pin stays open.
func TestNoPiezo(t *testing.T) {
	for ringer, want := range map[string]string{
		"{kind: piezo, pin: 18, pwm: pwmchip7/0}": "board.yaml:2: ringer: cannot be used: ringer: PWM channel pwmchip7/0: ",
		"{kind: piezo, pin: 18, pwm: pwmchip0/2}": "board.yaml:2: ringer: cannot be used: ringer: PWM channel pwmchip0/2: ",
	} {
		err := newBoard(t, "lamps: {power: {pin: 22}}\nringer: "+ringer).Open()
		if err == nil || !strings.HasPrefix(err.Error(), want) || rpi.InUse(label, 22) {
			t.Errorf("%s: %v, want %s", ringer, err, want)
		}
	}
}
