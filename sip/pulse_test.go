package sip_test

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip"
	"hilphone/sip/line"
)

// TestPulse: a line answers while its goroutine goes round, and does not while it is stuck.
func TestPulse(t *testing.T) {
	s := line.Default()
	s.Enabled, s.PhoneNumber, s.RegisterAddr = true, "1001", "127.0.0.1"
	stuck, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	l := sip.New(sip.Config{
		Number: 1, Settings: s,
		Open:  func() (sip.Socket, error) { return sip.ListenUDP("127.0.0.1:0") },
		Media: net.ListenPacket, NextCall: func() line.CallID { return "1" },
		Record: func(_ time.Time, _ int, _ line.CallID, data event.Data) {
			if data.EventType() == "attempt_start" {
				once.Do(func() { close(stuck); <-release })
			}
		},
		Trace: func(sip.Message) {}, CallChanged: func(line.Call) {}, StatusChanged: func(int, line.Status) {},
		Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() {
		if err := l.Run(ctx); err != nil {
			t.Errorf("line: %v", err)
		}
	})
	defer run.Wait()
	defer cancel()
	await(t, "the attempt to register", stuck)
	pulse := l.Pulse()
	select {
	case <-pulse:
		t.Error("a stuck line answers")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	await(t, "the pulse of a line that was stuck", pulse)
	await(t, "the next pulse", l.Pulse())
}

func await(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("%s does not come", what)
	}
}
