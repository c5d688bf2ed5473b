package webui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hilphone/sip/line"
)

func (h *house) VCD(since int64) ([]byte, error) {
	return fmt.Appendf(nil, "$timescale 1 us $end\n$enddefinitions $end\n#%d\n", since), nil
}

func (h *house) Board(context.Context) (BoardPageView, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := BoardPageView{Board: cmp.Or(h.board, "auto"), Fixed: h.fixed, Restart: h.board != "", Kind: "virtual+rpi", Chip: "gpiochip0 (pinctrl-rp1)", Walk: h.walk,
		Faults: []FaultView{{"button hold on GPIO16", "has been down for 30s: stuck"}},
		Pins: []PinView{{"row 1", "GPIO5", 29, 5, "", "input", "low", 0, "this phone"}, {"hook", "GPIO4", 7, 4, "GPIO4", "input", "low", -1, "w1-gpio"},
			{"lamp power", "GPIO17", 11, 17, "", "output", "high", 1, ""}},
		Parts: []PartView{{"hook", false, "hook on GPIO4", 1, At(time.Now())}, {"key_1", false, "row 1 on GPIO5 and column 1 on GPIO24", 0, Time{}},
			{"lamp_power", true, "lamp power on GPIO17", 1, Time{}}, {"ringer", true, "ringer on GPIO23", 0, Time{}}},
		Missing: []string{"key_1"}}
	return v, nil
}

func (h *house) BoardExamples() []BoardExample {
	return []BoardExample{{"default", "name: usual\n"}, {"rotary", "name: rotary & old\n"}}
}

func (h *house) SetBoard(_ context.Context, board string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fixed {
		return fmt.Errorf("%w: the phone was started with --board virtual", ErrConflict)
	}
	if board != "auto" && board != "virtual" && !strings.HasPrefix(board, "chip:") {
		return errors.Join(&line.FieldError{Name: "board", Message: "line 1: hook.pin: GPIO5 is used already"}, &line.FieldError{Name: "board", Message: "line 2: lamps: <b>is missing"})
	}
	h.board = board
	return nil
}

func (h *house) Show(_ context.Context, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if name != "lamp_power" && name != "ringer" {
		return fmt.Errorf("%q: %w among the lamps and the ringer", name, ErrNotFound)
	}
	h.byHand = append(h.byHand, "show "+name)
	return nil
}

func (h *house) Walk(on bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if on && h.hook == "off" {
		return fmt.Errorf("%w: the phone is in use", ErrConflict)
	}
	h.walk = on
	return nil
}
