package main

import (
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hilphone/db/journal/event"
	"hilphone/hal/board"
)

// update has TestReadmeSettings and TestReadmeEvents write their tables instead of comparing them.
var update = flag.Bool("update", false, "bring the tables of settings and events in the README up to date")

const readme = "../README.md"

// between returns what the README has between <!-- name --> and <!-- /name -->, and all before and after it.
func between(t *testing.T, name string) (before, text, after string) {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n"
	before, rest, ok := strings.Cut(readAll(t, readme), begin)
	text, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatalf("the README has nothing between %s and %s", begin, end)
	}
	return before + begin, text, end + after
}

// TestReadmeSettings: the README holds the tables of settings as the code has them.
func TestReadmeSettings(t *testing.T) {
	for name, args := range map[string][]string{"settings": {"settings"}, "phone-settings": {"settings", "--phone"}} {
		code, table, err := command(t, "", args...)
		if code != 0 || err != "" {
			t.Fatalf("exit code %d: %s", code, err)
		}
		before, text, after := between(t, name)
		if *update {
			if err := os.WriteFile(readme, []byte(before+table+after), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if text != table {
			t.Errorf("the %s have changed; bring the README's table up to date with: go test ./emulator -run TestReadmeSettings -update", name)
		}
	}
}

// BE-07: the README has the table of events as package event has it.
func TestReadmeEvents(t *testing.T) {
	table := "| type | data | when |\n| --- | --- | --- |\n"
	for _, i := range event.All {
		var fields []string
		for _, f := range i.Fields() {
			fields = append(fields, "`"+strings.ReplaceAll(f.Name, "-", ".")+"`")
		}
		table += "| `" + i.Type() + "` | " + strings.Join(fields, " ") + " | " + i.Doc + " |\n"
	}
	before, text, after := between(t, "events")
	if *update {
		if err := os.WriteFile(readme, []byte(before+table+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != table {
		t.Error("the events have changed; bring the README's table up to date with: go test ./emulator -run TestReadmeEvents -update")
	}
}

// request line of the walk: hil METHOD PATH ['BODY'] # what comes of it
var hilLine = regexp.MustCompile(`^hil (\w+) (?:'([^']+)'|(\S+))(?: '([^']+)')? *(?:# .*)?$`)

// TestReadmeWalk: the walk in the README is the one that TestFailoverWalk goes.
func TestReadmeWalk(t *testing.T) {
	_, text, _ := between(t, "walk")
	var walk []string
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		switch found := hilLine.FindStringSubmatch(l); {
		case found != nil:
			walk = append(walk, strings.TrimSpace(found[1]+" "+found[2]+found[3]+" "+found[4]))
		case strings.HasPrefix(l, "hil "):
			t.Errorf("%q cannot be read", l)
		}
	}
	var gone []string
	for _, s := range failoverWalk {
		gone = append(gone, strings.TrimSpace(s.method+" "+s.path+" "+s.body))
	}
	if !slices.Equal(walk, gone) {
		t.Errorf("the README walks\n%s\nthe test\n%s", strings.Join(walk, "\n"), strings.Join(gone, "\n"))
	}
}

// TestReadmeNames: targets of make, commands, flags, paths of the REST interface and files that the README names exist.
func TestReadmeNames(t *testing.T) {
	text, makefile := readAll(t, readme), readAll(t, "../Makefile")
	for _, found := range regexp.MustCompile("(?m)(?:^|`)make (\\w+)").FindAllStringSubmatch(text, -1) {
		if !regexp.MustCompile(`(?m)^` + found[1] + `:`).MatchString(makefile) {
			t.Errorf("there is no make %s", found[1])
		}
	}
	for _, found := range regexp.MustCompile(`\]\(([^:)]+)\)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat("../" + found[1]); err != nil {
			t.Error(err)
		}
	}
	for _, found := range regexp.MustCompile("(?m)(?:^|`)hilphone ((?:token )?[a-z]+)").FindAllStringSubmatch(text, -1) {
		if code, _, err := command(t, "", append(strings.Fields(found[1]), "--help")...); code != 0 {
			t.Errorf("hilphone %s: %s", found[1], err)
		}
	}
	_, help, _ := command(t, "", "run", "--help")
	for _, found := range regexp.MustCompile("(?m)^\\| `(--[^|]+)` \\| `([^|]+)` \\|").FindAllStringSubmatch(text, -1) {
		for _, name := range regexp.MustCompile(`--[a-z-]+|HILPHONE_[A-Z_]+`).FindAllString(found[1]+" "+found[2], -1) {
			if !strings.Contains(help, name) {
				t.Errorf("hilphone run has no %s", name)
			}
		}
	}
}

// TestReadmeREST: what the README says of the REST interface is in the phone's own description of it.
func TestReadmeREST(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0")
	response, err := p.http.Get(p.url + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var description struct{ Paths map[string]any }
	readJSON(t, response, &description)
	_, section, _ := strings.Cut(readAll(t, readme), "\n## REST and events\n")
	section, _, _ = strings.Cut(section, "\n## ")
	section, _, _ = strings.Cut(section, "<!-- events -->")
	paths := 0
	for _, cell := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|").FindAllStringSubmatch(section, -1) {
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell[1], -1) {
			path := "/" + strings.NewReplacer("N", "{n}", "servers/primary", "servers/{server}", "servers/backup", "servers/{server}").Replace(name[1])
			known := false
			for have := range description.Paths {
				have = strings.TrimPrefix(have, "/api/v1")
				prefix, whole := strings.CutSuffix(path, "...")
				known = known || have == path || whole && strings.HasPrefix(have, prefix)
			}
			if !known {
				t.Errorf("the phone has no %s", path)
			}
			paths++
		}
	}
	if paths < 10 {
		t.Errorf("the README names %d paths", paths)
	}
	p.terminate()
}

func readAll(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readJSON(t *testing.T, response *http.Response, v any) {
	t.Helper()
	err := errors.Join(json.NewDecoder(response.Body).Decode(v), response.Body.Close())
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", response.Status, err)
	}
}

// TestReadmeBoardFile: the README holds the table of board file fields as the code has it.
func TestReadmeBoardFile(t *testing.T) {
	if _, text, _ := between(t, "board"); text != board.Table() {
		t.Errorf("the README's table of board files is not that of the code:\n%s", board.Table())
	}
}

// Sentences that had to be read twice are gone, and what they meant is said.
func TestReadmeSentences(t *testing.T) {
	text := strings.Join(strings.Fields(readAll(t, readme)), " ")
	for old, instead := range map[string]string{
		"measured from the last step that did something": "Without `after`, time counts from the last line that acts; `expect`, `wait` and `note` do not start it again.",
		"it is the last and has 64*T1":                   "the backup, as the last server, is tried for 32 s (64*T1), then the request has failed",
		"only the retry count's time, not 64*T1":         "on: over TCP and TLS a server that does not answer is given up as by UDP (7.5 s); off: after 64*T1 (32 s)",
		"that the servers' must descend from":            "PEM file of the CA that signed the servers' certificates",
		"A no is an answer":                              "\"No\", the server cannot do it, is a result and not an error",
		"the phone is this token's alone":                "only this token may change anything; other clients may read",
		"so that a busy computer is no fault of":         "limits wide enough that a loaded computer does not fail the test",
	} {
		if strings.Contains(text, old) || !strings.Contains(text, instead) {
			t.Errorf("the README has %q, or lacks %q", old, instead)
		}
	}
}
