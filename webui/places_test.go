package webui

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// takePlaces opens streams or polls, of which each must find a place: it is answered with 200, or is not answered yet.
func takePlaces(ctx context.Context, t *testing.T, s *Server, path, token string, places int, wait *sync.WaitGroup) {
	t.Helper()
	for i := range places {
		if w := open(ctx, s, request(token, "GET "+base+path, ""), wait); w.status != 0 && w.status != http.StatusOK {
			t.Errorf("%s for %s: place %d of %d is refused: %d", path, token, i+1, places, w.status)
		}
	}
}

// SE-12: of 64 event streams and 64 long polls one visitor has 16: exactly so many are given, and one more of each kind is refused.
func TestPlacesOfStreamsAndPolls(t *testing.T) {
	for path, c := range map[string]struct {
		all, each int
		retry     string
	}{"/events/stream": {wantStreams, wantMyStreams, "15"}, "/events?since=1000&wait_s=30": {wantPolls, wantMyPolls, "1"}} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse()
			s := newServer(t, h)
			var wait sync.WaitGroup
			defer wait.Wait()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			refused := func(what, token string) {
				t.Helper()
				if w := open(ctx, s, request(token, "GET "+base+path, ""), &wait); w.status != http.StatusTooManyRequests || w.header.Get("Retry-After") != c.retry {
					t.Errorf("%s: %s: %d, Retry-After %q", path, what, w.status, w.header.Get("Retry-After"))
				}
			}
			for n := range c.all / c.each {
				token := h.reader(n)
				takePlaces(ctx, t, s, path, token, c.each, &wait)
				refused("one more of one visitor", token)
			}
			refused("one more of all", h.reader(c.all))
		})
	}
}

// SE-12: of 384 requests at a time one visitor has 64: exactly so many are answered, and one more is refused at once.
func TestPlacesOfRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		s := newServer(t, h)
		s.Phone = slowPhone{h, 10 * time.Second}
		var wait sync.WaitGroup
		var mu sync.Mutex
		codes := map[int]int{}
		press := func(n int) {
			token := fmt.Sprint("tok-hands-", n)
			h.mu.Lock()
			h.tokens[token] = TokenView{Name: fmt.Sprint("hands-", n), Scope: Control}
			h.mu.Unlock()
			wait.Go(func() {
				code := serve(s, request(token, "POST "+base+"/phone/keys", `{"keys":"1"}`)).Code
				mu.Lock()
				defer mu.Unlock()
				codes[code]++
			})
		}
		seen := func(what string, refused int) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if len(codes) > 1 || codes[http.StatusTooManyRequests] != refused {
				t.Errorf("%s: answered so far %v, want %d refused", what, codes, refused)
			}
		}
		for visitor := range 6 {
			for range 64 {
				press(visitor)
			}
			seen(fmt.Sprintf("%d requests", 64*(visitor+1)), min(visitor, 5))
			if visitor < 5 {
				press(visitor)
				seen("one more of one visitor", visitor+1)
			}
		}
		press(6)
		seen("one more of all", 6)
		w := serve(s, request("tok-read", "GET "+base+"/phone", ""))
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
			t.Errorf("another visitor: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
		wait.Wait()
		if len(codes) != 2 || wantRequests != 6*wantVisitor || codes[http.StatusTooManyRequests] != 6 {
			t.Errorf("answered at last %v", codes)
		}
		if w := serve(s, request("tok-read", "GET "+base+"/phone", "")); w.Code != http.StatusOK {
			t.Errorf("when all are answered: %d", w.Code)
		}
	})
}

// SE-03: 512 connections are held, 128 of one network, and no other is closed for one less: each is still answered. One more closes one.
func TestPlacesOfConnections(t *testing.T) {
	for name, c := range map[string]struct {
		from func(i int) string
		most int
	}{
		"of an IPv4 address":  {func(int) string { return "192.0.2.1" }, wantNetwork},
		"of an IPv6 network":  {func(i int) string { return fmt.Sprintf("2001:db8::%x", i) }, wantNetwork},
		"of four networks":    {func(i int) string { return fmt.Sprintf("192.0.2.%d", i%4) }, wantConnections},
		"of many addresses":   {func(i int) string { return fmt.Sprintf("198.51.%d.%d", i/250, 1+i%250) }, wantConnections},
		"of many IPv6 ranges": {func(i int) string { return fmt.Sprintf("2001:db8:0:%x::1", i) }, wantConnections},
	} {
		for more, closed := range map[int]int{0: 0, 1: 1} {
			t.Run(fmt.Sprint(name, " and ", more), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					onPipes(t, newServer(t, newHouse()), func(p *pipes) {
						var all []net.Conn
						for i := range c.most + more {
							all = append(all, p.dial(c.from(i)))
						}
						synctest.Wait()
						gone := 0
						for _, conn := range all {
							_, err := fmt.Fprint(conn, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
							if err == nil {
								err = readOK(bufio.NewReader(conn))
							}
							if err != nil {
								gone++
							}
						}
						if gone != closed {
							t.Errorf("%d of %d connections are closed, want %d", gone, len(all), closed)
						}
						for _, conn := range all {
							conn.Close()
						}
					})
				})
			})
		}
	}
}
