package board_test

import (
	"testing"

	"hilphone/hal/board"
)

// TestWiring: the drawing of the README is that of the default board.
func TestWiring(t *testing.T) { golden(t, "../../doc/wiring.svg", string(board.Default().SVG())) }
