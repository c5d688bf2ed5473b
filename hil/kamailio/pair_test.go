//go:build rig

package kamailio

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// start starts a pair that ends with the test.
func start(t *testing.T) *Pair {
	t.Helper()
	p, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lab is a pair with two phones that are registered at its primary.
type lab struct {
	*Pair
	caller *caller
	callee *callee
}

func newLab(t *testing.T) lab {
	t.Helper()
	return register(t, start(t))
}

// register registers two phones at the primary.
func register(t *testing.T, p *Pair) lab {
	t.Helper()
	l := lab{p, newCaller(t, p, "1001"), newCallee(t, p, "1002")}
	want(t, "the callee registers", l.caller.register(p.Primary, "1002", Password("1002"), l.callee.contact()), 200)
	want(t, "the caller registers", l.register(p.Primary), 200)
	must(t, p.Backup.Knows(t.Context(), "1002", l.callee.contact()))
	return l
}

func (l lab) register(s *Server) int {
	return l.caller.register(s, "1001", Password("1001"), "sip:1001@"+l.caller.conn.LocalAddr().String())
}

// call makes a call through the server. The ACK has arrived on return: it may be overtaken by what comes after it.
func (l lab) call(t *testing.T, s *Server) call {
	t.Helper()
	call, status := l.caller.call(s, "1002")
	want(t, "call through the "+s.Name, status, 200)
	ctx, cancel := context.WithTimeout(t.Context(), silence)
	defer cancel()
	if err := await(ctx, func() (bool, error) { return l.callee.seen(call.id) == "INVITE ACK", nil }); err != nil {
		t.Errorf("the callee has seen %q of a call through the %s, want INVITE ACK", l.callee.seen(call.id), s.Name)
	}
	return call
}

// talk makes a whole call through the server.
func (l lab) talk(t *testing.T, s *Server) {
	t.Helper()
	call := l.call(t, s)
	want(t, "hang up through the "+s.Name, l.caller.hangUp(s, call), 200)
	want(t, "seen by the callee", l.callee.seen(call.id), "INVITE ACK BYE")
}

func TestRegistration(t *testing.T) {
	p := start(t)
	c := newCaller(t, p, "1001")
	for _, s := range p.servers() {
		want(t, "without password at the "+s.Name, c.register(s, "1001", "", "sip:1001@127.0.0.21"), 401)
		want(t, "with a wrong password at the "+s.Name, c.register(s, "1001", "secret", "sip:1001@127.0.0.21"), 401)
		want(t, "a user that is not there at the "+s.Name, c.register(s, "1011", Password("1011"), "sip:1011@127.0.0.21"), 401)
	}
	contacts, err := p.Backup.Contacts(t.Context(), "1001")
	must(t, err)
	want(t, "contacts of 1001", len(contacts), 0)
	// Each tells the other, in both directions.
	want(t, "1001 at the primary", c.register(p.Primary, "1001", Password("1001"), "sip:1001@127.0.0.21"), 200)
	must(t, p.Backup.Knows(t.Context(), "1001", "sip:1001@127.0.0.21"))
	want(t, "1010 at the backup", c.register(p.Backup, "1010", Password("1010"), "sip:1010@127.0.0.21"), 200)
	must(t, p.Primary.Knows(t.Context(), "1010", "sip:1010@127.0.0.21"))
}

func TestCalls(t *testing.T) {
	l := newLab(t)
	l.talk(t, l.Primary)
	l.talk(t, l.Backup)
	_, status := l.caller.call(l.Primary, "1005")
	want(t, "call to a user who is not registered", status, 404)
}

// TestFailover is what a phone that fails over goes through, with each fault: the call it has is ended through the backup
// although its Route still names the primary, calls go through the backup, and the primary takes it back.
func TestFailover(t *testing.T) {
	for _, fault := range []struct {
		name   string
		fail   func(context.Context, *Server) error
		status int // of the BYE at the primary
	}{
		{"killed", func(_ context.Context, s *Server) error { return s.Kill() }, 0},
		{"frozen", func(_ context.Context, s *Server) error { return s.Freeze() }, 0},
		{"black hole", func(ctx context.Context, s *Server) error { return s.Blackhole(ctx) }, 0},
		{"mute", func(ctx context.Context, s *Server) error { return s.Mute(ctx) }, 0},
		{"500", func(ctx context.Context, s *Server) error { return s.Answer(ctx, 500, 0) }, 500},
		{"503", func(ctx context.Context, s *Server) error { return s.Answer(ctx, 503, 30*time.Second) }, 503},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			call := l.call(t, l.Primary)
			must(t, fault.fail(t.Context(), l.Primary))
			want(t, "BYE to the primary", l.caller.hangUp(l.Primary, call), fault.status)
			want(t, "REGISTER at the backup", l.register(l.Backup), 200)
			want(t, "seen by the callee", l.callee.seen(call.id), "INVITE ACK")
			want(t, "BYE to the backup", l.caller.hangUp(l.Backup, call), 200)
			want(t, "seen by the callee", l.callee.seen(call.id), "INVITE ACK BYE")
			l.talk(t, l.Backup)

			before := time.Now()
			must(t, l.Primary.Restore(t.Context()))
			t.Logf("restored in %v", time.Since(before).Round(time.Millisecond))
			must(t, l.Primary.Knows(t.Context(), "1002", l.callee.contact()))
			want(t, "REGISTER at the primary", l.register(l.Primary), 200)
			l.talk(t, l.Primary)
		})
	}
}

// TestMissedRegistration sees to it that a server learns, when it is back, what was registered in the meantime.
func TestMissedRegistration(t *testing.T) {
	p := start(t)
	c := newCaller(t, p, "1003")
	for i, fail := range []func() error{
		p.Primary.Kill, p.Primary.Freeze, func() error { return p.Primary.Blackhole(t.Context()) }, func() error { return p.Primary.Mute(t.Context()) },
	} {
		contact := "sip:1003@127.0.0.3" + string('0'+rune(i))
		must(t, fail())
		want(t, "REGISTER at the backup", c.register(p.Backup, "1003", Password("1003"), contact), 200)
		must(t, p.Primary.Restore(t.Context()))
		known, err := p.Primary.Contacts(t.Context(), "1003")
		must(t, err)
		want(t, "contacts known to the restored primary", len(known), i+1)
	}
}

// TestFaultsOnTheWire: what a fault looks like to the one who asks.
func TestFaultsOnTheWire(t *testing.T) {
	p := start(t)
	c := newCaller(t, p, "1001")
	identity := "<sip:1001@" + Domain + ">"
	options := request{method: "OPTIONS", uri: "sip:" + Domain, id: "o", from: identity + ";tag=o", to: identity, cseq: 1}

	must(t, p.Backup.Answer(t.Context(), 503, 90*time.Second))
	answer := c.do(p.Backup, options)
	want(t, "answer", answer.status(), 503)
	want(t, "Retry-After", answer.header("Retry-After"), "90")
	must(t, p.Backup.Answer(t.Context(), 404, 0))
	answer = c.do(p.Backup, options)
	want(t, "answer", answer.status(), 404)
	want(t, "Retry-After", answer.header("Retry-After"), "")
	must(t, p.Backup.Mute(t.Context()))
	want(t, "answer of the mute", c.do(p.Backup, options).status(), 0)
	want(t, "answer of the other server", c.do(p.Primary, options).status(), 200)
	must(t, p.Backup.Restore(t.Context()))
	want(t, "answer of the restored", c.do(p.Backup, options).status(), 200)
}

// TestBothKilled: no server to learn from, and none to command.
func TestBothKilled(t *testing.T) {
	p := start(t)
	c := newCaller(t, p, "1001")
	for _, s := range p.servers() {
		must(t, s.Kill())
		must(t, s.Kill())
		if err := s.Mute(t.Context()); err == nil {
			t.Errorf("the killed %s has ears to close", s.Name)
		}
		if err := s.Freeze(); err == nil {
			t.Errorf("the killed %s can be frozen", s.Name)
		}
	}
	for _, s := range p.servers() {
		must(t, s.Restore(t.Context()))
		want(t, "REGISTER at the "+s.Name, c.register(s, "1001", Password("1001"), "sip:1001@127.0.0.21"), 200)
	}
	must(t, p.Primary.Restore(t.Context()))
	must(t, p.Backup.Mute(t.Context()))
	must(t, p.Backup.Restore(t.Context()))
}

// TestKilledIsUnreachable: a killed server is told apart from a silent one, by ICMP to UDP and by a reset to TCP.
func TestKilledIsUnreachable(t *testing.T) {
	p := start(t)
	must(t, p.Primary.Kill())
	conn, err := p.DialContext(t.Context(), "udp4", p.Primary.Addr.String())
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(time.Now().Add(silence)))
	_, err = conn.Write([]byte("\r\n\r\n"))
	must(t, err)
	if _, err = conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("UDP to a killed server: %v, want connection refused", err)
	}
	if _, err := p.DialContext(t.Context(), "tcp4", p.Primary.Addr.String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("TCP to a killed server: %v, want connection refused", err)
	}
}

// TestPairsApart: the same addresses, two networks, and this machine's own is a third.
func TestPairsApart(t *testing.T) {
	one, two := start(t), start(t)
	must(t, one.Primary.Kill())
	status, err := two.Primary.Ping(t.Context())
	must(t, err)
	want(t, "the other pair's primary", status, 200)
	if conn, err := net.DialTimeout("tcp4", two.Primary.Addr.String(), silence); err == nil {
		conn.Close()
		t.Errorf("%s answers outside the pair's network too", two.Primary.Addr)
	}
	conn, err := two.DialContext(t.Context(), "tcp4", two.Primary.Addr.String())
	must(t, err)
	conn.Close()
	out, err := two.Command(t.Context(), "ip", "-o", "-4", "address").CombinedOutput()
	must(t, err)
	if !strings.Contains(string(out), PhoneAddress) {
		t.Errorf("a program in the network sees %s, want %s", out, PhoneAddress)
	}
}
