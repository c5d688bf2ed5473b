//go:build linux

package sip

import (
	"bytes"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

const patience = 5 * time.Second // for what must happen at once

// report is what ReadICMP returned.
type report struct {
	payload   []byte
	to        string
	typ, code int
	err       error
	at        time.Time
}

func listen(t *testing.T, addr string) Socket {
	t.Helper()
	s, err := ListenUDP(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// closedPort is an address where nothing listens.
func closedPort(t *testing.T, addr string) *net.UDPAddr {
	t.Helper()
	conn, err := net.ListenPacket("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr)
}

// reports reads the socket's ICMP errors until it is closed.
func reports(s Socket) <-chan report {
	c := make(chan report, 256)
	go func() {
		defer close(c)
		for {
			b := make([]byte, 2048)
			n, to, _, typ, code, err := s.ReadICMP(b)
			if err != nil {
				c <- report{err: err}
				return
			}
			c <- report{payload: b[:n], to: to.String(), typ: typ, code: code, at: time.Now()}
		}
	}()
	return c
}

// datagrams reads the socket until it fails, and hands out what arrived.
func datagrams(s Socket) (data <-chan string, end <-chan error) {
	d, e := make(chan string, 1024), make(chan error, 1)
	go func() {
		b := make([]byte, 65535)
		for {
			n, _, err := s.ReadFrom(b)
			if err != nil {
				e <- err
				return
			}
			d <- string(b[:n])
		}
	}()
	return d, e
}

func next[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s within %v", what, patience)
	}
	panic("unreachable")
}

func TestPortUnreachableIsReported(t *testing.T) { // FO-05
	for _, c := range []struct{ name, local, remote string }{
		{"IPv4", "127.0.0.1:0", "127.0.0.1:0"},
		{"IPv6", "[::1]:0", "[::1]:0"},
		{"IPv4 on every address", ":0", "127.0.0.1:0"},
		{"IPv6 on every address", ":0", "[::1]:0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, to := listen(t, c.local), closedPort(t, c.remote)
			icmp := reports(s)
			datagrams(s)
			request := []byte("REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK-1\r\n" + strings.Repeat("p", 400))
			var r report
			fastest := time.Hour
			for range 5 { // the machine may be busy
				start := time.Now()
				if _, err := s.WriteTo(request, to); err != nil {
					t.Fatal(err)
				}
				r = next(t, icmp, "ICMP error")
				fastest = min(fastest, r.at.Sub(start))
			}
			t.Logf("reported after %v", fastest)
			if fastest > 50*time.Millisecond {
				t.Error("too late")
			}
			if r.typ != 3 || r.code != 3 {
				t.Errorf("type %d code %d, want 3/3", r.typ, r.code)
			}
			if r.to != to.String() {
				t.Errorf("sent to %s, reported for %s", to, r.to)
			}
			if !bytes.Equal(r.payload, request) {
				t.Errorf("payload %q, want %q", r.payload, request)
			}
		})
	}
}

func TestICMPReturnsTheStartOfALongDatagram(t *testing.T) {
	s, to := listen(t, "127.0.0.1:0"), closedPort(t, "127.0.0.1:0")
	icmp := reports(s)
	datagrams(s)
	request := []byte("INVITE " + strings.Repeat("0123456789", 129))
	if _, err := s.WriteTo(request, to); err != nil {
		t.Fatal(err)
	}
	r := next(t, icmp, "ICMP error")
	if len(r.payload) < 500 || !bytes.HasPrefix(request, r.payload) {
		t.Errorf("%d octets returned: %.60q", len(r.payload), r.payload)
	}
}

func TestEachDatagramIsReported(t *testing.T) {
	s, to := listen(t, "127.0.0.1:0"), closedPort(t, "127.0.0.1:0")
	icmp := reports(s)
	datagrams(s)
	want := map[string]bool{"a": true, "b": true, "c": true, "d": true, "e": true}
	for p := range want {
		if _, err := s.WriteTo([]byte(p), to); err != nil {
			t.Fatal(err)
		}
	}
	for len(want) > 0 {
		r := next(t, icmp, "ICMP error")
		if !want[string(r.payload)] {
			t.Fatalf("reported %q, missing %v", r.payload, want)
		}
		delete(want, string(r.payload))
	}
}

func TestReadFromOutlivesICMP(t *testing.T) {
	s, peer := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	gone := closedPort(t, "127.0.0.1:0")
	data, end := datagrams(s)
	for range 50 {
		if _, err := s.WriteTo([]byte("x"), gone); err != nil {
			t.Fatal(err)
		}
		if _, err := peer.WriteTo([]byte("hello"), s.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		if got := next(t, data, "datagram"); got != "hello" {
			t.Fatalf("read %q", got)
		}
	}
	select {
	case err := <-end:
		t.Fatalf("ReadFrom ended: %v", err)
	default:
	}
}

// Nobody reads the socket, so that every error of the closed port is still
// pending when the next datagram goes to the living peer.
func TestWriteToIgnoresAnotherPeersError(t *testing.T) {
	s, peer := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	gone := closedPort(t, "127.0.0.1:0")
	arrived, _ := datagrams(peer)
	for range 50 {
		for range 10 {
			if _, err := s.WriteTo([]byte("x"), gone); err != nil {
				t.Fatalf("to the closed port: %v", err)
			}
		}
		if n, err := s.WriteTo([]byte("hello"), peer.LocalAddr()); err != nil || n != 5 {
			t.Fatalf("to the living peer: %d, %v", n, err)
		}
		if got := next(t, arrived, "datagram"); got != "hello" {
			t.Fatalf("peer read %q", got)
		}
	}
	if r := next(t, reports(s), "ICMP error found while writing"); r.to != gone.String() {
		t.Errorf("reported for %s, want %s", r.to, gone)
	}
}

func TestBareSocketHasThePendingError(t *testing.T) { // the test above would pass without it
	conn, err := listenUDP("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	gone := closedPort(t, "127.0.0.1:0")
	if _, err := conn.WriteTo([]byte("x"), gone); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.ReadFrom(make([]byte, 10)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("read: %v, want connection refused", err)
	}
}

func TestWriteToReturnsItsOwnError(t *testing.T) { // FO-10
	for _, cause := range []syscall.Errno{syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EPERM} {
		s := listen(t, "127.0.0.1:0").(*socket)
		sent := 0
		s.send = func([]byte, net.Addr) (int, error) {
			sent++
			return 0, &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("sendto", cause)}
		}
		_, err := s.WriteTo([]byte("x"), s.LocalAddr())
		if !errors.Is(err, cause) {
			t.Errorf("error %v, want %v", err, cause)
		}
		if sent > writeTries {
			t.Errorf("%v: written %d times", cause, sent)
		}
	}
}

func TestCloseReleasesBothReaders(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	icmp := reports(s)
	_, end := datagrams(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := next(t, end, "end of ReadFrom"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("ReadFrom: %v", err)
	}
	if r := next(t, icmp, "end of ReadICMP"); !errors.Is(r.err, net.ErrClosed) {
		t.Errorf("ReadICMP: %v", r.err)
	}
	if _, err := s.WriteTo([]byte("x"), s.LocalAddr()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("WriteTo: %v", err)
	}
}

func TestDeadlineStillWorks(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	if err := s.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.ReadFrom(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("ReadFrom: %v", err)
	}
}

func TestForgottenICMPReaderHurtsNobody(t *testing.T) {
	s, peer := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	gone := closedPort(t, "127.0.0.1:0")
	data, _ := datagrams(s)
	for range 4 * icmpWaiting {
		if _, err := s.WriteTo([]byte("x"), gone); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := peer.WriteTo([]byte("hello"), s.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if got := next(t, data, "datagram"); got != "hello" {
		t.Errorf("read %q", got)
	}
}

func BenchmarkPortUnreachable(b *testing.B) {
	s, err := ListenUDP("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	gone := conn.LocalAddr()
	conn.Close()
	datagrams(s)
	request, returned := bytes.Repeat([]byte("r"), 500), make([]byte, 2048)
	for b.Loop() {
		if _, err := s.WriteTo(request, gone); err != nil {
			b.Fatal(err)
		}
		if _, _, _, _, _, err := s.ReadICMP(returned); err != nil {
			b.Fatal(err)
		}
	}
	s.Close()
}
