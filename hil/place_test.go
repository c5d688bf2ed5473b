package hil

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
	"hilphone/hil/server"
)

func TestPlaceFile(t *testing.T) {
	environment := func(name string) (string, bool) { return "secret", name == "TOKEN" }
	p, err := parsePlace("p.yaml", []byte("phone: http://a:1\ntoken: ${TOKEN}\nline: 2\nservers:\n  kind: own\n  primary: {address: 1.2.3.4:5060, down: 'false', up: 'true'}\n  timeout: 5s\n  peer: {number: 1002, password: '${TOKEN}', address: 127.0.0.9, registrar: '1.2.3.6:5060'}\n  backup: {address: 1.2.3.5:5060}\nsettings:\n  t1_ms: 100\n"), environment)
	if err != nil || p.Token != "secret" || p.Line != 2 || p.Servers.Primary.Up != "true" || p.Servers.Peer != (PeerAt{"127.0.0.9", "1002", "secret", "1.2.3.6:5060"}) || p.Settings["t1_ms"] != uint64(100) {
		t.Errorf("%+v %v", p, err)
	}
	for text, want := range map[string]string{
		"phone: nowhere\n":                                         "p.yaml:1: phone: must be a URL",
		"phone: http://a\ntoken: ${NONE}\n":                        "p.yaml:2: token: NONE is not set",
		"\nservers:\n  kind: mine\n":                               `p.yaml:3: servers.kind: "mine" is not one of lab, bench, own`,
		"servers:\n  kind: own\n  backup: {down: x}\n":             "p.yaml:3: servers.backup: needs both",
		"servers:\n  kind: bench\n  primary: {address: there}\n":   "p.yaml:3: servers.primary.address: must be ADDR:PORT",
		"servers:\n  kind: own\n  timeout: 1ms\n":                  "p.yaml:3: servers.timeout: must be",
		"servers:\n  kind: own\n  environment:\n  - A\n  - a b\n":  "p.yaml:5: servers.environment[1]: must be the name of a variable",
		"servers:\n  kind: own\n  environment: [HILPHONE_TOKEN]\n": "p.yaml:3: servers.environment[0]: is the token of the phone",
		"servers:\n  kind: lab\n  environment: [A]\n":              "p.yaml:3: servers.environment: goes with kind own or bench",
		"settings:\n  t1_ms: 5\n  auth_password: x\n":              "p.yaml:3: settings.auth_password: is a secret",
		"phone: http://a\nfone: x\n":                               "p.yaml:2: fone: there is no such field here; the fields are phone, token, rig, number, line, servers, settings; did you mean phone?",
		"phone: [\n":                                               "p.yaml:1: ",
		"servers:\n  kind: own\n  peer: {number: 1002}\n":          "p.yaml:2: servers.backup.address: must be ADDR:PORT",
		"servers:\n  kind: bench\n  peer: {number: 1002}\n":        "p.yaml:3: servers.peer.number: goes with kind own",
		"servers:\n  peer: {password: x}\n":                        "p.yaml:2: servers.peer.password: needs a number",
		"servers:\n  peer: {registrar: 127.0.0.1:5060}\n":          "p.yaml:2: servers.peer.registrar: needs a number",
		"servers:\n  kind: own\n  primary: {address: 127.0.0.1:1}\n  backup: {address: 127.0.0.1:2}\n  peer: {number: 1002, registrar: pbx}\n":          "p.yaml:5: servers.peer.registrar: must be ADDR:PORT",
		"servers:\n  kind: own\n  primary: {address: 127.0.0.1:1}\n  backup: {address: 127.0.0.1:2}\n  peer: {number: 1002, registrar: '[::1]:5060'}\n": "p.yaml:5: servers.peer.registrar: is IPv6",
		"servers:\n  peer: {address: here}\n":                                "p.yaml:2: servers.peer.address: must be an IP",
		"servers:\n  kind: own\n  peer: {number: 1002, password: '${NO}'}\n": "p.yaml:3: servers.peer.password: NO is not set",
		"line: 21\n": "p.yaml:1: line: must be 1 to 20",
		"servers:\n  kind: lab\n  primary: {down: a, up: b}\n": "p.yaml:3: servers.primary: only servers of kind own and bench",
	} {
		if _, err := parsePlace("p.yaml", []byte(text), environment); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// UX-11: each word of a place file that is wrong is refused with its line and the nearest right one, all of them at once; values of another kind too.
func TestPlaceWords(t *testing.T) {
	_, err := parsePlace("p.yaml", []byte("tokn: x\nline: one\nservers:\n  kind: bench\n  primry: {address: 127.0.0.2:5060}\n  backup: {adress: 127.0.0.3:5060}\n  separate: perhaps\n  environment: PATH\nsettings: 5\nphone: [x]\n"), os.LookupEnv)
	want := []string{"p.yaml:1: tokn: there is no such field here; the fields are phone, token, rig, number, line, servers, settings; did you mean token?", "p.yaml:2: line: must be a whole number",
		"p.yaml:5: servers.primry: there is no such field here; the fields are kind, url, token, primary, backup, peer, transport, separate, timeout, environment; did you mean primary?",
		"p.yaml:6: servers.backup.adress: there is no such field here; the fields are address, down, up; did you mean address?", "p.yaml:7: servers.separate: must be true or false",
		"p.yaml:8: servers.environment: must be a list", "p.yaml:9: settings: must be settings, as name: value", "p.yaml:10: phone: must be a text"}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
	for text, want := range map[string]string{
		"servers: {kind: bnech}":        `p.yaml:1: servers.kind: "bnech" is not one of lab, bench, own; did you mean bench?`,
		"servers: {transport: utp}":     `p.yaml:1: servers.transport: "utp" is not one of udp, tcp, tls; did you mean udp?`,
		"settings:\n  t1_mss: 100":      `p.yaml:2: settings.t1_mss: a line has no setting "t1_mss"; did you mean t1_ms?`,
		"settings:\n  t1_ms: 5":         `p.yaml:2: settings.t1_ms: "5" is not a whole number from 10 to 10000 (ms)`,
		"settings:\n  t1_ms: fast":      `p.yaml:2: settings.t1_ms: "fast" is not a whole number from 10 to 10000 (ms)`,
		"settings:\n  enabled: perhaps": `p.yaml:2: settings.enabled: "perhaps" is not on or off`,
		"settings:\n  transport: TCP":   `p.yaml:2: settings.transport: "TCP" is not one of udp, tcp, tls; did you mean tcp?`,
		"settings:\n  domain: [a]":      `p.yaml:2: settings.domain: "[a]" must be a text`,
	} {
		if _, err := parsePlace("p.yaml", []byte(text), os.LookupEnv); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestOwnServers: commands take a server down and bring it back; output, failure and time-out are kept, and down twice is down.
func TestOwnServers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	var told []string
	own := &ownServers{servers: map[string]ownServer{
		"primary": {Down: "echo taken down; echo down >> " + file, Up: "echo up >> " + file},
		"backup":  {Down: "echo no such host >&2; exit 3", Up: "sleep 60"}}, timeout: 200 * time.Millisecond, down: map[string]bool{},
		environment: commandEnvironment(os.Environ(), nil), mask: evidence.Masker("hidden words"), told: func(server, text string) { told = append(told, server+" "+text) }}
	down, up := scenario.Server{Down: true}, scenario.Server{Behaviour: server.Behaviour{Mode: server.Serve}}
	set := func(name string, do scenario.Server, want string) {
		t.Helper()
		err := own.Set(context.Background(), name, do)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	set("primary", up, "")
	set("primary", down, "")
	set("primary", down, "")
	set("primary", up, "")
	set("backup", down, "no such host")
	began := time.Now()
	set("backup", up, "took longer than 200ms")
	if time.Since(began) > 10*time.Second {
		t.Errorf("the time-out took %v", time.Since(began))
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "down\nup\n" {
		t.Errorf("%q %v", text, err)
	}
	if len(told) != 4 || !strings.Contains(told[0], "taken down") || !strings.Contains(told[2], "no such host") {
		t.Errorf("%q", told)
	}
	for _, do := range []scenario.Server{{Names: []string{"primary"}, Behaviour: server.Behaviour{Mode: server.Refuse}},
		{Names: []string{"primary"}, Behaviour: server.Behaviour{Mode: server.Serve, Drop: 0.5}}} {
		if own.Check(do) == nil {
			t.Errorf("%s is not refused", do)
		}
	}
}

// TestPairCommands: a command of the place takes a server of the bench down in place of a behaviour, and brings it back before it behaves (WR-54).
func TestPairCommands(t *testing.T) {
	lab, err := server.NewLab(server.LabConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	file := filepath.Join(t.TempDir(), "state")
	p := &pair{lab: lab, config: pairConfig{Commands: &ownServers{servers: map[string]ownServer{"primary": {Down: "echo down >> " + file, Up: "echo up >> " + file}},
		timeout: time.Minute, environment: commandEnvironment(os.Environ(), nil), down: map[string]bool{}, mask: evidence.Masker(), told: func(string, string) {}}}}
	down := scenario.Server{Down: true, Behaviour: server.Behaviour{Mode: server.Silent}}
	for _, do := range []scenario.Server{down, {Behaviour: server.Behaviour{Mode: server.Hang}}} {
		for _, name := range []string{"primary", "backup"} {
			if err := p.Set(t.Context(), name, do); err != nil {
				t.Fatal(err)
			}
		}
		primary, _ := lab.Behaviour("primary")
		backup, _ := lab.Behaviour("backup")
		if want := map[bool]server.Mode{true: server.Serve, false: server.Hang}[do.Down]; primary.Mode != want || do.Down && backup.Mode != server.Silent {
			t.Errorf("after %s the primary does %s and the backup %s", do, primary.Mode, backup.Mode)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "down\nup\n" {
		t.Errorf("%q %v", text, err)
	}
}

// TestNeedsRoute: a place whose commands do not take the route away is refused before anything is done.
func TestNeedsRoute(t *testing.T) {
	for want, at := range map[string]ServersAt{
		"servers.primary.down": {Kind: BenchServers},
		"kind bench":           {Kind: OwnServers, Primary: ServerAt{Down: "true", Up: "true"}},
		"":                     {Kind: BenchServers, Primary: ServerAt{Down: "true", Up: "true"}},
	} {
		b := &Bench{Place: Place{Servers: at}}
		if why := b.lacks(at.Kind, scenario.NeedRoute, nil); !strings.Contains(why, want) || (why == "") != (want == "") {
			t.Errorf("%+v lacks %q, want %q", at, why, want)
		}
	}
}
