package rig

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Config is a rig as its file describes it.
type Config struct {
	File   string
	Chip   string        // label or name of the GPIO chip; auto is that of a Raspberry Pi's header
	Press  time.Duration // how long a key is held, 20 ms to 10 s; default 80 ms
	Gap    time.Duration // and the pause to the next; default 80 ms
	High   bool          // level of an output that closes its contact; default high
	Keys   map[string]Pin
	Matrix *Matrix // nil: there is none
	Hook   *Hook   // nil: nobody lifts the handset
	Lamps  map[string]Sensor
	Ringer *Sensor // nil: nobody listens
	Cadence

	lines map[string]int // of the file, by field
}

// Pin is a line of the chip: by its name, or by its offset if that is empty.
type Pin struct {
	Offset int
	Name   string
}

// String is the pin as people call it.
func (p Pin) String() string {
	if p.Name != "" {
		return "line " + p.Name
	}
	return "GPIO" + strconv.Itoa(p.Offset)
}

// Matrix is a keypad whose wires the rig joins: an output connects each row, and each column, with one common wire; a key is its row and its column.
type Matrix struct {
	Rows, Columns []Pin
	Keys          [][]string // by row and column; empty: no key
}

// Hook is the output that lifts the handset.
type Hook struct {
	Pin    Pin
	High   bool          // level while the handset is lifted; default high
	Settle time.Duration // what a relay takes to be still, 0 to 2 s; default 20 ms
}

// Sensor is an input that is active while a lamp is lit or a ringer sounds.
type Sensor struct {
	Pin  Pin
	High bool   // level while it is active; default low: a phototransistor or an opto-coupler that pulls down
	Pull string // up, down or none; default up
}

// Use is one pin and what it is for.
type Use struct {
	Field  string // of the file
	Part   string // as people call it: "key 1", "row 2", "hook", "lamp line1", "ringer"
	Pin    Pin
	Output bool
	High   bool // its active level
	Pull   string
}

const (
	hookPart   = "hook"
	ringerPart = "ringer"
)

// Uses is every pin of the rig: outputs, then sensors.
func (c *Config) Uses() (uses []Use) {
	out := func(field, part string, p Pin, high bool) { uses = append(uses, Use{field, part, p, true, high, ""}) }
	in := func(field, part string, s Sensor) {
		uses = append(uses, Use{field, part, s.Pin, false, s.High, s.Pull})
	}
	for _, key := range slices.SortedFunc(maps.Keys(c.Keys), byOrder) {
		out("keys."+written(key), "key "+key, c.Keys[key], c.High)
	}
	if m := c.Matrix; m != nil {
		for i, p := range m.Rows {
			out(fmt.Sprintf("matrix.rows[%d]", i), fmt.Sprintf("row %d", i+1), p, c.High)
		}
		for i, p := range m.Columns {
			out(fmt.Sprintf("matrix.columns[%d]", i), fmt.Sprintf("column %d", i+1), p, c.High)
		}
	}
	if c.Hook != nil {
		out("hook.pin", hookPart, c.Hook.Pin, c.Hook.High)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Lamps)) {
		in("lamps."+name+".pin", "lamp "+name, c.Lamps[name])
	}
	if c.Ringer != nil {
		in("ringer.pin", ringerPart, *c.Ringer)
	}
	return uses
}

// AllKeys are the keys that the rig can press: those that dial nothing first, digits last.
func (c *Config) AllKeys() (keys []string) {
	keys = slices.Collect(maps.Keys(c.Keys))
	if c.Matrix != nil {
		for _, row := range c.Matrix.Keys {
			keys = append(keys, slices.DeleteFunc(slices.Clone(row), func(k string) bool { return k == "" })...)
		}
	}
	slices.SortFunc(keys, byOrder)
	return keys
}

// byOrder sorts function keys before *, # and digits: whoever presses all of them does not dial a number.
func byOrder(a, b string) int {
	if len(a) != len(b) {
		return len(b) - len(a)
	}
	if a < b {
		return -1
	}
	return 1
}

// usesOf are the numbers of the uses of a part.
func (c *Config) usesOf(parts ...string) (found []int) {
	for i, u := range c.Uses() {
		if slices.Contains(parts, u.Part) {
			found = append(found, i)
		}
	}
	return found
}

// usesOfKey are the outputs that press a key; none: nobody can.
func (c *Config) usesOfKey(key string) []int {
	if _, ok := c.Keys[key]; ok {
		return c.usesOf("key " + key)
	}
	if c.Matrix != nil {
		for row, keys := range c.Matrix.Keys {
			if column := slices.Index(keys, key); column >= 0 && key != "" {
				return c.usesOf(fmt.Sprintf("row %d", row+1), fmt.Sprintf("column %d", column+1))
			}
		}
	}
	return nil
}

// written is the name of a key in a file: YAML has other plans for * and #.
func written(key string) string {
	switch key {
	case "*":
		return "star"
	case "#":
		return "pound"
	}
	return key
}
