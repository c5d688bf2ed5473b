package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hilphone/webui"
)

// UX-06: the README has the table of scopes as the program has it.
func TestReadmeScopes(t *testing.T) {
	table := "| scope of a token | may |\n| --- | --- |\n"
	for _, s := range webui.Scopes() {
		name := "`" + string(s.Scope) + "`"
		if s.Default {
			name += ", where none is given"
		}
		table += fmt.Sprintf("| %s | %s |\n", name, s.Text)
	}
	before, text, after := between(t, "scopes")
	if *update {
		if err := os.WriteFile(readme, []byte(before+table+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != table {
		t.Error("the scopes have changed; bring the README's table up to date with: go test ./emulator -run TestReadmeScopes -update")
	}
}

// UX-06: the commands under "In earnest" in the README work in their order, and the line is set up with the token that they make for that. The
// other token, of the scope that is the default, is refused with the scope that is needed and the way to it.
func TestReadmeOrder(t *testing.T) {
	_, rest, ok := strings.Cut(readAll(t, readme), "## In earnest\n\n```sh\n")
	block, _, ended := strings.Cut(rest, "```\n")
	if !ok || !ended {
		t.Fatal("the README has no commands under In earnest")
	}
	clean(t)
	dir := filepath.Join(t.TempDir(), "data")
	t.Setenv("HILPHONE_DATA", dir)
	tokens := map[string]string{}
	var p *process
	for _, l := range strings.Split(strings.TrimSpace(block), "\n") {
		written, _, _ := strings.Cut(l, "#")
		words := strings.Fields(written)
		if len(words) < 2 || words[0] != "hilphone" {
			t.Fatalf("%q is not a command", l)
		}
		if words[1] == "run" {
			p = start(t, self(t), append(words[1:], "--data", dir, "--listen", "127.0.0.1:0")...)
			continue
		}
		code, out, err := command(t, "a long password\n", words[1:]...)
		if code != 0 {
			t.Fatalf("%q: exit code %d: %s", l, code, err)
		}
		if words[1] == "token" {
			tokens[words[3]] = strings.TrimSpace(out)
		}
	}
	if p == nil || len(tokens) != 2 {
		t.Fatalf("the README starts no phone, or makes %d tokens", len(tokens))
	}
	const set = `{"phone_number":"1001","register_addr":"127.0.0.2"}`
	p.token = tokens["lab-script"]
	code, answer := p.ask("PUT", "lines/1/sip", set)
	if code != http.StatusForbidden {
		t.Errorf("a token of scope control: %d %s", code, answer)
	}
	for _, part := range []string{"scope admin", "the token lab-script has scope control", "hilphone token new NAME --scope admin", "API tokens"} {
		if !strings.Contains(string(answer), part) {
			t.Errorf("%s does not say %q", answer, part)
		}
	}
	p.do("GET", "phone", "", nil)
	p.token = tokens["setup"]
	p.do("PUT", "lines/1/sip", set, nil)
	p.terminate()
}
