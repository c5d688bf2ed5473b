package main

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// UX-14: on real sockets a connection that the server resets, one that it closes, one that it refuses, and a closed UDP port are events with the
// addresses, the sender of the ICMP error and the reason, and in the status of the server.
func TestNetFaultsOnSockets(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	p := f.run(self(t), func(s *line.Settings) { swift(s); s.BackupAddr = ""; s.RegFailInterval = 3600 })
	p.registered("primary")
	last := p.seq()
	breaks := func(end func(*net.TCPConn) error, reason string) {
		t.Helper()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		from := make(chan string, 1)
		go func() {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			from <- c.RemoteAddr().String()
			_, _ = c.Read(make([]byte, 4096))
			_ = end(c.(*net.TCPConn))
		}()
		at := listener.Addr().(*net.TCPAddr)
		p.do("PATCH", "lines/1/sip", fmt.Sprintf(`{"register_addr":"127.0.0.1","register_port":%d,"transport":"tcp"}`, at.Port), nil)
		e := p.await(last, "connection_lost", nil)
		if d := e.Data; d.Reason != reason || d.By != "server" || d.Slot != "primary" || d.Transport != "tcp" || d.Remote != at.String() || d.Local != <-from {
			t.Errorf("%s: %+v", reason, e)
		}
		last = p.await(e.Seq, "all_failed", func(e eventSeen) bool { return e.Data.Reason == reason }).Seq
	}
	breaks(func(c *net.TCPConn) error {
		if err := c.SetLinger(0); err != nil {
			return err
		}
		return c.Close()
	}, "connection_reset")
	breaks((*net.TCPConn).Close, "connection_closed")

	closed, err := net.ListenPacket("udp", "127.0.0.4:0")
	if err != nil {
		t.Fatal(err)
	}
	at := closed.LocalAddr().(*net.UDPAddr)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	set := fmt.Sprintf(`{"register_addr":"127.0.0.4","register_port":%d,"transport":`, at.Port)
	p.do("PATCH", "lines/1/sip", set+`"tcp"}`, nil)
	if e := p.await(last, "attempt_end", nil); e.Data.Cause != "connect" || e.Data.Reason != "connection_refused" {
		t.Errorf("a port that is closed by TCP: %+v", e)
	}
	last = p.await(last, "all_failed", nil).Seq
	p.do("PATCH", "lines/1/sip", set+`"udp"}`, nil)
	if e := p.await(last, "icmp", nil); e.Data.From != "127.0.0.4" || e.Data.To != at.String() {
		t.Errorf("the ICMP error: %+v", e)
	}
	if e := p.await(last, "attempt_end", nil); e.Data.Cause != "icmp" || e.Data.Reason != "port_unreachable" {
		t.Errorf("a port that is closed by UDP: %+v", e)
	}
	p.await(last, "all_failed", func(e eventSeen) bool { return e.Data.Reason == "port_unreachable" })
	var status struct {
		Word   string `json:"reason_word"`
		Reason string `json:"reason"`
	}
	if p.do("GET", "lines/1/status", "", &status); status.Word != "port_unreachable" || !strings.Contains(status.Reason, "nothing listens at that port") {
		t.Errorf("the status is %+v", status)
	}
	p.terminate()
}
