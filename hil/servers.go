package hil

import (
	"context"
	"encoding/json"
	"fmt"

	"hilphone/hil/scenario"
	"hilphone/hil/server"
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

// labBehaviour is what every lab can do.
type labBehaviour struct {
	Behaviour   string  `json:"behaviour"`
	Status      int     `json:"status,omitempty"`
	RetryAfterS float64 `json:"retry_after_s"`
	DelayMS     float64 `json:"delay_ms"`
	Drop        float64 `json:"drop"`
}

// Check refuses nothing by itself: what a lab can do it says itself, see labPlace.
func (l labServers) Check(scenario.Action) error { return nil }

func (l labServers) Set(ctx context.Context, name string, do scenario.Server) error {
	return l.lab.Do(ctx, "PUT", "lab/servers/"+name, labBody(do.Behaviour), nil)
}

// labBody is a behaviour in the words of REST: only those that every lab has where it needs no others.
func labBody(b server.Behaviour) any {
	few := labBehaviour{string(b.Mode), b.Status, b.RetryAfter.Seconds(), float64(b.Delay.Milliseconds()), b.Drop}
	if plain(b) {
		return few
	}
	body, err := json.Marshal(b)
	if err != nil {
		return few // a Behaviour always marshals
	}
	return json.RawMessage(body)
}

// plain tells whether an embedded lab can behave so.
func plain(b server.Behaviour) bool {
	few := server.Behaviour{Mode: b.Mode, Status: b.Status, RetryAfter: b.RetryAfter, Delay: b.Delay, Drop: b.Drop}
	return fmt.Sprint(few) == fmt.Sprint(b) && b.Mode != server.Close
}

// embeddedLab is the lab inside of a phone, which can do less.
type embeddedLab struct{ labServers }

func (l embeddedLab) String() string { return "the phone's embedded lab" }

func (l embeddedLab) Check(do scenario.Action) error {
	if s, ok := do.(scenario.Server); ok && !plain(s.Behaviour) {
		return fmt.Errorf("the phone's embedded lab can only serve, silent, refuse, hang and status, with retry-after, delay and drop: take servers of the bench, --servers bench")
	}
	return nil
}
