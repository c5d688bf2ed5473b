package board

import (
	"fmt"
	"regexp"
	"time"

	"hilphone/hal"
	"hilphone/hal/contact"
)

const ms = time.Millisecond

var (
	chipForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,30}$`) // the kernel keeps 31 bytes of a label
	pwmForm  = regexp.MustCompile(`^pwmchip[0-9]{1,3}/[0-9]{1,2}$`)
)

func boardFields(b *Board) []field {
	b.Chip = Auto
	return []field{{name: "chip", form: "auto, a label or a name", standard: Auto,
		text: "GPIO chip: its label (`pinctrl-bcm2835`, `pinctrl-rp1`) or name (`gpiochip0`); `auto` is that of a Raspberry Pi's header",
		parse: func(s string) error {
			if !chipForm.MatchString(s) {
				return fmt.Errorf("%.40q is no chip: write its label as pinctrl-rp1 or its name as gpiochip0 (gpiodetect lists both), or auto", s)
			}
			b.Chip = s
			return nil
		}}}
}

func timingFields(t *Timings) []field {
	return []field{
		durationField("debounce", &t.Debounce, 15*ms, 1*ms, 200*ms, "a key is believed when its contact has been still for so long, and in three scans"),
		durationField("scan", &t.Scan, 5*ms, 1*ms, 50*ms, "between two scans of the keypad while it is touched; otherwise it sleeps"),
		durationField("stuck", &t.Stuck, 30*time.Second, 0, time.Hour, "a key that is down for longer is a fault; 0s is never"),
	}
}

func keypadFields(k *Keypad) []field {
	return []field{
		pinsField("rows", &k.Rows, "driven low one after the other, 1 to 8"),
		pinsField("columns", &k.Columns, "read, with pull-ups, 1 to 8"),
		keysField("keys", &k.Keys, "the key at each row and column; `''` where there is none, `star` is *, `pound` is #"),
		flagField("diodes", &k.Diodes, "every key has its diode, cathode to the row: any keys may be down together"),
	}
}

func buttonFields(b *Button) []field {
	return []field{
		pinField("pin", &b.Pin, "a key with a pin of its own"),
		keyField("key", &b.Key, "", "what it is"),
		levelField(&b.Active, Low, "level while it is down"),
		pullField(&b.Pull),
	}
}

func levelField(p *Level, standard Level, text string) field {
	return choiceField("active", p, standard, text, Low, High)
}

func pullField(p *Pull) field {
	return choiceField("pull", p, PullUp, "resistor inside that holds the pin while the contact is open; none: there is one outside", PullUp, PullDown, NoPull)
}

func hookFields(h *Hook) []field {
	return []field{
		pinField("pin", &h.Pin, "the switch under the handset"),
		levelField(&h.Active, Low, "level while the handset is lifted"),
		pullField(&h.Pull),
		durationField("debounce", &h.Debounce, 20*ms, 1*ms, 200*ms, "the switch is believed when it has been still for so long"),
		flagField("flash", &h.Flash, "a short press of the cradle is a key; the handset put back is then known only after flash_max"),
		keyField("flash_key", &h.FlashKey, hal.Hold, "that key"),
		durationField("flash_min", &h.FlashMin, 80*ms, 25*ms, 1500*ms, "the cradle down for less is ignored"),
		durationField("flash_max", &h.FlashMax, 600*ms, 25*ms, 1500*ms, "the cradle down for as long is the handset put back"),
	}
}

func dialFields(d *Dial) []field {
	offNormal := pinField("off_normal", new(Pin), "contact that is closed while the dial is away from rest, if it has one")
	offNormal.must = false
	offNormal.parse = func(s string) error {
		p, err := parsePin(s)
		d.OffNormal = &p
		return err
	}
	return []field{
		pinField("pulse", &d.Pulse, "contact that opens once for each pulse"),
		offNormal,
		levelField(&d.Active, Low, "level while a contact is closed"),
		pullField(&d.Pull),
		choiceField("speed", &d.Speed, TenPPS, "pulses a second", TenPPS, TwentyPPS),
		choiceField("coding", &d.Coding, contact.Ten, "pulses of a digit: ten pulses are 0; digit plus one, as in Sweden; ten minus digit, as in New Zealand", contact.Codings()...),
		durationField("debounce", &d.Debounce, 0, 1*ms, 20*ms, "of the contacts; 8ms, at 20 pulses a second 5ms"),
		durationField("min_break", &d.MinBreak, 0, 5*ms, 100*ms, "an interruption is a pulse when it is at least so long; 25ms, 15ms"),
		durationField("max_break", &d.MaxBreak, 0, 10*ms, 200*ms, "and at most; 100ms, 60ms"),
		durationField("gap", &d.Gap, 0, 80*ms, 2*time.Second, "without off_normal: a digit ends when nothing has come for so long; 200ms, 150ms"),
	}
}

func lampFields(l *Lamp) []field {
	return []field{
		pinField("pin", &l.Pin, "an LED with its resistor, or a transistor"),
		levelField(&l.Active, High, "level while it is lit"),
	}
}

func ringerFields(r *Ringer) []field {
	return []field{
		choiceField("kind", &r.Kind, Buzzer, "buzzer: sounds while the pin is active; bell: the pin follows the ringing current; piezo: fed by PWM", Buzzer, Bell, Piezo),
		pinField("pin", &r.Pin, "by a transistor; of a piezo one with PWM: 12, 13, 18 or 19 of the header"),
		levelField(&r.Active, High, "level while it sounds"),
		choiceField("country", &r.Country, "", "cadence of the bell; without one it is that of the phone's settings", contact.Countries()...),
		*numberField("hertz", &r.Hertz, 0, 10, 20000, "of the bell's current, 10 to 60, 25 unless the country says otherwise; of the piezo's tone, from 100, 2300"),
		{name: "pwm", form: "pwmchipN/CHANNEL", text: "of the piezo, as /sys/class/pwm names it; without it the one that the pin has on a Raspberry Pi", parse: func(s string) error {
			if !pwmForm.MatchString(s) {
				return fmt.Errorf("%.40q is no PWM channel: write it as pwmchip0/0", s)
			}
			r.PWM = s
			return nil
		}},
	}
}

func expanderFields(x *Expander) []field {
	address := numberField("address", &x.Address, 0x20, 0x20, 0x27, "I2C address")
	address.form, address.standard = "0x20 to 0x27", "0x20"
	return []field{
		choiceField("chip", &x.Chip, "mcp23017", "its type", "mcp23017"),
		*numberField("bus", &x.Bus, 1, 0, 63, "I2C bus: N of /dev/i2c-N; bus 1 of a Raspberry Pi is GPIO2 and GPIO3"),
		*address,
		pinField("int", &x.Int, "pin of the header that INTA or INTB hangs on; without it nobody would know when to look"),
	}
}
