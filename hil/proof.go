package hil

import (
	"fmt"
	"strings"

	"hilphone/hil/scenario"
)

// Proof is a requirement, and what shows that a phone meets it.
type Proof struct {
	Number    string
	Scenarios []string // of those that come with the program
	Unseen    string   // why no scenario can show it; empty where one does
}

// Proofs are all requirements in their order.
func Proofs() ([]Proof, error) {
	unseen, err := unseen()
	if err != nil {
		return nil, err
	}
	by := map[string][]string{}
	for _, name := range Shipped() {
		s, err := OpenShipped(name)
		if err != nil {
			return nil, err
		}
		for _, number := range s.Proves {
			by[number] = append(by[number], name)
		}
	}
	var all []Proof
	for _, number := range scenario.Requirements() {
		all = append(all, Proof{number, by[number], unseen[number]})
	}
	return all, nil
}

// unseen reads which requirements cannot be seen from outside, and why.
func unseen() (map[string]string, error) {
	const file = "scenarios/unseen.txt"
	text, err := shipped.ReadFile(file)
	if err != nil {
		return nil, err
	}
	why := map[string]string{}
	for n, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		number, reason, ok := strings.Cut(line, " ")
		if _, twice := why[number]; !ok || twice {
			return nil, fmt.Errorf("%s:%d: must be a NUMBER and why, and there once", file, n+1)
		}
		why[number] = reason
	}
	return why, nil
}
