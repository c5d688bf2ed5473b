package evidence

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"hilphone/hal/vcd"
)

// wave is one name's levels as they stand in gpio.vcd.
type wave struct {
	variable vcd.Variable
	values   []string // that a vector counts through, from 0
}

// patterns are what a lamp can do, in the order of the numbers that the board's own dump has for them.
var patterns = []string{"off", "on", "slow", "fast"}

// writeWaves writes gpio.vcd: a wire for what has two values, a vector of two bits for a lamp (0 off, 1 on, 2 slow, 3 fast), a text for all else.
func writeWaves(w io.Writer, r Run, entries []Entry) error {
	var levels []Level
	var names []string
	seen := map[string][]string{}
	for _, e := range entries {
		l := Level{At: max(0, e.At), From: e.From}
		if e.Kind != LevelKind || json.Unmarshal(e.Data, &l) != nil {
			continue
		}
		if _, known := seen[l.Name]; !known {
			names = append(names, l.Name)
		}
		if !slices.Contains(seen[l.Name], l.Value) {
			seen[l.Name] = append(seen[l.Name], l.Value)
		}
		levels = append(levels, l)
	}
	slices.SortStableFunc(levels, func(a, b Level) int { return int(a.At - b.At) })
	waves, number := map[string]wave{}, map[string]int{}
	var variables []vcd.Variable
	for i, name := range names {
		waves[name], number[name] = waveOf(name, seen[name]), i
		variables = append(variables, waves[name].variable)
	}
	d, err := vcd.Start(w, vcd.Header{Date: r.Started, Version: "hilphone", Comment: r.Name}, variables, 0, nil)
	if err != nil {
		return err
	}
	for _, l := range levels {
		if err := d.Change(l.At.Microseconds(), number[l.Name], waves[l.Name].value(l.Value)); err != nil {
			return err
		}
	}
	end := r.Duration
	if len(levels) > 0 {
		end = max(end, levels[len(levels)-1].At)
	}
	return d.End(max(0, end).Microseconds())
}

func waveOf(name string, seen []string) wave {
	noun, which, _ := strings.Cut(name, " ")
	v := vcd.Variable{Name: strings.ReplaceAll(name, " ", "_"), Kind: vcd.Text}
	if which != "" {
		v.Scope, v.Name = noun, which
	}
	all := func(of ...string) bool {
		return !slices.ContainsFunc(seen, func(s string) bool { return !slices.Contains(of, s) })
	}
	switch {
	case noun == "lamp" && all(patterns...):
		v.Kind, v.Width = vcd.Vector, 2
		return wave{v, patterns}
	case noun == "hook" && all("on", "off"): // 1 is the handset lifted
		v.Kind = vcd.Wire
		return wave{v, []string{"on", "off"}}
	case all("off", "on"):
		v.Kind = vcd.Wire
		return wave{v, []string{"off", "on"}}
	case all("up", "down"):
		v.Kind = vcd.Wire
		return wave{v, []string{"up", "down"}}
	case all("0", "1"):
		v.Kind = vcd.Wire
		return wave{v, []string{"0", "1"}}
	}
	return wave{variable: v}
}

func (w wave) value(of string) vcd.Value {
	if w.variable.Kind == vcd.Text {
		return vcd.Words(of)
	}
	return vcd.Number(uint64(slices.Index(w.values, of)))
}
