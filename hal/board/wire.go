package board

import "slices"

// wire goes from a terminal of a socket (header or expander) to a part: out to a lane of its own, along it, and to the part.
type wire struct {
	from   terminal
	toX    int
	toY    int  // of the lane's end
	up     bool // at toX it turns up to endY
	endY   int
	colour string
	lane   int
}

// terminal is where a wire leaves a socket, and to which side.
type terminal struct {
	x, y int
	left bool
}

// colours of wires, easy to tell apart on white.
var colours = [...]string{"#0969da", "#1a7f37", "#bc4c00", "#8250df", "#bf3989", "#9a6700", "#1b7c83"}

const (
	lanePitch = 9  // at most
	laneGap   = 10 // between the labels and the first lane, and the last lane and the parts
)

// span returns what a wire takes of its lane.
func (w wire) span() (top, bottom int) { return min(w.from.y, w.toY), max(w.from.y, w.toY) }

// assignLanes gives each wire the lane next to its socket that is free. Wires that go up are laid from the top, those that go down
// from the bottom: then wires that leave the header in the order of their parts never cross.
func assignLanes(wires []*wire) {
	order := slices.Clone(wires)
	slices.SortStableFunc(order, func(a, b *wire) int {
		aUp, bUp := a.toY < a.from.y, b.toY < b.from.y
		switch {
		case aUp != bUp && aUp:
			return -1
		case aUp != bUp:
			return 1
		case aUp:
			return a.from.y - b.from.y
		}
		return b.from.y - a.from.y
	})
	for i, w := range order {
		w.lane = 0
		top, bottom := w.span()
		for _, other := range order[:i] {
			t, b := other.span()
			if other.from.left == w.from.left && t <= bottom+4 && top <= b+4 {
				w.lane = max(w.lane, other.lane+1)
			}
		}
	}
}

// pitch is that of the lanes when all have to find room.
func pitch(wires []*wire, room int) int {
	last := 1
	for _, w := range wires {
		last = max(last, w.lane)
	}
	return min(lanePitch, (room-2*laneGap)/last)
}

// x is where the wire's lane is. Lanes are a pitch apart.
func (w *wire) x(pitch int) int {
	if w.from.left {
		return w.from.x - laneGap - w.lane*pitch
	}
	return w.from.x + laneGap + w.lane*pitch
}

// draw lays the wire.
func (w *wire) draw(s *sheet, pitch int) {
	switch {
	case w.up:
		s.path(w.colour, "none", 2, "M%d %dH%dV%dH%dV%d", w.from.x, w.from.y, w.x(pitch), w.toY, w.toX, w.endY)
		s.reach(w.toY)
	case w.toY == w.from.y:
		s.path(w.colour, "none", 2, "M%d %dH%d", w.from.x, w.from.y, w.toX)
	default:
		s.path(w.colour, "none", 2, "M%d %dH%dV%dH%d", w.from.x, w.from.y, w.x(pitch), w.toY, w.toX)
	}
}
