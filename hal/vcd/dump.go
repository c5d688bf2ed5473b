// Package vcd writes levels and words that change with time as a Value Change Dump (IEEE 1364-2005, clause 18), which PulseView, sigrok-cli
// and GTKWave open.
//
// Time is in microseconds. The dump has wires of one bit alone, the only type that all of these programs read without a warning: a variable
// with words has a wire for each of them. What a reader would trip over in a name is written another way.
package vcd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"
)

// Variable is something that changes with time.
type Variable struct {
	Scope string   // the module that it is shown in; empty is the top
	Name  string   // of its wire, or the first part of the names of its wires
	Words []string // what it can be; empty: it is a bit
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
	out   *bufio.Writer
	vars  []Variable
	wires [][]wire // of each variable
	last  []Value
	now   int64
	due   bool // now has not been written yet
}

// Start writes the declarations, and the values that hold at an instant, 0 or later, in microseconds. A variable without an initial
// value is unknown. Nothing is written when a value is refused.
func Start(w io.Writer, h Header, vars []Variable, at int64, initial []Value) (*Dump, error) {
	d := &Dump{out: bufio.NewWriter(w), vars: vars, now: at}
	if at < 0 {
		return nil, fmt.Errorf("%w: from 0, not %d", ErrBackwards, at)
	}
	for i, v := range vars {
		first := Unknown
		if i < len(initial) {
			first = initial[i]
		}
		if !first.fits(v) {
			return nil, fmt.Errorf("%w: %q", ErrKind, v.Name)
		}
		d.last = append(d.last, first)
	}
	d.wires = wires(vars)
	if err := d.declare(h); err != nil {
		return nil, err
	}
	d.stamp(at)
	d.print("$dumpvars\n")
	for i := range vars {
		for _, w := range d.wires[i] {
			d.print("%c%s\n", w.level(d.last[i]), w.id)
		}
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
	for i, v := range d.vars {
		if text := legend(v, d.wires[i]); text != "" {
			d.print("$comment %s $end\n", remark(text))
		}
	}
	for _, group := range scopes(d.vars) {
		scope := d.vars[group[0]].Scope
		if scope != "" {
			d.print("$scope module %s $end\n", Name(scope))
		}
		for _, i := range group {
			for _, w := range d.wires[i] {
				d.print("$var wire 1 %s %s $end\n", w.id, w.name)
			}
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
	before := d.last[variable]
	d.last[variable] = to
	return d.value(variable, before)
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

// value writes the wires of a variable that are at another level than before. The writer remembers its error; the last one is returned.
func (d *Dump) value(i int, before Value) (err error) {
	for _, w := range d.wires[i] {
		level := w.level(d.last[i])
		if level == w.level(before) {
			continue
		}
		if d.due {
			d.stamp(d.now)
			d.due = false
		}
		err = d.print("%c%s\n", level, w.id)
	}
	return err
}

func (d *Dump) print(format string, args ...any) error {
	_, err := fmt.Fprintf(d.out, format, args...)
	return err
}
