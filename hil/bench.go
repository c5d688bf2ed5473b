package hil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/rig"
	"hilphone/hil/scenario"
)

// Evidence takes what happens in a run; *evidence.Folder does. None of its methods may wait for a disk.
type Evidence interface {
	Entry(evidence.Entry)
	Message(evidence.Message)
	Level(evidence.Level)
	Console() io.Writer
	Hide(secrets ...string)
}

// Watcher is told how a run goes, for example a Terminal. It is called by one goroutine.
type Watcher interface {
	Begins(run evidence.Run)
	StepBegins(step evidence.Step)
	StepEnds(step evidence.Step)
	Ends(run evidence.Run)
}

// Bench plays scenarios at a place, one after the other.
type Bench struct {
	Place   Place
	Rig     *rig.Rig     // hands and eyes, open; nil: there are none. The caller closes it
	Client  *http.Client // default: one of its own
	Version string       // of the bench, for the evidence
	Watch   Watcher
	Log     *slog.Logger // of the servers of the bench; default none
}

// Unplayable is a scenario that cannot be played at this place; nothing was done.
type Unplayable struct{ Err error }

func (u *Unplayable) Error() string { return u.Err.Error() }

func (u *Unplayable) Unwrap() error { return u.Err }

func (b *Bench) phone() *Phone {
	return &Phone{URL: strings.TrimSuffix(b.Place.Phone, "/"), Token: b.Place.Token, Client: b.Client}
}

// secrets are what must not be in the evidence.
func (b *Bench) secrets() []string {
	s := b.Place.Servers
	all := []string{b.Place.Token, s.Token, s.Peer.Password}
	for _, command := range []string{s.Primary.Down, s.Primary.Up, s.Backup.Down, s.Backup.Up} {
		all = append(all, evidence.SecretsIn(command)...)
	}
	for _, name := range s.Environment {
		all = append(all, evidence.SecretVariable(name, os.Getenv(name)))
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

func (b *Bench) line() int { return max(b.Place.Line, 1) }

func (b *Bench) path(resource string) string { return fmt.Sprintf("lines/%d/%s", b.line(), resource) }

// Check asks the phone whether the scenario can be played here, and touches nothing. The errors are Unplayable with FILE:LINE: FIELD: what is
// wrong, or of a phone that does not answer.
func (b *Bench) Check(ctx context.Context, s *scenario.Scenario) error {
	if b.bare() {
		return b.checkBare(ctx, s)
	}
	phone := b.phone()
	var settings map[string]any
	if err := phone.Get(ctx, b.path("sip"), &settings); err != nil {
		return err
	}
	kind, err := b.kind(ctx, phone)
	if err != nil {
		return err
	}
	if kind == BenchServers {
		if _, err := b.addresses(); err != nil {
			return &Unplayable{fmt.Errorf("place: %w", err)}
		}
	}
	peerless, err := b.peerless(ctx, kind, phone)
	if err != nil {
		return err
	}
	var problems scenario.Problems
	for _, need := range s.Needs {
		why := b.lacks(kind, need, settings)
		if need == scenario.NeedPeer {
			why = peerless
		}
		if why != "" {
			problems = append(problems, scenario.Problem{File: s.File, Field: "needs " + string(need), Message: why})
		}
	}
	servers := b.checker(kind, phone)
	for _, step := range s.Steps {
		if err := servers.Check(step.Do); err != nil {
			problems = append(problems, scenario.Problem{File: s.File, Line: step.Line, Field: "server", Message: err.Error()})
		}
	}
	faults, err := b.checkSettings(ctx, phone, s, settings)
	if err != nil {
		return err
	}
	problems = append(problems, b.checkRig(s)...)
	if problems = append(problems, faults...); len(problems) > 0 {
		return &Unplayable{problems}
	}
	return nil
}

// kind is what servers there are: the place says, or the phone has a lab, or the bench brings its own.
func (b *Bench) kind(ctx context.Context, phone *Phone) (string, error) {
	if k := b.Place.Servers.Kind; k != "" {
		return k, nil
	}
	if b.Place.Servers.URL != "" {
		return LabServers, nil
	}
	if b.bare() {
		return BenchServers, nil
	}
	err := phone.Get(ctx, "lab/servers/primary", nil)
	switch {
	case err == nil:
		return LabServers, nil
	case status(err) == http.StatusNotFound:
		return BenchServers, nil
	}
	return "", err
}

// lacks says why a need cannot be met, or nothing.
func (b *Bench) lacks(kind string, need scenario.Need, settings map[string]any) string {
	separate := b.Place.Servers.Separate
	switch need {
	case scenario.NeedRig:
		if b.Rig == nil {
			return "the place has no rig: --rig FILE"
		}
	case scenario.NeedSeparate:
		if kind != BenchServers && !separate {
			return "the servers share their registrations: take servers of the bench, --servers bench, or say separate in the place file"
		}
	case scenario.NeedShared:
		if kind != BenchServers && separate {
			return "the servers of this place do not share their registrations"
		}
	case scenario.NeedRoute:
		if kind != BenchServers || b.Place.Servers.Primary.Down == "" {
			return "the place has no command that takes the route to the primary away: servers.primary.down in the place file, with servers of kind bench"
		}
	case scenario.NeedUDP, scenario.NeedTCP, scenario.NeedTLS:
		if has := settings["transport"]; kind != BenchServers && has != string(need) {
			return fmt.Sprintf("the line uses %v: take servers of the bench, --servers bench, or set the line up so", has)
		}
	}
	return ""
}

// hasCommand tells whether the place has a command that takes a server down.
func (b *Bench) hasCommand() bool {
	return b.Place.Servers.Primary.Down != "" || b.Place.Servers.Backup.Down != ""
}

// checker is servers that can be asked what they can do, before there are any.
func (b *Bench) checker(kind string, phone *Phone) Servers {
	switch {
	case kind == OwnServers:
		return b.own(nil)
	case kind == BenchServers:
		return &pair{}
	case b.Place.Servers.URL != "":
		return labServers{b.labPhone(nil)}
	}
	return embeddedLab{labServers{phone}}
}

func (b *Bench) labPhone(heard func(Request)) *Phone {
	return &Phone{URL: strings.TrimSuffix(b.Place.Servers.URL, "/"), Token: b.Place.Servers.Token, Client: b.Client, Heard: heard}
}

// pairFor says what pair a scenario wants.
func (b *Bench) pairFor(s *scenario.Scenario) (c pairConfig, err error) {
	if c.Addresses, err = b.addresses(); err != nil {
		return c, err
	}
	c.Transport, c.Separate, c.Log = b.Place.Servers.Transport, b.Place.Servers.Separate, b.Log
	for _, need := range s.Needs {
		switch need {
		case scenario.NeedSeparate, scenario.NeedShared:
			c.Separate = need == scenario.NeedSeparate
		case scenario.NeedUDP, scenario.NeedTCP, scenario.NeedTLS:
			c.Transport = string(need)
		}
	}
	if c.Transport == "" {
		c.Transport = "udp"
	}
	return c, nil
}

// addresses are those of a pair of the bench.
func (b *Bench) addresses() (Addresses, error) {
	return b.Place.Servers.Addresses(func() (netip.Addr, error) {
		if b.bare() {
			return netip.Addr{}, errors.New("place: servers.primary.address: is needed")
		}
		u, err := url.Parse(b.Place.Phone)
		if err != nil {
			return netip.Addr{}, err
		}
		return route(u.Host)
	})
}

// timeLimit is how long a scenario may take.
func timeLimit(s *scenario.Scenario) time.Duration {
	if s.Timeout > 0 {
		return s.Timeout
	}
	return scenario.DefaultTimeout
}
