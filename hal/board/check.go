package board

import (
	"fmt"
	"slices"
	"time"

	"hilphone/hal"
	"hilphone/hal/contact"
)

// checker finds what no field can tell by itself.
type checker struct {
	*Board
	errs []*FieldError
}

// check completes what depends on other fields and returns all that is wrong.
func (b *Board) check() []*FieldError {
	c := checker{Board: b}
	c.complete()
	if len(b.Uses()) == 0 {
		c.refuse("", "the board has no part: keypad, buttons, hook, dial, lamps and ringer are all missing")
	}
	c.pins()
	if b.Keypad != nil {
		c.keypad(b.Keypad)
	}
	c.keys()
	if b.Hook != nil {
		c.hook(b.Hook)
	}
	if b.Dial != nil {
		c.dial(b.Dial)
	}
	if b.Ringer != nil {
		c.ringer(b.Ringer)
	}
	return c.errs
}

func (c *checker) refuse(field, why string, args ...any) {
	c.errs = append(c.errs, c.Refuse(field, fmt.Sprintf(why, args...), nil))
}

// complete fills in what the file leaves to other fields.
func (c *checker) complete() {
	if ofHeader(c.Chip) {
		c.byOffset()
	}
	if d := c.Dial; d != nil {
		usual := contact.DialOf(10)
		if d.Speed == TwentyPPS {
			usual = contact.DialOf(20)
		}
		for _, t := range []struct{ own, usual *time.Duration }{
			{&d.Debounce, &usual.Debounce}, {&d.MinBreak, &usual.MinBreak}, {&d.MaxBreak, &usual.MaxBreak}, {&d.Gap, &usual.Gap},
		} {
			if *t.own == 0 {
				*t.own = *t.usual
			}
		}
	}
	if r := c.Ringer; r != nil && r.Hertz == 0 {
		switch r.Kind {
		case Bell:
			if r.Hertz = r.Country.Hertz(); r.Hertz == 0 {
				r.Hertz = contact.Europe.Hertz()
			}
		case Piezo:
			r.Hertz = 2300
		}
	}
}

// byOffset finds all lines of a header by their offsets.
func (c *checker) byOffset() {
	var pins []*Pin
	if k := c.Keypad; k != nil {
		for i := range k.Rows {
			pins = append(pins, &k.Rows[i])
		}
		for i := range k.Columns {
			pins = append(pins, &k.Columns[i])
		}
	}
	for i := range c.Buttons {
		pins = append(pins, &c.Buttons[i].Pin)
	}
	if c.Hook != nil {
		pins = append(pins, &c.Hook.Pin)
	}
	if c.Dial != nil {
		pins = append(pins, &c.Dial.Pulse)
		if c.Dial.OffNormal != nil {
			pins = append(pins, c.Dial.OffNormal)
		}
	}
	for name, l := range c.Lamps {
		l.Pin = l.Pin.byOffset()
		c.Lamps[name] = l
	}
	if c.Ringer != nil {
		pins = append(pins, &c.Ringer.Pin)
	}
	if c.Expander != nil {
		pins = append(pins, &c.Expander.Int)
	}
	for _, p := range pins {
		*p = p.byOffset()
	}
}

// pins finds pins that are used twice or cannot be what they are used for.
func (c *checker) pins() {
	used := map[Pin]Use{}
	uses := c.Uses()
	if x := c.Expander; x != nil && ofHeader(c.Chip) && x.Bus <= 1 {
		for i, wire := range []string{"SDA", "SCL"} {
			uses = append(uses, Use{Field: "expander.bus", Pin: Pin{Offset: 2*x.Bus + i}, Part: fmt.Sprintf("%s of I2C bus %d", wire, x.Bus)})
		}
	}
	expanded := false
	for _, u := range uses {
		expanded = expanded || u.Pin.Expander
		if first, ok := used[u.Pin]; ok {
			c.refuse(u.Field, "%s is used already: %s in line %d", u.Pin, first.Part, c.source.line(first.Field))
			continue
		}
		used[u.Pin] = u
		if u.Pin.Expander {
			c.expanderPin(u)
		} else if ofHeader(c.Chip) && u.Pin.Offset >= headerLines {
			c.refuse(u.Field, "the chips of the Raspberry Pis have lines 0 to %d, not %d", headerLines-1, u.Pin.Offset)
		}
	}
	if c.Expander != nil && !expanded {
		c.refuse("expander", "nothing hangs on the expander: no row, column or button has a pin such as expander.A0")
	}
}

func (c *checker) expanderPin(u Use) {
	row, column, button := part(u.Field, "keypad.rows"), part(u.Field, "keypad.columns"), part(u.Field, "buttons")
	switch {
	case c.Expander == nil:
		c.refuse(u.Field, "the board has no expander: its section is missing")
	case !row && !column && !button:
		c.refuse(u.Field, "%s has to hang on the chip itself: only keypad and buttons may hang on the expander", u.Part)
	case !row && u.Pin.Offset%8 == 7:
		c.refuse(u.Field, "%s is an output only (data sheet of the MCP23017, revision D): use it for a row", u.Pin)
	}
	if button {
		var i int
		if _, err := fmt.Sscanf(u.Field, "buttons[%d]", &i); err == nil && c.Buttons[i].Pull == PullDown {
			c.refuse(fmt.Sprintf("buttons[%d].pull", i), "the expander pulls up or not at all")
		}
	}
}

func part(field, section string) bool {
	return len(field) > len(section) && field[:len(section)] == section && field[len(section)] == '['
}

func (c *checker) keypad(k *Keypad) {
	for _, lines := range []struct {
		field string
		pins  []Pin
	}{{"keypad.rows", k.Rows}, {"keypad.columns", k.Columns}} {
		if n := len(lines.pins); n < 1 || n > contact.MaxLines {
			c.refuse(lines.field, "must be 1 to %d pins, not %d", contact.MaxLines, n)
		}
	}
	expanded := 0
	for _, p := range slices.Concat(k.Rows, k.Columns) {
		if p.Expander {
			expanded++
		}
	}
	if expanded > 0 && expanded < len(k.Rows)+len(k.Columns) {
		c.refuse("keypad", "rows and columns have to hang all on the expander, or none")
	}
	if len(k.Keys) != len(k.Rows) {
		c.refuse("keypad.keys", "%d rows of keys for %d row pins", len(k.Keys), len(k.Rows))
	}
	for i, row := range k.Keys {
		if len(row) != len(k.Columns) {
			c.refuse(fmt.Sprintf("keypad.keys[%d]", i), "%d keys for %d column pins", len(row), len(k.Columns))
		}
	}
	if t := c.Timings; t.Debounce < 2*t.Scan {
		c.refuse("timings.debounce", "%s is impossible: a key is believed after three equal scans, and with %s between two those take %s", t.Debounce, t.Scan, 2*t.Scan)
	}
}

// keys finds keys that are there twice.
func (c *checker) keys() {
	if t := c.Timings; t.Stuck > 0 && t.Stuck < time.Second {
		c.refuse("timings.stuck", "%s is shorter than a finger is slow: 0s, or 1s and more", t.Stuck)
	}
	seen := map[hal.Key]string{}
	add := func(field string, k hal.Key) {
		if first, ok := seen[k]; ok && k != "" {
			c.refuse(field, "key %s is there already: %s in line %d", k, first, c.source.line(first))
			return
		}
		seen[k] = field
	}
	if c.Keypad != nil {
		none := true
		for r, row := range c.Keypad.Keys {
			for i, k := range row {
				add(fmt.Sprintf("keypad.keys[%d][%d]", r, i), k)
				none = none && k == ""
			}
		}
		if none {
			c.refuse("keypad.keys", "the keypad has no key")
		}
	}
	for i, b := range c.Buttons {
		add(fmt.Sprintf("buttons[%d].key", i), b.Key)
	}
}

func (c *checker) hook(h *Hook) {
	switch {
	case !h.Flash:
	case h.FlashMin >= h.FlashMax:
		c.refuse("hook.flash_min", "%s is not shorter than flash_max, %s", h.FlashMin, h.FlashMax)
	case h.FlashMin <= h.Debounce:
		c.refuse("hook.flash_min", "%s is not longer than the debounce time, %s", h.FlashMin, h.Debounce)
	}
}

func (c *checker) dial(d *Dial) {
	switch {
	case d.Debounce >= d.MinBreak:
		c.refuse("dial.debounce", "%s is not shorter than min_break, %s: no pulse would be seen", d.Debounce, d.MinBreak)
	case d.MinBreak >= d.MaxBreak:
		c.refuse("dial.min_break", "%s is not shorter than max_break, %s", d.MinBreak, d.MaxBreak)
	}
}

func (c *checker) ringer(r *Ringer) {
	switch {
	case r.Kind == Buzzer && r.Hertz > 0:
		c.refuse("ringer.hertz", "a buzzer has its own tone; kind bell or piezo has a frequency")
	case r.Kind == Bell && (r.Hertz < 10 || r.Hertz > 60):
		c.refuse("ringer.hertz", "a bell rings at 10 to 60 Hz, not %d", r.Hertz)
	case r.Kind == Piezo && r.Hertz < 100:
		c.refuse("ringer.hertz", "a piezo sounds from 100 Hz, not %d", r.Hertz)
	}
	switch {
	case r.Kind != Piezo && r.PWM != "":
		c.refuse("ringer.pwm", "only a piezo is fed by PWM")
	case r.Kind != Piezo || r.PWM != "":
	case !ofHeader(c.Chip):
		c.refuse("ringer.pwm", "is missing: on chip %s nobody knows which PWM channel a pin has", c.Chip)
	case !slices.Contains([]Pin{{Offset: 12}, {Offset: 13}, {Offset: 18}, {Offset: 19}}, r.Pin):
		c.refuse("ringer.pin", "%s has no PWM: a piezo hangs on 12, 13, 18 or 19", r.Pin)
	}
}
