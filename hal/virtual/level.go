package virtual

import (
	"errors"
	"strings"
	"time"

	"hilphone/hal"
)

// Errors of Level and SetLevel.
var (
	ErrNoName = errors.New("the board has no input or output of that name")
	ErrOutput = errors.New("an output shows what the phone does and cannot be set")
	ErrLevel  = errors.New("a level is 0 or 1")
)

// Name is one input or output of the board.
type Name struct {
	Name   string
	Output bool // a lamp or the ringer; otherwise the hook or a key
}

// Names of what there is one of.
const (
	HookName   = "hook"
	RingerName = "ringer"
)

const (
	keyPrefix  = "key_"
	lampPrefix = "lamp_"
	starName   = keyPrefix + "star" // * and # need not be escaped in an address
	poundName  = keyPrefix + "pound"
)

// Names returns every input and output of the board: "hook", which is 1 with the handset lifted; "key_0" to "key_9", "key_star",
// "key_pound", "key_release" and so on, 1 while the key is down; "lamp_power", "lamp_line1" and so on and "ringer", 1 while they are on.
func (b *Board) Names() []Name {
	names := []Name{{Name: HookName}}
	for _, k := range hal.Keys() {
		names = append(names, Name{Name: KeyName(k)})
	}
	for _, l := range hal.Lamps() {
		names = append(names, Name{Name: LampName(l), Output: true})
	}
	return append(names, Name{Name: RingerName, Output: true})
}

// KeyName is the name of a key among those of Names.
func KeyName(k hal.Key) string {
	switch k {
	case "*":
		return starName
	case "#":
		return poundName
	}
	return keyPrefix + string(k)
}

// LampName is the name of a lamp among those of Names.
func LampName(l hal.Lamp) string { return lampPrefix + string(l) }

func keyOf(name string) (hal.Key, bool) {
	switch name {
	case starName:
		return "*", true
	case poundName:
		return "#", true
	}
	rest, ok := strings.CutPrefix(name, keyPrefix)
	k, err := hal.ParseKey(rest)
	return k, ok && err == nil && KeyName(k) == name
}

func lampOf(name string) (hal.Lamp, bool) {
	rest, ok := strings.CutPrefix(name, lampPrefix)
	l := hal.Lamp(rest)
	if _, isLine := l.Line(); ok && (isLine || l == hal.PowerLamp || l == hal.MessageLamp || l == hal.SpeakerLamp) {
		return l, true
	}
	return "", false
}

// Level returns the level of an input or output at this instant, 0 or 1: a blinking lamp is 1 while it is lit, a ringer while it
// sounds. The error is ErrNoName.
func (b *Board) Level(name string) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if name == HookName {
		return level(b.off), nil
	}
	if name == RingerName {
		on, _ := b.ringer.cadence.Level(time.Since(b.ringer.since))
		return level(on), nil
	}
	if k, ok := keyOf(name); ok {
		return level(b.down[k]), nil
	}
	if l, ok := lampOf(name); ok {
		s := b.lamps[l]
		on, _ := s.pattern.Cadence().Level(time.Since(s.since))
		return level(on), nil
	}
	return 0, ErrNoName
}

// SetLevel moves the hook or a key and returns when the phone has acted on it. Errors: ErrNoName, ErrOutput, ErrLevel, ErrOff.
func (b *Board) SetLevel(name string, to int, source hal.Source) error {
	if _, ok := lampOf(name); ok || name == RingerName {
		return ErrOutput
	}
	k, isKey := keyOf(name)
	switch {
	case !isKey && name != HookName:
		return ErrNoName
	case to != 0 && to != 1:
		return ErrLevel
	case isKey:
		_, err := b.moveKey(k, to == 1, source)
		return err
	}
	return b.SetHook(to == 1, source)
}

func level(on bool) int {
	if on {
		return 1
	}
	return 0
}
