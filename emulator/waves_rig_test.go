//go:build rig

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hilphone/hal"
	"hilphone/hal/virtual"
)

// TestSigrokReadsTheWaves: sigrok-cli reads the waveform of a call, and sees hook, keys and lamps move at the microsecond of their events.
func TestSigrokReadsTheWaves(t *testing.T) {
	if _, err := exec.LookPath("sigrok-cli"); err != nil {
		t.Fatal("sigrok-cli is not installed: run make deps")
	}
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	since := p.seq()
	p.do("PUT", "phone/hook", `{"state":"off"}`, nil)
	p.do("POST", "phone/keys", `{"keys":"1002#","press_ms":40,"gap_ms":30}`, nil)
	p.talking(since)
	p.do("PUT", "phone/hook", `{"state":"on"}`, nil)
	var events []struct {
		MonoUS int64 `json:"mono_us"`
		Type   string
		Data   struct{ Key, State, Name, Pattern string }
	}
	p.do("GET", fmt.Sprintf("events?since=%d&type=hook,key,lamp,phone", since), "", &events)
	first := events[0].MonoUS - 1000
	status, dump := p.ask("GET", fmt.Sprintf("gpio.vcd?since=%d", first), "")
	if status != 200 {
		t.Fatalf("GET gpio.vcd: %d %s", status, dump)
	}
	file := filepath.Join(t.TempDir(), "gpio.vcd")
	if err := os.WriteFile(file, dump, 0o600); err != nil {
		t.Fatal(err)
	}
	seen := sigrokEdges(t, file)
	var want []string
	states := map[string]string{"phone": "idle"}
	steady := true
	for _, e := range events {
		at := e.MonoUS - first
		edge := func(name string, one bool) { want = append(want, fmt.Sprintf("%d %s %s", at, name, zeroOne(one))) }
		switch e.Type {
		case "hook":
			edge("hook", e.Data.State == "off")
		case "key":
			edge(virtual.KeyName(hal.Key(e.Data.Key)), e.Data.State == "down")
		case "phone":
			edge("state_"+states["phone"], false)
			edge("state_"+e.Data.State, true)
			states["phone"] = e.Data.State
		case "lamp":
			steady = steady && (e.Data.Pattern == "on" || e.Data.Pattern == "off")
			if old := states[e.Data.Name]; old != e.Data.Pattern && steady {
				edge("lamp_"+e.Data.Name, e.Data.Pattern == "on")
			}
			states[e.Data.Name] = e.Data.Pattern
		}
	}
	slices.Sort(want)
	for _, w := range want {
		if !slices.Contains(seen, w) {
			t.Errorf("sigrok-cli does not see %s", w)
		}
	}
	for _, s := range seen {
		if name := strings.Fields(s)[1]; !slices.Contains(want, s) && !strings.HasPrefix(name, "lamp_") {
			t.Errorf("sigrok-cli sees %s, of which no event tells", s)
		}
	}
	if len(want) < 20 {
		t.Errorf("%d edges only:\n%s", len(want), strings.Join(want, "\n"))
	}
	t.Logf("sigrok-cli sees %d edges; the events tell of %d", len(seen), len(want))
}

// sigrokEdges are the edges that sigrok-cli reads in a dump, as "MICROSECONDS NAME LEVEL", counted from the beginning of the dump.
func sigrokEdges(t *testing.T, file string) (edges []string) {
	t.Helper()
	sigrok := exec.Command("sigrok-cli", "-I", "vcd", "-i", file, "-O", "vcd")
	var complaints bytes.Buffer
	sigrok.Stderr = &complaints
	out, err := sigrok.Output()
	if err != nil || complaints.Len() > 0 { // BE-05
		t.Fatalf("sigrok-cli: %v\n%s", err, complaints.Bytes())
	}
	names := map[string]string{}
	level := map[string]string{}
	body := false
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case f[0] == "$timescale" && (f[1] != "1" || f[2] != "us"):
			t.Fatalf("sigrok-cli takes the dump for one of %s", line)
		case f[0] == "$var":
			names[f[3]] = f[4]
		case f[0] == "$enddefinitions":
			body = true
		case body && f[0][0] == '#':
			at, err := strconv.ParseInt(f[0][1:], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range f[1:] {
				name, to := names[change[1:]], change[:1]
				if old, known := level[name]; known && old != to {
					edges = append(edges, fmt.Sprintf("%d %s %s", at, name, to))
				}
				level[name] = to
			}
		}
	}
	if want := len(virtual.New().Names()) + len(phoneStates); len(names) != want {
		text, _ := json.Marshal(names)
		t.Errorf("sigrok-cli reads %d channels, want %d: %s", len(names), want, text)
	}
	return edges
}
