package mutation

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// root is the root of the project.
const root = "../.."

// variable is the environment variable that names the requirement whose fault is there.
const variable = "HILPHONE_PLANTED_FAULT"

// chooser is what a package gets to choose between right and wrong. One test program has all faults: building one for each would take minutes.
const chooser = `package %s

import "os"

var plantedFault = os.Getenv("` + variable + `")

func planted[T any](requirement string, wrong, right T) T {
	if plantedFault == requirement {
		return wrong
	}
	return right
}
`

// TestPlantedFaults: with each fault in the program the test fails that cites the requirement, and without any it passes.
func TestPlantedFaults(t *testing.T) {
	t.Parallel()
	project(t)
	groups := map[string][]fault{}
	for _, f := range faults {
		groups[f.tests] = append(groups[f.tests], f)
	}
	for _, tests := range slices.Sorted(maps.Keys(groups)) {
		t.Run(tests, func(t *testing.T) {
			t.Parallel()
			plantAll(t, tests, groups[tests])
		})
	}
}

// plantAll builds the test program of a package with all its faults, and runs the test of each.
func plantAll(t *testing.T, tests string, group []fault) {
	module, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := NewRunner(module, dir)
	set := Tests{Package: "hilphone/" + tests}
	r.dirs[set.Package] = filepath.Join(module, tests)
	program, err := r.compile(t.Context(), dir, set.Package, plant(t, module, dir, group))
	if err != nil {
		t.Fatal(err)
	}
	const limit = 2 * time.Minute // a fault that has a test hang is found by that
	for _, f := range group {
		cites(t, f)
		set.Run = pattern(f.test)
		out, err := r.play(t.Context(), dir, program, set, limit)
		if err != nil || strings.Contains(string(out), "no tests to run") {
			t.Errorf("%s: %s does not pass without a fault: %v\n%s", f.requirement, f.test, err, tail(out))
			continue
		}
		if out, err = r.play(t.Context(), dir, program, set, limit, variable+"="+f.requirement); err == nil {
			t.Errorf("%s is broken and %s in %s passes: in %s\n\t%s\nis\n\t%s\n%s", f.requirement, f.test, tests, f.file, f.right, f.wrong, tail(out))
		}
	}
}

// plant returns the overlay that has all faults of a group.
func plant(t *testing.T, module, dir string, group []fault) string {
	t.Helper()
	texts, replaced := map[string]string{}, map[string]string{}
	for _, f := range group {
		if _, ok := texts[f.file]; !ok {
			text, err := os.ReadFile(filepath.Join(root, f.file))
			if err != nil {
				t.Fatal(err)
			}
			texts[f.file] = string(text)
		}
		changed, err := choose(texts[f.file], f)
		if err != nil {
			t.Fatalf("%s: %v", f.requirement, err)
		}
		texts[f.file] = changed
	}
	for file, text := range texts {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		chosen := path.Join(path.Dir(file), "planted_fault.go")
		for name, content := range map[string]string{file: text, chosen: fmt.Sprintf(chooser, parsed.Name.Name)} {
			changed := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
			if err := os.WriteFile(changed, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			replaced[filepath.Join(module, name)] = changed
		}
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// choose puts a choice between right and wrong in the place of what is right. That has to be a whole statement or expression, and there once.
func choose(text string, f fault) (string, error) {
	if n := strings.Count(text, f.right); n != 1 {
		return "", fmt.Errorf("%q is in %s %d times, want once", f.right, f.file, n)
	}
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, f.file, text, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	from := strings.Index(text, f.right)
	to := from + len(f.right)
	choice := ""
	ast.Inspect(parsed, func(n ast.Node) bool {
		if n == nil || choice != "" || fset.Position(n.Pos()).Offset != from || fset.Position(n.End()).Offset != to {
			return choice == ""
		}
		switch n.(type) {
		case ast.Stmt: // before the expression that it may consist of
			choice = fmt.Sprintf("if plantedFault == %q {\n%s\n} else {\n%s\n}", f.requirement, f.wrong, f.right)
		case ast.Expr:
			choice = fmt.Sprintf("planted(%q, %s, %s)", f.requirement, f.wrong, f.right)
		}
		return choice == ""
	})
	if choice == "" {
		return "", fmt.Errorf("%q in %s is neither a statement nor an expression", f.right, f.file)
	}
	return text[:from] + choice + text[to:], nil
}

// pattern is the regular expression of one test or subtest.
func pattern(test string) string {
	var parts []string
	for part := range strings.SplitSeq(test, "/") {
		parts = append(parts, "^"+regexp.QuoteMeta(strings.ReplaceAll(part, " ", "_"))+"$")
	}
	return strings.Join(parts, "/")
}

// cites checks that the test of a fault, or the comment above it, has the number of the requirement.
func cites(t *testing.T, f fault) {
	t.Helper()
	name, _, _ := strings.Cut(f.test, "/")
	files, err := filepath.Glob(filepath.Join(root, f.tests, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, file, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range parsed.Decls {
			d, ok := declared.(*ast.FuncDecl)
			if !ok || d.Name.Name != name {
				continue
			}
			from := d.Pos()
			if d.Doc != nil {
				from = d.Doc.Pos()
			}
			if !strings.Contains(string(text[fset.Position(from).Offset:fset.Position(d.End()).Offset]), f.requirement) {
				t.Errorf("%s in %s does not cite %s", name, file, f.requirement)
			}
			return
		}
	}
	t.Errorf("there is no %s in %s", name, f.tests)
}

// project looks at all files of the project: the go command keeps the result of a test until a file changes that it has looked at, and does
// not know what the go commands look at that the test runs.
func project(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && name != root || entry.Name() == "node_modules") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestChoose(t *testing.T) {
	const text = "package p\n\nfunc f(a int) int {\n\tg(a)\n\tif a > 1 && a < 5 {\n\t\treturn g(a + 1)\n\t}\n\treturn a\n}\n"
	for _, c := range []struct{ right, wrong, want string }{
		{"g(a)", "", "if plantedFault == \"number\" {\n\n} else {\ng(a)\n}"},
		{"a < 5", "false", "planted(\"number\", false, a < 5)"},
		{"return g(a + 1)", "return 0", "if plantedFault == \"number\" {\nreturn 0\n} else {\nreturn g(a + 1)\n}"},
	} {
		got, err := choose(text, fault{requirement: "number", right: c.right, wrong: c.wrong})
		if want := strings.Replace(text, c.right, c.want, 1); err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", c.right, got, err, want)
		}
	}
	for _, right := range []string{"return", "h(a)", "1 && a"} {
		if got, err := choose(text, fault{right: right}); err == nil {
			t.Errorf("%q is replaced: %q", right, got)
		}
	}
}
