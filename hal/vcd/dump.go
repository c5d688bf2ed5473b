// Package vcd is the paper of the logic analyser: levels and words that change with time, as a Value Change Dump (IEEE 1364-2005,
// clause 18), which PulseView, sigrok-cli and GTKWave open.
//
// Time is in microseconds. A wire is one bit, a vector up to 64, a text is GTKWave's string variable; sigrok-cli reads wires and
// vectors and passes texts over. What a reader would trip over in a name or a text is written another way.
package vcd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"
)

// Kind is what a variable holds.
type Kind int

// The kinds.
const (
	Wire   Kind = iota // one bit
	Vector             // Width bits
	Text               // words
)

// MaxWidth is the width of the widest vector in bits.
const MaxWidth = 64

// Variable is something that changes with time.
type Variable struct {
	Scope string // the module that it is shown in; empty is the top
	Name  string
	Kind  Kind
	Width int // of a Vector in bits, 1 to MaxWidth
}

// Header tells what the dump is of. Date is left out when it is zero, texts when they are empty.
type Header struct {
	Date    time.Time
	Version string // of the program that has written it
	Comment string
}

// Errors of a Dump.
var (
	ErrBackwards = errors.New("vcd: time runs forwards only")
	ErrKind      = errors.New("vcd: the value is not one of this variable")
	ErrVariable  = errors.New("vcd: there is no such variable")
)

// Dump writes a Value Change Dump. A variable is its index in what Start was given.
type Dump struct {
	out  *bufio.Writer
	vars []Variable
	ids  []string
	last []Value
	now  int64
	due  bool // now has not been written yet
}

// Start writes the declarations, and the values that hold at an instant, 0 or later, in microseconds. A variable without an initial
// value is unknown, and a text without one is empty. Nothing is written when a variable or a value is refused.
func Start(w io.Writer, h Header, vars []Variable, at int64, initial []Value) (*Dump, error) {
	d := &Dump{out: bufio.NewWriter(w), vars: vars, now: at}
	if at < 0 {
		return nil, fmt.Errorf("%w: from 0, not %d", ErrBackwards, at)
	}
	for i, v := range vars {
		if v.Kind < Wire || v.Kind > Text || v.Kind == Vector && (v.Width < 1 || v.Width > MaxWidth) {
			return nil, fmt.Errorf("vcd: %q: a vector has 1 to %d bits, not %d", v.Name, MaxWidth, v.Width)
		}
		first := Unknown
		if i < len(initial) {
			first = initial[i]
		}
		if !first.fits(v) {
			return nil, fmt.Errorf("%w: %q", ErrKind, v.Name)
		}
		d.ids, d.last = append(d.ids, identifier(i)), append(d.last, first)
	}
	if err := d.declare(h); err != nil {
		return nil, err
	}
	d.stamp(at)
	d.print("$dumpvars\n")
	for i := range vars {
		d.value(i)
	}
	d.print("$end\n")
	return d, nil
}

// declare writes everything before the first instant.
func (d *Dump) declare(h Header) error {
	if !h.Date.IsZero() {
		d.print("$date %s $end\n", h.Date.Format(time.RFC3339Nano))
	}
	for _, s := range []struct{ name, text string }{{"version", h.Version}, {"comment", h.Comment}} {
		if s.text != "" {
			d.print("$%s %s $end\n", s.name, remark(s.text))
		}
	}
	d.print("$timescale 1 us $end\n")
	names := names(d.vars)
	for _, group := range scopes(d.vars) {
		scope := d.vars[group[0]].Scope
		if scope != "" {
			d.print("$scope module %s $end\n", Name(scope))
		}
		for _, i := range group {
			kind, width := "wire", 1
			switch d.vars[i].Kind {
			case Vector:
				width = d.vars[i].Width
			case Text:
				kind = "string"
			}
			d.print("$var %s %d %s %s $end\n", kind, width, d.ids[i], names[i])
		}
		if scope != "" {
			d.print("$upscope $end\n")
		}
	}
	d.print("$enddefinitions $end\n")
	return d.out.Flush()
}

// Change writes what a variable is from an instant on, in microseconds. A value that it has already is not written. The error is
// ErrBackwards, ErrVariable, ErrKind, or one of the writer.
func (d *Dump) Change(at int64, variable int, to Value) error {
	switch {
	case variable < 0 || variable >= len(d.vars):
		return fmt.Errorf("%w: %d", ErrVariable, variable)
	case !to.fits(d.vars[variable]):
		return fmt.Errorf("%w: %q", ErrKind, d.vars[variable].Name)
	case at < d.now:
		return fmt.Errorf("%w: %d after %d", ErrBackwards, at, d.now)
	case to == d.last[variable]:
		return nil
	}
	if at > d.now {
		d.now, d.due = at, true
	}
	if d.due {
		d.stamp(at)
		d.due = false
	}
	d.last[variable] = to
	return d.value(variable)
}

// End writes the instant up to which the values hold, and what is left to write.
func (d *Dump) End(at int64) error {
	if at < d.now {
		return fmt.Errorf("%w: %d after %d", ErrBackwards, at, d.now)
	}
	if at > d.now || d.due {
		d.now, d.due = at, false
		d.stamp(at)
	}
	return d.out.Flush()
}

func (d *Dump) stamp(at int64) { d.print("#%d\n", at) }

// value writes what a variable is. The writer remembers its error; the last one of a Dump is returned.
func (d *Dump) value(i int) error {
	v, id := d.last[i], d.ids[i]
	switch d.vars[i].Kind {
	case Wire:
		return d.print("%s%s\n", v.digits(1), id)
	case Vector:
		return d.print("b%s %s\n", v.digits(d.vars[i].Width), id)
	}
	return d.print("s%s %s\n", escape(v.text), id)
}

func (d *Dump) print(format string, args ...any) error {
	_, err := fmt.Fprintf(d.out, format, args...)
	return err
}
