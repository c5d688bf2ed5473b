package board

import (
	"slices"
	"testing"
)

// Wires that go up are laid first, from the top, then those that go down or straight, from the bottom; each gets the lane next to the socket that is free.
func TestLanes(t *testing.T) {
	laid := func(from, to int, left bool) *wire {
		return &wire{from: terminal{y: from, left: left}, toY: to}
	}
	for _, c := range []struct {
		name  string
		wires []*wire
		want  []int
	}{
		{"apart", []*wire{laid(100, 50, true), laid(200, 250, true), laid(300, 300, true)}, []int{0, 0, 0}},
		{"of two sides", []*wire{laid(100, 50, true), laid(100, 50, false)}, []int{0, 0}},
		{"up", []*wire{laid(110, 60, true), laid(100, 50, true), laid(120, 70, true)}, []int{1, 0, 2}},
		{"down", []*wire{laid(100, 150, true), laid(120, 170, true), laid(110, 160, true)}, []int{2, 0, 1}},
		{"up, straight and down", []*wire{laid(110, 60, true), laid(100, 100, true), laid(90, 140, true)}, []int{0, 1, 2}},
		{"straight, down and up", []*wire{laid(100, 100, true), laid(90, 140, true), laid(110, 60, true)}, []int{1, 2, 0}},
		{"five pixels apart", []*wire{laid(100, 50, true), laid(105, 150, true)}, []int{0, 0}},
		{"four pixels apart", []*wire{laid(100, 50, true), laid(104, 150, true)}, []int{0, 1}},
	} {
		assignLanes(c.wires)
		var got []int
		for _, w := range c.wires {
			got = append(got, w.lane)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: lanes %v, want %v", c.name, got, c.want)
		}
	}
}
