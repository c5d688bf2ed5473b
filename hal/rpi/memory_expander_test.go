package rpi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"
)

// MemoryExpander is a chip in memory with an MCP23017 beside it, whose INT hangs on one of the chip's lines: its registers as the data
// sheet has them. Lines 0 to 15 are the expander's pins, all others the chip's.
type MemoryExpander struct {
	*MemoryChip
	Int int

	mu        sync.Mutex
	registers [0x16]byte
	outside   uint16 // levels that others bring pins to
	last      uint16 // levels when the pins were read last
	broken    bool
}

// Install puts a board onto chip and expander.
func (x *MemoryExpander) Install(b *Board) {
	x.outside = 0xffff
	x.MemoryChip.Install(b)
	b.from.bus = func(number int) (i2c.BusCloser, error) {
		if number != 1 {
			return nil, fmt.Errorf("there is no bus %d", number)
		}
		return x, nil
	}
}

func (x *MemoryExpander) register(r byte) uint16 { return binary.LittleEndian.Uint16(x.registers[r:]) }

// levels are those of the pins: of an output its latch.
func (x *MemoryExpander) levels() uint16 {
	in := x.register(regDirection)
	return in&x.outside | ^in&x.register(regLatch)
}

// tell drives INT: low while a watched pin is not what it was when it was read last.
func (x *MemoryExpander) tell() {
	if x.register(regConfig) != configBits {
		return
	}
	quiet := (x.levels()^x.last)&x.register(regInterrupt) == 0
	_ = x.MemoryChip.Pull(x.Int, quiet) // the chip is never unplugged here
}

// Pull brings a pin or a line to a level from outside.
func (x *MemoryExpander) Pull(line int, up bool) error {
	if line > 15 {
		return x.MemoryChip.Pull(line, up)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.outside &^= 1 << line; up {
		x.outside |= 1 << line
	}
	x.tell()
	return nil
}

// Level is the level of a pin or a line.
func (x *MemoryExpander) Level(line int) (bool, error) {
	if line > 15 {
		return x.MemoryChip.Level(line)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.levels()>>line&1 == 1, nil
}

// Unplug takes the bus away, Plug brings it back with the expander as it is after a loss of power.
func (x *MemoryExpander) Unplug() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.broken = true
	_ = x.MemoryChip.Pull(x.Int, false) // its wire is loose as well
	return nil
}

// Plug is described at Unplug.
func (x *MemoryExpander) Plug() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.broken = false
	x.registers = [0x16]byte{0: 0xff, 1: 0xff}
	return nil
}

// String, SetSpeed, Tx and Close are the bus.
func (x *MemoryExpander) String() string                  { return "memory bus" }
func (x *MemoryExpander) SetSpeed(physic.Frequency) error { return nil }
func (x *MemoryExpander) Close() error                    { return nil }
func (x *MemoryExpander) Tx(a uint16, out, in []byte) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if a != 0x20 || x.broken {
		return errors.New("nobody answers")
	}
	r := out[0]
	copy(x.registers[r:], out[1:])
	binary.LittleEndian.PutUint16(x.registers[regPins:], x.levels())
	copy(in, x.registers[r:])
	if r == regPins && len(in) == 2 {
		x.last = x.levels()
	}
	x.tell()
	return nil
}
