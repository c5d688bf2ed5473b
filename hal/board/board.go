// Package board is the piece of paper beside the soldering iron: which key, hook, lamp and bell hangs on which pin.
//
// A board file is YAML. Table describes every field of it; Default is the board of the wiring drawing, for the 40-pin header of a
// Raspberry Pi, and Examples are others. Reading a file touches no hardware. What is read has been checked: no pin is used twice,
// keys and lamps exist, times are possible. Every error is a *FieldError that names file, line and field; errors.Join holds several.
package board

import (
	"time"

	"hilphone/hal"
	"hilphone/hal/contact"
)

// Board is what hangs on which pin. Sections that the file does not have are nil.
type Board struct {
	// Chip is the GPIO chip by its label ("pinctrl-bcm2835", "pinctrl-rp1") or name ("gpiochip0"), or Auto: the first chip whose label
	// begins with "pinctrl-", which on every Raspberry Pi has the header's pins.
	Chip     string
	Timings  Timings
	Keypad   *Keypad
	Buttons  []Button
	Hook     *Hook
	Dial     *Dial
	Lamps    map[hal.Lamp]Lamp
	Ringer   *Ringer
	Expander *Expander

	source source
}

// Auto is the chip of a Raspberry Pi's header, whatever its model calls it.
const Auto = "auto"

// Level is the level of a pin.
type Level string

// The levels.
const (
	Low  Level = "low"
	High Level = "high"
)

// Pull is the resistor that holds an input while its contact is open.
type Pull string

// The pulls.
const (
	PullUp   Pull = "up"
	PullDown Pull = "down"
	NoPull   Pull = "none" // there is one on the board outside
)

// Timings of keypad and buttons.
type Timings struct {
	Debounce time.Duration
	Scan     time.Duration
	Stuck    time.Duration // 0 is never
}

// Keypad is a matrix of keys. Rows are driven low, columns have pull-ups.
type Keypad struct {
	Rows    []Pin
	Columns []Pin
	Keys    [][]hal.Key // by row and column; empty where there is no key
	Diodes  bool
}

// Button is a key with a pin of its own.
type Button struct {
	Pin    Pin
	Key    hal.Key
	Active Level // while it is down
	Pull   Pull
}

// Hook is the switch under the handset.
type Hook struct {
	Pin      Pin
	Active   Level // while the handset is lifted
	Pull     Pull
	Debounce time.Duration
	Flash    bool
	FlashKey hal.Key
	FlashMin time.Duration
	FlashMax time.Duration
}

// Speed is how many pulses a dial makes in a second.
type Speed string

// The speeds.
const (
	TenPPS    Speed = "10"
	TwentyPPS Speed = "20" // Japan
)

// Dial is a rotary dial.
type Dial struct {
	Pulse     Pin
	OffNormal *Pin  // nil: the dial has one contact
	Active    Level // while a contact is closed
	Pull      Pull
	Speed     Speed // pulses a second
	Coding    contact.Coding
	Debounce  time.Duration
	MinBreak  time.Duration
	MaxBreak  time.Duration
	Gap       time.Duration
}

// Lamp is a light, or whatever else a transistor switches.
type Lamp struct {
	Pin    Pin
	Active Level // while it is lit
}

// Sound is what makes the noise of a ringer.
type Sound string

// The sounds.
const (
	Buzzer Sound = "buzzer" // sounds while its pin is active: an active buzzer, a relay that switches a bell
	Bell   Sound = "bell"   // a bell coil behind a driver: its pin follows the ringing current, 16 to 25 Hz
	Piezo  Sound = "piezo"  // a disc that has to be fed its tone: a PWM channel
)

// Ringer is what sounds when someone calls.
type Ringer struct {
	Kind    Sound
	Pin     Pin
	Active  Level           // while it sounds
	Country contact.Country // empty: the cadence that the phone asks for
	Hertz   int             // of a bell's current or a piezo's tone
	PWM     string          // of a piezo: chip and channel, "pwmchip0/0"
}

// Expander is an MCP23017 on the I2C bus: 16 more pins for keypad and buttons.
type Expander struct {
	Chip    string // "mcp23017"
	Bus     int    // /dev/i2c-N
	Address int    // 0x20 to 0x27
	Int     Pin    // the pin that INTA or INTB hangs on; both are joined inside the expander
}

// Cadence returns the cadence in which the ringer sounds when the phone asks for c.
func (r Ringer) Cadence(c hal.Cadence) hal.Cadence {
	if own := r.Country.Cadence(); len(c) > 0 && len(own) > 0 {
		return own
	}
	return c
}

// LampNames returns the lamps of the board in the phone's order.
func (b *Board) LampNames() []hal.Lamp {
	var names []hal.Lamp
	for _, l := range hal.Lamps() {
		if _, ok := b.Lamps[l]; ok {
			names = append(names, l)
		}
	}
	return names
}

// KeypadConfig returns what contact.NewKeypad needs; the board has a keypad.
func (b *Board) KeypadConfig() contact.KeypadConfig {
	c := contact.KeypadConfig{
		Device: "keypad", Keys: b.Keypad.Keys, Diodes: b.Keypad.Diodes,
		Debounce: b.Timings.Debounce, Scan: b.Timings.Scan, Stuck: b.Timings.Stuck,
	}
	return c
}

// ButtonConfig returns what contact.NewButton needs for the button of that index.
func (b *Board) ButtonConfig(i int) contact.ButtonConfig {
	button := b.Buttons[i]
	return contact.ButtonConfig{
		Device: "button " + string(button.Key) + " on " + button.Pin.String(), Key: button.Key,
		Debounce: b.Timings.Debounce, Stuck: b.Timings.Stuck,
	}
}

// Config returns what contact.NewHook needs.
func (h Hook) Config() contact.HookConfig {
	c := contact.HookConfig{Device: "hook on " + h.Pin.String(), Debounce: h.Debounce, FlashMin: h.FlashMin, FlashMax: h.FlashMax}
	if h.Flash {
		c.Flash = h.FlashKey
	}
	return c
}

// Config returns what contact.NewDial needs.
func (d Dial) Config() contact.DialConfig {
	return contact.DialConfig{
		Device: "dial on " + d.Pulse.String(), Coding: d.Coding, OffNormal: d.OffNormal != nil,
		Debounce: d.Debounce, MinBreak: d.MinBreak, MaxBreak: d.MaxBreak, Gap: d.Gap,
	}
}
