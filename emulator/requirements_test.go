package main_test

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// requirements are the files that have the numbers.
var requirements = []string{"sip/line/REQUIREMENTS.md", "sip/REQUIREMENTS.md", "emulator/REQUIREMENTS.md", "webui/REQUIREMENTS.md", "hal/REQUIREMENTS.md", "hil/REQUIREMENTS.md", "db/REQUIREMENTS.md"}

var (
	number = regexp.MustCompile(`\b(?:FO|FB|CF|CL|WR|SE|BE|IM|RS|OP|UX)-[0-9]+\b`)
	row    = regexp.MustCompile(`(?m)^\| ([A-Z]+-[0-9]+) \| .+ \| (\w+) \|$`)
)

// TestRequirements: each requirement that is due is cited by a test or a golden trace, and no citation leads nowhere.
func TestRequirements(t *testing.T) {
	var all strings.Builder
	for _, name := range requirements {
		text, err := fs.ReadFile(house, name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	required, err := readRequirements(all.String())
	if err != nil {
		t.Fatal(err)
	}
	cited := map[string][]string{} // number to files
	walk(t, func(name string) {
		trace := strings.Contains(name, "/testdata/") && path.Ext(name) == ".txt"
		if !strings.HasSuffix(name, "_test.go") && !trace {
			return
		}
		text, err := fs.ReadFile(house, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range number.FindAllString(string(text), -1) {
			if !slices.Contains(cited[n], name) {
				cited[n] = append(cited[n], name)
			}
		}
	})
	for _, n := range slices.Sorted(maps.Keys(required)) {
		switch {
		case required[n] == "now" && cited[n] == nil:
			t.Errorf("no test cites %s", n)
		case required[n] == "later" && cited[n] != nil:
			t.Logf("%s is marked later and cited by %s: is it due now?", n, strings.Join(cited[n], ", "))
		}
	}
	for _, n := range slices.Sorted(maps.Keys(cited)) {
		if _, ok := required[n]; !ok {
			t.Errorf("%s cites %s, which is not in %s", strings.Join(cited[n], ", "), n, strings.Join(requirements, " or "))
		}
	}
}

// readRequirements returns each number with its state, now or later.
func readRequirements(text string) (map[string]string, error) {
	required := map[string]string{}
	for _, found := range row.FindAllStringSubmatch(text, -1) {
		n, state := found[1], found[2]
		if !number.MatchString(n) || (state != "now" && state != "later") {
			return nil, fmt.Errorf("%s is marked %q, want now or later", n, state)
		}
		if _, ok := required[n]; ok {
			return nil, fmt.Errorf("%s is there twice", n)
		}
		required[n] = state
	}
	for _, n := range number.FindAllString(text, -1) {
		if _, ok := required[n]; !ok {
			return nil, fmt.Errorf("%s is mentioned and has no row", n)
		}
	}
	if len(required) == 0 {
		return nil, fmt.Errorf("no requirements")
	}
	return required, nil
}

func TestReadRequirements(t *testing.T) {
	// Numbers are put together here, so that this file cites none.
	one, two := "FO-"+"97", "FB-"+"98"
	line := func(n, text, state string) string { return fmt.Sprintf("| %s | %s | %s |\n", n, text, state) }
	for _, c := range []struct {
		text string
		want int // 0: an error
	}{
		{line(one, "a", "now") + line(two, "b, see "+one, "later"), 2},
		{line(one, "a", "now") + line(one, "b", "later"), 0},
		{line(one, "a", "soon"), 0},
		{line(one, "see "+two, "now"), 0},
		{line("XX-1", "a", "now"), 0},
		{"| number | requirement | tested |\n", 0},
	} {
		required, err := readRequirements(c.text)
		if len(required) != c.want || (err == nil) != (c.want > 0) {
			t.Errorf("%q: %v %v, want %d numbers", c.text, required, err, c.want)
		}
	}
}
