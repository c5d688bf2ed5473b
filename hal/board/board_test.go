package board_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/contact"
)

var update = flag.Bool("update", false, "write what the package makes into the golden files")

const ms = time.Millisecond

func TestExamples(t *testing.T) {
	files, err := filepath.Glob("examples/*.yaml")
	if err != nil || len(files) != 4 || len(board.Examples()) != 4 {
		t.Errorf("%d files, %d names, want 4 (%v)", len(files), len(board.Examples()), err)
	}
	for _, name := range board.Examples() {
		fromProgram, err := board.Example(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		fromFile, err := board.Load("examples/" + name + ".yaml")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a, b := fromProgram.Uses(), fromFile.Uses(); !slices.Equal(a, b) || len(a) == 0 {
			t.Errorf("%s: the program has %v, the file %v", name, a, b)
		}
	}
	if _, err := board.Example("toaster"); err == nil {
		t.Error("an example called toaster")
	}
	if _, err := board.Load("examples/toaster.yaml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestDefault(t *testing.T) {
	b := board.Default()
	var keys []hal.Key
	for _, row := range b.Keypad.Keys {
		keys = append(keys, row...)
	}
	for _, k := range []hal.Key{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", hal.Release, hal.Hold, "line1", "line2"} {
		if !slices.Contains(keys, k) {
			t.Errorf("the default board has no key %s", k)
		}
	}
	if b.Chip != board.Auto || b.Hook == nil || b.Ringer == nil || len(b.Lamps) != 3 {
		t.Errorf("the default board lacks a part: %+v", b)
	}
	if _, err := contact.NewKeypad(b.KeypadConfig()); err != nil {
		t.Error(err)
	}
	for _, u := range b.Uses() {
		// I2C, SPI, serial port, I2S; and the pins that pull up before the program starts.
		if n := u.Pin.Offset; slices.Contains([]int{0, 1, 2, 3, 7, 8, 9, 10, 11, 14, 15, 18, 19, 20, 21}, n) || u.Output && n < 9 {
			t.Errorf("%s hangs on %s", u.Part, u.Pin)
		}
	}
	want := contact.HookConfig{Device: "hook on GPIO4", Debounce: 20 * ms, FlashMin: 80 * ms, FlashMax: 600 * ms}
	if got := b.Hook.Config(); got != want {
		t.Errorf("hook %+v, want %+v", got, want)
	}
}

func TestRotary(t *testing.T) {
	b, err := board.Example("rotary")
	if err != nil {
		t.Fatal(err)
	}
	want := contact.DialOf(10)
	want.Device, want.OffNormal = "dial on GPIO22", true
	if got := b.Dial.Config(); got != want {
		t.Errorf("dial %+v, want %+v", got, want)
	}
	if got := b.Hook.Config(); got.Flash != hal.Hold || got.FlashMin != 100*ms {
		t.Errorf("hook %+v", got)
	}
	asked := hal.Cadence{time.Second, 2 * time.Second}
	if got := b.Ringer.Cadence(asked); !slices.Equal(got, contact.Europe.Cadence()) || b.Ringer.Hertz != 25 {
		t.Errorf("rings %v at %d Hz", got, b.Ringer.Hertz)
	}
	if got := b.Ringer.Cadence(hal.Silent); len(got) != 0 {
		t.Errorf("silent, it rings %v", got)
	}
	if got := (board.Ringer{}).Cadence(asked); !slices.Equal(got, asked) {
		t.Errorf("without a country it rings %v", got)
	}
}

// TestPins: a pin by its number and by the name that Raspberry Pis give it are the same there, and nowhere else.
func TestPins(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"hook: {pin: 17}", "GPIO17"},
		{"hook: {pin: '17'}", "GPIO17"},
		{"hook: {pin: GPIO17}", "GPIO17"},
		{"hook: {pin: GPIO017}", "line GPIO017"},
		{"hook: {pin: ID_SDA}", "line ID_SDA"},
		{"hook: {pin: 0}", "GPIO0"},
		{"{chip: pinctrl-rp1, hook: {pin: GPIO17}}", "GPIO17"},
		{"{chip: gpiochip0, hook: {pin: GPIO17}}", "line GPIO17"},
		{"{chip: gpiochip0, hook: {pin: 200}}", "GPIO200"},
	} {
		b, err := board.Parse("b.yaml", []byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if got := b.Hook.Pin.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
}

func TestUses(t *testing.T) {
	b, err := board.Example("mcp23017")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, u := range b.Uses() {
		got.WriteString(u.Field + " " + u.Pin.String() + " " + u.Part + map[bool]string{true: " out"}[u.Output] + "\n")
	}
	golden(t, "testdata/uses.txt", got.String())
}

// Which pins a key, the handset, a lamp and the ringer hang on; what a board does not have hangs on none.
func TestUsesOfParts(t *testing.T) {
	for _, c := range []struct {
		board, part string
		uses        func(b *board.Board) []board.Use
		want        string
	}{
		{"mcp23017", "key 6", func(b *board.Board) []board.Use { return b.UsesOfKey("6") }, "keypad.rows[1] keypad.columns[2]"},
		{"mcp23017", "key mute", func(b *board.Board) []board.Use { return b.UsesOfKey(hal.Mute) }, "buttons[0].pin"},
		{"mcp23017", "key line8", func(b *board.Board) []board.Use { return b.UsesOfKey("line8") }, ""},
		{"rotary", "key 6", func(b *board.Board) []board.Use { return b.UsesOfKey("6") }, ""},
		{"mcp23017", "hook", (*board.Board).UsesOfHook, "hook.pin"},
		{"keypad4x4", "hook", (*board.Board).UsesOfHook, ""},
		{"mcp23017", "lamp message", func(b *board.Board) []board.Use { return b.UsesOfLamp(hal.MessageLamp) }, "lamps.message.pin"},
		{"rotary", "lamp message", func(b *board.Board) []board.Use { return b.UsesOfLamp(hal.MessageLamp) }, ""},
		{"rotary", "ringer", (*board.Board).UsesOfRinger, "ringer.pin"},
		{"mcp23017", "ringer", (*board.Board).UsesOfRinger, ""},
	} {
		b, err := board.Example(c.board)
		if err != nil {
			t.Fatal(err)
		}
		var fields []string
		for _, u := range c.uses(b) {
			fields = append(fields, u.Field)
		}
		if got := strings.Join(fields, " "); got != c.want {
			t.Errorf("%s of %s hangs on %q, want %q", c.part, c.board, got, c.want)
		}
	}
}

// TestRefuse: whoever opens the pins can name the place in the file.
func TestRefuse(t *testing.T) {
	b, err := board.Parse("my.yaml", []byte("hook:\n  pin: 17\nlamps:\n  power: {pin: 22}\n"))
	if err != nil {
		t.Fatal(err)
	}
	busy := errors.New("device or resource busy")
	for _, c := range []struct {
		field string
		want  string
	}{
		{"hook.pin", "my.yaml:2: hook.pin: GPIO17 is held by another@12: device or resource busy"},
		{"lamps.power.pin", "my.yaml:4: lamps.power.pin: GPIO17 is held by another@12: device or resource busy"},
		{"lamps.power.active", "my.yaml:4: lamps.power.active: GPIO17 is held by another@12: device or resource busy"},
		{"chip", "my.yaml:1: chip: GPIO17 is held by another@12: device or resource busy"},
	} {
		err := b.Refuse(c.field, "GPIO17 is held by another@12", busy)
		if err.Error() != c.want || !errors.Is(err, busy) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

func TestTable(t *testing.T) { golden(t, "testdata/table.md", board.Table()) }

// golden compares text with a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has\n%s\nwant\n%s", file, want, got)
	}
}
