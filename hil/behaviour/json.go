package behaviour

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"
)

// Marshal writes the properties in the order of the table, those that are zero only where the table says so.
func Marshal[T any](fields []Field[T], v T) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, f := range fields {
		if f.Zero(v) && !f.Always {
			continue
		}
		value, err := json.Marshal(f.jsonValue(v))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", f.Name, value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (f Field[T]) jsonValue(v T) any {
	p := f.At(&v)
	if d, ok := p.(*time.Duration); ok {
		return float64(*d) / float64(f.Unit)
	}
	return p
}

// Unmarshal reads what Marshal writes; every name may be missing, and a name that is not in the table is a *FieldError, as is every value out
// of range. v is what it was after an error.
func Unmarshal[T any](fields []Field[T], data []byte, v *T) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	var next T
	for name := range all {
		if _, known := Find(fields, name); !known {
			return Wrong(name, "there is no such property")
		}
	}
	for _, f := range fields {
		value, there := all[f.Name]
		if !there || string(value) == "null" {
			continue
		}
		if err := f.unmarshal(value, &next); err != nil {
			return err
		}
	}
	*v = next
	return nil
}

func (f Field[T]) unmarshal(value json.RawMessage, v *T) error {
	switch p := f.At(v).(type) {
	case *bool, *string, *[]string:
		if err := json.Unmarshal(value, p); err != nil {
			return Wrong(f.Name, "%s is not %s", value, kindName(p))
		}
	default:
		var n float64
		if err := json.Unmarshal(value, &n); err != nil || math.IsNaN(n) {
			return Wrong(f.Name, "%s is not a number", value)
		}
		if !f.fits(n) {
			if f.Integer() && n != math.Trunc(n) {
				return Wrong(f.Name, "%s is not a whole number", value)
			}
			return Wrong(f.Name, "%s is not in %s..%s", value, number(f.Min), number(f.Max))
		}
		f.setNumber(v, n)
	}
	return f.Check(v)
}

func kindName(p any) string {
	switch p.(type) {
	case *bool:
		return "true or false"
	case *string:
		return "a text"
	}
	return "a list of texts"
}

// Same tells whether two values have the same properties.
func Same[T any](fields []Field[T], a, b T) bool {
	return !slices.ContainsFunc(fields, func(f Field[T]) bool { return f.Text(a) != f.Text(b) })
}
