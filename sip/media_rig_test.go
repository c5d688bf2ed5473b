//go:build rig && linux

package sip_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"hilphone/sip"
	"hilphone/sip/media"
)

// WR-43: a port without a listener is found by the kernel's ICMP errors; once there is one, RTP flows.
func TestICMPOfRTPOnRealSockets(t *testing.T) {
	s, err := media.Open(sip.ListenMedia, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context()) }()
	peer, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := peer.LocalAddr().(*net.UDPAddr).Port
	peer.Close()
	_, remote, err := s.Answer(fmt.Appendf(nil, "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio %d RTP/AVP 0\r\n", at), media.SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	flows := make(chan media.Flow, 10)
	began := time.Now()
	s.Start(remote)
	s.Supervise(func(f media.Flow) { flows <- f })
	next := func(way media.Way) media.Flow {
		t.Helper()
		for {
			select {
			case f := <-flows:
				if f.Way == way {
					return f
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("nothing of %s", way)
			}
		}
	}
	f := next(media.Out)
	if took := time.Since(began); !f.Lost || f.Reason != "ICMP port unreachable" || took < 2*time.Second || took > 3*time.Second {
		t.Errorf("%+v after %v", f, took)
	}
	if peer, err = net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", at)); err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if f := next(media.Out); f.Lost {
		t.Errorf("%+v", f)
	}
	s.Stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if stats := s.Stats(); stats.SendErrors > 0 || stats.Sent < 150 {
		t.Errorf("%+v", stats) // an ICMP error is none of the socket
	}
}
