package board

import (
	"fmt"
	"slices"
)

// keypad draws rows and columns below the sockets: a row is met on the side of its pin, a column from below.
func (d *drawing) keypad() {
	k := d.Keypad
	pitchX, pitchY := min(64, 336/len(k.Columns)), 38
	width, height := pitchX*len(k.Columns), pitchY*len(k.Rows)
	left, top := middle-width/2, d.bottom+34
	for r := 0; r < len(k.Rows); r++ {
		if d.taken(top + r*pitchY + pitchY/2 + 2) {
			top, r = top+1, -1
		}
	}
	d.text(middle, top-10, "middle", "part", fmt.Sprintf("keypad, %d × %d", len(k.Rows), len(k.Columns)))
	d.rect(left-8, top-2, width+16, height+8, 8, "#f6f8fa", faint)
	for r, pin := range k.Rows {
		y := top + r*pitchY + pitchY/2 + 2
		x0, x1 := left+pitchX/2, left+width-pitchX/2
		edge := left - 8
		if t := d.terminals[pin]; t.left {
			x0 = left - 8
		} else {
			x1, edge = left+width+8, left+width+8
		}
		d.path(d.colour(pin), "none", 2, "M%d %dH%d", x0, y, x1)
		d.connect(pin, wire{toX: edge, toY: y})
	}
	d.columns(left, top, pitchX, pitchY)
	for r := range k.Rows {
		for c := range k.Columns {
			d.key(left+c*pitchX+pitchX/2, top+r*pitchY+pitchY/2+2, pitchX, string(k.Keys[r][c]))
		}
	}
	d.bottom = top + height + 20 + 11*len(k.Columns)
	if k.Diodes {
		d.text(middle, d.bottom+18, "middle", "small", "a diode 1N4148 in each key, cathode to the row")
	} else {
		d.text(middle, d.bottom+18, "middle", "small", "rows are driven low one after the other, columns are read")
	}
}

// columns lays the columns: of those that come from one side, the outermost lane goes lowest.
func (d *drawing) columns(left, top, pitchX, pitchY int) {
	k := d.Keypad
	bottom := top + pitchY*len(k.Rows) + 6
	fromRight := 0
	for _, pin := range k.Columns {
		if !d.terminals[pin].left {
			fromRight++
		}
	}
	right, leftmost := fromRight, fromRight
	for c, pin := range k.Columns {
		x := left + c*pitchX + pitchX/2
		var depth int // each its own, or two wires would seem to be one
		if d.terminals[pin].left {
			leftmost++
			depth = leftmost
		} else {
			depth = right
			right--
		}
		y := bottom + 11*depth
		for d.taken(y) {
			y += 2
		}
		d.path(d.colour(pin), "none", 2, "M%d %dV%d", x, top+pitchY/2+2, bottom)
		d.connect(pin, wire{toX: x, toY: y, up: true, endY: bottom})
	}
}

// taken reports whether a wire ends at that height already.
func (d *drawing) taken(y int) bool {
	return slices.ContainsFunc(d.wires, func(w *wire) bool { return w.toY == y })
}

// key draws a key where its row and its column meet.
func (d *drawing) key(x, y, pitch int, name string) {
	if name == "" {
		return
	}
	w := min(pitch-8, 56)
	d.rect(x-w/2, y-12, w, 24, 5, paper, ink)
	if len(name)*8 > w {
		d.squeezed(x, y+4, w-6, "key", name)
	} else {
		d.text(x, y+4, "middle", "key", name)
	}
}
