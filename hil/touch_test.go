package hil

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hal/gpiochip"
	"hilphone/hil/evidence"
	"hilphone/hil/rig"
	"hilphone/hil/scenario"
)

// memoryRig is the lines of a rig in memory; what it presses is told to pressed.
type memoryRig struct {
	mu      sync.Mutex
	high    map[int]bool
	pressed func(use int, high bool)
	closed  bool
}

func (m *memoryRig) String() string { return "memory" }

func (m *memoryRig) Set(use int, high bool) error {
	m.mu.Lock()
	changed := m.high[use] != high
	m.high[use] = high
	m.mu.Unlock()
	if changed && m.pressed != nil {
		m.pressed(use, high)
	}
	return nil
}

func (m *memoryRig) High(use int) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.high[use], nil
}

func (m *memoryRig) Edges(int) ([]gpiochip.Edge, error) { return nil, nil }

func (m *memoryRig) Watch(func()) (end func()) { return func() {} }

func (m *memoryRig) Close() error {
	m.closed = true
	return nil
}

// down fails the test if something is still pressed.
func (m *memoryRig) up(t *testing.T, outputs int) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for use := range outputs {
		if m.high[use] {
			t.Errorf("output %d is not let go", use)
		}
	}
}

// Uses of this rig: 0 key #, 1 key 1, 2 hook, 3 lamp line1.
const memoryRigFile = "keys: {pound: 1, 1: 2}\nhook: {pin: 3}\nlamps: {line1: {pin: 4, active: high}}\n"

func newMemoryRig(t *testing.T, file string) (*rig.Rig, *memoryRig) {
	t.Helper()
	c, err := rig.Parse("rig.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	m := &memoryRig{high: map[int]bool{}}
	return rig.New(c, m), m
}

// wire makes the fake phone one whose handset and lamp are those of the rig: lifted, the lamp of line 1 blinks slowly.
func wire(ctx context.Context, p *fakePhone, m *memoryRig) {
	m.pressed = func(use int, high bool) {
		if use != 2 {
			return
		}
		p.mu.Lock()
		p.hook = map[bool]string{true: "off", false: "on"}[high]
		p.mu.Unlock()
		p.event("hook", map[string]any{"state": p.hook, "source": "board"})
	}
	go func() {
		for ctx.Err() == nil {
			m.mu.Lock()
			m.high[3] = m.high[2] && !m.high[3]
			m.mu.Unlock()
			pause(ctx, 500*time.Millisecond)
		}
	}()
}

func playRig(t *testing.T, ctx context.Context, p *fakePhone, g *rig.Rig, text string) (evidence.Run, *memory) {
	t.Helper()
	s, err := scenario.Parse("x.scenario", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{}
	b := &Bench{Place: Place{Phone: "http://phone"}, Rig: g, Client: &http.Client{Transport: p}, Watch: &Terminal{Out: &bytes.Buffer{}}}
	if err := b.Check(ctx, s); err != nil {
		t.Fatal(err)
	}
	return b.Play(ctx, s, m), m
}

// TestRig: hands are the rig's where it has some, and the phone's REST interface otherwise; so are eyes, unless the scenario says whose.
func TestRig(t *testing.T) {
	for _, c := range []struct{ name, text, cause string }{
		{"both at once", "hook off\nexpect hook off within 1s\nexpect lamp line1 slow within 1s\nexpect lamp line1 off by rest within 1s\nexpect level line1 on within 2s\n" +
			"press 1\npress 2\nexpect no lamp line1 off for 2s\n", ""},
		{"a lamp that stays dark", "press 1\nexpect lamp line1 slow within 1s\n", "instead lamp line1 is off"},
		{"it must not blink", "hook off\nexpect no lamp line1 slow for 3s\n", "it came about at 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				p := newFakePhone()
				g, m := newMemoryRig(t, memoryRigFile)
				wire(ctx, p, m)
				run, seen := playRig(t, ctx, p, g, "scenario A\nneeds rig\n"+c.text)
				if (run.Verdict == evidence.Passed) != (c.cause == "") || !strings.Contains(run.Cause, c.cause) {
					t.Errorf("%s: %s", run.Verdict, run.Cause)
				}
				if run.Rig != "rig.yaml on memory" {
					t.Errorf("the rig is called %q", run.Rig)
				}
				m.up(t, 3)
				p.tidy(t)
				rest := strings.Join(p.requests, " ")
				if c.cause == "" && (strings.Contains(rest, "phone/hook") || strings.Count(rest, "phone/keys") != 1) {
					t.Errorf("by REST: %s", rest)
				}
				if log := seen.text(evidence.LogKind); c.cause == "" && (!strings.Contains(log, "lamp line1 slow, as the sensor of the rig sees it") || !strings.Contains(log, "lamp line1 off, as the phone says")) {
					t.Errorf("who saw it is not told:\n%s", log)
				}
				levels := map[string]bool{}
				for _, l := range seen.levels {
					if l.From == evidence.FromRig {
						levels[l.Name+" "+l.Value] = true
					}
				}
				for _, want := range []string{"rig key 1 down", "rig key 1 up", "hook rig off", "hook rig on", "lamp line1 rig slow", "sensor line1 on"} {
					if c.cause == "" && !levels[want] {
						t.Errorf("the evidence lacks %s: %v", want, levels)
					}
				}
				stop()
			})
		})
	}
}

// TestRigInterrupted: Ctrl-C in the middle of a key lets it go, and puts the handset back.
func TestRigInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		p := newFakePhone()
		g, m := newMemoryRig(t, memoryRigFile)
		wire(ctx, p, m)
		time.AfterFunc(3*time.Second, stop)
		run, _ := playRig(t, ctx, p, g, "scenario A\nhook off\npress 1 hold 10s\nexpect hook on within 1s\n")
		if run.Verdict != evidence.Broken || !strings.HasSuffix(run.Cause, "interrupted") {
			t.Errorf("%s: %s", run.Verdict, run.Cause)
		}
		m.up(t, 3)
		p.tidy(t)
	})
}

// TestRigLacks: a sensor that is not there is told before anything is pressed.
func TestRigLacks(t *testing.T) {
	p := newFakePhone()
	g, m := newMemoryRig(t, memoryRigFile)
	s, err := scenario.Parse("x.scenario", []byte("scenario A\nhook off\nexpect ringer on by rig within 1s\nexpect level power on within 1s\n"))
	if err != nil {
		t.Fatal(err)
	}
	b := &Bench{Place: Place{Phone: "http://phone"}, Rig: g, Client: &http.Client{Transport: p}}
	want := "x.scenario:3: ringer: rig.yaml has no sensor on the ringer\nx.scenario:4: level: rig.yaml has no sensor on the lamp power"
	if err := b.Check(t.Context(), s); err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	if len(p.requests) > 0 || m.high[2] {
		t.Error("something was done")
	}
}
