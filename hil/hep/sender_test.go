package hep

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSender(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s, err := New(server.LocalAddr().String(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	// What is sent before Run and at the very end arrives as well.
	for i := range 3 {
		s.Send(Message{Time: at, From: "1.2.3.4:5", To: "1.2.3.4:6", Agent: 9, Raw: []byte{byte(i)}})
	}
	s.Send(Message{From: "nowhere"})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Run(ctx) })
	b := make([]byte, maxDatagram)
	for i := range 3 {
		if err := server.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, _, err := server.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := decode(b[:n]); err != nil || m.Agent != 9 || len(m.Raw) != 1 || m.Raw[0] != byte(i) {
			t.Errorf("message %d reads as %+v, %v", i, m, err)
		}
	}
	cancel()
	wg.Wait()
	if n := s.Dropped(); n != 1 {
		t.Errorf("%d dropped, want the one without addresses", n)
	}
}

// TestSenderTellsChanges: the log has a line when messages are not sent any more and one when they are again, not one for each.
func TestSenderTellsChanges(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var log bytes.Buffer
	s, err := New(server.LocalAddr().String(), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	good := Message{Time: at, From: "1.2.3.4:5", To: "1.2.3.4:6"}
	for _, m := range []Message{good, {From: "a"}, {From: "b"}, good, good, {From: "c"}} {
		s.Send(m)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s.Run(ctx) != nil || log.Len() > 0 || s.Dropped() > 0 {
		t.Errorf("a sender that has ended before it began: %s", &log)
	}
	ctx, cancel = context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for range 3 {
		if err := server.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := server.ReadFrom(make([]byte, maxDatagram)); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	var sent []string
	for line := range strings.Lines(log.String()) {
		_, rest, _ := strings.Cut(line, "sent=")
		word, _, _ := strings.Cut(rest, " ")
		sent = append(sent, word)
	}
	if got := strings.Join(sent, " "); got != "false true false" || s.Dropped() != 3 {
		t.Errorf("sent: %s, %d dropped, in\n%s", got, s.Dropped(), &log)
	}
}

// TestSenderNeverWaits: without anybody who takes them, messages beyond those that may wait are dropped and counted.
func TestSenderNeverWaits(t *testing.T) {
	s, err := New("192.0.2.1", slog.New(slog.DiscardHandler))
	if err != nil || s.address != "192.0.2.1:9060" {
		t.Fatal(err, s)
	}
	for range 1024 + 5 { // so many may wait
		s.Send(Message{})
	}
	if n := s.Dropped(); n != 5 {
		t.Errorf("%d dropped, want 5", n)
	}
}

func TestSenderAddress(t *testing.T) {
	for address, want := range map[string]string{"homer": "homer:9060", "homer:9": "homer:9", "[::1]:7": "[::1]:7", "::1": "[::1]:9060", "": "", ":9060": "", "a:b": "", "a:0": "", "a:70000": ""} {
		s, err := New(address, nil)
		if (err == nil) != (want != "") || err == nil && s.address != want {
			t.Errorf("%q: %v, %v", address, s, err)
		}
	}
}
