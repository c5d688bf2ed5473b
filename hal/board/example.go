package board

import (
	"embed"
	"fmt"
)

//go:embed examples/*.yaml
var examples embed.FS

// Default returns the board of the wiring drawing, for the 40-pin header of any Raspberry Pi.
func Default() *Board {
	b, err := Example("default")
	if err != nil {
		panic(err) // it is part of the program, and tests read it
	}
	return b
}

// Examples returns the names of the boards that come with the program; the first is the default.
func Examples() []string { return []string{"default", "keypad4x4", "rotary", "mcp23017"} }

// Example returns a board that comes with the program.
func Example(name string) (*Board, error) {
	text, err := ExampleText(name)
	if err != nil {
		return nil, err
	}
	return Parse(name+".yaml", text)
}

// ExampleText returns the file of a board that comes with the program, to be changed and used.
func ExampleText(name string) ([]byte, error) {
	text, err := examples.ReadFile("examples/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no board called %q comes with the program: there are %v", name, Examples())
	}
	return text, nil
}
