package board

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Measures of the drawing.
const (
	drawingWidth = 1220
	middle       = drawingWidth / 2
	pinPitch     = 27
	headerTop    = 112
	labelWidth   = 184 // of the labels on each side of a socket
	partEdge     = 306 // from the middle to the parts
)

// drawing is a wiring drawing in the making.
type drawing struct {
	*Board
	sheet
	terminals map[Pin]terminal
	part      map[Pin]Use
	wires     []*wire
	bottom    int // of the socket drawn last
}

// SVG returns a wiring drawing of the board: the 40-pin header, or the lines of another chip, with every pin that is used and all
// that hangs on it. It is made of the board alone, so that it cannot tell anything else than the program does.
func (b *Board) SVG() []byte {
	d := b.draw()
	var used []string
	for _, u := range b.Uses() {
		used = append(used, u.Part+" "+u.Pin.String())
	}
	return d.svg(drawingWidth, "Wiring of the board "+b.name(), strings.Join(used, ", "))
}

// name is that of the file, without its folder.
func (b *Board) name() string {
	return strings.TrimSuffix(filepath.Base(b.source.file), filepath.Ext(b.source.file))
}

func (b *Board) draw() *drawing {
	d := &drawing{Board: b, terminals: map[Pin]terminal{}, part: map[Pin]Use{}}
	for _, u := range b.Uses() {
		d.part[u.Pin] = u
	}
	d.text(middle, 34, "middle", "head", "Wiring of the board “"+b.name()+"”")
	d.text(middle, 56, "middle", "small", "pins take 3.3 V at most; every ground symbol leads to any GND pin, every 3V3 and 5V to that of the header")
	d.bottom = headerTop
	if ofHeader(b.Chip) {
		d.header()
	}
	d.otherLines()
	if b.Expander != nil {
		d.expander()
	}
	d.beside()
	if b.Keypad != nil {
		d.keypad()
	}
	assignLanes(d.wires)
	for _, w := range d.wires {
		w.draw(&d.sheet, pitch(d.wires, partEdge-labelWidth))
	}
	return d
}

// colour returns that of the wire of a pin.
func (d *drawing) colour(p Pin) string {
	uses := d.Uses()
	return colours[slices.IndexFunc(uses, func(u Use) bool { return u.Pin == p })%len(colours)]
}

// header draws the 40-pin header as one looks at it with the USB sockets below.
func (d *drawing) header() {
	d.rect(middle-34, d.bottom-18, 68, 20*pinPitch+8, 6, "#1b1f24", ink)
	d.text(middle, d.bottom-24, "middle", "small", "40-pin header, USB sockets below")
	for i, h := range header40 {
		x, y, left := middle-17, d.bottom+i/2*pinPitch, i%2 == 0
		if !left {
			x = middle + 17
		}
		pin := Pin{Offset: h.gpio}
		use, used := d.part[pin]
		fill, label := "#6e7781", h.name
		switch {
		case h.name == "GND":
			fill = "#000000"
		case h.gpio < 0:
			fill = "#cf222e"
		case d.isBus(h.gpio):
			fill, label = "#1b7c83", h.name+" · expander "+map[int]string{0: "SDA", 1: "SCL"}[h.gpio%2]
			used = true
		case used:
			fill, label = d.colour(pin), h.name+" · "+use.Part
		}
		d.pin(x, y, left, fill, fmt.Sprint(i+1), label, used || h.gpio < 0, use.wired())
		if h.gpio >= 0 {
			d.terminals[pin] = terminal{d.edge(left), y, left}
		}
	}
	d.bottom += 20*pinPitch + 8
}

// isBus reports whether a pin is a wire of the expander's bus.
func (d *drawing) isBus(gpio int) bool {
	x := d.Expander
	return x != nil && x.Bus <= 1 && gpio >= 0 && gpio/2 == x.Bus
}

// edge is where wires leave the labels.
func (d *drawing) edge(left bool) int {
	if left {
		return middle - labelWidth
	}
	return middle + labelWidth
}

// pin draws one pin of a socket and its label; a label that has a wire stands on it.
func (d *drawing) pin(x, y int, left bool, fill, number, label string, used, wired bool) {
	d.circle(x, y, 10, fill, paper)
	d.text(x, y+4, "middle", "pin", number)
	class := "unused"
	if used {
		class = "used"
	}
	base := y + 4
	if wired {
		base = y - 4
	}
	if left {
		d.text(middle-44, base, "end", class, label)
	} else {
		d.text(middle+44, base, "start", class, label)
	}
}

// otherLines draws the lines that are not on the header.
func (d *drawing) otherLines() {
	var lines []Use
	for _, u := range d.Uses() {
		if _, ok := d.terminals[u.Pin]; !ok && !u.Pin.Expander {
			lines = append(lines, u)
		}
	}
	if len(lines) == 0 {
		return
	}
	d.bottom += 30
	rows := (len(lines) + 1) / 2
	d.rect(middle-34, d.bottom-18, 68, rows*pinPitch+8, 6, "#1b1f24", ink)
	d.text(middle, d.bottom-24, "middle", "small", "lines of chip "+d.Chip)
	for i, u := range lines {
		x, y, left := middle-17, d.bottom+i%rows*pinPitch, i < rows
		if !left {
			x = middle + 17
		}
		number := fmt.Sprint(u.Pin.Offset)
		if u.Pin.Name != "" {
			number = ""
		}
		d.pin(x, y, left, d.colour(u.Pin), number, strings.TrimPrefix(u.Pin.String(), "line ")+" · "+u.Part, true, u.wired())
		d.terminals[u.Pin] = terminal{d.edge(left), y, left}
	}
	d.bottom += rows*pinPitch + 8
}

// expander draws the MCP23017 as one looks at it, pin 1 at the top left. What leads to the header is told, not drawn.
func (d *drawing) expander() {
	d.bottom += 40
	x := d.Expander
	d.rect(middle-34, d.bottom-18, 68, 14*pinPitch+8, 6, "#424a53", ink)
	d.path(paper, "#ffffff", 1, "M%d %da8 8 0 0 0 16 0z", middle-8, d.bottom-18)
	d.text(middle, d.bottom-24, "middle", "small", fmt.Sprintf("MCP23017 at address 0x%02x of I2C bus %d", x.Address, x.Bus))
	fixed := map[string]string{
		"VDD": "VDD · 3V3", "VSS": "VSS · GND", "RESET": "RESET · 3V3",
		"SDA": "SDA · " + d.busWire(0), "SCL": "SCL · " + d.busWire(1), "INTA": "INTA · " + d.pinText(x.Int), "INTB": "",
	}
	for i := range 3 {
		fixed[fmt.Sprintf("a%d", i)] = fmt.Sprintf("A%d · %s", i, [...]string{"GND", "3V3"}[x.Address>>i&1])
	}
	for i, name := range dip28 {
		px, y, left := middle-17, d.bottom+i*pinPitch, true
		if i >= 14 {
			px, y, left = middle+17, d.bottom+(27-i)*pinPitch, false
		}
		label, isFixed := fixed[name]
		fill, used, wired := "#6e7781", isFixed && label != "", false
		if used {
			fill = "#1b7c83"
		}
		if pin, err := parsePin(expanderPrefix + name); err == nil {
			label = "GP" + name
			if use, ok := d.part[pin]; ok {
				label, fill, used, wired = label+" · "+use.Part, d.colour(pin), true, true
			}
			d.terminals[pin] = terminal{d.edge(left), y, left}
		}
		d.pin(px, y, left, fill, fmt.Sprint(i+1), label, used, wired)
	}
	d.bottom += 14*pinPitch + 8
}

// busWire names SDA (0) or SCL (1) of the expander's bus.
func (d *drawing) busWire(n int) string {
	if d.Expander.Bus <= 1 && ofHeader(d.Chip) {
		return d.pinText(Pin{Offset: 2*d.Expander.Bus + n})
	}
	return fmt.Sprintf("bus %d", d.Expander.Bus)
}

// pinText names a pin and its place on the header.
func (d *drawing) pinText(p Pin) string {
	if n := d.HeaderPin(p); n > 0 {
		return fmt.Sprintf("%s, pin %d", p, n)
	}
	return p.String()
}

// connect lays a wire from a pin to a point.
func (d *drawing) connect(p Pin, w wire) {
	w.from, w.colour = d.terminals[p], d.colour(p)
	d.path(w.colour, "none", 2, "M%d %dH%d", middle+28*sign(w.from.x-middle), w.from.y, w.from.x)
	d.wires = append(d.wires, &w)
}

// beside draws the parts to the left and right of the sockets, each on the side of its pin and as near to its height as there is
// room.
func (d *drawing) beside() {
	parts := d.parts()
	slices.SortStableFunc(parts, func(a, b drawnPart) int { return d.terminals[a.pin].y - d.terminals[b.pin].y })
	free := map[bool]int{true: headerTop - small, false: headerTop - small}
	for _, p := range parts {
		from := d.terminals[p.pin]
		y := max(free[from.left]+p.above, from.y)
		free[from.left] = y + p.below
		at := place{x0: middle + partEdge, y: y, dir: 1}
		if from.left {
			at = place{x0: middle - partEdge, y: y, dir: -1}
		}
		p.draw(&d.sheet, at)
		d.connect(p.pin, wire{toX: at.x0, toY: y})
	}
}
