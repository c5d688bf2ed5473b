package mutation

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// tiny is the package that is changed here.
func tiny(t *testing.T) *Package {
	t.Helper()
	project(t)
	packages, err := Load(t.Context(), ".", "./testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) != 1 {
		t.Fatalf("%d packages, want 1", len(packages))
	}
	return packages[0]
}

const tinyFile = "emulator/mutation/testdata/tiny/tiny.go"

// found are all mutants of package tiny that compile, as line, kind and what the line becomes. Without the branch of line 26 an import is unused.
var found = []string{
	"9 arithmetic const pause = 2 / time.Second",
	"9 constant const pause = 0 * time.Second",
	"9 constant const pause = 3 * time.Second",
	"9 constant const pause = 2 * time.Minute",
	"13 negated condition if !(n > most) {",
	"13 boundary if n >= most {",
	"13 removed branch if n > most {}",
	"14 returned value return 0",
	"16 returned value return 0",
	"26 negated condition if !(by < 0 || by > 100) {",
	"26 logic if by < 0 && by > 100 {",
	"26 boundary if by <= 0 || by > 100 {",
	"26 constant if by < 1 || by > 100 {",
	"26 boundary if by < 0 || by >= 100 {",
	"26 constant if by < 0 || by > 101 {",
	"26 constant if by < 0 || by > 0 {",
	`27 true and false return true, errors.New("out of range")`,
	"29 removed statement ",
	"29 arithmetic c.n -= by",
	"30 negated condition for !(c.n > c.limit) {",
	"30 boundary for c.n >= c.limit {",
	"31 removed statement ",
	"31 arithmetic c.n++",
	"35 removed branch ",
	"34 equality case c.n != c.limit:",
	"35 returned value return false, nil",
	"37 true and false return true, nil",
	"42 equality if first != \"\" {",
	"42 constant if first == \"mutant\" {",
	"43 removed statement ",
	`43 constant first = ""`,
	`44 removed branch }`,
	"45 removed statement ",
	`45 constant first = "" + first`,
	`47 returned value return ""`,
	`54 constant return none, "mutant", nil`,
}

func TestFind(t *testing.T) {
	p := tiny(t)
	var got []string
	for _, m := range p.Mutants {
		if !p.Compiles(m) {
			continue
		}
		if m.File != tinyFile {
			t.Errorf("file %s, want %s", m.File, tinyFile)
		}
		got = append(got, strings.Join([]string{strconv.Itoa(m.Line), string(m.Kind), m.After}, " "))
	}
	slices.Sort(got)
	want := slices.Clone(found)
	slices.Sort(want)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("not found: %s", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("found besides: %s", g)
		}
	}
}

// TestSample: the same seed draws the same, no mutant is drawn twice, and only lines that are wanted are changed.
func TestSample(t *testing.T) {
	p := tiny(t)
	first, again, other := p.Sample(7, 6, nil), p.Sample(7, 6, nil), p.Sample(8, 6, nil)
	if len(first) != 6 || !slices.Equal(first, again) || slices.Equal(first, other) {
		t.Errorf("samples of 6 with seeds 7, 7 and 8:\n%v\n%v\n%v", first, again, other)
	}
	all := p.Sample(1, 0, nil)
	if len(all) != len(found) {
		t.Errorf("%d of %d mutants are drawn", len(all), len(found))
	}
	for i, m := range all {
		if slices.Contains(all[:i], m) {
			t.Errorf("drawn twice: %v", m)
		}
	}
	// A function that is gone changes nothing of what is drawn in the others.
	fewer := &Package{Path: p.Path, sources: p.sources, fset: p.fset, parsed: p.parsed, config: p.config}
	for _, m := range p.Mutants {
		if m.Func != "Name" {
			fewer.Mutants = append(fewer.Mutants, m)
		}
	}
	kept := slices.DeleteFunc(slices.Clone(first), func(m Mutant) bool { return m.Func == "Name" })
	if drawn := fewer.Sample(7, 6, nil); len(kept) < 3 || !slices.Equal(drawn[:len(kept)], kept) {
		t.Errorf("without a function\n%v, with it\n%v", drawn, first)
	}
	lines := Lines{tinyFile: {{13, 13}, {29, 30}}}
	for _, m := range p.Sample(1, 0, func(m Mutant) bool { return lines.Has(m.File, m.Line) }) {
		if m.Line != 13 && m.Line != 29 && m.Line != 30 {
			t.Errorf("line %d is changed", m.Line)
		}
	}
}

// TestRun: each verdict, by real tests. The test of the package that fails anyway is not what catches a mutant.
func TestRun(t *testing.T) {
	t.Parallel()
	p := tiny(t)
	r := NewRunner(p.root, t.TempDir())
	r.least = 2 * time.Second
	tests := Tests{Package: p.Path}
	if _, err := r.Baseline(t.Context(), tests); err != nil {
		t.Fatal(err)
	}
	if broken := r.Broken(tests); !slices.Equal(broken, []string{"TestBroken"}) {
		t.Errorf("broken tests: %v", broken)
	}
	for _, c := range []struct {
		after   string
		verdict Verdict
		by      string
	}{
		{"if !(n > most) {", Caught, "TestClamp"},
		{"if n >= most {", Survived, ""},
		{"c.n++", Hung, p.Path},
		{"const pause = 0 * time.Second", NotBuilt, ""},
	} {
		i := slices.IndexFunc(p.Mutants, func(m Mutant) bool { return m.After == c.after })
		if i < 0 {
			t.Fatalf("no mutant %q", c.after)
		}
		verdict, by, err := r.Run(t.Context(), p, p.Mutants[i], tests)
		if err != nil || verdict != c.verdict || c.verdict != NotBuilt && by != c.by {
			t.Errorf("%s: %s by %q, %v; want %s by %q", c.after, verdict, by, err, c.verdict, c.by)
		}
	}
	text, err := os.ReadFile("testdata/tiny/tiny.go")
	if err != nil || string(text) != string(p.sources[tinyFile]) {
		t.Errorf("the source has been changed: %v", err)
	}
}

// TestSession: what is printed, what is counted, and what the list of equivalent mutants leaves out.
func TestSession(t *testing.T) {
	t.Parallel()
	p := tiny(t)
	var out strings.Builder
	s := Session{
		Runner: NewRunner(p.root, t.TempDir()), Jobs: 2, Out: &out, Lines: Lines{tinyFile: {{13, 13}, {43, 43}}},
		Equivalents: []Entry{{File: tinyFile, Func: "Clamp", Before: "if n > most {", After: "if n >= most {", Reason: "most is n then"}},
	}
	result, err := s.Package(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	want := "hilphone/emulator/mutation/testdata/tiny: 2 of 4 mutants survived, 50.0 %, 1 equivalent"
	if result.String() != want {
		t.Errorf("%s, want %s", result, want)
	}
	for _, text := range []string{
		"hilphone/emulator/mutation/testdata/tiny fail without a mutant and are left out: TestBroken\n",
		tinyFile + ":43: Name: removed statement\n\t- first = \"none\"\n\t+ \n",
		tinyFile + ":43: Name: constant\n\t- first = \"none\"\n\t+ first = \"\"\n",
	} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("not printed: %q\n%s", text, &out)
		}
	}
	if strings.Contains(out.String(), "Clamp") {
		t.Errorf("an equivalent mutant, or one that is caught, is printed:\n%s", &out)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := s.Package(ended, p); err == nil {
		t.Error("no error when interrupted")
	}
}

func TestReadEquivalents(t *testing.T) {
	good := "# why\n\nsip/line/step.go:12: (*Line).Step: boundary\n\t- if  n < 0 {\n\t+ if n <= 0 {\n\tn is a count\n\nhal/key.go: pressed:\n- a\n+ \nno reason but this\n"
	entries, err := ReadEquivalents("list", strings.NewReader(good))
	want := []Entry{
		{"sip/line/step.go", "(*Line).Step", "if n < 0 {", "if n <= 0 {", "n is a count", 3},
		{"hal/key.go", "pressed", "a", "", "no reason but this", 8},
	}
	if err != nil || !slices.Equal(entries, want) {
		t.Errorf("%+v %v, want %+v", entries, err, want)
	}
	m := Mutant{File: "sip/line/step.go", Line: 99, Func: "(*Line).Step", Before: "if n < 0 {", After: "if n <= 0 {"}
	if !entries[0].Matches(m) || entries[1].Matches(m) {
		t.Error("the first entry means the mutant, whatever its line, and the second does not")
	}
	for text, place := range map[string]string{
		"sip/line/step.go":                  "list:1",
		"a.go: f:\n+ after\n":               "list:2",
		"a.go: f:\n- before\n- again\n":     "list:3",
		"a.go: f:\n- before\n+ after\n":     "list:3",
		"a.go: f:\n- before\n+ after\n- no": "list:4",
	} {
		if _, err := ReadEquivalents("list", strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), place+": ") {
			t.Errorf("%q: %v, want an error at %s", text, err, place)
		}
	}
}

// TestEquivalents: what the list of the project names is there, with a reason.
func TestEquivalents(t *testing.T) {
	project(t)
	file, err := os.Open("equivalent.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	entries, err := ReadEquivalents("equivalent.txt", file)
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, e := range entries {
		if folder := "./" + e.File[:strings.LastIndex(e.File, "/")]; !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	if len(folders) == 0 {
		return
	}
	packages, err := Load(t.Context(), "../..", folders...)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.ContainsFunc(packages, func(p *Package) bool { return slices.ContainsFunc(p.Mutants, e.Matches) }) {
			t.Errorf("equivalent.txt:%d: there is no such mutant of %s in %s", e.Line, e.Func, e.File)
		}
	}
}

func TestReadDiff(t *testing.T) {
	lines, err := readDiff("diff --git a.go a.go\n--- a.go\n+++ a.go\n@@ -3 +3,2 @@ func f() {\n-x\n+y\n+z\n@@ -9,2 +10,0 @@\n-u\n-v\n@@ -20,0 +19 @@\n+w\n" +
		"--- b/c.go\n+++ b/c.go\n@@ -1,0 +2,3 @@\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file string
		line int
		want bool
	}{
		{"a.go", 2, false}, {"a.go", 3, true}, {"a.go", 4, true}, {"a.go", 5, false}, {"a.go", 10, false}, {"a.go", 19, true},
		{"b/c.go", 1, false}, {"b/c.go", 4, true}, {"b/c.go", 5, false}, {"c.go", 3, false},
	} {
		if got := lines.Has(c.file, c.line); got != c.want {
			t.Errorf("%s:%d is changed: %v, want %v", c.file, c.line, got, c.want)
		}
	}
}
