package rpi

import (
	"periph.io/x/conn/v3/gpio"

	"hilphone/hal/contact"
	"hilphone/hal/gpiochip"
)

// Wire puts a board onto simulated wires: settle lets the columns of its keypad follow the rows, and asked is called with each line that has
// been asked for as an input.
func Wire(b *Board, settle func(), asked func(offset int)) { WireLate(b, settle, asked, func() {}) }

// WireLate is Wire with a function that is called whenever a line has been read.
func WireLate(b *Board, settle func(), asked func(offset int), read func()) {
	b.hands.settle = settle
	find := b.from.chip
	b.from.chip = func(name string) (chip, error) {
		c, err := find(name)
		if err != nil {
			return nil, err
		}
		return wiredChip{c, asked, read}, nil
	}
}

// Scan opens a board and returns what reads its keypad once.
func Scan(b *Board) (scan func() (contact.Scan, error), err error) {
	if err := b.Open(); err != nil {
		return nil, err
	}
	return contact.Scanner{Wires: b.open.wires, Rows: b.hands.rows, Settle: b.hands.settle}.Scan, nil
}

type wiredChip struct {
	chip
	asked func(int)
	read  func()
}

func (c wiredChip) Line(offset int) (line, error) {
	l, err := c.chip.Line(offset)
	return wiredLine{l, func() { c.asked(offset) }, c.read}, err
}

type wiredLine struct {
	line
	asked, read func()
}

func (l wiredLine) Level() (gpio.Level, error) {
	defer l.read()
	return l.line.Level()
}

func (l wiredLine) In(p gpio.Pull, e gpio.Edge) error {
	err := l.line.In(p, e)
	if err == nil {
		l.asked()
	}
	return err
}

// InUse reports whether somebody has a line of the chip of that label.
func InUse(label string, offset int) bool {
	c, err := gpiochip.Open(label)
	if err != nil {
		return false
	}
	defer c.Close()
	s, err := c.State(offset)
	return err == nil && s.Used
}

// Look has a board look at its contacts.
func Look(b *Board) { b.look() }
