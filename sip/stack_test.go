package sip_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hil/memnet"
	"hilphone/hil/server"
	"hilphone/sip"
	"hilphone/sip/line"
)

var (
	phoneAddr    = netip.MustParseAddrPort("127.0.0.1:5070")
	primaryAddr  = netip.MustParseAddrPort("127.0.0.2:5060")
	backupAddr   = netip.MustParseAddrPort("127.0.0.3:5060")
	peerAddr     = netip.MustParseAddrPort("127.0.0.4:5060")
	peerMedia    = netip.MustParseAddrPort("127.0.0.4:4000")
	thirdAddr    = netip.MustParseAddrPort("127.0.0.9:5060")
	primaryAddr2 = netip.MustParseAddrPort("127.0.0.2:5062")
	backupAddr2  = netip.MustParseAddrPort("127.0.0.3:5062")
	phone6       = netip.MustParseAddrPort("[::1]:5070")
	primary6     = netip.MustParseAddrPort("[::2]:5060")
	noAddr       = netip.AddrPort{}
)

// stack is the whole phone line over a network in memory, with the primary, the backup and the phone 1002 at the other end. It lives in
// a synctest bubble, where RFC 3261's timers have their true values and waiting costs nothing.
type stack struct {
	t     *testing.T
	net   *memnet.Network
	lab   *server.Lab
	lines map[int]*sip.Line
	runs  map[int]*lineRun
	tasks sync.WaitGroup
	ends  []func()

	// What a line is made with, beside its settings; change it before start.
	suspended func() time.Duration
	names     zone

	record   func(at time.Time, call line.CallID, data event.Data)          // is called with each event, while the line waits; nil: is not
	deciding func(since time.Time)                                          // is told when the line decides; nil: is not
	socket   func(sip.Socket) sip.Socket                                    // what lines get in the place of their socket
	local    func(remote string) (netip.Addr, error)                        // local addresses; with it the socket has every address
	tcp      func(ctx context.Context, to netip.AddrPort) (net.Conn, error) // TCP; nil: each connection is refused
	dials    map[netip.AddrPort]int                                         // attempts to connect by TCP
	dialled  []dialling                                                     // where tcp keeps them
	listen   func(network, addr string) (net.Listener, error)               // the TCP port of lines; nil: they have none
	roots    func(file string) (*x509.CertPool, error)                      // what TLS servers are verified by

	servers map[netip.AddrPort]bool // that the line has had, by their addresses
	unruled bool                    // the rules of rules_test.go are not asked for

	mu     sync.Mutex
	mark   time.Time // the zero of all times
	wire   []datagram
	from   int // the first of wire since zero
	rtp    map[netip.AddrPort][]time.Duration
	traced []sip.Message
	calls  map[line.CallID]line.Call
	events []recorded
	next   int
}

type recorded struct {
	at   time.Duration
	kind string
	line int
	call line.CallID
	data any
}

// run lays the cables, starts the servers and gives the bubble to f. The phone's lines start with x.start.
func run(t *testing.T, lab server.LabConfig, f func(x *stack)) {
	t.Helper()
	runOn(t, lab, f, func(*stack, *server.LabConfig) {})
}

// runOn is run with further ports of the lab.
func runOn(t *testing.T, lab server.LabConfig, f func(x *stack), ports func(x *stack, lab *server.LabConfig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		x := &stack{t: t, net: memnet.New(), lines: map[int]*sip.Line{}, runs: map[int]*lineRun{}, calls: map[line.CallID]line.Call{}, servers: map[netip.AddrPort]bool{},
			names: zone{mu: new(sync.Mutex)}, mark: time.Now(), rtp: map[netip.AddrPort][]time.Duration{}, dials: map[netip.AddrPort]int{}, suspended: func() time.Duration { return 0 }}
		at := func(a netip.AddrPort) func() (net.PacketConn, error) {
			return func() (net.PacketConn, error) { return x.net.ListenPacket("udp", a.String()) }
		}
		lab.Primary, lab.Backup, lab.Phone, lab.Media = at(primaryAddr), at(backupAddr), at(peerAddr), at(peerMedia)
		ports(x, &lab)
		var err error
		if x.lab, err = server.NewLab(lab); err != nil {
			t.Fatal(err)
		}
		x.net.Tap(x.tap)
		ctx, cancel := context.WithCancel(t.Context())
		x.tasks.Go(func() {
			if err := x.lab.Run(ctx); err != nil {
				t.Errorf("lab: %v", err)
			}
		})
		defer x.tasks.Wait()
		defer cancel()
		defer func() {
			x.rules()
			for n := range x.runs {
				x.stop(n)
			}
			x.rules()
			for _, end := range x.ends {
				end()
			}
		}()
		f(x)
	})
}

// settings are those of the acceptance cases: n = 3, T1 = 500 ms, TTL 3600 s, interval 1800 s, both servers.
func (x *stack) settings(values ...string) line.Settings {
	x.t.Helper()
	base := []string{"enabled=1", "phone_number=1001", "auth_password=" + x.lab.Password(server.Caller), "register_addr=127.0.0.2", "backup_addr=127.0.0.3", "accept_from=anyone"}
	return set(x.t, line.Default(), append(base, values...)...)
}

func set(t testing.TB, s line.Settings, values ...string) line.Settings {
	t.Helper()
	for _, v := range values {
		name, value, _ := strings.Cut(v, "=")
		d, ok := line.ByName(name)
		if !ok {
			t.Fatalf("no setting %q", name)
		}
		if err := d.SetText(&s, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	return s
}

// change gives line 1 other settings while it runs.
func (x *stack) change(values ...string) {
	x.t.Helper()
	s := set(x.t, x.lines[1].Snapshot().Settings, values...)
	x.noteServers(s)
	x.post(line.Reconfigured{Settings: s})
}

// noteServers notes the servers that a line is given.
func (x *stack) noteServers(s line.Settings) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, slot := range s.Slots() {
		v := s.Server(slot).Hop()
		hosts := x.names.hosts[v.Addr]
		if a, err := netip.ParseAddr(v.Addr); err == nil {
			hosts = []string{a.String()}
		}
		for _, h := range hosts {
			x.servers[netip.AddrPortFrom(netip.MustParseAddr(h), uint16(v.Port))] = true
		}
	}
}

// start runs line 1.
func (x *stack) start(values ...string) {
	x.t.Helper()
	at := phoneAddr
	if x.local != nil {
		at = netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port())
	}
	x.startLine(1, at, values...)
}

// lineRun is a line's Run.
type lineRun struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error
	closed time.Duration // when Run returned, from x.mark
}

func (x *stack) startLine(n int, at netip.AddrPort, values ...string) {
	x.t.Helper()
	settings := x.settings(values...)
	x.noteServers(settings)
	l := sip.New(sip.Config{
		Number:   n,
		Settings: settings,
		Open: func() (sip.Socket, error) {
			c, err := x.net.ListenPacket("udp", at.String())
			if err != nil {
				return nil, err
			}
			if x.socket != nil {
				return x.socket(c.(sip.Socket)), nil
			}
			return c.(sip.Socket), nil
		},
		Media: x.net.ListenPacket,
		Dial: func(ctx context.Context, _, addr string) (net.Conn, error) {
			to := netip.MustParseAddrPort(addr)
			x.mu.Lock()
			x.dials[to]++
			x.mu.Unlock()
			if x.tcp == nil {
				return nil, syscall.ECONNREFUSED
			}
			return x.tcp(ctx, to)
		},
		Listen:    x.listen,
		Roots:     x.roots,
		LocalAddr: x.local,
		Resolver:  x.names,
		Suspended: func() time.Duration { return x.suspended() },
		NextCall: func() line.CallID {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.next++
			return line.CallID("in" + strconv.Itoa(x.next))
		},
		Record: func(at time.Time, n int, call line.CallID, data event.Data) {
			if x.record != nil {
				x.record(at, call, data)
			}
			x.mu.Lock()
			defer x.mu.Unlock()
			x.events = append(x.events, recorded{at.Sub(x.mark), data.EventType(), n, call, data})
		},
		Deciding: func(since time.Time) {
			if x.deciding != nil {
				x.deciding(since)
			}
		},
		Trace: func(m sip.Message) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.traced = append(x.traced, m)
		},
		CallChanged: func(c line.Call) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.calls[c.ID] = c
		},
		StatusChanged: func(int, line.Status) {},
		UserAgent:     "hilphone",
		Log:           slog.New(slog.DiscardHandler),
	})
	x.lines[n] = l
	ctx, cancel := context.WithCancel(context.Background())
	r := &lineRun{cancel: cancel, done: make(chan struct{})}
	x.runs[n] = r
	go func() {
		defer close(r.done)
		r.err = l.Run(ctx)
		r.closed = time.Since(x.mark)
	}()
	synctest.Wait()
}

// stop ends a line's context and waits for the line, which has 4 s to take its leave (CF-04). It returns when Run came back.
func (x *stack) stop(n int) time.Duration {
	x.t.Helper()
	r := x.runs[n]
	delete(x.runs, n)
	began := time.Now()
	r.cancel()
	<-r.done
	if r.err != nil {
		x.t.Errorf("line %d: %v", n, r.err)
	}
	if took := time.Since(began); took > 4*time.Second {
		x.t.Errorf("line %d took %v to end", n, took)
	}
	return r.closed
}

// wait lets d of bubble time pass.
func (x *stack) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// until lets time pass up to an instant counted from zero.
func (x *stack) until(at time.Duration) { x.wait(at - time.Since(x.mark)) }

func (x *stack) post(e line.Event) {
	x.lines[1].Post(e)
	synctest.Wait()
}

func (x *stack) dial(id line.CallID, to string) { x.post(line.Dial{Call: id, To: to}) }

func (x *stack) behave(name string, b server.Behaviour) {
	x.t.Helper()
	if err := x.lab.SetBehaviour(name, b); err != nil {
		x.t.Fatal(err)
	}
}

func (x *stack) answering(a server.Answering) {
	x.t.Helper()
	if err := x.lab.Phone.SetAnswering(a); err != nil {
		x.t.Fatal(err)
	}
}

// zero makes now the zero of all times and begins the lists anew.
func (x *stack) zero() {
	synctest.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.mark, x.from, x.events, x.rtp = time.Now(), len(x.wire), nil, map[netip.AddrPort][]time.Duration{}
}

// registered starts line 1 at a serving primary and makes that instant zero.
func registered(x *stack, values ...string) {
	x.t.Helper()
	x.start(values...)
	x.wait(time.Millisecond)
	x.phase(line.OnPrimary)
	x.zero()
}

// onBackup starts line 1 with a primary whose port is closed, and makes the registration with the backup zero.
func onBackup(x *stack, values ...string) {
	x.t.Helper()
	x.behave("primary", refuse)
	x.start(values...)
	x.phase(line.OnBackup)
	x.zero()
}

var (
	silent = server.Behaviour{Mode: server.Silent}
	refuse = server.Behaviour{Mode: server.Refuse}
	serve  = server.Behaviour{Mode: server.Serve}
	open   = server.LabConfig{Open: true}
)

func status(code int, methods ...string) server.Behaviour {
	return server.Behaviour{Mode: server.Status, Status: code, Methods: methods}
}

func millis(d time.Duration) string {
	if d%time.Millisecond == 0 {
		return strconv.FormatInt(d.Milliseconds(), 10)
	}
	return fmt.Sprintf("%.3f", float64(d)/float64(time.Millisecond))
}
