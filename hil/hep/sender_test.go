package hep

import (
	"context"
	"log/slog"
	"net"
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

// TestSenderNeverWaits: without anybody who takes them, messages beyond those that may wait are dropped and counted.
func TestSenderNeverWaits(t *testing.T) {
	s, err := New("192.0.2.1", slog.New(slog.DiscardHandler))
	if err != nil || s.address != "192.0.2.1:9060" {
		t.Fatal(err, s)
	}
	for range waiting + 5 {
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
