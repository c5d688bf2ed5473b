package server

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// real runs a server, phone or lab on real sockets until the test ends.
func real(t *testing.T, run func(context.Context) error) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return ctx
}

func realClient(t *testing.T) *client {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{t: t, conn: conn}
}

func local() func() (net.PacketConn, error) { return Loopback(netip.MustParseAddr("127.0.0.1"), 0) }

func TestServerOnRealSockets(t *testing.T) {
	s, err := New(Config{Listen: local()})
	if err != nil {
		t.Fatal(err)
	}
	real(t, s.Run)
	c := realClient(t)
	if got := register(c, s.Addr()); !strings.HasPrefix(got.start, "SIP/2.0 200") || got.from != s.Addr().String() {
		t.Fatalf("%s from %s", got.start, got.from)
	}
	// A connected socket sees the ICMP error of a refusing server.
	if err := s.SetBehaviour(Behaviour{Mode: Refuse}); err != nil {
		t.Fatal(err)
	}
	connected, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connected.Close()
	if _, err := connected.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	connected.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := connected.Read(make([]byte, 10)); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("a refusing server answered %v", err)
	}
	// Nobody else of this machine gets its port meanwhile.
	if thief, err := net.ListenPacket("udp", s.Addr().String()); err == nil {
		thief.Close()
		t.Error("the port of a refusing server was free")
	}
	if err := s.SetBehaviour(Behaviour{Mode: Serve}); err != nil {
		t.Fatal(err)
	}
	c.write(s.Addr(), c.request("OPTIONS", "sip:"+s.Addr().String(), "1001"))
	c.expect("SIP/2.0 200")
}

func TestLabOnRealSockets(t *testing.T) {
	l, err := NewLab(LabConfig{Open: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx := real(t, l.Run)
	if l.Primary.Addr() == l.Backup.Addr() || l.Password(Caller) == "" || l.Password(Caller) == l.Password(Callee) {
		t.Errorf("primary %s, backup %s", l.Primary.Addr(), l.Backup.Addr())
	}
	for _, at := range []netip.AddrPort{l.Primary.Addr(), l.Backup.Addr()} {
		c := realClient(t)
		c.write(at, c.request("INVITE", "sip:1002@"+at.String(), "1001", "To: <sip:1002@test>",
			"Contact: <sip:1001@"+c.addr()+">", sdpOffer))
		c.expect("SIP/2.0 100")
		c.expect("SIP/2.0 180")
		ok := c.expect("SIP/2.0 200")
		c.write(at, inside(c, ok, "ACK", "1"))
		_, port, _ := strings.Cut(ok.body, "m=audio ")
		port, _, _ = strings.Cut(port, " ")
		media := netip.MustParseAddrPort(l.Phone.Addr().Addr().String() + ":" + port)
		c.write(media, "\x80\x08\x00\x01\x00\x00\x00\xa0\x11\x22\x33\x44sound")
		c.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, from, err := c.conn.ReadFrom(make([]byte, 100)); err != nil || from.String() != media.String() {
			t.Errorf("echo from %v, %v", from, err)
		}
		c.write(at, inside(c, ok, "BYE", "2"))
		c.expect("SIP/2.0 200")
	}
	// And a call to a registered phone.
	c := realClient(t)
	if got := register(c, l.Backup.Addr()); !strings.HasPrefix(got.start, "SIP/2.0 200") {
		t.Fatal(got.start)
	}
	call, err := l.Phone.Dial(ctx, l.Primary.Addr(), "1001")
	if err != nil {
		t.Fatal(err)
	}
	in := c.expect("INVITE sip:1001@" + c.addr())
	reply(c, in, "200 OK", "Contact: <sip:1001@"+c.addr()+">")
	if err := call.Answered(ctx); err != nil {
		t.Fatal(err)
	}
	c.expect("ACK")
	done := make(chan error, 1)
	go func() { done <- call.HangUp(ctx) }()
	reply(c, c.expect("BYE"), "200 OK")
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := l.Phone.Media(); got.Received != 2 {
		t.Errorf("media %+v", got)
	}
}

func TestLoopbackAvoidsATakenPort(t *testing.T) {
	first, err := Loopback(netip.MustParseAddr("127.0.0.1"), 0)()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	taken := netip.MustParseAddrPort(first.LocalAddr().String())
	open := Loopback(taken.Addr(), taken.Port())
	second, err := open()
	if err != nil {
		t.Fatal(err)
	}
	at := second.LocalAddr().String()
	if at == taken.String() {
		t.Errorf("both at %s", at)
	}
	if again, err := open(); err == nil {
		again.Close()
		t.Error("opened twice")
	}
	second.Close()
	third, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if third.LocalAddr().String() != at {
		t.Errorf("opened at %s, before at %s", third.LocalAddr(), at)
	}
	nowhere, err := Loopback(netip.MustParseAddr("192.0.2.1"), 5060)()
	if err != nil {
		t.Fatal(err)
	}
	defer nowhere.Close()
	if !strings.HasPrefix(nowhere.LocalAddr().String(), "127.0.0.1:") {
		t.Errorf("an address that does not exist gave %s", nowhere.LocalAddr())
	}
}
