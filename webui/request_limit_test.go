package webui

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
)

// client is the server's end of a pipe from an address.
type client struct {
	net.Conn
	from *net.TCPAddr
}

func (c client) RemoteAddr() net.Addr { return c.from }

// dial connects from an address.
func (p *pipes) dial(from string) net.Conn {
	here, there := net.Pipe()
	p.accept <- client{there, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 40000))}
	return here
}

// ended returns after how long the server closes a connection, and what it answers before.
func ended(t *testing.T, c net.Conn, what string) (time.Duration, string) {
	t.Helper()
	began := time.Now()
	var answer strings.Builder
	if _, err := io.Copy(&answer, c); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%s: %v", what, err)
	}
	return time.Since(began), answer.String()
}

// SE-03: a request whose body does not come ends, on every route and by every method.
func TestBodyThatDoesNotCome(t *testing.T) {
	const most = wantBodyTime + time.Second // net/http waits half a second for the client to read the answer
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		routes := map[string]bool{"GET /nothing": true, "GET /": true}
		for _, r := range s.echo.Routes() {
			path := strings.NewReplacer(":n", "1", ":id", "1", ":server", "primary", ":name", "hook", ":file", "style.css").Replace(r.Path)
			if !strings.HasPrefix(r.Path, base+"/events/stream") {
				routes[r.Method+" "+path] = true
			}
			routes["GET "+path] = routes["GET "+path] || path != base+"/events/stream"
		}
		delete(routes, "GET "+base+"/events/stream")
		if len(routes) < 100 {
			t.Fatalf("only %d routes", len(routes))
		}
		onPipes(t, s, func(p *pipes) {
			for what := range routes {
				for _, length := range []string{"Content-Length: 100", "Content-Length: 4000000000", "Transfer-Encoding: chunked"} {
					c := p.dial("192.0.2.1")
					fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n%s\r\n\r\n", what, length)
					if d, answer := ended(t, c, what); d > most || !strings.HasPrefix(answer, "HTTP/1.1 ") {
						t.Errorf("%s, %s: ended after %v with %.60q", what, length, d, answer)
					}
				}
			}
		})
	})
}

// SE-03: with a login or a token a body may be longer and takes longer, and still has an end.
func TestBodyOfAVisitor(t *testing.T) {
	for what, most := range map[string]time.Duration{
		"PUT " + base + "/phone/hook": wantBodyTime, "POST " + base + "/config/import": wantUploadTime, "GET " + base + "/phone": wantBodyTime,
		"POST " + base + "/events/stream": wantBodyTime, "POST " + base + "/phone/keys": wantBodyTime,
	} {
		synctest.Test(t, func(t *testing.T) {
			onPipes(t, newServer(t, newHouse()), func(p *pipes) {
				c := p.dial("192.0.2.1")
				if err := sendHead(c, what, 100); err != nil {
					t.Fatal(err)
				}
				if d, answer := ended(t, c, what); d > most+time.Second || !strings.HasPrefix(answer, "HTTP/1.1 ") {
					t.Errorf("%s: ended after %v with %.60q", what, d, answer)
				}
			})
		})
	}
}

// SE-03: a request header that does not come ends, so does a connection that is not used, and an answer that is not read.
func TestSlowClient(t *testing.T) {
	for what, c := range map[string]struct {
		sent string
		most time.Duration
	}{
		"nothing":             {"", wantHeaderTime},
		"half a header":       {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", wantHeaderTime},
		"an answer of a page": {"GET /docs HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", wantStrangeTime},
		"an answer to a token": {"GET " + base + "/lines HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer tok-read\r\n\r\n",
			wantAnswerTime},
	} {
		synctest.Test(t, func(t *testing.T) {
			onPipes(t, newServer(t, newHouse()), func(p *pipes) {
				conn := p.dial("192.0.2.1")
				fmt.Fprint(conn, c.sent)
				time.Sleep(c.most + time.Second)
				if _, err := conn.Write([]byte("x")); err == nil {
					t.Errorf("%s: the connection is still read", what)
				}
			})
		})
	}
}

// SE-03: a body from a stranger that is too long is refused.
func TestLongBodyOfAStranger(t *testing.T) {
	s := newServer(t, newHouse())
	for _, what := range []string{"POST /login", "POST /first"} {
		r := request("", what, strings.Repeat("a=b&", wantBody))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if w := serve(s, r); w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
}

// SE-03: 1000 half-open connections do not prevent a login, neither from another address nor from the same.
func TestHalfOpenConnections(t *testing.T) {
	for _, half := range []string{"", "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\n", "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\nuser="} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(t, newHouse())
			onPipes(t, s, func(p *pipes) {
				var all []net.Conn
				for i := range 1000 {
					from := "192.0.2.1"
					if i%2 == 0 {
						from = fmt.Sprintf("2001:db8:%x::1", i)
					}
					c := p.dial(from)
					all = append(all, c)
					fmt.Fprint(c, half)
				}
				synctest.Wait()
				if n := s.connections.Len(); n > wantConnections {
					t.Errorf("%d connections are held, want %d at most", n, wantConnections)
				}
				for _, from := range []string{"192.0.2.1", "192.0.2.2", "2001:db8:2::1", "2001:db8:ffff::1"} {
					c := p.dial(from)
					began, form := time.Now(), url.Values{"user": {"admin"}, "password": {"correct horse"}}.Encode()
					fmt.Fprintf(c, "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(form), form)
					answer, err := http.ReadResponse(bufio.NewReader(c), nil)
					if err != nil || answer.StatusCode != http.StatusSeeOther || time.Since(began) > time.Second {
						t.Errorf("a login from %s after %q: %v, %v", from, half, answer, err)
					}
					all = append(all, c)
				}
				for _, c := range all {
					c.Close()
				}
			})
		})
	}
}

// SE-03: a handler that sets no limit of its own is within that of strangers: 64 KiB and 10 s, from both sides.
func TestBodyWithoutALimitOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		s.echo.POST("/reads", func(c echo.Context) error {
			data, err := io.ReadAll(c.Request().Body)
			if err != nil {
				return bodyProblem(err, "the body cannot be read")
			}
			return c.String(http.StatusOK, fmt.Sprint(len(data)))
		})
		for size, want := range map[int]int{wantBody: http.StatusOK, wantBody + 1: http.StatusRequestEntityTooLarge} {
			if w := serve(s, request("", "POST /reads", strings.Repeat("x", size))); w.Code != want || want == http.StatusOK && w.Body.String() != fmt.Sprint(size) {
				t.Errorf("%d bytes: %d %s", size, w.Code, w.Body)
			}
		}
		onWire(t, s, func(conn net.Conn) {
			began := time.Now()
			fmt.Fprint(conn, "POST /reads HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nhalf")
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || answer.StatusCode != http.StatusRequestTimeout || time.Since(began) != wantBodyTime {
				t.Errorf("%v, %v after %v", answer, err, time.Since(began))
			}
			conn.Close()
			time.Sleep(time.Second)
		})
	})
}
