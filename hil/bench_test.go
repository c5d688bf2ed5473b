package hil

import (
	"bytes"
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
)

// play plays a text against the fake phone. It has to run in a bubble.
func play(t *testing.T, ctx context.Context, p *fakePhone, text string) (evidence.Run, *memory) {
	t.Helper()
	s, err := scenario.Parse("x.scenario", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{}
	b := &Bench{Place: Place{Phone: "http://phone"}, Client: &http.Client{Transport: p}, Watch: &Terminal{Out: &bytes.Buffer{}}}
	if err := b.Check(ctx, s); err != nil {
		t.Fatal(err)
	}
	return b.Play(ctx, s, m), m
}

// silentPrimary is the story of the fake phone, as it has to go.
const silentPrimary = `scenario Silent primary
proves FO-01
setting failback_interval 60
server primary silent
call 1002 as dial
expect sip INVITE to primary within 1s as invite
expect sip REGISTER to backup at 15T1 +-10ms after invite as register
expect 4 sip INVITE to primary between 0s and 8s after invite
expect call talking on backup within 10s
expect display talking within 10s
expect lamp line1 on within 100ms after register
expect no sip INVITE to primary for 2s after register
hook off
expect hook off within 1s
call hangup
expect call ended within 1s
`

// tidy fails the test unless the phone is as it was before.
func (p *fakePhone) tidy(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.settings["failback_interval"] != 20.0 || p.settings["t1_ms"] != 500.0 {
		t.Errorf("settings were not put back: %v", p.settings)
	}
	if p.servers["primary"] != "serve" || p.servers["backup"] != "serve" {
		t.Errorf("the servers behave: %v", p.servers)
	}
	if p.hook != "on" || p.call != "" && p.call != "ended" || p.locked || p.active != "primary" {
		t.Errorf("hook %s, call %q, locked %v, active %s", p.hook, p.call, p.locked, p.active)
	}
}

func TestPlay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePhone()
		p.latency = 3 * time.Millisecond
		run, m := play(t, t.Context(), p, silentPrimary)
		if run.Verdict != evidence.Passed || run.Cause != "" {
			t.Fatalf("%s: %s\n%s", run.Verdict, run.Cause, m.text(evidence.LogKind))
		}
		if len(run.Steps) != 14 {
			t.Errorf("%d steps", len(run.Steps))
		}
		for _, s := range run.Steps {
			if s.Verdict != evidence.Passed {
				t.Errorf("%s: %s", s.Text, s.Verdict)
			}
		}
		if d := *run.Steps[4].Measured; d != 7500*time.Millisecond {
			t.Errorf("the REGISTER came after %v", d)
		}
		if run.ClockUncertainty != 3*time.Millisecond || run.ClockOffset != time.Hour+24*time.Millisecond { // the run began 24 ms after the phone
			t.Errorf("the phone's clock is %v ahead, +-%v", run.ClockOffset, run.ClockUncertainty)
		}
		if len(m.messages) != 7 || m.messages[0].Seen != evidence.FromPhone {
			t.Errorf("%d messages", len(m.messages))
		}
		if rest := m.text(evidence.RESTKind); !strings.Contains(rest, "PATCH /api/v1/lines/1/sip") || !strings.Contains(m.text(evidence.ServerKind), "server primary silent") {
			t.Errorf("what was done is not in the evidence:\n%s", rest)
		}
		p.tidy(t)
	})
}

// TestFault: what goes wrong first is the cause, the rest is not played, and the phone is left as it was. A time says what it is measured from (UX-10).
func TestFault(t *testing.T) {
	for _, c := range []struct {
		name, text, cause string
		plant             func(*fakePhone)
		line              int
		verdict           evidence.Verdict
	}{
		{"too early", silentPrimary, "it came at 7.300 s after invite", func(p *fakePhone) { p.quick = 200 * time.Millisecond }, 7, evidence.Failed},
		{"no failover", "scenario A\ncall 1002\nexpect sip REGISTER to backup within 9s\nhook off\nexpect hook off within 1s\n", "it did not come by 9.000 s, after line 2, `call 1002`", nil, 3, evidence.Failed},
		{"a REST call is refused", "scenario A\npress 1\ncall hangup\nexpect call ended within 1s\n", "the phone has no call", nil, 3, evidence.Failed},
		{"too long", "scenario A\ntimeout 2s\nhook off\nwait 1h\nexpect hook off within 1s\n", "the scenario takes longer than 2s", nil, 4, evidence.Failed},
		{"the phone vanishes", "scenario A\ncall 1002\nexpect call talking within 1s\nexpect sip BYE within 1h\n", "http://phone does not answer: connection refused",
			func(p *fakePhone) { p.onDial = func() { p.later(func() { p.gone = true }) } }, 4, evidence.Broken},
		{"the phone restarts", "scenario A\ncall 1002\nexpect call talking within 1s\nwait 1h\n", "the phone was started anew",
			func(p *fakePhone) {
				p.onDial = func() {
					p.later(func() { p.reborn = true })
					time.AfterFunc(3*time.Second, func() { p.event("lamp", nil) })
				}
			}, 4, evidence.Broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newFakePhone()
				if c.plant != nil {
					c.plant(p)
				}
				run, _ := play(t, t.Context(), p, c.text)
				i := slices.IndexFunc(run.Steps, func(s evidence.Step) bool { return s.Cause != "" })
				if run.Verdict != c.verdict || i < 0 || run.Steps[i].Line != c.line || !strings.Contains(run.Steps[i].Cause, c.cause) || !strings.HasSuffix(run.Cause, run.Steps[i].Cause) {
					t.Fatalf("%s: %s, want %s by line %d: %s\n%+v", run.Verdict, run.Cause, c.verdict, c.line, c.cause, run.Steps)
				}
				for _, s := range run.Steps[i+1:] {
					if s.Verdict != evidence.NotRun {
						t.Errorf("%s was %s after the failure", s.Text, s.Verdict)
					}
				}
				if !p.gone {
					p.tidy(t)
				}
			})
		})
	}
}

// TestLateEvent: an event that was decided long before others that were recorded before it is no restart of the phone, and has its own time.
func TestLateEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePhone()
		p.onDial = func() {
			time.AfterFunc(9*time.Second, func() {
				p.event("lamp", map[string]any{"name": "message", "pattern": "on"})
				p.lateEvent(5*time.Second, "hook", map[string]any{"state": "off", "source": "board"})
				p.event("lamp", map[string]any{"name": "message", "pattern": "off"})
			})
		}
		run, _ := play(t, t.Context(), p, "scenario A\ncall 1002\nexpect event lamp name=message pattern=on at 9s +-1ms as on\n"+
			"expect event hook state=off at 4s +-1ms\nexpect no event hook for 2s after on\nexpect lamp message off within 10s\n")
		if run.Verdict != evidence.Passed {
			t.Errorf("%s: %s", run.Verdict, run.Cause)
		}
		for i, want := range map[int]time.Duration{1: 9 * time.Second, 2: 4 * time.Second} {
			if m := run.Steps[i].Measured; m == nil || *m != want {
				t.Errorf("%s: measured %v, want %v", run.Steps[i].Text, m, want)
			}
		}
	})
}

// later does something to the phone after two seconds.
func (p *fakePhone) later(do func()) {
	time.AfterFunc(2*time.Second, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		do()
	})
}

// TestInterrupt: Ctrl-C ends the run at once, with a verdict and a phone that is as it was.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePhone()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		run, _ := play(t, ctx, p, silentPrimary)
		if run.Verdict != evidence.Broken || !strings.HasSuffix(run.Cause, "interrupted") || run.Duration != 3*time.Second {
			t.Errorf("%s: %s in %v", run.Verdict, run.Cause, run.Duration)
		}
		time.Sleep(time.Minute) // the dialling goes on behind
		synctest.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.servers["primary"] != "serve" || p.settings["failback_interval"] != 20.0 || p.locked {
			t.Error("it was not cleaned up")
		}
	})
}

// TestHiccup: a phone that is out of reach for a moment loses nothing.
func TestHiccup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFakePhone()
		p.onDial = func() {
			p.later(func() { p.gone = true })
			time.AfterFunc(4*time.Second, func() { p.mu.Lock(); p.gone = false; p.mu.Unlock() })
		}
		run, _ := play(t, t.Context(), p, silentPrimary)
		if run.Verdict != evidence.Passed {
			t.Errorf("%s: %s", run.Verdict, run.Cause)
		}
		p.tidy(t)
	})
}

// TestUnplayable: what the place cannot give is told before anything is touched.
func TestUnplayable(t *testing.T) {
	for text, want := range map[string]string{
		"peer busy":                       "x.scenario: needs peer: ",
		"expect level line1 on within 1s": "x.scenario: needs rig: ",
		"setting t1_ms 11":                "x.scenario:3: t1_ms: must be 12 at least",
		"setting t4_ms 5000":              "x.scenario:3: t4_ms: the phone has no such setting; did you mean t1_ms?",
	} {
		p := newFakePhone()
		s, err := scenario.Parse("x.scenario", []byte("scenario A\npress 1\n"+text+"\nexpect ringer on within 1s\n"))
		if err != nil {
			t.Fatal(err)
		}
		b := &Bench{Place: Place{Phone: "http://phone"}, Client: &http.Client{Transport: p}}
		if err := b.Check(t.Context(), s); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
		for _, r := range p.requests {
			if r != "POST lines/1/plan" {
				t.Errorf("%s: %s was sent", text, r)
			}
		}
	}
}

// TestShipped: every scenario that comes with the program can be read, says what it proves, and is named after its file.
func TestShipped(t *testing.T) {
	files, err := filepath.Glob("scenarios/*/*.scenario")
	if err != nil || len(files) != len(Shipped()) || len(files) < 120 {
		t.Errorf("%d ship, of %d files, %v", len(Shipped()), len(files), err)
	}
	for _, name := range Shipped() {
		s, err := OpenShipped(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if (len(s.Proves) == 0) == (s.Asks == "") || !strings.HasPrefix(s.Source, "# ") {
			t.Errorf("%s does not say what it is and what it proves", name)
		}
	}
}
