package main

import (
	"errors"
	"fmt"
	"strings"

	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/virtual"
	"hilphone/webui"
)

// pins are the inputs and outputs of the phone's front, whatever boards it has: each is at the level that the phone knows. What hangs on
// real pins is moved by hands alone; of the rest a script is the hand.
type pins struct {
	board *virtual.Board
	real  *board.Board  // what hangs on which real pin; nil: nothing does
	chip  func() string // that has the real pins
	waves *waves
}

func (p pins) IO() []webui.IOView {
	var views []webui.IOView
	for _, n := range p.board.Names() {
		v := webui.IOView{Name: n.Name, Direction: "input", Level: p.waves.level(n.Name), Pins: []string{}}
		if n.Output {
			v.Direction = "output"
		}
		for _, u := range p.wired(n.Name) {
			v.Pins, v.Chip = append(v.Pins, u.Pin.String()), p.chip()
		}
		views = append(views, v)
	}
	return views
}

func (p pins) Level(name string) (int, error) {
	if _, err := p.board.Level(name); err != nil {
		return 0, pinError(name, err)
	}
	return p.waves.level(name), nil
}

func (p pins) SetLevel(source, name string, level int) error {
	if uses := p.wired(name); len(uses) > 0 && !uses[0].Output {
		return fmt.Errorf("%s: %w: it hangs on %s, where hands move it", name, webui.ErrConflict, p.at(uses))
	}
	return pinError(name, p.board.SetLevel(name, level, hal.Source(source)))
}

// at names real pins: "row 1 on GPIO5 and column 1 on GPIO24 of chip gpiochip0 (pinctrl-rp1)".
func (p pins) at(uses []board.Use) string {
	var parts []string
	for _, u := range uses {
		parts = append(parts, u.Part+" on "+u.Pin.String())
	}
	return strings.Join(parts, " and ") + " of chip " + p.chip()
}

// wired is what an input or output hangs on.
func (p pins) wired(name string) []board.Use {
	switch {
	case p.real == nil:
		return nil
	case name == virtual.HookName:
		return p.real.UsesOfHook()
	case name == virtual.RingerName:
		return p.real.UsesOfRinger()
	}
	for _, k := range hal.Keys() {
		if virtual.KeyName(k) == name {
			return p.real.UsesOfKey(k)
		}
	}
	for _, l := range hal.Lamps() {
		if virtual.LampName(l) == name {
			return p.real.UsesOfLamp(l)
		}
	}
	return nil
}

func pinError(name string, err error) error {
	switch {
	case errors.Is(err, virtual.ErrNoName):
		return fmt.Errorf("%s: %w: %w", name, err, webui.ErrNotFound)
	case errors.Is(err, virtual.ErrOutput):
		return fmt.Errorf("%s: %w: %w", name, err, webui.ErrConflict)
	}
	return conflict(err)
}
