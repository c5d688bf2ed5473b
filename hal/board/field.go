package board

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hilphone/db/nearest"
	"hilphone/hal"
)

// field is one field of a section: one definition for reading, default, limits and documentation.
type field struct {
	name     string
	form     string // what may be written, for the table
	standard string // the default, for the table
	text     string
	must     bool
	parse    func(text string) error   // of a scalar
	list     func(items int) []element // of a list instead: it makes room and returns what reads each item
}

// element reads one item of a list: a scalar, or a list of its own.
type element struct {
	parse func(text string) error
	list  func(items int) []element
}

func pinField(name string, p *Pin, text string) field {
	return field{name: name, form: "pin", text: text, must: true, parse: pinInto(p)}
}

func pinInto(p *Pin) func(string) error {
	return func(s string) (err error) {
		*p, err = parsePin(s)
		return err
	}
}

func pinsField(name string, pins *[]Pin, text string) field {
	return field{name: name, form: "list of pins", text: text, must: true, list: func(n int) []element {
		*pins = make([]Pin, n)
		elements := make([]element, n)
		for i := range elements {
			elements[i].parse = pinInto(&(*pins)[i])
		}
		return elements
	}}
}

func choiceField[T ~string](name string, p *T, standard T, text string, choices ...T) field {
	words := make([]string, len(choices))
	for i, c := range choices {
		words[i] = string(c)
	}
	*p = standard
	return field{name: name, form: strings.Join(words, ", "), standard: string(standard), text: text, parse: func(s string) error {
		if !slices.Contains(choices, T(s)) {
			return fmt.Errorf("%.40q is none of %s%s", s, strings.Join(words, ", "), nearest.Hint(s, words))
		}
		*p = T(s)
		return nil
	}}
}

// durationField has a standard of 0 where it depends on another field.
func durationField(name string, p *time.Duration, standard, low, high time.Duration, text string) field {
	*p = standard
	f := field{name: name, form: fmt.Sprintf("%s to %s", low, strings.TrimSuffix(high.String(), "0m0s")), text: text}
	if standard > 0 {
		f.standard = standard.String()
	}
	f.parse = func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil {
			return fmt.Errorf("%.40q is no time: write it with its unit, as %s", s, max(low, standard))
		}
		if d < low || d > high {
			return fmt.Errorf("must be %s to %s, not %s", low, high, d)
		}
		*p = d
		return nil
	}
	return f
}

func numberField(name string, p *int, standard, low, high int, text string) *field {
	*p = standard
	f := &field{name: name, form: fmt.Sprintf("%d to %d", low, high), text: text}
	if standard > 0 {
		f.standard = strconv.Itoa(standard)
	}
	f.parse = func(s string) error {
		n, err := strconv.ParseInt(s, 0, 32)
		if err != nil {
			return fmt.Errorf("%.40q is no number", s)
		}
		if int(n) < low || int(n) > high {
			return fmt.Errorf("must be %s, not %s", f.form, s)
		}
		*p = int(n)
		return nil
	}
	return f
}

func flagField(name string, p *bool, text string) field {
	return field{name: name, form: "true, false", standard: "false", text: text, parse: func(s string) error {
		if s != "true" && s != "false" {
			return fmt.Errorf("%.40q is neither true nor false", s)
		}
		*p = s == "true"
		return nil
	}}
}

func keyField(name string, p *hal.Key, standard hal.Key, text string) field {
	*p = standard
	return field{name: name, form: "key", standard: string(standard), text: text, must: standard == "", parse: func(s string) error {
		k, err := parseKey(s)
		if err == nil && k == "" {
			err = fmt.Errorf("a key is missing")
		}
		*p = k
		return err
	}}
}

func keysField(name string, keys *[][]hal.Key, text string) field {
	return field{name: name, form: "list of rows, each a list of keys", text: text, must: true, list: func(n int) []element {
		*keys = make([][]hal.Key, n)
		rows := make([]element, n)
		for r := range rows {
			rows[r].list = func(n int) []element {
				row := make([]hal.Key, n)
				(*keys)[r] = row
				elements := make([]element, n)
				for c := range elements {
					elements[c].parse = func(s string) (err error) {
						row[c], err = parseKey(s)
						return err
					}
				}
				return elements
			}
		}
		return rows
	}}
}

// parseKey reads a key, or none. YAML has other plans for * and #; they have names that need no quotes.
func parseKey(s string) (hal.Key, error) {
	switch s {
	case "":
		return "", nil
	case "star":
		return "*", nil
	case "pound":
		return "#", nil
	}
	k, err := hal.ParseKey(s)
	if err != nil {
		return "", fmt.Errorf("no key is called %.40q: keys are 0 to 9, star, pound, ok, release, speaker, hold, transfer, conf, mute, message, line1 to line%d%s",
			s, hal.MaxLines, nearest.Hint(s, keyNames()))
	}
	return k, nil
}

// keyNames are the keys as a board file names them.
func keyNames() []string {
	names := []string{"star", "pound"}
	for _, k := range hal.Keys() {
		names = append(names, string(k))
	}
	return names
}
