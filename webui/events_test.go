package webui

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func seqs(t *testing.T, w *httptest.ResponseRecorder) []int64 {
	t.Helper()
	var events []struct{ Seq int64 }
	if err := json.Unmarshal(w.Body.Bytes(), &events); err != nil {
		t.Fatalf("%v in %q", err, w.Body)
	}
	got := []int64{}
	for _, e := range events {
		got = append(got, e.Seq)
	}
	return got
}

func TestEvents(t *testing.T) {
	s := newServer(t, newHouse())
	for i := range 6 {
		s.Journal.Event([]string{"failover", "failback", "hook"}[i%3], i%2+1, "", nil)
	}
	for query, want := range map[string]string{
		"": "[1 2 3 4 5 6]", "?since=4": "[5 6]", "?since=100": "[]", "?type=failover": "[1 4]", "?type=failover,hook": "[1 3 4 6]", "?line=2": "[2 4 6]", "?limit=2": "[1 2]",
		"?since=1&type=failover,failback&line=2&limit=1": "[2]", "?type=quarantine": "[]",
	} {
		if got := fmt.Sprint(seqs(t, rest(s, "GET /events"+query, ""))); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestLongPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		s := newServer(t, h)
		began := time.Now()
		var wait sync.WaitGroup
		wait.Go(func() {
			if got := fmt.Sprint(seqs(t, rest(s, "GET /events?type=failover&line=1&wait_s=40", ""))); got != "[3]" || time.Since(began) != 7500*time.Millisecond {
				t.Errorf("%s after %v", got, time.Since(began))
			}
		})
		time.Sleep(7500 * time.Millisecond)
		s.Journal.Event("hook", 0, "", nil)
		s.Journal.Event("failover", 2, "", nil)
		s.Journal.Event("failover", 1, "", nil)
		wait.Wait()
		began = time.Now()
		if got := fmt.Sprint(seqs(t, rest(s, "GET /events?since=3&wait_s=40", ""))); got != "[]" || time.Since(began) != 40*time.Second {
			t.Errorf("nothing happened, and it answered %s after %v", got, time.Since(began))
		}
		if got := fmt.Sprint(seqs(t, rest(s, "GET /events?since=2&wait_s=40", ""))); got != "[3]" || time.Since(began) != 40*time.Second {
			t.Errorf("what is there already is answered at once: %s after %v", got, time.Since(began))
		}
		for i := range wantPolls {
			token := h.reader(i / wantMyPolls)
			wait.Go(func() { serve(s, request(token, "GET "+base+"/events?since=3&wait_s=1", "")) })
		}
		synctest.Wait()
		if w := rest(s, "GET /events?since=3&wait_s=1", ""); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
			t.Errorf("one too many: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
		wait.Wait()
	})
}

// stream is the client of an event stream inside a bubble: what was written so far.
type stream struct {
	mu      sync.Mutex
	text    strings.Builder
	header  http.Header
	status  int
	flushed int
}

func (s *stream) Header() http.Header { return s.header }
func (s *stream) WriteHeader(n int)   { s.status = n }
func (s *stream) Flush()              { s.mu.Lock(); s.flushed = s.text.Len(); s.mu.Unlock() }
func (s *stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// seen is what reached the client: written and flushed.
func (s *stream) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()[:s.flushed]
}

// open opens an event stream; it ends with ctx.
func open(ctx context.Context, s *Server, r *http.Request, wait *sync.WaitGroup) *stream {
	w := &stream{header: http.Header{}}
	wait.Go(func() { s.Handler().ServeHTTP(w, r.WithContext(ctx)) })
	synctest.Wait()
	return w
}

func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		var wait sync.WaitGroup
		defer wait.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s.Journal.Event("hook", 0, "", map[string]string{"state": "off"})
		fresh := open(ctx, s, request("tok-read", "GET "+base+"/events/stream?type=failover,hook", ""), &wait)
		back := request("tok-read", "GET "+base+"/events/stream", "")
		back.Header.Set("Last-Event-ID", "0")
		again := open(ctx, s, back, &wait)
		if fresh.header.Get("Content-Type") != "text/event-stream" || fresh.header.Get("X-Accel-Buffering") != "no" || fresh.header.Get("Cache-Control") != "no-store" || fresh.status != 200 {
			t.Errorf("%d %v", fresh.status, fresh.header)
		}
		if got, want := fresh.seen(), "retry: 1000\nid: 1\n\n"; got != want {
			t.Errorf("at first %q, want %q", got, want)
		}
		s.Journal.Event("lamp", 0, "", nil)
		e := s.Journal.Event("failover", 1, "", map[string]string{"to": "backup"})
		synctest.Wait()
		time.Sleep(streamPause)
		synctest.Wait()
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fresh.seen(), "retry: 1000\nid: 1\n\nid: 3\nevent: failover\ndata: "+string(data)+"\n\n"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := again.seen(); strings.Count(got, "\ndata: ") != 3 || !strings.Contains(got, "id: 1\nevent: hook\n") {
			t.Errorf("who comes back gets what he missed: %q", got)
		}
		time.Sleep(wantHeartbeat)
		synctest.Wait()
		if !strings.HasSuffix(fresh.seen(), "\n\n:\n\n") {
			t.Errorf("no wantHeartbeat: %q", fresh.seen())
		}
	})
}

// reader makes a token of scope read of that number.
func (h *house) reader(n int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	secret := fmt.Sprint("tok-reader-", n)
	h.tokens[secret] = TokenView{Name: fmt.Sprint("reader-", n), Scope: Read}
	return secret
}

// SE-12: one token or session has its share of the streams and of the long polls; the others find their places.
func TestSharesOfAVisitor(t *testing.T) {
	for path, each := range map[string]int{"/events/stream": wantMyStreams, "/events?since=1000&wait_s=30": wantMyPolls} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, newHouse())
				mine, other := logIn(t, s, "admin", "correct horse"), logIn(t, s, "admin", "correct horse")
				by := func(cookie *http.Cookie) *http.Request {
					r := request("", "GET "+base+path, "")
					r.AddCookie(cookie)
					return r
				}
				var wait sync.WaitGroup
				defer wait.Wait()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				for range each {
					for name, r := range map[string]*http.Request{"the token": request("tok-read", "GET "+base+path, ""), "the session": by(mine)} {
						if w := open(ctx, s, r, &wait); w.status != 0 && w.status != http.StatusOK {
							t.Errorf("%s does not have its share: %d", name, w.status)
						}
					}
				}
				basic := request("", "GET "+base+path, "")
				basic.SetBasicAuth("another name", "tok-read")
				for name, r := range map[string]*http.Request{"the token": request("tok-read", "GET "+base+path, ""), "the token as a password": basic, "the session": by(mine)} {
					if w := open(ctx, s, r, &wait); w.status != http.StatusTooManyRequests || w.header.Get("Retry-After") == "" {
						t.Errorf("%s has one more than its share: %d", name, w.status)
					}
				}
				for name, r := range map[string]*http.Request{"another token": request("tok-control", "GET "+base+path, ""), "another session": by(other)} {
					if w := open(ctx, s, r, &wait); w.status != 0 && w.status != http.StatusOK {
						t.Errorf("%s finds no place: %d", name, w.status)
					}
				}
			})
		})
	}
}

func TestStreamsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		s := newServer(t, h)
		var wait sync.WaitGroup
		defer wait.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		one, endOne := context.WithCancel(ctx)
		open(one, s, request("tok-read", "GET "+base+"/events/stream", ""), &wait)
		for i := range wantStreams - 1 {
			open(ctx, s, request(h.reader(i/wantMyStreams), "GET "+base+"/events/stream", ""), &wait)
		}
		if w := rest(s, "GET /events/stream", ""); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
			t.Errorf("one too many: %d", w.Code)
		}
		endOne()
		synctest.Wait()
		if w := open(ctx, s, request("tok-read", "GET "+base+"/events/stream", ""), &wait); w.status != http.StatusOK {
			t.Errorf("after one has gone: %d", w.status)
		}
	})
}

// A stream ends with the session or the token it was opened with, and does not keep the session alive.
func TestStreamEndsWithItsVisitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		cookie := logIn(t, s, "user", "battery staple")
		r := request("", "GET "+base+"/events/stream", "")
		r.AddCookie(cookie)
		began := time.Now()
		s.Handler().ServeHTTP(&stream{header: http.Header{}}, r)
		if d := time.Since(began); d != wantIdle {
			t.Errorf("the session's ended after %v, want %v", d, wantIdle)
		}
		began = time.Now()
		var wait sync.WaitGroup
		wait.Go(func() {
			s.Handler().ServeHTTP(&stream{header: http.Header{}}, request("tok-read", "GET "+base+"/events/stream", ""))
			if d := time.Since(began); d != wantHeartbeat+time.Second {
				t.Errorf("the token's ended after %v, want at once", d)
			}
		})
		time.Sleep(wantHeartbeat + time.Second)
		rest(s, "DELETE /system/tokens/reader", "")
		wait.Wait()
	})
}

// On a real network: shutdown ends streams, long polls and keys being pressed at once, and the listener is closed.
func TestRunShutsDown(t *testing.T) {
	h := newHouse()
	h.block = make(chan struct{})
	s := newServer(t, h)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx, []net.Listener{l}) }()
	at := "http://" + l.Addr().String() + base
	ask := func(method, path, body string) *http.Response {
		r, err := http.NewRequest(method, at+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return nil
		}
		r.Header.Set("Authorization", "Bearer tok-admin")
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		return answer
	}
	live := ask("GET", "/events/stream", "")
	if live == nil {
		t.FailNow()
	}
	defer live.Body.Close()
	text := bufio.NewReader(live.Body)
	if first, err := text.ReadString('\n'); err != nil || first != "retry: 1000\n" {
		t.Fatalf("%q, %v", first, err)
	}
	var wait sync.WaitGroup
	status := make([]int, 2)
	for i, q := range [][3]string{{"GET", "/events?wait_s=60", ""}, {"POST", "/phone/keys", `{"keys":"1"}`}} {
		wait.Go(func() {
			if answer := ask(q[0], q[1], q[2]); answer != nil {
				status[i] = answer.StatusCode
				answer.Body.Close()
			}
		})
	}
	<-h.block
	for deadline := time.Now().Add(5 * time.Second); s.polls.Held() == 0 && time.Now().Before(deadline); {
		if answer := ask("GET", "/phone", ""); answer != nil { // a round trip, so that this does not spin
			answer.Body.Close()
		}
	}
	began := time.Now()
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("Run: %v", err)
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("it took %v to shut down", d)
	}
	wait.Wait()
	if status[0] != http.StatusOK || status[1] != http.StatusServiceUnavailable {
		t.Errorf("the long poll was answered %d, the keys %d", status[0], status[1])
	}
	if _, err := io.ReadAll(text); err != nil {
		t.Errorf("the stream did not end properly: %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("it still listens")
	}
}

// A listener that fails ends Run with its address.
func TestRunListenerFails(t *testing.T) {
	s := newServer(t, newHouse())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	err = s.Run(t.Context(), []net.Listener{l})
	if !errors.Is(err, net.ErrClosed) || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("%v", err)
	}
}

// BenchmarkStreams is one event to all the streams there may be.
func BenchmarkStreams(b *testing.B) {
	h := newHouse()
	s := newServer(b, h)
	ctx, cancel := context.WithCancel(b.Context())
	var wait sync.WaitGroup
	lines := make(chan struct{}, wantStreams)
	for i := range wantStreams {
		w, token := &counter{got: lines, header: http.Header{}}, h.reader(i/wantMyStreams)
		wait.Go(func() {
			s.Handler().ServeHTTP(w, request(token, "GET "+base+"/events/stream", "").WithContext(ctx))
		})
	}
	for range wantStreams {
		<-lines // each has opened
	}
	for b.Loop() {
		s.Journal.Event("lamp", 1, "", map[string]string{"name": "line1", "pattern": "on"})
		for range wantStreams {
			<-lines
		}
	}
	cancel()
	wait.Wait()
}

type counter struct {
	got    chan struct{}
	header http.Header
}

func (c *counter) Header() http.Header         { return c.header }
func (c *counter) WriteHeader(int)             {}
func (c *counter) Flush()                      {}
func (c *counter) Write(b []byte) (int, error) { c.got <- struct{}{}; return len(b), nil }
