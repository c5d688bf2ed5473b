package main

import (
	"fmt"

	"hilphone/hil/scenario"
)

// benchHelp is the reference of the language of scenarios (UX-09).
type benchHelp struct {
	Words []string `arg:"" optional:"" name:"verb" help:"A verb (press, expect ...), a header (needs ...) or a topic (clock, times, labels, deadline, text); behind expect what is expected: expect event, expect event failover."`
}

func (c *benchHelp) Run(env environment) error {
	if err := scenario.Help(env.Stdout, c.Words...); err != nil {
		return usage("%s", fmt.Sprint(err))
	}
	return nil
}
