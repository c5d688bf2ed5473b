package kamailio

import (
	"net/netip"
	"testing"
)

func TestAnswerRange(t *testing.T) {
	for _, status := range []int{-1, 0, swallow, 100, 200, 299, 700} {
		s := newServer(&Pair{dir: t.TempDir()}, "primary", PrimaryAddress)
		want := "status"
		if err := s.Answer(t.Context(), status, 0); err == nil || err.Error()[:len(want)] != want {
			t.Errorf("Answer(%d): %v, want an error about the status", status, err)
		}
	}
}

func TestPingStatus(t *testing.T) {
	const via = "Via: SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bKown;rport=5\r\n"
	for _, c := range []struct {
		message string
		status  int
		ok      bool
	}{
		{"SIP/2.0 200 OK\r\n" + via, 200, true},
		{"SIP/2.0 503 Fault\r\n" + via, 503, true},
		{"SIP/2.0 100 Trying\r\n" + via, 100, false},
		{"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bKother\r\n", 0, false},
		{"SIP/2.0 2", 0, false},
		{"SIP/2.0 xyz\r\n" + via, 0, false},
		{"OPTIONS sip:a SIP/2.0\r\n" + via, 0, false},
		{"", 0, false},
	} {
		if status, ok := pingStatus(c.message, "own"); status != c.status || ok != c.ok {
			t.Errorf("%q: %d %t, want %d %t", c.message, status, ok, c.status, c.ok)
		}
	}
}

func FuzzPingStatus(f *testing.F) {
	f.Add("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKown\r\n\r\n")
	f.Add("SIP/2.0 ")
	f.Add(string(pingRequest("own", "127.0.0.1:5", netip.MustParseAddrPort("127.0.0.11:5060"))))
	f.Fuzz(func(t *testing.T, message string) {
		if status, ok := pingStatus(message, "own"); ok && (status < 200 || status > 999) {
			t.Errorf("%q is taken for an answer with status %d", message, status)
		}
	})
}
