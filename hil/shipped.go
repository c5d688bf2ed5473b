package hil

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"hilphone/hil/scenario"
)

//go:embed scenarios
var shipped embed.FS

const suffix = ".scenario"

// Suites are the names of the suites that come with the program, each a set of scenarios that is played by that name: phone is what a phone has
// to do, odd-peers what it has to read, send and answer, no-route what it does without a route to the primary, pair what a pair of servers does.
func Suites() []string {
	entries, err := shipped.ReadDir("scenarios")
	if err != nil {
		return nil // they are embedded
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// Suite is the names of the scenarios of a suite, sorted; none where there is no such suite.
func Suite(name string) []string {
	entries, err := shipped.ReadDir(path.Join("scenarios", name))
	if err != nil || !slices.Contains(Suites(), name) {
		return nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), suffix))
	}
	return names
}

// Shipped are the names of all scenarios that come with the program, sorted. A name is there once.
func Shipped() []string {
	var names []string
	for _, suite := range Suites() {
		names = append(names, Suite(suite)...)
	}
	slices.Sort(names)
	return names
}

// ShippedText is the text of a scenario that comes with the program, and whether there is one of that name.
func ShippedText(name string) (text []byte, ok bool) {
	for _, suite := range Suites() {
		if text, err := shipped.ReadFile(path.Join("scenarios", suite, name+suffix)); err == nil {
			return text, true
		}
	}
	return nil, false
}

// OpenShipped reads one of them.
func OpenShipped(name string) (*scenario.Scenario, error) {
	text, ok := ShippedText(name)
	if !ok {
		return nil, fmt.Errorf("no scenario %q comes with the program", name)
	}
	return scenario.Parse(name+suffix, text)
}
