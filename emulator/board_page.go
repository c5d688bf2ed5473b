package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hilphone/emulator/phone"
	"hilphone/hal/board"
	"hilphone/hal/rpi"
	"hilphone/hal/virtual"
	"hilphone/sip/line"
	"hilphone/webui"
)

// surveyLimit is how long a real board has to tell of its pins.
const surveyLimit = 500 * time.Millisecond

// boardPage is the front of the phone for the page System > Board.
type boardPage struct{ p *program }

// dialName is a rotary dial among the parts: its digits have no contact of their own.
const dialName = "dial"

// BoardExamples returns the board files that come with the program.
func (boardPage) BoardExamples() (all []webui.BoardExample) {
	for _, name := range board.Examples() {
		text, err := board.ExampleText(name)
		if err != nil {
			panic(err) // it is part of the program, and tests read it
		}
		all = append(all, webui.BoardExample{Name: name, Text: string(text)})
	}
	return all
}

func (b boardPage) Board(ctx context.Context) (webui.BoardPageView, error) {
	choice := b.p.choice
	v := webui.BoardPageView{Board: choice.text, Fixed: choice.given != "", Kind: b.p.front.Kind(), File: choice.file}
	if !v.Fixed {
		stored, err := readStored(b.p.dir)
		if err != nil {
			return v, err
		}
		v.Board = cmp.Or(stored, autoBoard)
		v.Restart = v.Board != choice.text
	}
	for _, f := range b.p.phone.Snapshot().Board.Faults {
		v.Faults = append(v.Faults, webui.FaultView{Device: f.Device, Message: f.Message})
	}
	on, seen := b.p.test.walked()
	v.Walk = on
	if choice.real == nil {
		return v, nil
	}
	v.Chip = choice.real.Chip()
	ctx, cancel := context.WithTimeout(ctx, surveyLimit)
	defer cancel()
	for _, p := range choice.real.Pins(ctx) {
		v.Pins = append(v.Pins, pinView(p))
	}
	v.Parts = b.parts(choice.real.Config(), seen)
	for _, part := range v.Parts {
		if !part.Output && part.Seen.IsZero() {
			v.Missing = append(v.Missing, part.Name)
		}
	}
	return v, nil
}

func pinView(p rpi.PinState) webui.PinView {
	v := webui.PinView{
		Part: p.Part, Pin: p.Pin, Header: p.Header, Line: p.Line, Name: p.Name, Direction: "input", Active: string(p.Active), Level: p.Level, Holder: p.Holder,
	}
	if p.Output {
		v.Direction = "output"
	}
	return v
}

// parts are what a self-test of real parts goes through.
func (b boardPage) parts(config *board.Board, seen map[string]time.Time) (parts []webui.PartView) {
	io := b.p.pins()
	for _, n := range b.p.board.Names() {
		uses := io.wired(n.Name)
		if len(uses) == 0 {
			continue
		}
		var at []string
		for _, u := range uses {
			at = append(at, u.Part+" on "+u.Pin.String())
		}
		parts = append(parts, webui.PartView{
			Name: n.Name, Output: n.Output, At: strings.Join(at, " and "), Level: b.p.waves.level(n.Name), Seen: webui.At(seen[n.Name]),
		})
	}
	if config.Dial != nil {
		part := webui.PartView{Name: dialName, At: "dial on " + config.Dial.Pulse.String()}
		for name, at := range seen {
			if name != virtual.HookName && len(io.wired(name)) == 0 && at.After(part.Seen.Time) {
				part.Seen = webui.At(at)
			}
		}
		parts = append(parts, part)
	}
	return parts
}

// SetBoard stores the board for the next start. It is checked as a board file is; whether this computer has its chip is known at the start.
func (b boardPage) SetBoard(_ context.Context, text string) error {
	if b.p.choice.given != "" {
		return fmt.Errorf("%w: the phone was started with --board %s (or HILPHONE_BOARD); start it without to set the board here", webui.ErrConflict, b.p.choice.given)
	}
	text = plainText(text)
	if !isWord(text) {
		if _, err := board.Parse("board", []byte(text)); err != nil {
			return boardFaults(err)
		}
	}
	stored, err := readStored(b.p.dir)
	if err != nil || cmp.Or(stored, autoBoard) == text {
		return err
	}
	return store(b.p.dir, text)
}

// boardFaults are the faults of a board file as the pages name them.
func boardFaults(err error) error {
	var errs []error
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, e := range all {
		fault := &line.FieldError{Name: "board", Message: e.Error()}
		var at *board.FieldError
		if errors.As(e, &at) {
			fault.Message = fmt.Sprintf("line %d: %s", at.Line, at.Why)
			if at.Field != "" {
				fault.Message = fmt.Sprintf("line %d: %s: %s", at.Line, at.Field, at.Why)
			}
		}
		errs = append(errs, fault)
	}
	return errors.Join(errs...)
}

func (b boardPage) Show(ctx context.Context, name string) error { return b.p.test.show(ctx, name) }

func (b boardPage) Walk(on bool) error {
	if b.p.choice.real == nil {
		return fmt.Errorf("%w: the phone has no real keys", webui.ErrConflict)
	}
	if s := b.p.phone.Snapshot(); on && (s.State != phone.Idle || s.OffHook) {
		return fmt.Errorf("%w: %w", webui.ErrConflict, errBusy)
	}
	b.p.test.walk(on)
	return nil
}
