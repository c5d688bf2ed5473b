package ladder

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Style is the style sheet within a file that stands alone. A page that shows the file as it is allows it by its hash.
const Style = `svg{color-scheme:light dark;font:12px system-ui,"Segoe UI",Roboto,sans-serif;fill:#1a1916}
.paper{fill:#fbfaf7}line,.l{stroke:#1a1916;stroke-width:1.5;fill:none}.grid{stroke:#858176;stroke-width:1}
.b{fill:#b9440a}line.b,.l.b{stroke:#b9440a}.l.b{fill:none}line.b{stroke-dasharray:6 4}.d{fill:#59564d}.k{font-weight:600}.m{text-anchor:middle}.inv{fill:#fbfaf7;stroke:none}
text{paint-order:stroke;stroke:#fbfaf7;stroke-width:4px}.re{opacity:.6}.lab line{stroke-dasharray:1 4}.hit{fill:none}.whole{stroke-dasharray:none}
@media (prefers-color-scheme:dark){svg{fill:#eceae1}.paper{fill:#1b1b18}line,.l{stroke:#eceae1}.grid{stroke:#7d796e}
.b{fill:#ff9348}line.b,.l.b{stroke:#ff9348}.l.b{fill:none}.d{fill:#aca89b}.inv{fill:#1b1b18}text{stroke:#1b1b18}.inv{stroke:none}}`

const fileWidth = 900 // pixels

// File draws the ladder as a file that stands alone.
func (l Ladder) File() []byte {
	d := newDrawing(l)
	fmt.Fprintf(&d.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d"><title>%s</title><style>%s</style><rect class="paper" width="100%%" height="100%%"/>`,
		fileWidth, d.foot+4, fileWidth, d.foot+4, text(d.Title), Style)
	d.draw()
	return d.b.Bytes()
}

// Inline draws the ladder for a page, whose style sheet has the classes: p b f o d k m e as in every drawing of the phone, msg for a
// message, re for one that was sent again, lab for one that only a server saw, wide for what narrow screens go without.
func (l Ladder) Inline() []byte {
	d := newDrawing(l)
	fmt.Fprintf(&d.b, `<svg class="draw" height="%d" role="group" aria-label="%s">`, d.foot+4, text(d.Title))
	d.draw()
	return d.b.Bytes()
}

type drawing struct {
	Ladder
	b    bytes.Buffer
	all  []row
	foot int
}

func newDrawing(l Ladder) *drawing {
	d := &drawing{Ladder: l.complete()}
	d.all, d.foot = d.rows()
	return d
}

func (d *drawing) draw() {
	for i, lane := range d.Lanes {
		x, class := d.x(i), ""
		switch {
		case lane.Dashed:
			class = ` class="b"`
		case lane.Faint:
			class = ` class="grid"`
		}
		fmt.Fprintf(&d.b, `<text class="k m" x="%.2f%%" y="14">%s</text><text class="d m wide" x="%.2f%%" y="29">%s</text><line%s x1="%.2f%%" x2="%.2f%%" y1="36" y2="%d"/>`,
			x, text(cmp.Or(lane.Title, lane.Name)), x, text(lane.Address), class, x, x, d.foot)
		d.b.WriteByte('\n')
	}
	for i, r := range d.all {
		switch {
		case r.message != nil:
			d.message(r)
		case r.mark != nil && r.mark.Change:
			d.change(i)
		case r.mark != nil:
			d.mark(r)
		default:
			d.silence(r.silence, r.y)
		}
		d.b.WriteByte('\n')
	}
	d.b.WriteString("</svg>\n")
}

// message draws an arrow, with its text in the gap beside the far lane.
func (d *drawing) message(r row) {
	m := r.message
	from, to := d.lane(m.From), d.lane(m.To)
	x1, x2 := d.x(from), d.x(to)
	label, note := d.what(m)
	if r.again > 0 {
		note = fmt.Sprintf("%s (%d)", d.Words.Again, r.again)
	}
	class := "msg"
	if r.again > 0 {
		class += " re"
	}
	if m.Beside {
		class += " lab"
	}
	if m.Label != "" {
		class += " net"
	}
	way := fmt.Sprintf(d.Words.To, cmp.Or(d.Lanes[from].Title, m.From), cmp.Or(d.Lanes[to].Title, m.To))
	name := escape(shorten(fmt.Sprintf("%s %s, %s", d.clock(r.at), shorten(label, maxText), way), 3*maxText))
	if note != "" {
		name += escape(", " + shorten(note, maxText))
	}
	attributes := ""
	if m.ID != "" {
		attributes += ` id="` + escape(m.ID) + `"`
	}
	if m.Current {
		attributes += ` aria-current="true"`
	}
	element := "g"
	if m.Link != "" {
		element = "a"
		attributes += ` href="` + escape(m.Link) + `" data-swap=""`
	}
	dashes := ""
	if d.Lanes[from].Dashed || d.Lanes[to].Dashed {
		dashes = "b"
	}
	head := "M-7-4 0 0-7 4"
	if to < from {
		head = "M7-4 0 0 7 4"
	}
	first, rest := label, ""
	if strings.HasPrefix(m.Start, "SIP/") { // of a status line narrow screens have the number alone
		first, rest, _ = strings.Cut(label, " ")
	}
	if rest != "" && rest != "OK" {
		rest = `<tspan class="wide"> ` + escape(shorten(rest, 28)) + `</tspan>`
	} else if rest != "" {
		rest = " " + rest
	}
	far := max(from, to)
	middle := (d.x(far-1) + d.x(far)) / 2
	fmt.Fprintf(&d.b, `<%s%s class="%s"><title>%s</title><rect class="hit" x="0" y="%d" width="100%%" height="%d"/><text class="d" x="2" y="%d">%s</text><line class="%s" x1="%.2f%%" x2="%.2f%%" y1="%d" y2="%d"/><svg x="%.2f%%" y="%d" overflow="visible"><path class="l %s" d="%s"/></svg><text class="m" x="%.2f%%" y="%d"><tspan class="k">%s%s</tspan>`,
		element, attributes, class, name, r.y-rowStep+8, rowStep-2, r.y+1, d.shortened(r.at), dashes, x1, x2, r.y, r.y, x2, r.y, dashes, head, middle, r.y-5, escape(shorten(first, 28)), rest)
	if note != "" {
		fmt.Fprintf(&d.b, `<tspan class="wide d"> %s</tspan>`, escape(shorten(note, 28)))
	}
	fmt.Fprintf(&d.b, "</text></%s>", element)
}

// what says what a message is, and what one would look for in it: first of all what could not be read.
func (d *drawing) what(m *Message) (label, note string) {
	if m.Label != "" {
		return m.Label, m.Note
	}
	if m.Start == "" {
		return d.Words.NoSIP, fmt.Sprintf(d.Words.Octets, len(m.Raw))
	}
	label, note = What(m.Start, m.Raw)
	return label, cmp.Or(m.Fault, note)
}

// shortened is the time of a row, on narrow screens without the hour.
func (d *drawing) shortened(at time.Time) string {
	clock := d.clock(at)
	if hour, rest, ok := strings.Cut(clock, ":"); ok {
		return `<tspan class="wide">` + hour + `:</tspan>` + rest
	}
	return clock
}

// change draws a failover or a failback as a bar over the full width, and the wait that led to it beside the silent lane.
func (d *drawing) change(i int) {
	r := d.all[i]
	fmt.Fprintf(&d.b, `<rect class="b" x="0" y="%d" width="100%%" height="24"/><text class="inv k" x="4" y="%d">%s</text><text class="inv k" x="%.2f%%" y="%d">%s`,
		r.y-20, r.y-4, d.shortened(r.at), d.x(0)+1.5, r.y-4, text(r.mark.Text))
	if r.mark.Note != "" {
		fmt.Fprintf(&d.b, `<tspan class="wide"> · %s</tspan>`, escape(shorten(r.mark.Note, 2*maxText)))
	}
	d.b.WriteString("</text>")
	first, ok := d.waited(d.all, i)
	if lane := d.lane(r.mark.Silent); ok && lane > 0 {
		x := d.x(lane) + 5
		if lane == len(d.Lanes)-1 {
			x = d.x(lane) - 5
		}
		until, y := r.at, r.y-20
		if next, ok := d.turned(d.all[:i], first); ok {
			until, y = next.at, next.y
		}
		d.dimension(x, first.y, y, length(until.Sub(first.at)))
	}
}

// dimension is a length as in a technical drawing.
func (d *drawing) dimension(x float64, y1, y2 int, words string) {
	fmt.Fprintf(&d.b, `<line x1="%.2f%%" x2="%.2f%%" y1="%d" y2="%d" class="b whole"/><svg x="%.2f%%" y="%d" overflow="visible"><path class="l b" d="M-4 7 0 0 4 7M-6 0H6"/></svg><svg x="%.2f%%" y="%d" overflow="visible"><path class="l b" d="M-4-7 0 0 4-7M-6 0H6"/></svg><text class="k m" x="%.2f%%" y="%d">%s</text>`,
		x, x, y1, y2, x, y1, x, y2, x, (y1+y2)/2+4, words)
}

// mark draws a diamond on the first lane.
func (d *drawing) mark(r row) {
	fmt.Fprintf(&d.b, `<text class="d" x="2" y="%d">%s</text><svg x="%.2f%%" y="%d" overflow="visible"><path class="b" d="M-5 0 0-5 5 0 0 5Z"/></svg><text x="%.2f%%" y="%d">%s`,
		r.y, d.shortened(r.at), d.x(0), r.y-4, d.x(0)+1.5, r.y, text(r.mark.Text))
	if r.mark.Note != "" {
		fmt.Fprintf(&d.b, `<tspan class="wide d"> %s</tspan>`, text(r.mark.Note))
	}
	d.b.WriteString("</text>")
}

func (d *drawing) silence(of time.Duration, y int) {
	fmt.Fprintf(&d.b, `<text class="d" x="2" y="%d">%s</text><line class="grid" x1="%.2f%%" x2="100%%" y1="%d" y2="%d" stroke-dasharray="1 5"/>`,
		y+6, length(of), d.x(0), y+2, y+2)
}
