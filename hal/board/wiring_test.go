package board_test

import (
	"testing"

	"hilphone/hal/board"
)

// TestWiring: the drawing of the README is that of the default board, and those of the other examples are as they were looked at: with rows and columns on
// both sides, a dial, and an expander.
func TestWiring(t *testing.T) {
	golden(t, "../../doc/wiring.svg", string(board.Default().SVG()))
	for _, name := range []string{"keypad4x4", "mcp23017", "rotary"} {
		b, err := board.Example(name)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "testdata/"+name+".svg", string(b.SVG()))
	}
}
