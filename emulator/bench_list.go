package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"hilphone/db/nearest"
	"hilphone/hil"
)

// benchList says what scenarios come with the program.
type benchList struct {
	Name         string `arg:"" optional:"" help:"Prints this one; of a suite only its scenarios are listed."`
	Requirements bool   `help:"Lists the requirements of a line instead, each with the scenarios that prove it, or why none can."`
}

func (c *benchList) Run(env environment) error {
	switch {
	case c.Requirements && c.Name != "":
		return usage("--requirements: takes no name")
	case c.Requirements:
		return c.requirements(env)
	case c.Name == "":
		return c.suites(env, hil.Suites())
	case hil.Suite(c.Name) != nil:
		return c.suites(env, []string{c.Name})
	}
	text, ok := hil.ShippedText(c.Name)
	if !ok {
		return usage("%s: there is no scenario or suite of that name%s", c.Name, nearest.Hint(c.Name, append(hil.Shipped(), hil.Suites()...)))
	}
	_, err := env.Stdout.Write(text)
	return err
}

// suites lists them with their scenarios.
func (c *benchList) suites(env environment, suites []string) error {
	w := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	for _, suite := range suites {
		fmt.Fprintf(w, "%s\t%s\n", suite, count(len(hil.Suite(suite)), "scenario"))
		for _, name := range hil.Suite(suite) {
			s, err := hil.OpenShipped(name)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\n", name, s.Name, strings.Join(s.Proves, " "))
		}
	}
	return w.Flush()
}

func (c *benchList) requirements(env environment) error {
	all, err := hil.Proofs()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	proved := 0
	for _, p := range all {
		if len(p.Scenarios) > 0 {
			proved++
			fmt.Fprintf(w, "%s\t%s\n", p.Number, strings.Join(p.Scenarios, " "))
		} else {
			fmt.Fprintf(w, "%s\t- %s\n", p.Number, p.Unseen)
		}
	}
	fmt.Fprintf(w, "%d requirements: %d proved by scenarios, %d cannot be seen from outside\n", len(all), proved, len(all)-proved)
	return w.Flush()
}
