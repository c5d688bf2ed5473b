// Package behaviour defines what the servers and the phone 1002 of a test lab do on request: each property once, with its name in JSON, its
// word in a scenario, its unit, its range and what it means. JSON, REST, the Lab page, the reader and the printer of scenarios and the README
// are driven by these tables. The package does nothing itself; hil/server does.
package behaviour

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hilphone/db/nearest"
)

// Field is one property of a T.
type Field[T any] struct {
	Name     string // in JSON, REST and forms: min_expires_s
	Word     string // in a scenario: min-expires; empty: it is written another way there
	Doc      string
	Min, Max float64       // of a number, in Unit
	Unit     time.Duration // of a time: the unit of its number
	Whole    bool          // of a time: a multiple of Unit
	Choices  []Choice      // of a text or a list: nothing else may be in it
	Lines    bool          // of a list: its items are whole lines of text, which may have spaces
	Most     int           // of a list: so many items at most
	Upper    bool          // of a list: what is typed in small letters means capitals
	Always   bool          // in JSON also when it is zero
	Default  float64       // of a number that JSON does not have where the rest needs it; see NeedsDefault
	Odd      bool          // of a peer that does what few do: the Lab page shows it apart

	// At is a pointer to the property: *int, *uint64, *float64, *time.Duration, *bool, *string or *[]string.
	At func(*T) any

	Pattern     string // of a text or an item of a list that has no Choices: a regular expression for all of it
	PatternText string // what that asks for
}

// Choice is a word that a property may have.
type Choice struct{ Name, Doc string }

// Names are the words of the choices.
func Names(choices []Choice) []string {
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = c.Name
	}
	return names
}

// FieldError says which property is wrong, by its name in JSON.
type FieldError struct {
	Field   string
	Message string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Message }

// Wrong is a *FieldError.
func Wrong(field, format string, args ...any) error {
	return &FieldError{Field: field, Message: fmt.Sprintf(format, args...)}
}

// check reports the first property out of its range, as a *FieldError.
func check[T any](fields []Field[T], v *T) error {
	for _, f := range fields {
		if err := f.Check(v); err != nil {
			return err
		}
	}
	return nil
}

// Check reports a value out of the property's range, as a *FieldError. Zero is always in range.
func (f Field[T]) Check(v *T) error {
	switch p := f.At(v).(type) {
	case *int:
		return f.inRange(float64(*p), strconv.Itoa(*p))
	case *uint64:
		return f.inRange(float64(*p), strconv.FormatUint(*p, 10))
	case *float64:
		return f.inRange(*p, strconv.FormatFloat(*p, 'g', -1, 64))
	case *time.Duration:
		if f.Whole && *p%f.Unit != 0 {
			return Wrong(f.Name, "must be whole %ss", unitName(f.Unit))
		}
		if most := time.Duration(f.Max * float64(f.Unit)); *p < 0 || *p > most {
			return Wrong(f.Name, "%v is not in 0s..%v", *p, most)
		}
	case *string:
		if *p == "" {
			return nil
		}
		return f.checkItem(*p)
	case *[]string:
		if len(*p) > f.Most {
			return Wrong(f.Name, "at most %d", f.Most)
		}
		for i, item := range *p {
			if err := f.checkItem(item); err != nil {
				return err
			}
			if f.Choices != nil && slices.Contains((*p)[:i], item) {
				return Wrong(f.Name, "%s is there twice", item)
			}
		}
	}
	return nil
}

func (f Field[T]) inRange(n float64, text string) error {
	if n == 0 || n >= f.Min && n <= f.Max {
		return nil
	}
	return Wrong(f.Name, "%s is not in %s..%s", text, number(f.Min), number(f.Max))
}

func (f Field[T]) checkItem(item string) error {
	if f.Choices != nil {
		if !slices.Contains(Names(f.Choices), item) {
			return Wrong(f.Name, "%q is not one of %s%s", item, strings.Join(Names(f.Choices), ", "), nearest.Hint(item, Names(f.Choices)))
		}
		return nil
	}
	if f.Pattern != "" && !regexp.MustCompile(f.Pattern).MatchString(item) {
		return Wrong(f.Name, "%q is not %s", item, f.PatternText)
	}
	return nil
}

// Zero tells whether the property has its zero value, which changes nothing.
func (f Field[T]) Zero(v T) bool {
	switch p := f.At(&v).(type) {
	case *int:
		return *p == 0
	case *uint64:
		return *p == 0
	case *float64:
		return *p == 0
	case *time.Duration:
		return *p == 0
	case *bool:
		return !*p
	case *string:
		return *p == ""
	case *[]string:
		return len(*p) == 0
	}
	return true
}

// Integer tells whether the property is a whole number in JSON.
func (f Field[T]) Integer() bool {
	var v T
	switch f.At(&v).(type) {
	case *int, *uint64:
		return true
	case *time.Duration:
		return f.Whole
	}
	return false
}

// Text is the property as it is typed into a form: a number in its unit, the items of a list behind each other; empty where it is zero.
func (f Field[T]) Text(v T) string {
	if f.Zero(v) {
		return ""
	}
	switch p := f.At(&v).(type) {
	case *int:
		return strconv.Itoa(*p)
	case *uint64:
		return strconv.FormatUint(*p, 10)
	case *float64:
		return number(*p)
	case *time.Duration:
		return number(float64(*p) / float64(f.Unit))
	case *bool:
		return "1"
	case *string:
		return *p
	case *[]string:
		if f.Lines {
			return strings.Join(*p, "\n")
		}
		return strings.Join(*p, " ")
	}
	return ""
}

// Set reads what was typed into a form. The error is a *FieldError, and leaves the property zero.
func (f Field[T]) Set(v *T, typed string) error {
	typed = strings.TrimSpace(typed)
	switch p := f.At(v).(type) {
	case *bool:
		*p = typed == "1"
		return nil
	case *string:
		*p = typed
	case *[]string:
		*p = f.split(typed)
	default:
		n := 0.0
		if typed != "" {
			var err error
			if n, err = strconv.ParseFloat(typed, 64); err != nil || !f.fits(n) {
				return Wrong(f.Name, "must be a number from %s to %s", number(f.Min), number(f.Max))
			}
		}
		f.setNumber(v, n)
	}
	err := f.Check(v)
	if err != nil {
		f.clear(v)
	}
	return err
}

func (f Field[T]) split(typed string) (items []string) {
	if !f.Lines {
		return strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune(" ,\t\r\n", r) })
	}
	for line := range strings.Lines(typed) {
		if line = strings.TrimSpace(line); line != "" {
			items = append(items, line)
		}
	}
	return items
}

// fits tells whether a number is in range and whole where it has to be. Zero always fits.
func (f Field[T]) fits(n float64) bool {
	return (n == 0 || n >= f.Min && n <= f.Max) && (!f.Integer() || n == math.Trunc(n))
}

// setNumber puts a number that fits.
func (f Field[T]) setNumber(v *T, n float64) {
	switch p := f.At(v).(type) {
	case *int:
		*p = int(n)
	case *uint64:
		*p = uint64(n)
	case *float64:
		*p = n
	case *time.Duration:
		*p = time.Duration(math.Round(n * float64(f.Unit)))
	}
}

func (f Field[T]) clear(v *T) {
	switch p := f.At(v).(type) {
	case *string:
		*p = ""
	case *[]string:
		*p = nil
	}
}

// Find is the field of this name in JSON.
func Find[T any](fields []Field[T], name string) (Field[T], bool) {
	i := slices.IndexFunc(fields, func(f Field[T]) bool { return f.Name == name })
	if i < 0 {
		return Field[T]{}, false
	}
	return fields[i], true
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func unitName(unit time.Duration) string {
	if unit == time.Second {
		return "second"
	}
	return "millisecond"
}
