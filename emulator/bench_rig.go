package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"hilphone/hil"
	"hilphone/hil/rig"
)

// openRig opens the pins of a rig file; without a file there is no rig.
func openRig(file string) (*rig.Rig, error) {
	if file == "" {
		return nil, nil
	}
	config, err := rig.Read(file)
	if err != nil {
		return nil, usage("--rig: %w", err)
	}
	g, err := rig.Open(config)
	if err != nil {
		return nil, usage("nothing was pressed: %w", err)
	}
	return g, nil
}

// closeRig lets everything go and gives the pins back.
func closeRig(g *rig.Rig, err error) error {
	if g != nil {
		err = errors.Join(err, g.Close())
	}
	return err
}

// benchRig tests a rig, by itself or with the phone that it is wired to.
type benchRig struct {
	File      string `arg:"" type:"path" help:"Rig file."`
	Calibrate bool   `help:"Presses each key, lifts the handset, looks at each lamp, and holds all against what the phone says of itself."`
	Phone     string `env:"HILPHONE_PHONE,HILPHONE_URL" placeholder:"URL" help:"The phone, for --calibrate."`
	Token     string `env:"HILPHONE_TOKEN" placeholder:"T" help:"API token of the phone."`
}

func (c *benchRig) Run(env environment) (err error) {
	if c.Calibrate && c.Phone == "" {
		return usage("--phone: which phone? --calibrate asks it what it notices")
	}
	g, err := openRig(c.File)
	if err != nil {
		return err
	}
	defer func() { err = closeRig(g, err) }()
	fmt.Fprintln(env.Stdout, g)
	if !c.Calibrate {
		return pulseRig(env, env.Stdout, g)
	}
	transport := &http.Transport{} // no proxy: a phone of the lab
	defer transport.CloseIdleConnections()
	phone := &hil.Phone{URL: strings.TrimRight(c.Phone, "/"), Token: c.Token, Client: &http.Client{Transport: transport}}
	found, err := (&hil.Calibration{Phone: phone, Rig: g}).Run(env)
	faults := tellFindings(env.Stdout, found)
	switch {
	case env.Err() != nil:
		return errors.New("interrupted")
	case err != nil:
		return usage("--calibrate: %w", err)
	case faults > 0:
		return fmt.Errorf("%s", count(faults, "fault"))
	}
	return nil
}

// pulseRig closes each output for a moment.
func pulseRig(ctx context.Context, w io.Writer, g *rig.Rig) error {
	pulses, sensors, err := g.SelfTest(ctx)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	faults := 0
	verdict := func(err error, well string) string {
		if err == nil {
			return well
		}
		faults++
		return "FAULT: " + err.Error()
	}
	for _, s := range sensors {
		fmt.Fprintf(t, "%s\t%s\tsensor\t%s\n", s.Use.Part, s.Use.Pin, verdict(s.Err, s.Level))
	}
	for _, p := range pulses {
		var touched []string
		for _, s := range p.Touched {
			touched = append(touched, fmt.Sprintf("%s %s after %s", s.Part, s.Level, rounded(s.After)))
		}
		fmt.Fprintf(t, "%s\t%s\toutput\t%s\n", p.Use.Part, p.Use.Pin, verdict(p.Err, strings.Join(append([]string{"closed and opened"}, touched...), ", ")))
	}
	if err := errors.Join(err, t.Flush()); err != nil {
		return err
	}
	if faults > 0 {
		return fmt.Errorf("%s", count(faults, "fault"))
	}
	return nil
}

// tellFindings prints a calibration and returns how many wires are at fault.
func tellFindings(w io.Writer, found []hil.Finding) (faults int) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range found {
		took, note := "", f.Note
		if f.Timed {
			took = rounded(f.Took).String()
		}
		if f.Fault != "" {
			faults++
			note = "FAULT: " + f.Fault
		} else if note == "" {
			note = "ok"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.Part, took, note)
	}
	_ = t.Flush() // a terminal
	return faults
}

func rounded(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
