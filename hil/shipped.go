package hil

import (
	"embed"
	"path"
	"slices"
	"strings"

	"hilphone/hil/scenario"
)

//go:embed scenarios/*.scenario
var shipped embed.FS

const suffix = ".scenario"

// Shipped are the names of the scenarios that come with the program, sorted.
func Shipped() []string {
	entries, err := shipped.ReadDir("scenarios")
	if err != nil {
		return nil // they are embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), suffix))
	}
	slices.Sort(names)
	return names
}

// ShippedText is the text of a scenario that comes with the program, and whether there is one of that name.
func ShippedText(name string) (text []byte, ok bool) {
	text, err := shipped.ReadFile(path.Join("scenarios", name+suffix))
	return text, err == nil
}

// OpenShipped reads one of them.
func OpenShipped(name string) (*scenario.Scenario, error) {
	text, _ := ShippedText(name)
	return scenario.Parse(name+suffix, text)
}
