// Package gpiochip is the GPIO chips of this computer and their lines, as periph's character-device driver has them: for the board that is the
// front of a phone, and for the rig that presses the keys of another. What hangs on a line is their affair.
//
// That driver has traps, each of which is closed here where its word stands in a comment: it returns levels without errors, takes zero for
// ever, loses the order to stop waiting, closes descriptors that are not its own, and finds chips once. The others of periph's drivers go
// past the kernel and are left alone.
package gpiochip

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/host/v3/gpioioctl"
)

// Auto, in the place of a chip's name, is the chip with the pins of a Raspberry Pi's header.
const Auto = "auto"

// Line is a line of a chip: periph's *gpioioctl.GPIOLine.
type Line interface {
	In(gpio.Pull, gpio.Edge) error
	Out(gpio.Level) error
	Read() gpio.Level // makes an input of an output
	WaitForEdge(time.Duration) bool
	Halt() error
	Close()
}

// ErrNoChip says that this computer does not have the chip that is meant.
var ErrNoChip = errors.New("this computer has no such GPIO chip")

// raspberries are the labels of the chips with the pins of a Raspberry Pi's header: models 1 to 3, 4 and 5.
var raspberries = [...]string{"pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"}

// OnRaspberryPi reports whether this computer has the pins of a Raspberry Pi's header.
func OnRaspberryPi() bool {
	found, _ := nodes() // what may not be looked at cannot be used
	return slices.ContainsFunc(found, func(n node) bool { return slices.Contains(raspberries[:], n.label) })
}

// Open finds a chip by its label or name, or Auto. The error wraps ErrNoChip if there is none. A program that opens chips does so before it opens
// anything else: when periph starts on a computer with two names for one chip, it closes a descriptor twice, and by the second time that may
// be somebody else's.
func Open(name string) (*Chip, error) {
	found, err := nodes()
	n, ok := choose(found, name)
	if !ok {
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, ErrNoChip, err)
		}
		names := []string{"none"}
		for i, n := range found {
			names = append(names[:i], n.String())
		}
		return nil, fmt.Errorf("%s: %w; it has %s", name, ErrNoChip, strings.Join(names, ", "))
	}
	known, err := periphChip(n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n, err)
	}
	f, err := os.Open(n.path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n, err)
	}
	return &Chip{n, f, known}, nil
}

// choose picks a chip by label or name. Numbers in names change with the kernel, labels do not.
func choose(found []node, name string) (node, bool) {
	slices.SortStableFunc(found, func(a, b node) int { return strings.Compare(a.label, b.label) })
	for _, fits := range []func(node) bool{
		func(n node) bool { return name == Auto && slices.Contains(raspberries[:], n.label) },
		func(n node) bool { return name == Auto && strings.HasPrefix(n.label, "pinctrl-") },
		func(n node) bool { return n.label == name },
		func(n node) bool { return n.name == name },
	} {
		if i := slices.IndexFunc(found, fits); i >= 0 {
			return found[i], true
		}
	}
	return node{}, false
}

// Chip is a chip of this computer.
type Chip struct {
	node
	file  *os.File // to ask questions only
	known *gpioioctl.GPIOChip
}

// Lines is how many lines it has.
func (c *Chip) Lines() int { return c.lines }

// State is what the kernel knows of a line, without asking for it.
func (c *Chip) State(offset int) (LineState, error) { return askLine(c.file, offset) }

// Alive returns an error when the chip is gone. A line of a chip that is gone reads low without an error.
func (c *Chip) Alive() error {
	_, err := askChip(c.file)
	return err
}

// Line is a line of the chip. Nobody has it until In or Out is called.
func (c *Chip) Line(offset int) (Line, error) {
	if offset < 0 || offset >= c.lines {
		return nil, fmt.Errorf("the chip has lines 0 to %d", c.lines-1)
	}
	return c.known.ByNumber(offset), nil
}

// Close lets the chip go; lines are closed each by itself.
func (c *Chip) Close() error { return c.file.Close() }

// periphChip returns periph's chip for a chip of this computer. periph looks for chips once and keeps the descriptor of each for ever;
// for a chip that went and came back that descriptor is made to mean the new one.
func periphChip(n node) (*gpioioctl.GPIOChip, error) {
	descriptors, err := startPeriph()
	if err != nil {
		return nil, err
	}
	for _, c := range gpioioctl.Chips {
		fd, ok := descriptors[c]
		if !ok || c.Label() != n.label || c.LineCount() != n.lines {
			continue
		}
		fresh, err := os.Open(n.path)
		if err != nil {
			return nil, err
		}
		defer fresh.Close()
		switch same, err := sameChip(fresh, fd); {
		case err != nil:
			return nil, err
		case same:
			return c, nil
		}
		if alive(fd) { // another chip with this label
			continue
		}
		if err := syscall.Dup3(int(fresh.Fd()), fd, syscall.O_CLOEXEC); err != nil {
			return nil, fmt.Errorf("reopening it: %w", err)
		}
		return c, nil
	}
	return nil, errors.New("it appeared after the program started: start the program again")
}

// sameChip tells whether a descriptor means the very chip of a file.
func sameChip(f *os.File, fd int) (bool, error) {
	var a, b syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &a); err != nil {
		return false, err
	}
	if err := syscall.Fstat(fd, &b); err != nil {
		return false, err
	}
	return a.Rdev == b.Rdev && a.Ino == b.Ino && alive(fd), nil
}

// alive tells whether the chip of a descriptor is still there.
func alive(fd int) bool {
	copied, err := syscall.Dup(fd)
	if err != nil {
		return false
	}
	f := os.NewFile(uintptr(copied), "chip")
	defer f.Close()
	_, err = askChip(f)
	return err == nil
}

// startPeriph starts periph's driver of character devices, and nothing else of periph, and returns the descriptor of each chip. It is done
// once for the whole process, as periph does.
var startPeriph = sync.OnceValues(func() (map[*gpioioctl.GPIOChip]int, error) {
	// When /dev has two names of one chip, periph closes descriptor 0, whoever's it is; and it takes a line with descriptor 0 for one that
	// it does not have yet. Descriptor 0 is taken here if nobody has it, and kept from being closed.
	kept, err := keepDescriptor0()
	if err != nil {
		return nil, fmt.Errorf("starting periph: %w", err)
	}
	before, err := chipDescriptors()
	if err == nil {
		_, err = driverreg.Init()
	}
	err = errors.Join(err, putDescriptor0(kept), syscall.Close(kept))
	if err != nil {
		return nil, fmt.Errorf("starting periph: %w", err)
	}
	after, err := chipDescriptors()
	if err != nil {
		return nil, fmt.Errorf("starting periph: %w", err)
	}
	descriptors := map[*gpioioctl.GPIOChip]int{}
	for _, c := range gpioioctl.Chips {
		path, err := filepath.EvalSymlinks(c.Path())
		if err != nil {
			continue // gone already
		}
		for fd, of := range after {
			if _, old := before[fd]; !old && of == path {
				descriptors[c] = fd
			}
		}
	}
	return descriptors, nil
})

func keepDescriptor0() (kept int, err error) {
	// The lowest free descriptor is taken: 0, if nobody has it.
	null, err := syscall.Open(os.DevNull, syscall.O_RDONLY, 0)
	if err != nil {
		return 0, err
	}
	if null != 0 {
		_ = syscall.Close(null) // nothing was written
	}
	kept, err = syscall.Dup(0)
	if err == nil {
		syscall.CloseOnExec(kept)
	}
	return kept, err
}

// putDescriptor0 makes descriptor 0 what was kept. The kernel answers EBUSY while another thread is about to get that number.
func putDescriptor0(kept int) error {
	const attempts = 1000
	var err error
	for range attempts {
		if err = syscall.Dup3(kept, 0, 0); !errors.Is(err, syscall.EBUSY) {
			break
		}
		runtime.Gosched()
	}
	return err
}

// chipDescriptors returns the descriptors of this process that are chips.
func chipDescriptors() (map[int]string, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, err
	}
	found := map[int]string{}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		of, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && strings.HasPrefix(of, "/dev/gpiochip") {
			found[fd] = of
		}
	}
	return found, nil
}
