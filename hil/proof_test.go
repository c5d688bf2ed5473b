package hil

import (
	"slices"
	"testing"

	"hilphone/hil/scenario"
)

// TestProofs: every requirement is proved by a scenario that ships or is said to be out of sight, never both; and nothing else is out of sight.
func TestProofs(t *testing.T) {
	all, err := Proofs()
	if err != nil {
		t.Fatal(err)
	}
	proved := 0
	for _, p := range all {
		if (len(p.Scenarios) > 0) == (p.Unseen != "") {
			t.Errorf("%s is proved by %v and cannot be seen because %q: it must be one of them", p.Number, p.Scenarios, p.Unseen)
		}
		if len(p.Scenarios) > 0 {
			proved++
		}
	}
	if len(all) != 137 || proved != 119 {
		t.Errorf("%d of %d are proved", proved, len(all))
	}
	hidden, err := unseen()
	if err != nil {
		t.Fatal(err)
	}
	if len(hidden) != len(all)-proved {
		t.Errorf("unseen.txt has %d", len(hidden))
	}
	for number := range hidden {
		if !slices.Contains(scenario.Requirements(), number) {
			t.Errorf("unseen.txt has %s, which is no requirement", number)
		}
	}
}
