package board

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// sheet is paper for an SVG drawing. Lengths are in pixels.
type sheet struct {
	body bytes.Buffer
	low  int // the lowest thing drawn
}

const (
	ink   = "#24292f"
	faint = "#8c959f"
	paper = "#ffffff"
)

func (s *sheet) reach(y int) { s.low = max(s.low, y) }

func escape(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return "" // a strings.Builder takes everything
	}
	return b.String()
}

// text writes; anchor is start, middle or end.
func (s *sheet) text(x, y int, anchor, class, text string) {
	s.reach(y + 6)
	fmt.Fprintf(&s.body, `<text x="%d" y="%d" text-anchor="%s" class="%s">%s</text>`+"\n", x, y, anchor, class, escape(text))
}

// squeezed writes in the middle of a width that is too small for the text.
func (s *sheet) squeezed(x, y, width int, class, text string) {
	s.reach(y + 6)
	fmt.Fprintf(&s.body, `<text x="%d" y="%d" text-anchor="middle" textLength="%d" lengthAdjust="spacingAndGlyphs" class="%s">%s</text>`+"\n", x, y, width, class, escape(text))
}

func (s *sheet) rect(x, y, w, h, round int, fill, stroke string) {
	s.reach(y + h)
	fmt.Fprintf(&s.body, `<rect x="%d" y="%d" width="%d" height="%d" rx="%d" fill="%s" stroke="%s"/>`+"\n", x, y, w, h, round, fill, stroke)
}

func (s *sheet) circle(x, y, r int, fill, stroke string) {
	s.reach(y + r)
	fmt.Fprintf(&s.body, `<circle cx="%d" cy="%d" r="%d" fill="%s" stroke="%s"/>`+"\n", x, y, r, fill, stroke)
}

func (s *sheet) path(stroke, fill string, width float64, format string, args ...any) {
	fmt.Fprintf(&s.body, `<path d="%s" stroke="%s" fill="%s" stroke-width="%g"/>`+"\n", fmt.Sprintf(format, args...), stroke, fill, width)
}

// line draws in ink.
func (s *sheet) line(format string, args ...any) { s.path(ink, "none", 1.5, format, args...) }

// ground draws the symbol of GND below a point.
func (s *sheet) ground(x, y int) {
	s.line("M%d %dv6m-9 0h18m-15 4h12m-9 4h6", x, y)
	s.reach(y + 16)
}

// supply draws a supply above a point.
func (s *sheet) supply(x, y int, name string) {
	s.line("M%d %dv-6m-8 0h16", x, y)
	s.text(x, y-10, "middle", "small", name)
}

// svg returns the sheet as a file.
func (s *sheet) svg(width int, title, description string) []byte {
	var b bytes.Buffer
	height := s.low + 24
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n<desc>%s</desc>\n", escape(title), escape(description))
	b.WriteString(`<style>text{font-family:"DejaVu Sans",Verdana,sans-serif;font-size:12px;fill:` + ink + `}` +
		`.head{font-size:20px;font-weight:bold}.part{font-weight:bold}.small{font-size:10.5px;fill:#57606a}` +
		`.pin{font-size:9.5px;fill:#ffffff;font-weight:bold}.unused{fill:` + faint + `}.key{font-size:11px;font-weight:bold}` +
		`path,rect,circle{stroke-linejoin:round;stroke-linecap:round}</style>` + "\n")
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="%s"/>`+"\n", width, height, paper)
	b.Write(s.body.Bytes())
	b.WriteString("</svg>\n")
	return b.Bytes()
}
