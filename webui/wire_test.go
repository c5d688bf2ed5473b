package webui

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are pipes in memory, so that a whole server runs at the time of a bubble.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

// onPipes runs a server while a test connects to it.
func onPipes(t *testing.T, s *Server, test func(p *pipes)) {
	p := &pipes{accept: make(chan net.Conn), closed: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx, []net.Listener{p}) }()
	test(p)
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// onWire runs a server and gives the test one connection to it.
func onWire(t *testing.T, s *Server, test func(c net.Conn)) {
	onPipes(t, s, func(p *pipes) {
		here, there := net.Pipe()
		p.accept <- there
		test(here)
		here.Close()
	})
}

func sendHead(c net.Conn, what string, length int) error {
	_, err := fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer tok-admin\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", what, length)
	return err
}

// A body that does not come is not waited for.
func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		onWire(t, newServer(t, h), func(c net.Conn) {
			began := time.Now()
			if err := sendHead(c, "PUT "+base+"/phone/hook", 100); err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(c, `{"state":`)
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != http.StatusRequestTimeout || time.Since(began) != wantBodyTime {
				t.Errorf("%d after %v", answer.StatusCode, time.Since(began))
			}
		})
		if len(h.byHand) != 0 {
			t.Errorf("half a body did %q", h.byHand)
		}
	})
}

// The time for the body is not that for the work: keys may be pressed for longer.
func TestSlowKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		s := newServer(t, h)
		s.Phone = slowPhone{h, 55 * time.Second}
		onWire(t, s, func(c net.Conn) {
			body := `{"keys":"1"}`
			if err := sendHead(c, "POST "+base+"/phone/keys", len(body)); err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(c, body)
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK || err != nil {
				t.Errorf("%d %s, %v", answer.StatusCode, text, err)
			}
		})
	})
}

type slowPhone struct {
	*house
	takes time.Duration
}

func (p slowPhone) Keys(ctx context.Context, _ string, _ []string, _, _ time.Duration) ([]NoEffectView, error) {
	select {
	case <-time.After(p.takes):
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A stream whose reader takes nothing is let go, and its place is free again.
func TestStalledStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		onWire(t, s, func(c net.Conn) {
			if err := sendHead(c, "GET "+base+"/events/stream", 0); err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(c)
			answer, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(answer.Body).ReadString('\n')
			if err != nil || !strings.HasPrefix(line, "retry:") || s.streams.Held() != 1 {
				t.Fatalf("%q, %v, %d streams", line, err, s.streams.Held())
			}
			time.Sleep(wantHeartbeat + wantStreamTime + time.Second)
			synctest.Wait()
			if s.streams.Held() != 0 {
				t.Errorf("%d streams are open", s.streams.Held())
			}
		})
	})
}
