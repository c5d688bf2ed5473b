package rpi

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"hilphone/hal/board"
)

// pwmFolder is where the kernel shows its PWM channels. periph has no kernel PWM.
const pwmFolder = "/sys/class/pwm"

// tone is a PWM channel that feeds a piezo disc.
type tone struct {
	chip    string // folder of the PWM chip
	channel int
	on      bool
}

// channels are the PWM channels of the header's pins: on the models up to 4 they share two, the Raspberry Pi 5 has four.
var (
	channels    = map[int]int{12: 0, 13: 1, 18: 0, 19: 1}
	channelsRP1 = map[int]int{12: 0, 13: 1, 18: 2, 19: 3}
)

// openTone takes the channel of a ringer and sets its frequency.
func openTone(folder string, r board.Ringer) (*tone, error) {
	t, err := findTone(folder, r)
	if err != nil {
		return nil, err
	}
	if err := t.write("export", t.channel); err != nil && !errors.Is(err, syscall.EBUSY) { // exported already
		return nil, t.err(err)
	}
	const second = 1_000_000_000 // in ns
	period := second / max(r.Hertz, 1)
	dir := t.dir()
	errs := []error{t.write(filepath.Join(dir, "period"), period), t.write(filepath.Join(dir, "duty_cycle"), period/2)}
	if r.Active == board.Low {
		errs = append(errs, os.WriteFile(filepath.Join(t.chip, dir, "polarity"), []byte("inversed"), 0)) // the kernel's word
	}
	if err := errors.Join(append(errs, t.write(filepath.Join(dir, "enable"), 0))...); err != nil {
		return nil, t.err(err)
	}
	return t, nil
}

// findTone finds the channel: the one that the board file names, or that of the pin.
func findTone(folder string, r board.Ringer) (*tone, error) {
	if r.PWM != "" {
		chip, channel, _ := strings.Cut(r.PWM, "/")
		n, err := strconv.Atoi(channel)
		return &tone{chip: filepath.Join(folder, chip), channel: n}, err
	}
	chips, err := filepath.Glob(filepath.Join(folder, "pwmchip*"))
	if err != nil {
		return nil, err
	}
	for _, chip := range chips {
		text, err := os.ReadFile(filepath.Join(chip, "npwm"))
		if err != nil {
			continue
		}
		switch n, _ := strconv.Atoi(strings.TrimSpace(string(text))); n {
		case 2:
			return &tone{chip: chip, channel: channels[r.Pin.Offset]}, nil
		case 4:
			return &tone{chip: chip, channel: channelsRP1[r.Pin.Offset]}, nil
		}
	}
	return nil, fmt.Errorf("%s has no PWM channel for %s: on a Raspberry Pi, is dtoverlay=pwm in its config.txt?", folder, r.Pin)
}

func (t *tone) dir() string { return "pwm" + strconv.Itoa(t.channel) }

func (t *tone) err(err error) error {
	return fmt.Errorf("PWM channel %s/%d: %w", filepath.Base(t.chip), t.channel, err)
}

func (t *tone) write(name string, n int) error {
	return os.WriteFile(filepath.Join(t.chip, name), []byte(strconv.Itoa(n)), 0)
}

func (t *tone) set(on bool) error {
	if on == t.on {
		return nil
	}
	n := 0
	if on {
		n = 1
	}
	if err := t.write(filepath.Join(t.dir(), "enable"), n); err != nil {
		return t.err(err)
	}
	t.on = on
	return nil
}

func (t *tone) close() error {
	return errors.Join(t.set(false), t.write("unexport", t.channel))
}
