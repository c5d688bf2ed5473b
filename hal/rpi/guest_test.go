//go:build gpiosim

package rpi_test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"hilphone/hal/board"
	"hilphone/hal/haltest"
	"hilphone/hal/rpi"
	"hilphone/hil/gpiosim"
)

// These tests run on a computer with gpio-sim: TestOnPins boots one and runs them there.

const label = "pinctrl-bcm2835" // as on a Raspberry Pi

const chipPath = "/dev/gpiochip0"

// bench is a chip with a phone's front wired to it, as boardFile says.
var bench *gpiosim.Chip

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "hold":
		hold()
	case len(os.Args) > 1 && os.Args[1] == "without stdin":
		withoutStdin()
	case len(os.Args) > 1 && os.Args[1] == "dial":
		dialled()
	}
	names := make([]string, 54)
	for i := range names {
		names[i] = fmt.Sprintf("GPIO%d", i)
	}
	names[hookLine], names[22], names[23] = "HOOK", "", ""
	var err error
	if bench, err = gpiosim.NewChip("bench", label, names); err == nil {
		// On a Raspberry Pi one chip has two names.
		err = os.Symlink(chipPath, "/dev/gpiochip99") // a number that no chip gets that comes back
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// hold is another program that has the hook's line.
func hold() {
	b, err := board.Parse("hold.yaml", []byte("hook: {pin: HOOK}"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	r, err := rpi.New(b, slog.New(slog.DiscardHandler))
	if err == nil {
		err = r.Open()
	}
	fmt.Println("held:", err)
	var end [1]byte
	_, _ = os.Stdin.Read(end[:])
	os.Exit(0)
}

// occupy has another program take the hook's line.
func occupy(t *testing.T) (free func()) {
	c := exec.Command(os.Args[0], "hold")
	in, err := c.StdinPipe()
	must(t, err)
	out, err := c.StdoutPipe()
	must(t, err)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 100)
	n, _ := out.Read(said)
	if string(said[:n]) != "held: <nil>\n" {
		t.Fatalf("the other program says %q", said[:n])
	}
	return func() {
		must(t, in.Close())
		must(t, c.Wait())
	}
}

// TestBoard: the board on pins is a board.
func TestBoard(t *testing.T) {
	haltest.Test(t, func(t *testing.T, f func(*testing.T)) { f(t) }, func(t *testing.T) *haltest.Bench {
		wire := func(b *rpi.Board, w *world) {
			rpi.Wire(b, func() { _ = w.keypad.Settle() }, w.asked) // the chip may be unplugged
		}
		return newBench(t, boardFile, bench, func() func() { return occupy(t) }, wire, func() bool { return rpi.InUse(label, ringerLine) })
	})
}
