package main

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"hilphone/db"
	"hilphone/hil/server"
	"hilphone/sip/line"
)

// farEnd is a lab in the process of the test: a primary, a backup and 1002, with every message they saw.
type farEnd struct {
	*server.Lab
	t testing.TB

	mu   sync.Mutex
	all  []seen
	more chan struct{} // closed at the next message
}

// seen is a message and who saw it.
type seen struct {
	who string // primary, backup or 1002
	server.Message
}

func newFarEnd(t testing.TB, answering server.Answering) *farEnd {
	t.Helper()
	f := &farEnd{t: t, more: make(chan struct{})}
	lab, err := server.NewLab(server.LabConfig{Answering: answering, Tap: f.saw})
	if err != nil {
		t.Fatal(err)
	}
	f.Lab = lab
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := lab.Run(ctx); err != nil {
			t.Errorf("the lab: %v", err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	return f
}

func (f *farEnd) saw(who string, m server.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, seen{who, m})
	close(f.more)
	f.more = make(chan struct{})
}

// count is how many messages have been seen.
func (f *farEnd) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.all)
}

// after returns the messages from the n-th on that are wanted.
func (f *farEnd) after(n int, wanted func(seen) bool) (found []seen) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.all[n:] {
		if wanted(m) {
			found = append(found, m)
		}
	}
	return found
}

// await waits for the first message from the n-th on that is wanted.
func (f *farEnd) await(n int, wanted func(seen) bool) seen {
	f.t.Helper()
	deadline := time.After(patience)
	for {
		f.mu.Lock()
		more, rest := f.more, f.all[n:]
		f.mu.Unlock()
		if i := slices.IndexFunc(rest, wanted); i >= 0 {
			return rest[i]
		}
		select {
		case <-more:
		case <-deadline:
			f.t.Fatalf("no such message came among %d", len(rest))
		}
	}
}

// request wants requests of a method that somebody received.
func request(who, method string) func(seen) bool {
	return func(m seen) bool { return m.who == who && m.IsRequest() && !m.Sent && m.Method == method }
}

// behave makes a server behave.
func (f *farEnd) behave(name string, mode server.Mode) {
	f.t.Helper()
	if err := f.SetBehaviour(name, server.Behaviour{Mode: mode}); err != nil {
		f.t.Fatal(err)
	}
}

// phone is where the phone's line 1 has its SIP socket.
func (f *farEnd) phone() netip.AddrPort {
	f.t.Helper()
	return f.await(0, func(m seen) bool { return m.Method == "REGISTER" && m.IsRequest() && !m.Sent }).From
}

// folder makes a data directory with line 1 as 1001 of the lab and a token of scope admin. Change may be nil.
func (f *farEnd) folder(change func(*line.Settings)) (dir, token string) {
	f.t.Helper()
	dir = f.t.TempDir()
	store, err := db.Open(dir, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	if token, err = prepareDemo(f.t.Context(), store, f.Lab); err != nil {
		f.t.Fatal(err)
	}
	if change != nil {
		all, err := store.Lines(f.t.Context())
		if err != nil {
			f.t.Fatal(err)
		}
		s := all[1]
		change(&s)
		if err := store.PutLine(f.t.Context(), 1, s); err != nil {
			f.t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		f.t.Fatal(err)
	}
	return dir, token
}

// run starts `hilphone run` as 1001 of the lab and waits until it is registered with the primary.
func (f *farEnd) run(program string, change func(*line.Settings), args ...string) *process {
	f.t.Helper()
	dir, token := f.folder(change)
	p := start(f.t, program, append([]string{"run", "--data", dir, "--listen", "127.0.0.1:0"}, args...)...)
	p.token = token
	p.registered("primary")
	return p
}

// swift are timers at a tenth of their length.
func swift(s *line.Settings) { s.T1, s.T2, s.T4 = 50, 400, 500 }
