package evidence

import (
	"io"
	"slices"
	"strings"

	"hilphone/hal/vcd"
)

// wave is how the levels of one name stand in gpio.vcd.
type wave struct {
	first int      // variable
	high  []string // values at which it is 1; nil: it is a word
	words []string // values that have a wire each besides, in the next variable
}

// two are the pairs of values that one wire can have, the high one second. A key is up or down; a peer that is up is in a call.
var two = [][2]string{{"off", "on"}, {"up", "down"}, {"0", "1"}}

// lit are what a lamp can be beside off; at those of blinking a wire tells how: lamp_NAME_slow.
var lit, blinking = []string{"on", "slow", "fast"}, []string{"slow", "fast"}

// writeWaves writes gpio.vcd: hook is 1 when lifted, a key when down, a lamp when it shows anything, and what has more values has a wire for
// each.
func writeWaves(w io.Writer, r Run, entries []Entry) error {
	levels, names, seen := levelsOf(entries)
	waves := map[string]wave{}
	var variables []vcd.Variable
	for _, name := range names {
		v := newWave(name, seen[name])
		v.first = len(variables)
		waves[name] = v
		if v.high != nil {
			variables = append(variables, vcd.Variable{Name: name})
		}
		if v.words != nil {
			variables = append(variables, vcd.Variable{Name: name, Words: v.words})
		}
	}
	d, err := vcd.Start(w, vcd.Header{Date: r.Started, Version: "hilphone", Comment: r.Name}, variables, 0, nil)
	if err != nil {
		return err
	}
	for _, l := range levels {
		if err := waves[l.Name].change(d, l); err != nil {
			return err
		}
	}
	end := r.Duration
	if len(levels) > 0 {
		end = max(end, levels[len(levels)-1].At)
	}
	return d.End(max(0, end).Microseconds())
}

// newWave chooses how the values of a name are written.
func newWave(name string, seen []string) wave {
	switch noun, _, _ := strings.Cut(name, " "); noun {
	case "lamp":
		return wave{high: lit, words: blinking}
	case "hook":
		return wave{high: []string{"off"}}
	case "peer", "call":
		return wave{words: seen}
	}
	for _, pair := range two {
		if !slices.ContainsFunc(seen, func(s string) bool { return s != pair[0] && s != pair[1] }) {
			return wave{high: []string{pair[1]}}
		}
	}
	return wave{words: seen}
}

// change writes a level.
func (v wave) change(d *vcd.Dump, l Level) error {
	at, next := l.At.Microseconds(), v.first
	if v.high != nil {
		if err := d.Change(at, next, vcd.Bit(slices.Contains(v.high, l.Value))); err != nil {
			return err
		}
		next++
	}
	if v.words != nil {
		return d.Change(at, next, vcd.Word(l.Value))
	}
	return nil
}
