package actionurl

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hilphone/db/device"
	"hilphone/db/journal"
	"hilphone/db/journal/event"
)

const canary = "canary-pa55"

// house is a sender at work.
type house struct {
	*Sender
	journal *journal.Journal
	log     strings.Builder
	mu      sync.Mutex
	urls    device.ActionURLs
}

func (h *house) set(urls device.ActionURLs) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.urls = urls
}

func start(t *testing.T, c Config, urls device.ActionURLs) *house {
	t.Helper()
	h := &house{journal: journal.New(journal.Config{}), urls: urls}
	c.Journal, c.UserAgent = h.journal, "hilphone/test"
	c.URLs = func() device.ActionURLs {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.urls
	}
	c.Describe = func(n int) map[string]string { return map[string]string{"mac": "0c383e557eb1", "server": "x"} }
	c.Log = slog.New(slog.NewTextHandler(&h.log, nil))
	h.Sender = New(c)
	h.waits = [...]time.Duration{time.Millisecond, time.Millisecond}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
		if strings.Contains(h.log.String(), canary) {
			t.Errorf("the log has a password: %s", h.log.String())
		}
	})
	return h
}

// outcome waits for the n-th event action_url.
func (h *house) outcome(t *testing.T, n int) event.ActionURL {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var since int64
	for {
		events, _ := h.journal.Wait(ctx, journal.Query{Since: since, Types: []string{"action_url"}, Limit: 1})
		if len(events) == 0 {
			t.Fatalf("there is no event %d", n)
		}
		if since, n = events[0].Seq, n-1; n == 0 {
			if strings.Contains(string(events[0].DataJSON()), canary) {
				t.Errorf("the event has a password: %s", events[0].DataJSON())
			}
			return events[0].Data.(event.ActionURL)
		}
	}
}

func (h *house) failover() {
	h.journal.Event("failover", 2, "", data{"from": "primary", "to": "backup", "cause": "no_response", "elapsed_ms": 7502})
}

// seen is a server that keeps the requests it gets and answers with a status each.
type seen struct {
	*httptest.Server
	requests chan *http.Request
}

func listen(t *testing.T, status ...int) *seen {
	s := &seen{requests: make(chan *http.Request, 100)}
	var mu sync.Mutex
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		s.requests <- r
		w.Header().Set("Location", "http://169.254.169.254/")
		w.WriteHeader(status[0])
		if len(status) > 1 {
			status = status[1:]
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func TestSender(t *testing.T) {
	s := listen(t, 200)
	address := strings.Replace(s.URL, "http://", "http://user:"+canary+"@", 1)
	h := start(t, Config{Lab: true}, device.ActionURLs{"failover": address + "/x?mac=$mac&l=$line&s=$server&c=$cause&ms=$elapsed_ms&token=" + canary})
	h.failover()
	n := h.outcome(t, 1)
	r := <-s.requests
	if got, want := r.RequestURI, "/x?mac=0c383e557eb1&l=2&s=backup&c=no_response&ms=7502&token="+canary; got != want || r.Method != "GET" {
		t.Errorf("%s %s, want %s", r.Method, got, want)
	}
	if user, password, _ := r.BasicAuth(); user != "user" || password != canary || r.UserAgent() != "hilphone/test" {
		t.Errorf("asked by %s %s as %s", user, password, r.UserAgent())
	}
	if r.Header.Get("Accept-Encoding") != "" || !r.Close { // nothing of the answer is read
		t.Errorf("asked for %q, to be closed: %v", r.Header.Get("Accept-Encoding"), r.Close)
	}
	if n.Event != "failover" || n.Status != 200 || n.Tries != 1 || n.Error != "" || n.URL != s.URL || n.Test {
		t.Errorf("%+v", n)
	}
}

// What the phone is told to do now is done with the address that is in force now; one that is not set is not called.
func TestSenderSettings(t *testing.T) {
	s := listen(t, 200)
	h := start(t, Config{Lab: true}, device.ActionURLs{"boot_completed": s.URL + "/boot"})
	if n := h.outcome(t, 1); n.Event != "boot_completed" {
		t.Errorf("%+v", n)
	}
	h.failover()
	h.set(device.ActionURLs{"failback": s.URL + "/b"})
	h.journal.Event("failback", 1, "", data{"to": "primary"})
	if n := h.outcome(t, 2); n.Event != "failback" {
		t.Errorf("%+v", n)
	}
	if len(s.requests) != 2 {
		t.Errorf("%d requests", len(s.requests))
	}
}

// 5xx and a connection that fails are tried again, twice; anything else is an answer.
func TestSenderTries(t *testing.T) {
	for _, c := range []struct {
		statuses      []int
		status, tries int
	}{{[]int{503, 500, 204}, 204, 3}, {[]int{503}, 503, 3}, {[]int{404}, 404, 1}, {[]int{302}, 302, 1}, {[]int{307}, 307, 1}} {
		s := listen(t, c.statuses...)
		h := start(t, Config{Lab: true}, device.ActionURLs{"failover": s.URL})
		h.failover()
		if n := h.outcome(t, 1); n.Status != c.status || n.Tries != c.tries || len(s.requests) != c.tries {
			t.Errorf("%v: %+v, %d requests", c.statuses, n, len(s.requests))
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	h := start(t, Config{Lab: true}, device.ActionURLs{"failover": "http://u:" + canary + "@" + closed + "/?token=" + canary})
	h.failover()
	if n := h.outcome(t, 1); n.Status != 0 || n.Tries != 3 || n.Error != "connection refused" {
		t.Errorf("%+v", n)
	}
}

// A proxy that the environment names is not asked.
func TestSenderNoProxy(t *testing.T) {
	proxy, s := listen(t, 200), listen(t, 200)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	resolver := names(t, map[string][]string{"lab.example": {"127.0.0.1"}})
	h := start(t, Config{Lab: true, Resolver: resolver}, device.ActionURLs{"failover": strings.Replace(s.URL, "127.0.0.1", "lab.example", 1)})
	h.failover()
	if n := h.outcome(t, 1); n.Status != 200 || len(s.requests) != 1 || len(proxy.requests) != 0 {
		t.Errorf("%+v; the proxy was asked %d times", n, len(proxy.requests))
	}
}

// Whatever way an address was found, what it leads to is looked at when it is called.
func TestSenderRefuses(t *testing.T) {
	s := listen(t, 200)
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	resolver := names(t, map[string][]string{
		"loop.example": {"127.0.0.1"}, "meta.example": {"169.254.169.254"}, "zero.example": {"0.0.0.0"}, "many.example": {"127.0.0.1", "127.0.0.2"},
		"six.example": {"::1"}, "mapped.example": {"::ffff:127.0.0.1"}, "2130706433": {"127.0.0.1"}, "0x7f000001": {"127.0.0.1"}, "0177.0.0.1": {"127.0.0.1"},
		"127.1": {"127.0.0.1"},
	})
	for _, host := range []string{
		"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "[::]", "169.254.169.254", "[fd00:ec2::254]", "224.0.0.1", "255.255.255.255",
		"[fe80::1%25lo]", "[64:ff9b::7f00:1]", "loop.example", "meta.example", "zero.example", "many.example", "six.example", "mapped.example", "2130706433",
		"0x7f000001", "0177.0.0.1", "127.1", "localhost", "LOCALHOST.", "127.0.0.1.",
	} {
		h := start(t, Config{Resolver: resolver}, device.ActionURLs{"failover": "http://" + host + port + "/"})
		h.failover()
		n := h.outcome(t, 1)
		if n.Status != 0 || !strings.HasPrefix(n.Error, "refused: ") && n.Error != "name not resolved" {
			t.Errorf("%s: %+v", host, n)
		}
		if strings.HasSuffix(host, ".example") && n.Error == "name not resolved" {
			t.Errorf("%s was not looked at", host)
		}
	}
	if len(s.requests) != 0 {
		t.Errorf("%d requests came through", len(s.requests))
	}
}

// SE-13: the addresses of this computer count as loopback, whatever names lead to them.
func TestSenderRefusesThisComputer(t *testing.T) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range own {
		ip := a.(*net.IPNet).IP
		resolver := names(t, map[string][]string{"own.example": {ip.String()}})
		for _, host := range []string{ip.String(), "own.example"} {
			h := start(t, Config{Resolver: resolver}, device.ActionURLs{"failover": "http://" + net.JoinHostPort(host, port) + "/"})
			h.failover()
			if n := h.outcome(t, 1); n.Status != 0 || !strings.HasPrefix(n.Error, "refused: ") {
				t.Errorf("%s, %s: %+v", host, ip, n)
			}
		}
	}
	if requests.Load() != 0 {
		t.Errorf("%d requests came through", requests.Load())
	}
	// So does one that no interface has, if a connection to it does not leave the computer.
	c, err := leaving(&net.Dialer{}, false)(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", port))
	if !errors.Is(err, errRefused) {
		t.Errorf("%v, %v", c, err)
	}
}

// SE-13: what a caller calls himself changes no path.
func TestSenderEscapesThePath(t *testing.T) {
	s := listen(t, 200)
	h := start(t, Config{Lab: true}, device.ActionURLs{"incoming_call": s.URL + "/calls/$remote/$display_remote?from=$remote"})
	for i, c := range []struct{ remote, want string }{{"1002", "/calls/1002/1002?from=1002"}, {"..", "/calls/__/__?from=.."}, {"../../admin?x=1", "/calls/__%2F__%2Fadmin%3Fx=1/__%2F__%2Fadmin%3Fx=1?from=..%2F..%2Fadmin%3Fx%3D1"}} {
		h.journal.Event("call", 1, strconv.Itoa(i), data{"id": strconv.Itoa(i), "state": "ringing", "direction": "incoming", "remote": c.remote})
		h.outcome(t, i+1)
		if r := <-s.requests; r.RequestURI != c.want {
			t.Errorf("%s: %s, want %s", c.remote, r.RequestURI, c.want)
		}
	}
}

// A name that leads elsewhere the next time it is asked for is refused then: each call looks at the address that is dialled.
func TestSenderRebinding(t *testing.T) {
	s := listen(t, 500)
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	h := start(t, Config{Lab: true, Resolver: names(t, map[string][]string{"r.example": {"127.0.0.1"}}, map[string][]string{"r.example": {"169.254.169.254"}})},
		device.ActionURLs{"failover": "http://r.example" + port + "/"})
	h.failover()
	if n := h.outcome(t, 1); n.Status != 0 || n.Tries != 3 || !strings.Contains(n.Error, "link-local") || len(s.requests) != 1 {
		t.Errorf("%+v, %d requests", n, len(s.requests))
	}
}

// A server that hangs holds nothing up but what is for itself, and that within bounds.
func TestSenderQueue(t *testing.T) {
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(release) })
	s := listen(t, 200)
	h := start(t, Config{Lab: true}, device.ActionURLs{"failover": hanging.URL, "failback": s.URL})
	for range queueLimit + 3 {
		h.failover()
	}
	h.journal.Event("failback", 1, "", data{"to": "primary"})
	for n := 1; n <= 2; n++ {
		if got := h.outcome(t, n); got.Event != "failover" || got.Error != "too much waits to be told" || got.Tries != 0 {
			t.Errorf("event %d: %+v", n, got)
		}
	}
	if got := h.outcome(t, 3); got.Event != "failback" || got.Status != 200 {
		t.Errorf("%+v", got)
	}
}

func TestTest(t *testing.T) {
	s := listen(t, 404)
	h := start(t, Config{Lab: true}, nil)
	r, err := h.Test(t.Context(), "failover", s.URL+"/?s=$server&r=$remote")
	if err != nil || r.Status != 404 || (<-s.requests).RequestURI != "/?s=backup&r=1002" {
		t.Errorf("%+v, %v", r, err)
	}
	if n := h.outcome(t, 1); !n.Test || n.Status != 404 {
		t.Errorf("%+v", n)
	}
	if r, err := h.Test(t.Context(), "failover", "http://[192.0.2.1/"); err != nil || r.Error != "is no address" || r.Status != 0 || r.Tries != 1 {
		t.Errorf("without an address: %+v, %v", r, err)
	}
	for range maxTests {
		h.tests <- struct{}{}
	}
	if _, err := h.Test(t.Context(), "failover", s.URL); err != ErrBusy {
		t.Errorf("%v", err)
	}
}
