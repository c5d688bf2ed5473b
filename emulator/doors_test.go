package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// decoders are the functions that read JSON, XML and YAML, by package: a name ends in * for all that begin so.
var decoders = map[string][]string{
	"encoding/json":                    {"Unmarshal", "NewDecoder"},
	"encoding/xml":                     {"Unmarshal", "NewDecoder", "NewTokenDecoder"},
	"github.com/goccy/go-yaml":         {"Unmarshal*", "NewDecoder"},
	"github.com/goccy/go-yaml/parser":  {"*"},
	"github.com/goccy/go-yaml/lexer":   {"*"},
	"github.com/goccy/go-yaml/scanner": {"*"},
}

// openers are the functions that open a file to read it.
var openers = map[string][]string{"os": {"ReadFile", "Open", "OpenFile"}}

// decodes lists the files that decode without a call of package limit before it in the same function, and why.
var decodes = map[string]string{
	"db/audit.go":               "the phone's entries, which it has written",
	"db/setting.go":             "the phone's settings, which it has written",
	"db/journal/event.go":       "events that the phone has saved",
	"db/journal/event/event.go": "events that the phone has saved",
	"db/limit/limit.go":         "is the door",
	"db/limit/xml.go":           "is the door",
	"webui/pages_events.go":     "events of the phone itself",
	"hil/behaviour/json.go":     "part of a body that a server of the lab or the web server has let in",
	"hil/calibrate.go":          "part of an answer that Phone.ask has let in",
	"hil/feed.go":               "part of an answer that Phone.ask has let in",
	"hil/sight.go":              "part of an answer that Phone.ask has let in",
	"hil/evidence/entry_row.go": "entries of the evidence itself",
	"hil/evidence/finish.go":    "entries of the evidence itself",
	"hil/evidence/level.go":     "entries of the evidence itself",
	"hil/evidence/mask.go":      "entries of the evidence itself",
	"hil/evidence/sip.go":       "entries of the evidence itself",
	"hil/kamailio/control.go":   "an answer of a program that the tests start",
	"hil/gpiovm/guest/main.go":  "an order of the tests",

	"emulator/mutation/package.go": "what the go command says",
}

// opens lists the files that open files by other means than limit.ReadFile, and why.
var opens = map[string]string{
	"db/limit/file.go":         "is the door",
	"db/db.go":                 "the database",
	"db/lock.go":               "the lock of the data directory",
	"emulator/bench.go":        "evidence, which it has written",
	"emulator/computer.go":     "files of the kernel",
	"emulator/settle_linux.go": "files of the kernel",
	"hal/gpiochip/chip.go":     "GPIO devices",
	"hal/gpiochip/node.go":     "GPIO devices",
	"hal/rpi/expander.go":      "I2C devices",
	"hal/rpi/tone.go":          "files of the kernel",
}

// testBeds are the packages that only tests and tools of the project import.
var testBeds = []string{"emulator/mutation", "emulator/mutation/mutate", "hil/gpiosim", "hil/gpiovm", "hil/gpiovm/guest", "hil/kamailio"}

// SE-05: whatever decodes JSON, XML or YAML has had package limit look at it before, or is in the list above with the reason.
// SE-02: whatever reads a file that somebody names does it by limit.ReadFile.
func TestDoors(t *testing.T) {
	decoded, opened := map[string]bool{}, map[string]bool{}
	for _, file := range sources(t) {
		if file.test {
			continue
		}
		parsed := file.parse(t, parser.SkipObjectResolution)
		for _, at := range unguarded(parsed, decoders, "JSON", "XML", "YAML") {
			if decoded[file.name] = true; decodes[file.name] == "" {
				t.Errorf("%s: %s is called and no function of package limit before it", file.name, at)
			}
		}
		for _, at := range unguarded(parsed, openers) {
			if opened[file.name] = true; opens[file.name] == "" && !slices.Contains(testBeds, path.Dir(file.name)) {
				t.Errorf("%s: %s is called instead of limit.ReadFile", file.name, at)
			}
		}
	}
	for name := range decodes {
		if !decoded[name] {
			t.Errorf("%s is in the list and decodes nothing without package limit", name)
		}
	}
	for name := range opens {
		if !opened[name] {
			t.Errorf("%s is in the list and opens nothing", name)
		}
	}
}

// unguarded returns the calls of functions that no call of one of the guards of package limit precedes in the same function. Methods that a decoder
// calls are behind the guard of that.
func unguarded(file *ast.File, functions map[string][]string, guards ...string) (found []string) {
	imports := map[string]string{} // name in the file to path
	for _, spec := range file.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		local := strings.TrimPrefix(path.Base(name), "go-")
		if spec.Name != nil {
			local = spec.Name.Name
		}
		imports[local] = name
	}
	for _, declared := range file.Decls {
		if f, ok := declared.(*ast.FuncDecl); ok && f.Recv != nil && strings.HasPrefix(f.Name.Name, "Unmarshal") {
			continue
		}
		guarded := token.Pos(0)
		ast.Inspect(declared, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := selector.X.(*ast.Ident)
			if !ok {
				return true
			}
			name := selector.Sel.Name
			if imports[pkg.Name] == "hilphone/db/limit" && slices.Contains(guards, name) {
				guarded = selector.Pos()
			}
			for _, want := range functions[imports[pkg.Name]] {
				start, all := strings.CutSuffix(want, "*")
				if (name == want || all && strings.HasPrefix(name, start)) && (guarded == 0 || guarded > selector.Pos()) && ast.IsExported(name) {
					found = append(found, fmt.Sprintf("%s.%s", pkg.Name, name))
				}
			}
			return true
		})
	}
	return found
}

// SE-05: the search itself finds what has no door.
func TestUnguarded(t *testing.T) {
	const head = "package p\nimport (\n\"encoding/json\"\n\"hilphone/db/limit\"\ny \"github.com/goccy/go-yaml/parser\"\n)\n"
	for text, want := range map[string]string{
		"func f() { json.Unmarshal(a, b) }":                                            "json.Unmarshal",
		"func f() { limit.JSON(n, a, 1); json.Unmarshal(a, b) }":                       "",
		"func f() { json.NewDecoder(a); limit.JSON(n, a, 1) }":                         "json.NewDecoder",
		"func f() { limit.JSON(n, a, 1) }; func g() { json.Unmarshal(a, b) }":          "json.Unmarshal",
		"var f = y.ParseBytes":                                                         "y.ParseBytes",
		"func (x *t) UnmarshalJSON(a []byte) error { return json.Unmarshal(a, &x.b) }": "",
		"func f() { json.Marshal(a) }":                                                 "",
	} {
		parsed, err := parser.ParseFile(token.NewFileSet(), "p.go", head+text, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(unguarded(parsed, decoders, "JSON", "XML", "YAML"), " "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
