package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"

	"hilphone/emulator/phone"
	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/gpiochip"
	"hilphone/hal/rpi"
)

// oneLine is an error of several in one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// boardCommands are `board`.
type boardCommands struct {
	Check boardCheckCommand `cmd:"" help:"Opens every pin of a board and names its level, and who holds it."`
}

type boardCheckCommand struct {
	File     string `arg:"" optional:"" help:"Board file. Default: the board of a Raspberry Pi's header."`
	Walk     bool   `help:"Lights every lamp, rings, and waits for the handset and every key."`
	FileOnly bool   `help:"Checks the file alone and opens no pin: for a computer without GPIO."`
}

// Run says what every pin is; it fails when one cannot be used, or on a walk when a part was not found.
func (c *boardCheckCommand) Run(env environment) error {
	config := board.Default()
	if c.File != "" {
		var err error
		if config, err = board.Load(c.File); err != nil {
			return usage("%s", oneLine(err))
		}
	}
	if c.FileOnly && c.Walk {
		return usage("--file-only: opens no pin, and --walk needs them")
	}
	if c.FileOnly {
		fmt.Fprintf(env.Stdout, "the file is right: %s\n", config.Summary())
		return nil
	}
	chip, pins, err := rpi.Check(config)
	if len(pins) > 0 {
		fmt.Fprintf(env.Stdout, "chip %s\n\n", chip)
		if err := printPins(env.Stdout, pins); err != nil {
			return err
		}
	}
	switch {
	case errors.Is(err, gpiochip.ErrNoChip):
		return usage("the file is right: %s; pins not opened: %s (--file-only checks the file alone)", config.Summary(), oneLine(noChip(err)))
	case rpi.Misfit(err):
		return usage("%s", oneLine(err))
	case err != nil:
		return errors.New(oneLine(err))
	case c.Walk:
		return c.walk(env, config)
	}
	return nil
}

// noChip is why no pin was opened: that this computer has no GPIO, or the error, which names the chips that it has.
func noChip(err error) error {
	if !gpiochip.Any() {
		return fmt.Errorf("no GPIO here: %w", err)
	}
	return err
}

func printPins(w io.Writer, pins []rpi.PinState) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "part\tpin\tline\tname\tdirection\tlevel\tused by")
	for _, p := range pins {
		direction, number, level := "input", "-", "-"
		if p.Output {
			direction = "output"
		}
		if p.Line >= 0 {
			number = fmt.Sprint(p.Line)
		}
		if p.Level >= 0 {
			level = fmt.Sprint(p.Level)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Part, p.Pin, number, cmp.Or(p.Name, "-"), direction, level, cmp.Or(p.Holder, "-"))
	}
	return t.Flush()
}

func (c *boardCheckCommand) walk(env environment, config *board.Board) (err error) {
	b, err := rpi.New(config, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	w := newBoardWalk(b, config, env.Stdout)
	ctx, stop := context.WithCancel(env)
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx, w.moved) }()
	err = w.run(env)
	stop()
	return errors.Join(err, <-ended)
}

// ringing is the cadence in which the ringer of a board sounds.
func ringing(b *rpi.Board) hal.Cadence {
	ring := phone.DefaultConfig().Ring
	if b == nil || b.Config().Ringer == nil {
		return ring
	}
	return b.Config().Ringer.Cadence(ring)
}

// pins are the inputs and outputs for the pages.
func (p *program) pins() pins {
	v := pins{board: p.board, waves: p.waves}
	if p.choice.real != nil {
		v.real, v.chip = p.choice.real.Config(), p.choice.real.Chip
	}
	return v
}

// hands are those of the pages.
func (p *program) hands() hands {
	h := hands{phone: p.phone, board: p.board, calls: p.calls, off: p.waves.lifted, real: func() bool { return false }, settle: p.lines.settle}
	if joined, ok := p.joined(); ok {
		h.real = func() bool { return joined.LiftedBeside(p.board) }
	}
	return h
}

// joined is the front of a phone that has real keys.
func (p *program) joined() (*hal.Joined, bool) {
	joined, ok := p.front.(*hal.Joined)
	return joined, ok
}
