package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db"
	"hilphone/db/journal/event"
	"hilphone/sip"
	"hilphone/sip/line"
)

// TestWatchdog is what a service manager hears, and when.
func TestWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var heard []string
		var log output
		var stuck, started atomic.Bool
		w := &watchdog{
			alive: func(ctx context.Context) error {
				if stuck.Load() {
					<-ctx.Done()
					return ctx.Err()
				}
				return nil
			},
			ready: func(context.Context) error {
				if !started.Load() {
					return errors.New("not yet")
				}
				return nil
			},
			tell: func(state string) {
				state, _, _ = strings.Cut(state, "\n")
				heard = append(heard, time.Since(began).String()+" "+state)
			},
			silence: 30 * time.Second,
			log:     slog.New(slog.NewTextHandler(&log, nil)),
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.run(ctx) })
		time.Sleep(950 * time.Millisecond)
		started.Store(true)
		time.Sleep(25 * time.Second) // to 25.95 s
		stuck.Store(true)
		time.Sleep(40 * time.Second) // to 65.95 s: more than the manager would bear
		stuck.Store(false)
		time.Sleep(20 * time.Second) // to 85.95 s
		stop()
		running.Wait()
		want := []string{"1s READY=1", "11s WATCHDOG=1", "21s WATCHDOG=1", "1m11s WATCHDOG=1", "1m21s WATCHDOG=1", "1m25.95s STOPPING=1"}
		if !slices.Equal(heard, want) {
			t.Errorf("heard\n%s\nwant\n%s", strings.Join(heard, "\n"), strings.Join(want, "\n"))
		}
		if log.lines() != 1 {
			t.Errorf("logged:\n%s", log.String())
		}
	})
}

// TestUnwatched: a manager without a watchdog hears the beginning and the end.
func TestUnwatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		well := func(context.Context) error { return nil }
		w := &watchdog{alive: well, ready: well, tell: func(s string) { heard = append(heard, s) }, log: slog.New(slog.DiscardHandler)}
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		w.run(ctx)
		if want := []string{"READY=1\nSTATUS=", "STOPPING=1"}; !slices.Equal(heard, want) {
			t.Errorf("heard %q, want %q", heard, want)
		}
	})
}

// manager is a service manager's end of NOTIFY_SOCKET.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
}

func newManager(t *testing.T) *manager {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify") // t.TempDir can be too long for the name of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	name := filepath.Join(dir, "socket")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", name)
	return &manager{t: t, conn: conn}
}

// hear returns the next message, and false when there is none for so long.
func (m *manager) hear(within time.Duration) (string, bool) {
	m.t.Helper()
	if err := m.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		m.t.Fatal(err)
	}
	b := make([]byte, 1024)
	n, err := m.conn.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "", false
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return string(b[:n]), true
}

// until reads until a message begins so.
func (m *manager) until(begins string) {
	m.t.Helper()
	for {
		s, ok := m.hear(patience)
		if !ok {
			m.t.Fatalf("%s never came", begins)
		}
		if strings.HasPrefix(s, begins) {
			return
		}
	}
}

// stuckLine is a line whose goroutine does not come back until let go.
func stuckLine(t *testing.T) (l *sip.Line, letGo func()) {
	t.Helper()
	s := line.Default()
	s.Enabled, s.PhoneNumber, s.RegisterAddr = true, "1002", "127.0.0.1"
	stuck, release := make(chan struct{}), make(chan struct{})
	var first sync.Once
	l = sip.New(sip.Config{
		Number: 2, Settings: s,
		Open:  func() (sip.Socket, error) { return sip.ListenUDP("127.0.0.1:0") },
		Media: net.ListenPacket, NextCall: func() line.CallID { return "1" },
		Record: func(time.Time, int, line.CallID, event.Data) { first.Do(func() { close(stuck); <-release }) },
		Trace:  func(sip.Message) {}, CallChanged: func(line.Call) {}, StatusChanged: func(int, line.Status) {},
		Log: slog.New(slog.DiscardHandler),
	})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = l.Run(ctx) }) // its end is not what is looked at
	letGo = sync.OnceFunc(func() { close(release) })
	t.Cleanup(func() { letGo(); stop(); running.Wait() })
	select {
	case <-stuck:
	case <-time.After(patience):
		t.Fatal("the line does not begin")
	}
	return l, letGo
}

// TestStuckLine: a phone tells its service manager when it is ready and that it lives; with a line that is stuck it falls silent, and
// it speaks again when the line does.
func TestStuckLine(t *testing.T) {
	m := newManager(t)
	t.Setenv("WATCHDOG_USEC", "900000")
	store, err := db.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var log output
	p, err := newProgram(programConfig{Store: store, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := p.run(ctx, []net.Listener{l}); err != nil {
			t.Error(err)
		}
	})
	defer running.Wait()
	defer stop()
	m.until("READY=1")
	if err := checkHealth(t.Context(), healthURL(l.Addr().String()), nil); err != nil {
		t.Errorf("ready, but %v", err)
	}
	m.until("WATCHDOG=1")
	m.until("WATCHDOG=1")

	stuck, letGo := stuckLine(t)
	p.lines.mu.Lock()
	p.lines.running[2] = &runningLine{Line: stuck, stop: func() {}, ended: make(chan struct{})}
	p.lines.mu.Unlock()
	begun := time.Now()
	for s, ok := m.hear(2 * time.Second); ok; s, ok = m.hear(2 * time.Second) {
		if time.Since(begun) > patience {
			t.Fatalf("a line is stuck and the phone says %s", s)
		}
	}
	if !strings.Contains(log.String(), "line 2") {
		t.Errorf("the log does not name the line:\n%s", log.String())
	}
	letGo()
	m.until("WATCHDOG=1")
	stop()
	m.until("STOPPING=1")
}

// TestNotifying: the program tells that it is ready and that it ends, and lives without anybody to tell.
func TestNotifying(t *testing.T) {
	clean(t)
	m := newManager(t)
	p := start(t, self(t), "run", "--data", t.TempDir(), "--listen", "127.0.0.1:0")
	m.until("READY=1")
	if code, _, err := command(t, "", "health", p.url); code != 0 {
		t.Errorf("health: exit code %d: %s", code, err)
	}
	p.terminate()
	m.until("STOPPING=1")
	refused(t, exitFailed, "", []string{"health", p.url}, p.url, "refused")
	refused(t, exitUsage, "", []string{"health", "ftp://x"}, "ftp://x")
	refused(t, exitUsage, "", []string{"health", "--listen", "nowhere"}, "--listen")
}

// TestHealthURL: an address to listen at is not always one to be reached at.
func TestHealthURL(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", "0.0.0.0:80": "http://localhost:80", "[::]:80": "http://localhost:80",
		":8080": "http://localhost:8080", "[fd00::1]:80": "http://[fd00::1]:80", "localhost:1": "http://localhost:1",
	} {
		if got := healthURL(listen); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
}
