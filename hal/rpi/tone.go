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
	period, polarity := second/max(r.Hertz, 1), "normal"
	if r.Active == board.Low {
		polarity = "inversed" // the kernel's word
	}
	// What another program has left there would be in the way: the pulse is never longer than the period, and the polarity of a channel
	// that is on stays. The kernel refuses this of a channel that nobody has used yet.
	_ = errors.Join(t.put("enable", "0"), t.put("duty_cycle", "0"))
	if err := errors.Join(t.put("period", strconv.Itoa(period)), t.put("duty_cycle", strconv.Itoa(period/2)), t.put("polarity", polarity), t.put("enable", "0")); err != nil {
		return nil, t.err(errors.Join(err, t.write("unexport", t.channel)))
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

func (t *tone) err(err error) error {
	return fmt.Errorf("PWM channel %s/%d: %w", filepath.Base(t.chip), t.channel, err)
}

// write writes an attribute of the chip.
func (t *tone) write(name string, n int) error {
	return os.WriteFile(filepath.Join(t.chip, name), []byte(strconv.Itoa(n)), 0)
}

// put writes an attribute of the channel.
func (t *tone) put(name, text string) error {
	return os.WriteFile(filepath.Join(t.chip, "pwm"+strconv.Itoa(t.channel), name), []byte(text), 0)
}

func (t *tone) set(on bool) error {
	if on == t.on {
		return nil
	}
	level := "0"
	if on {
		level = "1"
	}
	if err := t.put("enable", level); err != nil {
		return t.err(err)
	}
	t.on = on
	return nil
}

func (t *tone) close() error {
	return errors.Join(t.set(false), t.write("unexport", t.channel))
}
