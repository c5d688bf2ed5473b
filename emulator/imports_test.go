package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is the architecture: every package of the project, and all that it may import from the project outside of tests.
// A new package has to be entered here, so adding one is a decision and not an accident.
var mayImport = map[string][]string{
	"db":               {"db/audit", "db/device", "db/journal", "db/password", "db/sysconf", "sip/line"},
	"db/audit":         {},
	"db/device":        {"db/nearest", "db/secret", "sip/line"},
	"db/journal":       {"db/journal/event", "db/secret"},
	"db/journal/event": {},
	"db/limit":         {}, // bounds of what comes from outside
	"db/nearest":       {}, // the name that was most likely meant
	"db/password":      {},
	"db/secret":        {}, // what is a secret, by name and by form
	"db/sysconf":       {"db/device", "db/limit", "db/nearest", "db/secret", "sip/line"},
	"emulator/phone":   {"db/journal/event", "hal", "sip/line"},
	"hal":              {},
	"hal/board":        {"db/limit", "db/nearest", "hal", "hal/contact"},
	"hal/contact":      {"hal"},
	"hal/gpiochip":     {"db/nearest"},
	"hal/haltest":      {"hal"},
	"hal/press":        {}, // the limits of a series of keys
	"hal/rpi":          {"db/nearest", "hal", "hal/board", "hal/contact", "hal/gpiochip"},
	"hal/vcd":          {},
	"hal/virtual":      {"hal", "hal/press"},
	"hil":              {"db/limit", "db/nearest", "hal/press", "hil/behaviour", "hil/evidence", "hil/rig", "hil/scenario", "hil/server"},
	"hil/behaviour":    {"db/nearest"},
	"hil/compare":      {"db/limit", "hil/evidence"},
	"hil/evidence":     {"db/journal/event", "db/secret", "hal/vcd", "sip/ladder", "sip/netfault", "sip/netlog", "sip/pcapng"},
	"hil/gpiosim":      {},
	"hil/gpiovm":       {},
	"hil/gpiovm/guest": {},
	"hil/hep":          {},
	"hil/kamailio":     {},
	"hil/labgrid":      {},
	"hil/memnet":       {},
	"hil/rig":          {"db/limit", "db/nearest", "hal/gpiochip", "hil/scenario"},                   // the chips of this computer, and the names of keys and lamps
	"hil/scenario":     {"db/journal/event", "db/nearest", "hal/press", "hil/behaviour", "sip/line"}, // behaviours, events and settings are defined once
	"hil/server":       {"db/limit", "hil/behaviour"},
	"sip":              {"db/journal/event", "db/secret", "sip/digest", "sip/netfault", "sip/line", "sip/media", "sip/uas", "sip/wire"},
	"sip/digest":       {},
	"sip/ladder":       {},
	"sip/netfault":     {}, // what went wrong below SIP, in a word
	"sip/line":         {"db/journal/event", "db/nearest", "sip/netfault"},
	"sip/media":        {},
	"sip/netlog":       {"db/journal/event", "sip/netfault", "sip/pcapng"}, // of the events: what the network said besides SIP
	"sip/pcapng":       {},
	"sip/uas":          {},
	"sip/wire":         {},
	"webui":            {"db/audit", "db/device", "db/journal", "db/journal/event", "db/limit", "db/nearest", "db/password", "db/secret", "db/sysconf", "hal/press", "hil/behaviour", "hil/scenario", "sip/ladder", "sip/line", "sip/netfault", "sip/netlog", "sip/pcapng", "webui/limit"},
	"webui/limit":      {},

	"emulator/actionurl": {"db/device", "db/journal", "db/journal/event"},
	"emulator/cafile":    {"db/limit"},

	"emulator/mutation":        {}, // the tests of the tests: make mutate
	"emulator/mutation/mutate": {"emulator/mutation"},
}

// wiring is the one package that may import all others.
const wiring = "emulator"

// doors names the packages that may import a library outside of tests, so that each library can be replaced at one place.
// A library without a door may not be imported.
var doors = map[string][]string{
	"github.com/alecthomas/kong":    {"emulator"},
	"github.com/coreos/go-systemd":  {"emulator"},
	"github.com/danielgtaylor/huma": {"webui"},
	"github.com/emiago/sipgo":       {"hil/server", "sip", "sip/wire"},
	"github.com/goccy/go-yaml":      {"hal/board", "hil", "hil/rig"},
	"github.com/icholy/digest":      {"hil/server"},
	"github.com/labstack/echo":      {"webui"},
	"github.com/mattn/go-sqlite3":   {"db"},
	"github.com/pion/rtp":           {"sip/media"},
	"github.com/zaf/g711":           {"sip/media"},
	"golang.org/x/crypto":           {"db"},
	"golang.org/x/sync":             {"sip"},
	"golang.org/x/sys":              {"emulator", "hal/gpiochip", "hil/kamailio", "sip"},
	"golang.org/x/term":             {"emulator"},
	"golang.org/x/text":             {"db/sysconf"},
	"periph.io/x":                   {"hal/gpiochip", "hal/rpi", "hil/rig"},

	"github.com/warthog618/go-gpiocdev": {"hal/gpiochip"},
}

// TestImports parses the files here and now: a test that asks `go list` is cached and stays green.
func TestImports(t *testing.T) {
	comments := map[string]int{} // package comments of each package
	for _, file := range sources(t) {
		if file.test {
			continue
		}
		parsed := file.parse(t, parser.ImportsOnly|parser.ParseComments)
		pkg := path.Dir(file.name)
		comments[pkg] += 0
		if hasPackageComment(parsed) {
			comments[pkg]++
		}
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := forbidden(pkg, name); why != "" {
				t.Errorf("%s imports %s: %s", file.name, name, why)
			}
		}
	}
	for pkg, n := range comments {
		if _, ok := mayImport[pkg]; !ok && pkg != wiring {
			t.Errorf("package %s is not in the import table", pkg)
		}
		if n != 1 {
			t.Errorf("package %s has %d package comments, want 1", pkg, n)
		}
	}
	for pkg := range mayImport {
		if _, ok := comments[pkg]; !ok {
			t.Errorf("the import table names package %s, which does not exist", pkg)
		}
	}
}

// hasPackageComment tells whether the file says what its package is: not a build constraint or a directive.
func hasPackageComment(file *ast.File) bool { return file.Doc != nil && file.Doc.Text() != "" }

// forbidden says why a package may not import that, or nothing if it may.
func forbidden(pkg, imported string) string {
	if own, ok := strings.CutPrefix(imported, "hilphone/"); ok {
		if pkg == wiring || slices.Contains(mayImport[pkg], own) {
			return ""
		}
		return "the import table allows " + pkg + " only " + strings.Join(append([]string{"the standard library"}, mayImport[pkg]...), ", ")
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return "" // standard library
	}
	for library, pkgs := range doors {
		if imported == library || strings.HasPrefix(imported, library+"/") {
			if slices.Contains(pkgs, pkg) {
				return ""
			}
			return "it belongs behind " + strings.Join(pkgs, ", ")
		}
	}
	return "this library has no door"
}

// TestForbidden sees to it that the table and the doors can say no.
func TestForbidden(t *testing.T) {
	for _, c := range []struct {
		pkg, imported string
		ok            bool
	}{
		{"sip/line", "time", true},
		{"sip/line", "hilphone/sip/media", false},
		{"sip", "hilphone/sip/line", true},
		{"webui", "hilphone/sip", false},
		{"emulator", "hilphone/sip", true},
		{"sip", "github.com/emiago/sipgo/sip", true},
		{"emulator", "github.com/emiago/sipgo", false},
		{"webui", "github.com/labstack/echo/v4", true},
		{"hal", "github.com/stretchr/testify", false},
	} {
		if why := forbidden(c.pkg, c.imported); (why == "") != c.ok {
			t.Errorf("%s imports %s: %q", c.pkg, c.imported, why)
		}
	}
}

// A source is a Go file of the project.
type source struct {
	name string // from the root of the project
	text []byte
	test bool
}

func (s source) parse(t *testing.T, mode parser.Mode) *ast.File {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), s.name, s.text, mode)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
