package rpi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"

	"hilphone/hal/board"
	"hilphone/hal/contact"
)

// Registers of an MCP23017 with IOCON.BANK = 0, where those of port B follow those of port A: data sheet DS20001952, table 3-3. Bits of
// all of them are pins, A0 to A7 and B0 to B7.
const (
	regDirection = 0x00 // IODIR: 1 is an input
	regPolarity  = 0x02 // IPOL
	regInterrupt = 0x04 // GPINTEN: a change of the pin interrupts
	regCompare   = 0x08 // INTCON: 0 compares a pin with what it was
	regConfig    = 0x0a // IOCON, twice
	regPullUp    = 0x0c // GPPU
	regPins      = 0x12 // GPIO; reading it ends the interrupt
	regLatch     = 0x14 // OLAT
)

// configBits are MIRROR, either INT pin tells of both ports, and ODR, INT pulls low and has to be pulled up.
const configBits = 0x4444

// expander is an MCP23017. The driver in periph.io/x/devices, mcp23xxx, has no interrupts: WaitForEdge of its pins returns at
// once. Without them somebody would have to ask the bus all the time, and an idle board could not sleep. Eight registers are all there is to it.
type expander struct {
	bus     i2c.BusCloser
	address uint16
	rows    []int // its pins
	columns []int
	levels  uint16 // of all pins when they were read last
}

// openExpander makes inputs of all pins, with pull-ups but for buttons that have their own.
func openExpander(bus i2c.BusCloser, b *board.Board) (*expander, error) {
	x := &expander{bus: bus, address: uint16(b.Expander.Address)}
	pullUp, watched := uint16(0), uint16(0)
	if b.Keypad != nil && b.Keypad.Rows[0].Expander { // then all of them
		for _, p := range b.Keypad.Rows {
			x.rows = append(x.rows, p.Offset)
			pullUp |= 1 << p.Offset
		}
		for _, p := range b.Keypad.Columns {
			x.columns = append(x.columns, p.Offset)
			pullUp |= 1 << p.Offset
			watched |= 1 << p.Offset
		}
	}
	for _, button := range b.Buttons {
		if button.Pin.Expander {
			watched |= 1 << button.Pin.Offset
			if button.Pull == board.PullUp {
				pullUp |= 1 << button.Pin.Offset
			}
		}
	}
	for _, w := range [][2]uint16{
		{regConfig, configBits}, {regDirection, 0xffff}, {regLatch, 0}, {regPolarity, 0}, {regPullUp, pullUp}, {regCompare, 0}, {regInterrupt, watched},
	} {
		if err := x.write(byte(w[0]), w[1]); err != nil {
			return nil, errors.Join(err, bus.Close())
		}
	}
	if err := x.refresh(); err != nil {
		return nil, errors.Join(err, bus.Close())
	}
	return x, nil
}

func (x *expander) err(err error) error {
	return fmt.Errorf("expander at address 0x%02x of %s: %w", x.address, x.bus, err)
}

func (x *expander) write(register byte, bits uint16) error {
	if err := x.bus.Tx(x.address, binary.LittleEndian.AppendUint16([]byte{register}, bits), nil); err != nil {
		return x.err(err)
	}
	return nil
}

// refresh reads all pins, which ends the interrupt.
func (x *expander) refresh() error {
	var bits [2]byte
	if err := x.bus.Tx(x.address, []byte{regPins}, bits[:]); err != nil {
		return x.err(err)
	}
	x.levels = binary.LittleEndian.Uint16(bits[:])
	return nil
}

// close lets go of all pins.
func (x *expander) close() error {
	return errors.Join(x.write(regInterrupt, 0), x.write(regDirection, 0xffff), x.bus.Close())
}

var _ contact.Wires = (*expander)(nil)

// Drive implements contact.Wires. The latches of all rows are low: a row is driven by making an output of it.
func (x *expander) Drive(rows uint8) error {
	direction := uint16(0xffff)
	for i, pin := range x.rows {
		if rows&(1<<i) != 0 {
			direction &^= 1 << pin
		}
	}
	return x.write(regDirection, direction)
}

// Columns implements contact.Wires.
func (x *expander) Columns() (low uint8, err error) {
	if err := x.refresh(); err != nil {
		return 0, err
	}
	for i, pin := range x.columns {
		if x.levels&(1<<pin) == 0 {
			low |= 1 << i
		}
	}
	return low, nil
}

// button is a contact at the expander, as it was when the pins were read last.
type button struct {
	x      *expander
	pin    int
	active board.Level
}

func (b button) closed() (bool, error) {
	high := b.x.levels&(1<<b.pin) != 0
	return high == (b.active == board.High), nil
}

// wire is an I2C bus of the kernel: /dev/i2c-N. periph's own would start its driver for pins in /sys as well, which takes them from all other
// users.
type wire struct{ file *os.File }

const setAddress = 0x0703 // I2C_SLAVE of linux/i2c-dev.h

func openWire(bus int) (i2c.BusCloser, error) {
	f, err := os.OpenFile(fmt.Sprintf("/dev/i2c-%d", bus), os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("I2C bus %d (on a Raspberry Pi, is dtparam=i2c_arm=on in its config.txt?): %w", bus, err)
	}
	return &wire{f}, nil
}

func (w *wire) String() string { return w.file.Name() }

// SetSpeed implements i2c.Bus: the kernel decides.
func (w *wire) SetSpeed(physic.Frequency) error { return errors.New("the kernel sets the speed") }

// Tx implements i2c.Bus, with a stop between writing and reading; the expander keeps the register that was named.
func (w *wire) Tx(address uint16, out, in []byte) error {
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, w.file.Fd(), setAddress, uintptr(address)); e != 0 {
		return fmt.Errorf("choosing the address: %w", e)
	}
	if len(out) > 0 {
		if _, err := w.file.Write(out); err != nil {
			return err
		}
	}
	if len(in) > 0 {
		if _, err := w.file.Read(in); err != nil {
			return err
		}
	}
	return nil
}

func (w *wire) Close() error { return w.file.Close() }
