package hil

import (
	"context"
	"errors"

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

// embeddedLab is the lab inside of a phone.
type embeddedLab struct{ labServers }

func (l embeddedLab) String() string { return "the phone's embedded lab" }
