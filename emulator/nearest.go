package main

import (
	"fmt"
	"regexp"
	"strings"

	"hilphone/db/nearest"
)

// badChoice is what the parser of the command line says of a value that is none of those that a flag or an argument may have.
var badChoice = regexp.MustCompile(`^(\S+) must be one of ("[^ ]*") but got "(.*)"$`)

// withNearest adds the nearest right word to an error of the command line about a value (UX-11); unknown flags and commands have theirs already.
func withNearest(err error) error {
	parts := badChoice.FindStringSubmatch(err.Error())
	if parts == nil {
		return err
	}
	var choices []string
	for choice := range strings.SplitSeq(strings.ReplaceAll(parts[2], `"`, ""), ",") {
		if choice != "" {
			choices = append(choices, choice)
		}
	}
	return fmt.Errorf("%s: %q is not one of %s%s", parts[1], parts[3], strings.Join(choices, ", "), nearest.Hint(parts[3], choices))
}
