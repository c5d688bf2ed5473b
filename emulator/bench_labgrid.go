package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"hilphone/db/limit"
	"hilphone/hil/labgrid"
)

// Bounds of the question to the phone: time, and bytes of the answer.
const (
	labgridAskTime = 10 * time.Second
	labgridAnswer  = 1 << 20
)

// benchLabgrid prints what labgrid has to know of a phone.
type benchLabgrid struct {
	Kind     string `arg:"" optional:"" enum:"exporter,environment,place" default:"exporter" help:"exporter: for labgrid-exporter; environment: for pytest without a coordinator; place: for pytest with one."`
	Phone    string `env:"HILPHONE_PHONE,HILPHONE_URL" placeholder:"URL" help:"The phone, as http://192.168.1.20:8080."`
	Token    string `env:"HILPHONE_TOKEN" placeholder:"T" help:"API token of the phone; it is not printed."`
	Name     string `default:"hilphone" help:"Of the group and of the place."`
	Location string `help:"Where the phone stands."`
	Power    *bool  `negatable:"" help:"Resources are NetworkPowerPort of model rest, which a labgrid has that has no HttpDigitalOutput. Default: so if the labgrid installed here has none."`
}

func (c *benchLabgrid) Run(env environment) error {
	if c.Phone == "" {
		return usage("--phone: which phone? `hilphone demo` prints an export line for one")
	}
	p := labgrid.Phone{URL: strings.TrimRight(c.Phone, "/"), Name: c.Name, Location: c.Location, Power: c.power(env)}
	if err := p.Check(); err != nil {
		return usage("%w", err)
	}
	if err := c.ask(env, &p); err != nil {
		return usage("--phone: %w", err)
	}
	if err := p.Check(); err != nil {
		return usage("--phone: %w", err)
	}
	text := p.Exporter()
	switch c.Kind {
	case "environment":
		text = p.Environment()
	case "place":
		text = p.Place()
	}
	_, err := env.Stdout.Write(text)
	return err
}

// power tells which class the resources have; a choice that was not asked for is said.
func (c *benchLabgrid) power(env environment) bool {
	if c.Power != nil {
		return *c.Power
	}
	if !labgridLacks(env, labgrid.OutputClass) {
		return false
	}
	fmt.Fprintf(env.Stderr, "the labgrid installed here has no %s: the file is as with --power (--no-power for another labgrid)\n", labgrid.OutputClass)
	return true
}

// ask asks the phone which inputs and outputs it has.
func (c *benchLabgrid) ask(env environment, p *labgrid.Phone) error {
	request, err := http.NewRequestWithContext(env, http.MethodGet, p.URL+"/api/v1/io", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	transport := &http.Transport{} // no proxy: a phone of the lab
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: labgridAskTime}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s/api/v1/io: %s", p.URL, response.Status)
	}
	var all []struct{ Name, Direction string }
	text, err := io.ReadAll(io.LimitReader(response.Body, labgridAnswer+1))
	if err == nil {
		err = limit.DecodeJSON("answer", text, labgridAnswer, &all)
	}
	if err != nil {
		return fmt.Errorf("%s/api/v1/io: %w", p.URL, err)
	}
	for _, one := range all {
		if one.Direction == "input" {
			p.Inputs = append(p.Inputs, one.Name)
		} else {
			p.Outputs = append(p.Outputs, one.Name)
		}
	}
	return nil
}
