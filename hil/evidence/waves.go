package evidence

import (
	"io"
	"slices"
	"strings"

	"hilphone/hal/vcd"
)

// wave is how the levels of one name stand in gpio.vcd: as one wire, or as several of which each is a value.
type wave struct {
	first    int // variable
	high     []string
	patterns []string // that have a wire of their own, after the first
	words    bool
}

// maxWires is how many values have wires; a name with more is a text.
const maxWires = 16

// two are the pairs of values that one wire can have, the high one second.
var two = [][2]string{{"off", "on"}, {"up", "down"}, {"0", "1"}}

// writeWaves writes gpio.vcd. All readers know wires, so a level is one: hook is 1 when lifted, a key when down, a lamp when it shows anything
// (lamp_NAME_slow and lamp_NAME_fast tell how), and what has more values has a wire for each. The display is a text.
func writeWaves(w io.Writer, r Run, entries []Entry) error {
	levels, names, seen := levelsOf(entries)
	waves := map[string]wave{}
	var variables []vcd.Variable
	for _, name := range names {
		waves[name], variables = newWave(name, seen[name], variables)
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

// newWave adds the variables of a name.
func newWave(name string, seen []string, variables []vcd.Variable) (wave, []vcd.Variable) {
	noun, _, _ := strings.Cut(name, " ")
	v := wave{first: len(variables)}
	wire := func(parts ...string) {
		variables = append(variables, vcd.Variable{Name: strings.ReplaceAll(strings.Join(parts, "_"), " ", "_")})
	}
	if noun == "lamp" {
		wire(name)
		v.high, v.patterns = []string{"on", "slow", "fast"}, []string{"slow", "fast"}
		for _, p := range v.patterns {
			wire(name, p)
		}
		return v, variables
	}
	if noun == "hook" {
		wire(name)
		v.high = []string{"off"}
		return v, variables
	}
	for _, pair := range two {
		if !slices.ContainsFunc(seen, func(s string) bool { return s != pair[0] && s != pair[1] }) {
			wire(name)
			v.high = []string{pair[1]}
			return v, variables
		}
	}
	if v.words = noun == "display" || len(seen) > maxWires; v.words {
		wire(name)
		variables[v.first].Kind = vcd.Text
		return v, variables
	}
	for i, value := range seen {
		wire(name, value)
		if i == 0 {
			v.high = []string{value}
		} else {
			v.patterns = append(v.patterns, value)
		}
	}
	return v, variables
}

// change writes a level.
func (v wave) change(d *vcd.Dump, l Level) error {
	at := l.At.Microseconds()
	if v.words {
		return d.Change(at, v.first, vcd.Words(l.Value))
	}
	if err := d.Change(at, v.first, vcd.Bit(slices.Contains(v.high, l.Value))); err != nil {
		return err
	}
	for i, p := range v.patterns {
		if err := d.Change(at, v.first+1+i, vcd.Bit(l.Value == p)); err != nil {
			return err
		}
	}
	return nil
}
