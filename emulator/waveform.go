package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"sort"
	"time"

	"hilphone/emulator/phone"
	"hilphone/hal/vcd"
	"hilphone/hal/virtual"
)

// maxEdges bounds a waveform: a lamp that blinks for a month would make one of 100 MB. It begins later then.
const maxEdges = 1 << 17

// phoneStates are what the phone can be doing, each a wire in the dump.
var phoneStates = []string{
	string(phone.Idle), string(phone.DialTone), string(phone.Dialling), string(phone.Calling), string(phone.Ringback), string(phone.Ringing), string(phone.Talking),
	string(phone.Held), string(phone.BusyTone), string(phone.Failed),
}

// waveform is the waves drawn from one instant to another.
type waveform struct {
	waves    *waves
	spans    []span
	from, to int64
}

// span is a time in which something on the front did not change.
type span struct {
	change
	end int64
}

// edge is a level, or a word, that another follows.
type edge struct {
	at       int64
	variable int
	to       vcd.Value
}

func newWaveform(w *waves, now int64) *waveform {
	from, before, changes := w.kept()
	f := &waveform{waves: w, from: from, to: now}
	for _, c := range changes {
		if last, ok := before[c.name]; ok {
			f.spans = append(f.spans, span{last, c.at})
		}
		before[c.name] = c
		f.to = max(f.to, c.at)
	}
	for _, c := range before {
		f.spans = append(f.spans, span{c, f.to})
	}
	return f
}

// begin chooses where the waveform begins: not before since, and so that maxEdges will do.
func (f *waveform) begin(since int64) {
	first := min(max(since, f.from), f.to)
	const second = 1_000_000
	seconds := sort.Search(int((f.to-first)/second)+1, func(n int) bool { return f.edges(first+int64(n)*second) <= maxEdges })
	f.from = min(first+int64(seconds)*second, f.to)
}

// edges is how many edges there are at most from an instant on.
func (f *waveform) edges(from int64) (n int64) {
	for _, s := range f.spans {
		if s.end <= from {
			continue
		}
		n++
		if rhythm := f.waves.rhythm(s.change); len(rhythm) > 1 {
			var period time.Duration
			for _, d := range rhythm {
				period += d
			}
			n += (s.end - max(s.at, from)) * int64(len(rhythm)) / max(period.Microseconds(), 1)
		}
	}
	return n
}

// write writes the waveform as a Value Change Dump.
func (f *waveform) write(w io.Writer) error {
	vars, index := f.variables()
	initial := make([]vcd.Value, len(vars))
	var edges []edge
	for _, s := range f.spans {
		if s.end < f.from || s.end == f.from && s.end < f.to {
			continue
		}
		for _, e := range f.draw(s, index) {
			if e.at <= f.from {
				initial[e.variable] = e.to
			} else {
				edges = append(edges, e)
			}
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.at, b.at), a.variable-b.variable) })
	h := vcd.Header{Date: f.began(), Version: "hilphone " + version, Comment: "0 is the start of the phone, as in mono_us"}
	if f.from > 0 {
		h.Comment += fmt.Sprintf("; this begins %d us after it", f.from)
	}
	d, err := vcd.Start(w, h, vars, f.from, initial)
	if err != nil {
		return fmt.Errorf("writing the waveform: %w", err)
	}
	for _, e := range edges {
		if err := d.Change(e.at, e.variable, e.to); err != nil {
			return fmt.Errorf("writing the waveform: %w", err)
		}
	}
	return d.End(f.to)
}

// began is when the phone was started.
func (f *waveform) began() time.Time {
	now, us := f.waves.journal.Clock()
	return now.Add(-time.Duration(us) * time.Microsecond).Round(time.Microsecond)
}

// variables are the phone's state, and the inputs and outputs by their names in GET /io.
func (f *waveform) variables() (vars []vcd.Variable, index map[string]int) {
	index = map[string]int{stateName: 0}
	vars = append(vars, vcd.Variable{Scope: "phone", Name: stateName, Words: phoneStates})
	for _, n := range virtual.New().Names() {
		index[n.Name] = len(vars)
		vars = append(vars, vcd.Variable{Scope: "board", Name: n.Name})
	}
	return vars, index
}

// draw makes the edges of a span from the beginning of the waveform on.
func (f *waveform) draw(s span, index map[string]int) (edges []edge) {
	at := max(s.at, f.from)
	if s.name == stateName {
		return []edge{{at, index[stateName], vcd.Word(s.to)}}
	}
	for {
		on, rest := f.waves.levelAt(s.change, at)
		edges = append(edges, edge{at, index[s.name], vcd.Bit(on)})
		if at += rest.Microseconds(); rest.Microseconds() <= 0 || at >= s.end {
			return edges
		}
	}
}
