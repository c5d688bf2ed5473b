package board

import (
	"fmt"
	"strings"
)

// Summary is what the board has, in words: "16 keys, hook, 2 lamps, buzzer" (UX-16).
func (b *Board) Summary() string {
	var parts []string
	add := func(n int, one string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, one))
		}
	}
	keys := len(b.Buttons)
	if b.Keypad != nil {
		for _, row := range b.Keypad.Keys {
			for _, k := range row {
				if k != "" {
					keys++
				}
			}
		}
	}
	add(keys, "key")
	if b.Hook != nil {
		parts = append(parts, "hook")
	}
	if b.Dial != nil {
		parts = append(parts, "rotary dial")
	}
	add(len(b.Lamps), "lamp")
	if b.Ringer != nil {
		parts = append(parts, string(b.Ringer.Kind))
	}
	if b.Expander != nil {
		parts = append(parts, "expander "+b.Expander.Chip)
	}
	if len(parts) == 0 {
		return "nothing on it"
	}
	return strings.Join(parts, ", ")
}
