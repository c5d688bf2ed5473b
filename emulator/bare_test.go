package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/hal/gpiochip"
	"hilphone/hil"
	"hilphone/hil/evidence"
	"hilphone/hil/rig"
	"hilphone/hil/scenario"
)

// frontLines are the pins of a rig whose hands and eyes are on the front panel of a phone: the bench does not know that it is reached by REST.
type frontLines struct {
	p    *process
	uses []rig.Use
	mu   sync.Mutex
	down map[int]bool
}

func (f *frontLines) String() string { return "a front panel" }

func (f *frontLines) Set(use int, high bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down[use] == high {
		return nil
	}
	f.down[use] = high
	name := strings.NewReplacer("key #", "key_pound", "key ", "key_").Replace(f.uses[use].Part)
	status, answer, err := f.p.try(f.p.t.Context(), "PUT", "io/"+name, map[bool]string{true: "1", false: "0"}[high])
	if err == nil && status >= 300 {
		err = fmt.Errorf("%s: %d %s", name, status, answer)
	}
	return err
}

func (f *frontLines) High(use int) (bool, error) {
	_, answer, err := f.p.try(f.p.t.Context(), "GET", "io/"+strings.ReplaceAll(f.uses[use].Part, " ", "_"), "")
	return strings.TrimSpace(string(answer)) == "1", err
}

func (f *frontLines) Edges(int) ([]gpiochip.Edge, error) { return nil, nil } // its levels are polled

func (f *frontLines) Watch(func()) (end func()) { return func() {} }

func (f *frontLines) Close() error { return nil }

// TestBarePhone: a phone that the bench reaches by a rig alone is dialled on, rung and seen; its messages are those that the bench's servers see.
func TestBarePhone(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	const primary, backup = "127.0.0.61", "127.0.0.62"
	p.do("PATCH", "lines/1/sip", fmt.Sprintf(`{"register_addr":%q,"register_port":5966,"backup_addr":%q,"backup_port":5968,"domain":"","t1_ms":50}`, primary, backup), nil)
	config, err := rig.Parse("rig.yaml", []byte("keys: {1: 0, 0: 1, 2: 2, pound: 3}\nhook: {pin: 4}\nlamps: {line1: {pin: 5, active: high}, power: {pin: 6, active: high}}\nringer: {pin: 7, active: high}\n"))
	if err != nil {
		t.Fatal(err)
	}
	lines := &frontLines{p: p, uses: config.Uses(), down: map[int]bool{}}
	s, err := scenario.Parse("bare.scenario", []byte(`scenario A bare phone
server both serve as began
peer answer
expect sip 200 REGISTER from primary within 60s as registered
expect lamp power on within 5s after registered
server primary silent
hook off
press 1002#
expect sip INVITE to primary within 1s as invite
expect sip REGISTER to backup at 750ms +-300ms after invite
expect peer up within 3s
expect lamp line1 on within 1s
hook on
expect peer over within 2s
`))
	if err != nil {
		t.Fatal(err)
	}
	place := hil.Place{Rig: "rig.yaml", Servers: hil.ServersAt{Kind: hil.BenchServers, Primary: hil.ServerAt{Address: primary + ":5966"}, Backup: hil.ServerAt{Address: backup + ":5968"}, Peer: hil.PeerAt{Address: "127.0.0.63"}}}
	dir := filepath.Join(t.TempDir(), "evidence")
	var out bytes.Buffer
	series := &hil.Series{Bench: &hil.Bench{Place: place, Rig: rig.New(config, lines)}, Terminal: &hil.Terminal{Out: &out}, Scenarios: []*scenario.Scenario{s}, Dir: dir}
	if err := series.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := time.AfterFunc(500*time.Millisecond, func() { // when there are servers; by itself it tries again after half a minute
		_, _, _ = p.try(t.Context(), "POST", "lines/1/register", "")
	})
	defer again.Stop()
	runs, err := series.Play(t.Context())
	if err != nil || runs[0].Verdict != evidence.Passed {
		t.Fatalf("%v\n%s", err, &out)
	}
	events, err := os.ReadFile(filepath.Join(dir, evidence.EventsFile))
	if err != nil || bytes.Contains(events, []byte(`"kind":"rest"`)) || !bytes.Contains(events, []byte("rig key 1")) {
		t.Errorf("%v; the phone was asked by REST, or hands are not in the evidence", err)
	}
	if _, front := p.ask("GET", "phone", ""); !bytes.Contains(front, []byte(`"hook":"on"`)) {
		t.Errorf("the handset is not put back: %s", front)
	}
}
