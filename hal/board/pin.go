package board

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hilphone/db/nearest"
	"hilphone/hal"
)

// Pin is a line of the chip, by its offset or its name, or a pin of the expander. The zero Pin is GPIO0.
type Pin struct {
	Expander bool   // Offset is that of the expander: 0 to 7 are A0 to A7, 8 to 15 are B0 to B7
	Offset   int    // of the line
	Name     string // of the line; not empty: the line is found by it, and Offset is 0
}

const (
	expanderPrefix = "expander."
	maxOffset      = 511
	maxName        = 31 // bytes of a line's name; the kernel keeps no more
)

// String returns the pin as people call it: "GPIO17", "line SDA1", "expander A3".
func (p Pin) String() string {
	switch {
	case p.Expander:
		return "expander " + expanderName(p.Offset)
	case p.Name != "":
		return "line " + p.Name
	}
	return "GPIO" + strconv.Itoa(p.Offset)
}

func expanderName(offset int) string { return fmt.Sprintf("%c%d", 'A'+offset/8, offset%8) }

// parsePin reads an offset (17), a line name ("GPIO17", "ID_SDA") or a pin of the expander ("expander.A3").
func parsePin(s string) (Pin, error) {
	if rest, ok := strings.CutPrefix(s, expanderPrefix); ok {
		if len(rest) != 2 || rest[0] != 'A' && rest[0] != 'B' || rest[1] < '0' || rest[1] > '7' {
			return Pin{}, fmt.Errorf("%q is no pin of the expander: they are expander.A0 to expander.A7 and expander.B0 to expander.B7%s", s, nearest.Hint(s, expanderPins()))
		}
		return Pin{Expander: true, Offset: int(rest[0]-'A')*8 + int(rest[1]-'0')}, nil
	}
	if n, err := strconv.Atoi(s); err == nil {
		if n < 0 || n > maxOffset {
			return Pin{}, fmt.Errorf("no chip has a line %d", n)
		}
		return Pin{Offset: n}, nil
	}
	if s == "" || len(s) > maxName || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Pin{}, fmt.Errorf("%.40q is no pin: write its number as 17, its line name as GPIO17, or expander.A0%s", s, nearest.Hint(s, headerPins()))
	}
	return Pin{Name: s}, nil
}

// expanderPins are the pins of the expander as a board file names them.
func expanderPins() (names []string) {
	for offset := range 16 {
		names = append(names, expanderPrefix+expanderName(offset))
	}
	return names
}

// headerPins are the names of the lines of a Raspberry Pi's header.
func headerPins() (names []string) {
	for offset := range headerLines {
		names = append(names, Pin{Offset: offset}.String())
	}
	return names
}

// headerLines is how many lines the chips of the Raspberry Pis have: pinctrl-bcm2835, pinctrl-bcm2711 and pinctrl-rp1 alike.
const headerLines = 54

// ofHeader reports whether the chip is that of a Raspberry Pi's header, where GPIO17 is the line at offset 17 whether the device
// tree names it or not.
func ofHeader(chip string) bool { return chip == Auto || strings.HasPrefix(chip, "pinctrl-") }

// byOffset finds a header line's offset in its name.
func (p Pin) byOffset() Pin {
	rest, ok := strings.CutPrefix(p.Name, "GPIO")
	n, err := strconv.Atoi(rest)
	if !ok || err != nil || n < 0 || n >= headerLines || strconv.Itoa(n) != rest {
		return p
	}
	return Pin{Offset: n}
}

// Use is what a pin is for.
type Use struct {
	Field  string // of the file, as "keypad.rows[1]"
	Pin    Pin
	Part   string // as people call it, as "row 2", "lamp power"
	Active Level  // while it is on: a contact closed, a lamp lit
	Output bool   // driven while the board rests: lamps and ringer. Rows are driven and let go by turns
}

// wired reports whether the drawing has a wire for it; the expander's are told beside its pins.
func (u Use) wired() bool { return u.Field != "" && u.Field != "expander.int" }

// Uses returns every pin of the board, in the order of the sections.
func (b *Board) Uses() []Use {
	var uses []Use
	add := func(field string, p Pin, part string, active Level) {
		uses = append(uses, Use{field, p, part, active, strings.HasPrefix(field, "lamps.") || field == "ringer.pin"})
	}
	if k := b.Keypad; k != nil {
		for i, p := range k.Rows {
			add(fmt.Sprintf("keypad.rows[%d]", i), p, fmt.Sprintf("row %d", i+1), Low)
		}
		for i, p := range k.Columns {
			add(fmt.Sprintf("keypad.columns[%d]", i), p, fmt.Sprintf("column %d", i+1), Low)
		}
	}
	for i, button := range b.Buttons {
		add(fmt.Sprintf("buttons[%d].pin", i), button.Pin, "button "+string(button.Key), button.Active)
	}
	if h := b.Hook; h != nil {
		add("hook.pin", h.Pin, "hook", h.Active)
	}
	if d := b.Dial; d != nil {
		add("dial.pulse", d.Pulse, "dial pulse", d.Active)
		if d.OffNormal != nil {
			add("dial.off_normal", *d.OffNormal, "dial off-normal", d.Active)
		}
	}
	for _, l := range b.LampNames() {
		add("lamps."+string(l)+".pin", b.Lamps[l].Pin, "lamp "+string(l), b.Lamps[l].Active)
	}
	if r := b.Ringer; r != nil {
		add("ringer.pin", r.Pin, "ringer", r.Active)
	}
	if x := b.Expander; x != nil {
		add("expander.int", x.Int, "expander INT", Low)
	}
	return uses
}

// UsesOfKey returns what a key hangs on: its row and its column, or a pin of its own. A digit that is only dialled has no contact.
func (b *Board) UsesOfKey(k hal.Key) []Use {
	if b.Keypad != nil {
		for r, row := range b.Keypad.Keys {
			for c, key := range row {
				if key == k {
					return b.usesAt(fmt.Sprintf("keypad.rows[%d]", r), fmt.Sprintf("keypad.columns[%d]", c))
				}
			}
		}
	}
	for i, button := range b.Buttons {
		if button.Key == k {
			return b.usesAt(fmt.Sprintf("buttons[%d].pin", i))
		}
	}
	return nil
}

// UsesOfHook returns what the hook switch hangs on.
func (b *Board) UsesOfHook() []Use { return b.usesAt("hook.pin") }

// UsesOfLamp returns what a lamp hangs on.
func (b *Board) UsesOfLamp(l hal.Lamp) []Use { return b.usesAt("lamps." + string(l) + ".pin") }

// UsesOfRinger returns what the ringer hangs on.
func (b *Board) UsesOfRinger() []Use { return b.usesAt("ringer.pin") }

func (b *Board) usesAt(fields ...string) (uses []Use) {
	for _, u := range b.Uses() {
		if slices.Contains(fields, u.Field) {
			uses = append(uses, u)
		}
	}
	return uses
}
