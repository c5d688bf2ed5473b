package rig

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"hilphone/db/nearest"
	"hilphone/hal/gpiochip"
	"hilphone/hil/scenario"
)

const (
	ms        = time.Millisecond
	maxOffset = 511
	maxPins   = 16 // of rows or columns
)

var (
	chipForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,30}$`) // the kernel keeps 31 bytes of a label
	pinForm  = regexp.MustCompile(`^[!-~]{1,31}$`)
)

func newConfig(file string) *Config {
	return &Config{
		File: file, Chip: gpiochip.Auto, Press: 80 * ms, Gap: 80 * ms, High: true, Keys: map[string]Pin{}, Lamps: map[string]Sensor{},
		Cadence: Cadence{Glitch: 5 * ms, Fast: 350 * ms, Steady: 1500 * ms, Quiet: 5 * time.Second}, lines: map[string]int{},
	}
}

// whole are the fields of a rig file.
func (r *reader) whole() fields {
	c := r.config
	return fields{
		"chip": func(path string, n ast.Node) {
			if text, ok := r.word(path, n); ok && !chipForm.MatchString(text) {
				r.refuse(path, "%.40q is no chip: write its label as pinctrl-rp1 or its name as gpiochip0 (gpiodetect lists both), or auto", text)
			} else if ok {
				c.Chip = text
			}
		},
		"active": r.level(&c.High),
		"press":  r.time(&c.Press, 20*ms, 10*time.Second),
		"gap":    r.time(&c.Gap, 20*ms, 10*time.Second),
		"keys": func(path string, n ast.Node) {
			r.each(path, n, func(name, path string, n ast.Node) {
				var p Pin
				if key, ok := r.keyName(path, name); ok {
					r.pin(&p)(path, n)
					c.Keys[key] = p
				}
			})
		},
		"matrix": func(path string, n ast.Node) {
			c.Matrix = &Matrix{}
			r.section(path, n, fields{"rows": r.pins(&c.Matrix.Rows), "columns": r.pins(&c.Matrix.Columns), "keys": r.rows(&c.Matrix.Keys)}, "rows", "columns", "keys")
		},
		"hook": func(path string, n ast.Node) {
			c.Hook = &Hook{High: true, Settle: 20 * ms}
			r.section(path, n, fields{"pin": r.pin(&c.Hook.Pin), "active": r.level(&c.Hook.High), "settle": r.time(&c.Hook.Settle, 0, 2*time.Second)}, "pin")
		},
		"lamps": func(path string, n ast.Node) {
			r.each(path, n, func(name, path string, n ast.Node) {
				if !scenario.IsLamp(name) {
					r.refuse(path, "there is no lamp %.40q: power, message, speaker, or line1 to line20%s", name, nearest.Hint(name, scenario.LampNames()))
					return
				}
				c.Lamps[name] = r.sensor(path, n)
			})
		},
		"ringer": func(path string, n ast.Node) {
			s := r.sensor(path, n)
			c.Ringer = &s
		},
		"times": func(path string, n ast.Node) {
			r.section(path, n, fields{
				"glitch": r.time(&c.Glitch, 0, 100*ms), "fast": r.time(&c.Fast, 50*ms, 2*time.Second), "steady": r.time(&c.Steady, 200*ms, 10*time.Second),
				"quiet": r.time(&c.Quiet, 100*ms, time.Minute),
			})
		},
	}
}

func (r *reader) sensor(path string, n ast.Node) Sensor {
	s := Sensor{Pull: "up"}
	r.section(path, n, fields{"pin": r.pin(&s.Pin), "active": r.level(&s.High), "pull": r.choice([]string{"up", "down", "none"}, func(text string) { s.Pull = text })}, "pin")
	return s
}

func (r *reader) choice(choices []string, set func(string)) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		if text, ok := r.word(path, n); ok && !slices.Contains(choices, text) {
			r.refuse(path, "%.40q is none of %s%s", text, strings.Join(choices, ", "), nearest.Hint(text, choices))
		} else if ok {
			set(text)
		}
	}
}

func (r *reader) level(high *bool) func(string, ast.Node) {
	return r.choice([]string{"high", "low"}, func(text string) { *high = text == "high" })
}

func (r *reader) time(d *time.Duration, low, high time.Duration) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		text, ok := r.word(path, n)
		if !ok {
			return
		}
		given, err := time.ParseDuration(text)
		switch {
		case err != nil:
			r.refuse(path, "%.40q is no time: write it with its unit, as %s", text, *d)
		case given < low || given > high:
			r.refuse(path, "must be %s to %s, not %s", low, high, given)
		default:
			*d = given
		}
	}
}

func (r *reader) pin(p *Pin) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		text, ok := r.word(path, n)
		if !ok {
			return
		}
		offset, err := strconv.Atoi(text)
		switch {
		case err == nil && (offset < 0 || offset > maxOffset):
			r.refuse(path, "no chip has a line %d", offset)
		case err == nil:
			p.Offset = offset
		case !pinForm.MatchString(text):
			r.refuse(path, "%.40q is no pin: write its number as 17, or the name of its line", text)
		default:
			p.Name = text
		}
	}
}

func (r *reader) pins(pins *[]Pin) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		r.list(path, n, func(path string, n ast.Node) {
			var p Pin
			r.pin(&p)(path, n)
			*pins = append(*pins, p)
		})
		if len(*pins) == 0 || len(*pins) > maxPins {
			r.refuse(path, "must be 1 to %d pins", maxPins)
		}
	}
}

func (r *reader) rows(rows *[][]string) func(string, ast.Node) {
	return func(path string, n ast.Node) {
		r.list(path, n, func(path string, n ast.Node) {
			row := []string{}
			r.list(path, n, func(path string, n ast.Node) {
				text, ok := r.word(path, n)
				if ok && text != "" {
					text, _ = r.keyName(path, text)
				}
				row = append(row, text)
			})
			*rows = append(*rows, row)
		})
	}
}

// keyName reads the name of a key.
func (r *reader) keyName(path, text string) (key string, ok bool) {
	switch text {
	case "star":
		text = "*"
	case "pound":
		text = "#"
	}
	if !scenario.IsKey(text) {
		r.refuse(path, "there is no key %.40q: 0 to 9, star, pound, ok, release, speaker, hold, transfer, conf, mute, message, or line1 to line20%s", text, nearest.Hint(text, append(scenario.KeyNames(), "star", "pound")))
		return "", false
	}
	return text, true
}

// check refuses what cannot be meant together.
func (r *reader) check() {
	c := r.config
	if m := c.Matrix; m != nil {
		if len(m.Keys) != len(m.Rows) {
			r.refuse("matrix.keys", "has %d rows, but there are pins for %d", len(m.Keys), len(m.Rows))
		}
		seen := map[string]bool{}
		for i, row := range m.Keys {
			field := "matrix.keys[" + strconv.Itoa(i) + "]"
			if len(row) != len(m.Columns) {
				r.refuse(field, "has %d keys, but there are pins for %d columns", len(row), len(m.Columns))
			}
			for _, key := range row {
				if _, own := c.Keys[key]; key != "" && (own || seen[key]) {
					r.refuse(field, "key %s is there twice", key)
				}
				seen[key] = true
			}
		}
	}
	if c.Fast >= c.Steady {
		r.refuse("times.steady", "must be longer than fast, %s", c.Fast)
	}
	if c.Glitch >= c.Fast {
		r.refuse("times.glitch", "must be shorter than fast, %s", c.Fast)
	}
	uses := c.Uses()
	taken := map[Pin]Use{}
	for _, u := range uses {
		if first, twice := taken[u.Pin]; twice {
			r.refuse(u.Field, "%s is %s already", u.Pin, first.Part)
			continue
		}
		taken[u.Pin] = u
	}
	if len(uses) == 0 {
		r.refuse("", "a rig needs a key, a hook, a lamp or a ringer")
	}
}
