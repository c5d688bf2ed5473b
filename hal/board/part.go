package board

import (
	"fmt"
	"strings"

	"hilphone/hal"
)

// drawnPart is a part beside a socket. Its terminal lies on the edge towards the socket; x grows away from it.
type drawnPart struct {
	pin          Pin
	above, below int // room that it takes over and under the height of its terminal
	draw         func(s *sheet, at place)
}

// small is the room of most parts: two pins of a socket, so that parts on neighbouring pins have straight wires.
const small = pinPitch

// place is where a part is drawn: x0 is its edge towards the header, dir is 1 to the right of the header and -1 to the left.
type place struct{ x0, y, dir int }

func (p place) x(away int) int { return p.x0 + p.dir*away }

// anchor is how text begins at the edge, away from the header.
func (p place) anchor() string {
	if p.dir < 0 {
		return "end"
	}
	return "start"
}

// resistor draws one from x to x+34 away, at height y.
func (p place) resistor(s *sheet, from, y int, value string) {
	x := min(p.x(from), p.x(from+34))
	s.rect(x, y-5, 34, 10, 2, paper, ink)
	s.text(x+17, y-9, "middle", "small", value)
}

// led draws an LED whose cathode is away from the header, unless it is turned.
func (p place) led(s *sheet, from, y int, turned bool) {
	a, k := p.x(from), p.x(from+14)
	if turned {
		a, k = k, a
	}
	s.path(ink, "#ffd33d", 1.5, "M%d %dv14L%d %dz", a, y-7, k, y)
	s.line("M%d %dv14m%d -18l5 -6m0 4v-4h-4m8 12l5 -6m0 4v-4h-4", k, y-7, -6*sign(k-a))
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

func (b *Board) lampPart(name hal.Lamp) drawnPart {
	l := b.Lamps[name]
	return drawnPart{l.Pin, small, small, func(s *sheet, at place) {
		s.line("M%d %dH%dM%d %dH%dM%d %dH%d", at.x(0), at.y, at.x(20), at.x(54), at.y, at.x(72), at.x(86), at.y, at.x(106))
		at.resistor(s, 20, at.y, "330 Ω")
		at.led(s, 72, at.y, l.Active == Low)
		if l.Active == Low {
			s.supply(at.x(106), at.y, "3V3")
		} else {
			s.ground(at.x(106), at.y)
		}
		s.text(at.x(124), at.y+4, at.anchor(), "part", "lamp "+string(name))
	}}
}

// contactText tells how a contact is wired: to what, and when it is closed.
func contactText(active Level, pull Pull, when, otherwise string) (toGround bool, text string) {
	toGround = pull != PullDown
	if closedActive := toGround == (active == Low); closedActive {
		text = "closed " + when
	} else {
		text = "closed " + otherwise
	}
	if pull == NoPull {
		text += ", 10 kΩ to 3V3"
	}
	return toGround, text
}

// contact draws a switch from the terminal to ground or supply, with its name.
func (p place) contact(s *sheet, toGround bool, name, text string) {
	s.line("M%d %dH%dM%d %dH%dM%d %dL%d %d", p.x(0), p.y, p.x(24), p.x(54), p.y, p.x(74), p.x(24), p.y, p.x(52), p.y-12)
	s.circle(p.x(24), p.y, 3, paper, ink)
	s.circle(p.x(54), p.y, 3, paper, ink)
	if toGround {
		s.ground(p.x(74), p.y)
	} else {
		s.supply(p.x(74), p.y, "3V3")
	}
	s.text(p.x(94), p.y-2, p.anchor(), "part", name)
	s.text(p.x(94), p.y+13, p.anchor(), "small", text)
}

func (b *Board) hookPart() drawnPart {
	h := b.Hook
	return drawnPart{h.Pin, small, small, func(s *sheet, at place) {
		toGround, text := contactText(h.Active, h.Pull, "while lifted", "on the hook")
		at.contact(s, toGround, "hook switch", text)
	}}
}

func (b *Board) buttonPart(i int) drawnPart {
	button := b.Buttons[i]
	return drawnPart{button.Pin, small, small, func(s *sheet, at place) {
		toGround, text := contactText(button.Active, button.Pull, "while pressed", "at rest")
		at.contact(s, toGround, "key "+string(button.Key), text)
	}}
}

func (b *Board) dialParts() []drawnPart {
	d := b.Dial
	toGround := d.Active == Low // the level of a closed contact says to what it leads
	note := ""
	if d.Pull == NoPull {
		note = map[bool]string{true: ", 10 kΩ to 3V3", false: ", 10 kΩ to GND"}[toGround]
	}
	parts := []drawnPart{{d.Pulse, small, small, func(s *sheet, at place) {
		at.contact(s, toGround, "dial: pulses", "opens for each pulse"+note)
	}}}
	if d.OffNormal != nil {
		parts = append(parts, drawnPart{*d.OffNormal, small, small, func(s *sheet, at place) {
			at.contact(s, toGround, "dial: off-normal", "closed away from rest"+note)
		}})
	}
	return parts
}

func (b *Board) ringerPart() drawnPart {
	r := b.Ringer
	if r.Kind == Piezo {
		return drawnPart{r.Pin, small, small, r.piezo}
	}
	return drawnPart{r.Pin, 2 * small, 2 * small, r.transistor}
}

func (r *Ringer) piezo(s *sheet, at place) {
	s.line("M%d %dH%dM%d %dH%dM%d %dH%d", at.x(0), at.y, at.x(20), at.x(54), at.y, at.x(72), at.x(88), at.y, at.x(106))
	at.resistor(s, 20, at.y, "100 Ω")
	s.line("M%d %dv18M%d %dv18", at.x(72), at.y-9, at.x(88), at.y-9)
	s.rect(min(at.x(76), at.x(84)), at.y-9, 8, 18, 0, "#eac54f", ink)
	s.ground(at.x(106), at.y)
	s.text(at.x(124), at.y-2, at.anchor(), "part", r.title())
	s.text(at.x(124), at.y+13, at.anchor(), "small", fmt.Sprintf("piezo, PWM at %d Hz", r.Hertz))
}

// title names the ringer and after whose bells it sounds.
func (r *Ringer) title() string {
	if r.Country == "" {
		return "ringer"
	}
	return "ringer (" + strings.ReplaceAll(string(r.Country), "_", " ") + ")"
}

// transistor draws a buzzer, or the driver of a bell, switched by a transistor: NPN below the load, or PNP above it where the pin is
// active low.
func (r *Ringer) transistor(s *sheet, at place) {
	s.line("M%d %dH%dM%d %dH%d", at.x(0), at.y, at.x(12), at.x(46), at.y, at.x(66))
	at.resistor(s, 12, at.y, "1 kΩ")
	s.circle(at.x(70), at.y, 14, "none", ink)
	s.line("M%d %dv16M%d %dL%d %dV%dM%d %dL%d %dV%d", at.x(66), at.y-8, at.x(66), at.y-3, at.x(76), at.y-10, at.y-22,
		at.x(66), at.y+3, at.x(76), at.y+10, at.y+22)
	what, supply := "active buzzer, up to 100 mA", "5V"
	if r.Kind == Bell {
		what, supply = fmt.Sprintf("bell coil, %d Hz, own supply", r.Hertz), "+"
	}
	load, end := at.y-22, "NPN, as BC337"
	if r.Kind == Bell {
		end = "NPN for its current, diode across the coil"
	}
	if r.Active == Low {
		load, end, supply = at.y+22, "PNP, as BC327", "3V3"
		s.supply(at.x(76), at.y-22, supply)
	} else {
		s.ground(at.x(76), at.y+22)
	}
	s.line("M%d %dH%dM%d %dH%d", at.x(76), load, at.x(92), at.x(108), load, at.x(122))
	s.path(ink, "#eac54f", 1.5, "M%d %dv20a10 10 0 0 %d 0 -20z", at.x(94), load-10, (1-at.dir)/2)
	s.line("M%d %dH%d", at.x(103), load, at.x(122))
	if r.Active == Low {
		s.ground(at.x(122), load)
	} else {
		s.supply(at.x(122), load, supply)
	}
	top := at.y + 4
	if r.Active == Low { // the load is where the text would be
		top = at.y - 26
	}
	s.text(at.x(98), top, at.anchor(), "part", r.title())
	s.text(at.x(98), top+15, at.anchor(), "small", what)
	s.text(at.x(98), top+29, at.anchor(), "small", end)
}

// parts returns what hangs on pins beside the keypad.
func (b *Board) parts() []drawnPart {
	var parts []drawnPart
	if b.Hook != nil {
		parts = append(parts, b.hookPart())
	}
	if b.Dial != nil {
		parts = append(parts, b.dialParts()...)
	}
	for i := range b.Buttons {
		parts = append(parts, b.buttonPart(i))
	}
	for _, l := range b.LampNames() {
		parts = append(parts, b.lampPart(l))
	}
	if b.Ringer != nil {
		parts = append(parts, b.ringerPart())
	}
	return parts
}
