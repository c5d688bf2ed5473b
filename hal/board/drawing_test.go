package board

import (
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"hilphone/hal"
)

// TestDrawingTellsAll: every pin that is used is named with its part, at its place on the header.
func TestDrawingTellsAll(t *testing.T) {
	uses := 0
	for _, name := range Examples() {
		b, err := Example(name)
		if err != nil {
			t.Fatal(err)
		}
		uses += len(b.Uses())
		svg := b.SVG()
		words := texts(t, svg)
		for _, u := range b.Uses() {
			label := u.Pin.String()
			if u.Pin.Expander {
				label = "GP" + expanderName(u.Pin.Offset)
			}
			if !words[label+" · "+u.Part] {
				t.Errorf("%s: the drawing does not say that %s is %s", name, u.Pin, u.Part)
			}
		}
		for _, l := range b.LampNames() {
			if !words["lamp "+string(l)] {
				t.Errorf("%s: lamp %s is missing", name, l)
			}
		}
		if b.Keypad != nil {
			for _, row := range b.Keypad.Keys {
				for _, k := range row {
					if k != "" && !words[string(k)] {
						t.Errorf("%s: key %s is missing", name, k)
					}
				}
			}
		}
	}
	if uses != 43 {
		t.Errorf("the examples use %d pins", uses)
	}
}

// texts returns every text of a drawing, which has to be well-formed.
func texts(t *testing.T, svg []byte) map[string]bool {
	t.Helper()
	words := map[string]bool{}
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		token, err := d.Token()
		if err == io.EOF {
			return words
		}
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		if text, ok := token.(xml.CharData); ok {
			words[string(text)] = true
		}
	}
}

// TestNoTwoWiresShareALine: wires may cross, but where two run along one another nobody could tell which leads where.
func TestNoTwoWiresShareALine(t *testing.T) {
	boards := map[string]*Board{}
	for _, name := range Examples() {
		b, err := Example(name)
		if err != nil {
			t.Fatal(err)
		}
		boards[name] = b
	}
	for seed := range uint64(300) {
		text := randomBoard(rand.New(rand.NewPCG(seed, 1)))
		b, err := Parse(fmt.Sprintf("seed%d.yaml", seed), []byte(text))
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		boards[b.name()] = b
	}
	if len(boards) != 304 {
		t.Errorf("%d boards", len(boards))
	}
	for name, b := range boards {
		d := b.draw()
		pitch := pitch(d.wires, partEdge-labelWidth)
		if pitch < 5 {
			t.Errorf("%s: wires are %d pixels apart", name, pitch)
		}
		var laid []stretch
		for i, w := range d.wires {
			for _, s := range stretches(w, pitch) {
				for _, other := range laid {
					if other.wire != i && s.along(other) {
						t.Errorf("%s: the wires %v and %v share a line", name, s, other)
					}
				}
				s.wire = i
				laid = append(laid, s)
			}
		}
		if len(laid) == 0 {
			t.Errorf("%s: no wires", name)
		}
	}
}

// stretch is a straight piece of a wire.
type stretch struct{ x0, y0, x1, y1, wire int }

func (s stretch) along(o stretch) bool {
	overlap := func(a0, a1, b0, b1 int) bool { return max(min(a0, a1), min(b0, b1)) < min(max(a0, a1), max(b0, b1)) }
	switch {
	case s.y0 == s.y1 && o.y0 == o.y1 && s.y0 == o.y0:
		return overlap(s.x0, s.x1, o.x0, o.x1)
	case s.x0 == s.x1 && o.x0 == o.x1 && s.x0 == o.x0:
		return overlap(s.y0, s.y1, o.y0, o.y1)
	}
	return false
}

func stretches(w *wire, pitch int) []stretch {
	if w.toY == w.from.y && !w.up {
		return []stretch{{x0: w.from.x, y0: w.from.y, x1: w.toX, y1: w.toY}}
	}
	x := w.x(pitch)
	all := []stretch{{x0: w.from.x, y0: w.from.y, x1: x, y1: w.from.y}, {x0: x, y0: w.from.y, x1: x, y1: w.toY}, {x0: x, y0: w.toY, x1: w.toX, y1: w.toY}}
	if w.up {
		all = append(all, stretch{x0: w.toX, y0: w.toY, x1: w.toX, y1: w.endY})
	}
	return all
}

// randomBoard uses most pins of the header, without a plan.
func randomBoard(r *rand.Rand) string {
	pins := r.Perm(28)
	next := func() int {
		p := pins[0]
		pins = pins[1:]
		return p
	}
	var b strings.Builder
	rows, columns := 1+r.IntN(6), 1+r.IntN(6)
	list := func(n int) string {
		var words []string
		for range n {
			words = append(words, fmt.Sprint(next()))
		}
		return strings.Join(words, ", ")
	}
	fmt.Fprintf(&b, "keypad:\n  rows: [%s]\n  columns: [%s]\n  keys:\n", list(rows), list(columns))
	keys := hal.Keys()
	for i := range rows {
		var words []string
		for c := range columns {
			words = append(words, "'"+string(keys[i*columns+c])+"'")
		}
		fmt.Fprintf(&b, "    - [%s]\n", strings.Join(words, ", "))
	}
	fmt.Fprintf(&b, "hook: {pin: %d}\nringer: {pin: %d}\ndial: {pulse: %d, off_normal: %d}\nlamps:\n", next(), next(), next(), next())
	for _, l := range hal.Lamps()[:1+r.IntN(len(pins)-1)] {
		fmt.Fprintf(&b, "  %s: {pin: %d}\n", l, next())
	}
	return b.String()
}
