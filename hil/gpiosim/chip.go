// Package gpiosim is a chip of GPIO pins and the world outside of it: the kernel's gpio-sim, whose pins are pulled up and down by files.
// What is wired to the pins is played by Keypad and by whoever calls Pull.
//
// It needs a Linux with gpio-sim and the rights to configure it: the guest of hil/gpiovm.
package gpiosim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

const configFolder = "/sys/kernel/config/gpio-sim"

// ErrUnplugged is what a line of an unplugged chip answers.
var ErrUnplugged = errors.New("the chip is unplugged")

// Chip is one simulated chip. Its methods are safe from any goroutine.
type Chip struct {
	config string // its folder in configfs

	mu     sync.RWMutex
	pulls  []*os.File // none while the chip is unplugged
	values []*os.File
}

// NewChip makes a chip with a label and as many lines as there are names; an empty name is a line without one. The device names the chip
// in configfs and must be free.
func NewChip(device, label string, names []string) (*Chip, error) {
	c := &Chip{config: filepath.Join(configFolder, device)}
	if err := c.describe(label, names); err != nil {
		return nil, fmt.Errorf("chip %s: %w", device, err)
	}
	return c, c.Plug()
}

func (c *Chip) describe(label string, names []string) error {
	bank := filepath.Join(c.config, "bank0")
	if err := os.MkdirAll(bank, 0o755); err != nil {
		return err
	}
	for i, name := range names {
		if name == "" {
			continue
		}
		folder := filepath.Join(bank, "line"+strconv.Itoa(i))
		if err := os.Mkdir(folder, 0o755); err != nil {
			return err
		}
		if err := put(filepath.Join(folder, "name"), name); err != nil {
			return err
		}
	}
	return errors.Join(put(filepath.Join(bank, "num_lines"), strconv.Itoa(len(names))), put(filepath.Join(bank, "label"), label))
}

// Plug makes the chip appear. All pulls are down then.
func (c *Chip) Plug() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := put(filepath.Join(c.config, "live"), "1"); err != nil {
		return err
	}
	device, err := get(filepath.Join(c.config, "dev_name"))
	if err != nil {
		return err
	}
	chip, err := get(filepath.Join(c.config, "bank0", "chip_name"))
	if err != nil {
		return err
	}
	lines, err := get(filepath.Join(c.config, "bank0", "num_lines"))
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(lines)
	if err != nil {
		return fmt.Errorf("%s: number of lines: %w", c.config, err)
	}
	for i := range n {
		folder := filepath.Join("/sys/devices/platform", device, chip, "sim_gpio"+strconv.Itoa(i))
		pull, err := os.OpenFile(filepath.Join(folder, "pull"), os.O_RDWR, 0)
		if err != nil {
			return err
		}
		c.pulls = append(c.pulls, pull)
		value, err := os.Open(filepath.Join(folder, "value"))
		if err != nil {
			return err
		}
		c.values = append(c.values, value)
	}
	return nil
}

// Unplug makes the chip disappear, whoever uses it.
func (c *Chip) Unplug() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range append(c.pulls, c.values...) {
		_ = f.Close() // was only read, or written at once
	}
	c.pulls, c.values = nil, nil
	return put(filepath.Join(c.config, "live"), "0")
}

// Remove unplugs the chip and forgets it.
func (c *Chip) Remove() error {
	errs := []error{c.Unplug()}
	lines, err := filepath.Glob(filepath.Join(c.config, "bank0", "line*"))
	errs = append(errs, err)
	for _, l := range lines {
		errs = append(errs, os.Remove(l))
	}
	return errors.Join(append(errs, os.Remove(filepath.Join(c.config, "bank0")), os.Remove(c.config))...)
}

// Pull drives a line from outside. While the chip's user drives it as an output the pull waits. The kernel sets the pull anew when the
// line is asked for with a bias.
func (c *Chip) Pull(line int, up bool) error {
	pull := "pull-down"
	if up {
		pull = "pull-up"
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if len(c.pulls) == 0 {
		return ErrUnplugged
	}
	_, err := c.pulls[line].WriteAt([]byte(pull), 0)
	return err
}

// Level is the level of a line at this instant, whoever drives it.
func (c *Chip) Level(line int) (high bool, err error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if len(c.values) == 0 {
		return false, ErrUnplugged
	}
	var digit [4]byte
	if n, err := c.values[line].ReadAt(digit[:], 0); n == 0 {
		return false, err
	}
	return digit[0] == '1', nil
}

func put(file, text string) error { return os.WriteFile(file, []byte(text), 0o644) }

func get(file string) (string, error) {
	text, err := os.ReadFile(file)
	return strings.TrimSpace(string(text)), err
}
