package sip

import (
	"testing"

	"hilphone/sip/line"
)

// WR-55: a port that is left to SRV is the default of the transport where there is no SRV record (RFC 3263 4.2).
func TestDefaultPort(t *testing.T) {
	for _, c := range []struct {
		transport  line.Transport
		port, want int
	}{
		{line.UDP, 0, 5060}, {line.TCP, 0, 5060}, {line.TLS, 0, 5061}, {line.UDP, 5062, 5062}, {line.TLS, 5060, 5060}, {line.TLS, 5062, 5062},
	} {
		s := &server{config: line.Hop{Addr: "example.test", Port: c.port, Transport: c.transport}}
		if got := s.port(); int(got) != c.want {
			t.Errorf("%s, port %d: %d, want %d", c.transport, c.port, got, c.want)
		}
	}
}
