package hil

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hilphone/hil/scenario"
)

// Servers are the pair that a phone is registered with, as far as the bench can reach it.
type Servers interface {
	// Check refuses a step that they cannot carry out, before anything is done.
	Check(do scenario.Action) error
	// Set makes the server of this name behave.
	Set(ctx context.Context, name string, do scenario.Server) error
	// Settings are those of the line that make it use them; nil where it does already.
	Settings() map[string]any
	// String says what they are.
	String() string
}

// labServers are servers that are driven by REST: those of a phone with an embedded lab, or of `hilphone bench serve`.
type labServers struct {
	lab *Phone
}

func (l labServers) String() string { return "the lab of " + l.lab.URL }

func (l labServers) Settings() map[string]any { return nil }

// Check refuses what REST has no words for; a lab by itself takes all else that can be written.
func (l labServers) Check(do scenario.Action) error {
	if p, ok := do.(scenario.Peer); ok && p.Do == "register" {
		return errors.New("the phone of a lab cannot be told to register: take servers of the bench, --servers bench")
	}
	return nil
}

func (l labServers) Set(ctx context.Context, name string, do scenario.Server) error {
	return l.lab.Do(ctx, "PUT", "lab/servers/"+name, do.Behaviour, nil)
}

// embeddedLab is the lab inside of a phone, whose REST interface has whole numbers and bounds.
type embeddedLab struct{ labServers }

func (l embeddedLab) String() string { return "the phone's embedded lab" }

func (l embeddedLab) Check(do scenario.Action) error {
	if err := l.labServers.Check(do); err != nil {
		return err
	}
	if p, ok := do.(scenario.Peer); ok && (p.Answering.After%time.Millisecond != 0 || p.Answering.HangUpAfter%time.Millisecond != 0) {
		return errors.New("the phone of the embedded lab takes whole milliseconds")
	}
	s, ok := do.(scenario.Server)
	if !ok {
		return nil
	}
	b := s.Behaviour
	for _, d := range []struct {
		what       string
		value      time.Duration
		unit, most time.Duration
	}{{"delay", b.Delay, time.Millisecond, time.Minute}, {"retry-after", b.RetryAfter, time.Second, 24 * time.Hour},
		{"min-expires", b.MinExpires, time.Second, 24 * time.Hour}, {"max-expires", b.MaxExpires, time.Second, 24 * time.Hour}} {
		if d.value%d.unit != 0 || d.value > d.most {
			return fmt.Errorf("%s: the phone's embedded lab takes multiples of %v, %v at most", d.what, d.unit, d.most)
		}
	}
	const most = 100000
	if b.DropFirst > most || b.CloseAfter > most {
		return fmt.Errorf("the phone's embedded lab counts %d messages at most", most)
	}
	if len(b.Methods) > 16 {
		return errors.New("only: the phone's embedded lab takes 16 methods at most")
	}
	return nil
}
