package evidence

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// caseName is how build servers know a run. No two runs have both the same class and the same title.
type caseName struct {
	class string // path of the scenario's file without its extension, written as that of a Java class
	title string // the scenario's name with its round, and a number where an earlier run of this class has the same
}

// caseNames are the names of runs (BE-01). A scenario that is played once, in one file, has the same name whatever is played besides.
func caseNames(runs []Run) []caseName {
	all := make([]caseName, len(runs))
	taken, next := map[caseName]bool{}, map[caseName]int{}
	for i, r := range runs {
		first := caseName{class(r.File), plain(r.title())}
		n := first
		for taken[n] {
			next[first] = max(next[first], 1) + 1
			n.title = fmt.Sprintf("%s, number %d", first.title, next[first])
		}
		taken[n] = true
		all[i] = n
	}
	return all
}

// suite is the scenario of a run: its file and its name.
type suite struct{ file, name string }

func (s suite) String() string {
	if s.file == "" {
		return s.name
	}
	return s.file + ": " + s.name
}

// suitesOf are the scenarios of runs in the order in which they came, and the indexes of the runs of each.
func suitesOf(runs []Run) (all []suite, members [][]int) {
	at := map[suite]int{}
	for i, r := range runs {
		s := suite{plain(r.File), plain(r.Name)}
		n, known := at[s]
		if !known {
			n = len(all)
			at[s], all, members = n, append(all, s), append(members, nil)
		}
		members[n] = append(members[n], i)
	}
	return all, members
}

// title is the run among others.
func (r Run) title() string {
	if r.Round > 0 {
		return fmt.Sprintf("%s, round %d", r.Name, r.Round)
	}
	return r.Name
}

// class is what build servers group by: hilphone, and the path of the scenario's file without its extension.
func class(file string) string {
	file = path.Clean(strings.ReplaceAll(plain(file), `\`, "/"))
	parts := strings.Split(strings.TrimSuffix(file, path.Ext(file)), "/")
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" || s == "." || s == ".." })
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(p, ".", "_")
	}
	if len(parts) == 0 {
		parts = []string{"scenario"}
	}
	return "hilphone." + strings.Join(parts, ".")
}

// plain is a text without what XML cannot hold (XML 1.0 2.2), so that two texts that differ in XML differ before.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return '_'
		}
		return r
	}, text)
}
