//go:build rig

package sip_test

import (
	"testing"

	"hilphone/sip/line"
)

// WIRE 0 and 1: the corpus, the messages of RFC 4475 and 30 000 mutants by each of UDP, TCP and TLS, against a line with a call. Nothing hangs
// or crashes, the next OPTIONS is answered within 50 ms, line and call are as they were, and calls are made and taken as before.
func TestOddMessagesFromThePrimaryAndStrangers(t *testing.T) {
	x := newOddLine(t)
	x.asBefore(x.flooded(30000))
}

// Octets of the primary's that cannot be cut into messages end its connection by TLS and nothing else: the line connects again, and the call
// goes on (CL-04).
func TestPrimaryThatCannotBeRead(t *testing.T) {
	x := newOddLine(t)
	var peer *oddPeer
	for _, octets := range []string{"\x00\x01 nonsense\r\n\r\n", "OPTIONS sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n", "OPTIONS sip:x SIP/2.0\r\nContent-Length: 2000000\r\n\r\n"} {
		peer = x.byTLS()
		x.mu.Lock()
		before := len(x.causes(line.REGISTER))
		x.mu.Unlock()
		peer.send([]byte(octets))
		x.until("registered on another connection", func() bool { return len(x.causes(line.REGISTER)) > before && len(x.tap.conns) > 0 })
	}
	x.phase(line.OnPrimary)
	peer = x.byTLS()
	peer.check()
	x.asBefore([]*oddPeer{peer})
}
