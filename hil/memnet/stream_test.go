package memnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

var (
	dialler = netip.MustParseAddr("127.0.0.1")
	port    = netip.MustParseAddrPort("127.0.0.2:5060")
)

// connection is both ends of a connection.
func connection(t *testing.T, n *Network) (near, far net.Conn) {
	t.Helper()
	l, err := n.Listen("tcp", port.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if near, err = n.Dial(t.Context(), dialler, port); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	if near.RemoteAddr().String() != port.String() || far.RemoteAddr().String() != near.LocalAddr().String() {
		t.Errorf("%v to %v, %v to %v", near.LocalAddr(), near.RemoteAddr(), far.LocalAddr(), far.RemoteAddr())
	}
	return near, far
}

func put(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if n, err := c.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("Write = %d, %v", n, err)
	}
}

func get(t *testing.T, c net.Conn, want string) {
	t.Helper()
	b := make([]byte, 64)
	if n, err := c.Read(b); err != nil || string(b[:n]) != want {
		t.Errorf("Read = %q, %v, want %q", b[:n], err, want)
	}
}

func failing(t *testing.T, what string, err, want error) {
	t.Helper()
	var op *net.OpError
	if !errors.Is(err, want) || want != io.EOF && !errors.As(err, &op) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := connection(t, New())
		b := make([]byte, 8)
		near.SetReadDeadline(time.Now().Add(time.Minute))
		began := time.Now()
		_, err := near.Read(b)
		failing(t, "nothing to read", err, os.ErrDeadlineExceeded)
		if took := time.Since(began); took != time.Minute {
			t.Errorf("after %v", took)
		}
		near.SetReadDeadline(time.Time{})
		put(t, near, "one")
		put(t, near, "two")
		get(t, far, "onetwo")
		put(t, far, "three")
		get(t, near, "three")
		if err := near.(*stream).CloseWrite(); err != nil {
			t.Error(err)
		}
		_, err = far.Read(b)
		failing(t, "the end", err, io.EOF)
		put(t, far, "last")
		get(t, near, "last")
		near.Close()
		_, err = near.Read(b)
		failing(t, "closed", err, net.ErrClosed)
		_, err = far.Write(b)
		failing(t, "to a closed peer", err, syscall.ECONNRESET)
		failing(t, "closed twice", near.Close(), net.ErrClosed)
		far.Close()
	})
}

// A peer that does not read stops the writer, and one that closes with octets unread resets the connection.
func TestStreamNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		near, far := connection(t, n)
		put(t, near, strings.Repeat("x", streamBuffer))
		near.SetWriteDeadline(time.Now().Add(time.Second))
		_, err := near.Write([]byte("y"))
		failing(t, "a full buffer", err, os.ErrDeadlineExceeded)
		near.SetWriteDeadline(time.Time{})
		go io.CopyN(io.Discard, far, streamBuffer/2)
		put(t, near, "y")
		far.Close()
		_, err = near.Read(make([]byte, 1))
		failing(t, "unread", err, syscall.ECONNRESET)
		near.Close()
		if len(n.streams) != 0 {
			t.Errorf("%d ends are left", len(n.streams))
		}
	})
}

func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		near, far := connection(t, n)
		n.Reset(netip.AddrPortFrom(port.Addr(), 0))
		for _, c := range []net.Conn{near, far} {
			_, err := c.Read(make([]byte, 1))
			failing(t, "read", err, syscall.ECONNRESET)
			_, err = c.Write([]byte("x"))
			failing(t, "write", err, syscall.ECONNRESET)
		}
	})
}

// To a host that is off a SYN is sent again and again; what was written on a connection before comes when it is back.
func TestStreamsAndBlackHoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		near, far := connection(t, n)
		n.BlackHole(port)
		put(t, near, "lost ")
		put(t, near, "once")
		put(t, far, "heard")
		get(t, near, "heard")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		_, err := n.Dial(ctx, dialler, port)
		failing(t, "given up", err, context.DeadlineExceeded)
		_, err = n.Dial(t.Context(), dialler, port)
		failing(t, "not given up", err, syscall.ETIMEDOUT)
		if took := time.Since(began); took != 10*time.Second+2*time.Minute {
			t.Errorf("after %v", took)
		}
		began = time.Now()
		time.AfterFunc(4*time.Second, func() { n.Restore(port) })
		late, err := n.Dial(t.Context(), dialler, port)
		if took := time.Since(began); err != nil || took != 7*time.Second { // at 0, 1, 3 and 7 s
			t.Errorf("after %v: %v", took, err)
		}
		late.Close()
		get(t, far, "lost once")
		near.Close()
		if rest, err := io.ReadAll(far); err != nil || !bytes.Equal(rest, nil) {
			t.Errorf("%q, %v", rest, err)
		}
	})
}

func TestDialRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		_, err := n.Dial(t.Context(), dialler, port)
		failing(t, "nothing listens", err, syscall.ECONNREFUSED)
		n.Unreachable(port, DestinationUnreachable, PortUnreachable)
		_, err = n.Dial(t.Context(), dialler, port)
		failing(t, "port unreachable", err, syscall.ECONNREFUSED)
		n.Unreachable(port, DestinationUnreachable, 1)
		_, err = n.Dial(t.Context(), dialler, port)
		failing(t, "host unreachable", err, syscall.EHOSTUNREACH)
		n.SendError(port, syscall.ENETUNREACH)
		_, err = n.Dial(t.Context(), dialler, port)
		failing(t, "no route", err, syscall.ENETUNREACH)
		n.Restore(port)
		l, err := n.Listen("tcp", port.String())
		if err != nil {
			t.Fatal(err)
		}
		_, err = n.Listen("tcp", port.String())
		failing(t, "taken", err, syscall.EADDRINUSE)
		for _, addr := range []string{"0.0.0.0:1", "host:1", ":1"} {
			if _, err := n.Listen("tcp", addr); err == nil {
				t.Errorf("%s is listened at", addr)
			}
		}
		c, err := n.Dial(t.Context(), dialler, port)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		_, err = c.Read(make([]byte, 1))
		failing(t, "never accepted", err, syscall.ECONNRESET)
		_, err = l.Accept()
		failing(t, "closed", err, net.ErrClosed)
		if a, err := n.Listen("tcp", "127.0.0.2:0"); err != nil || a.Addr().(*net.TCPAddr).Port < 32768 {
			t.Errorf("%v, %v", a, err)
		}
	})
}

// A listener that is closed ends all that wait for a connection.
func TestCloseEndsAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := New().Listen("tcp", port.String())
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 2)
		for range 2 {
			go func() { _, err := l.Accept(); ended <- err }()
		}
		synctest.Wait()
		if len(ended) != 0 {
			t.Fatal("there is no connection")
		}
		l.Close()
		for range 2 {
			failing(t, "closed", <-ended, net.ErrClosed)
		}
	})
}
