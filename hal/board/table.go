package board

import (
	"fmt"
	"strings"
)

// Table returns every field of a board file as a Markdown table: name, what may be written, default, meaning.
func Table() string {
	var t strings.Builder
	t.WriteString("| field | value | default | meaning |\n|---|---|---|---|\n")
	for _, s := range []struct {
		prefix string
		fields []field
	}{
		{"", boardFields(&Board{})},
		{"timings.", timingFields(&Timings{})},
		{"keypad.", keypadFields(&Keypad{})},
		{"buttons[].", buttonFields(&Button{})},
		{"hook.", hookFields(&Hook{})},
		{"dial.", dialFields(&Dial{})},
		{"lamps.NAME.", lampFields(&Lamp{})},
		{"ringer.", ringerFields(&Ringer{})},
		{"expander.", expanderFields(&Expander{})},
	} {
		for _, f := range s.fields {
			standard := f.standard
			switch {
			case f.must:
				standard = "must be there"
			case standard != "":
				standard = "`" + standard + "`"
			}
			fmt.Fprintf(&t, "| `%s%s` | %s | %s | %s |\n", s.prefix, f.name, f.form, standard, f.text)
		}
	}
	return t.String()
}
