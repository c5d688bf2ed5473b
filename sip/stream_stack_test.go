package sip_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hil/server"
	"hilphone/sip"
	"hilphone/sip/line"
)

// wired is a line on real sockets with a primary and a backup that speak UDP, TCP and TLS, and everything that is reported. Waiting is for
// the next report, never for a while.
type wired struct {
	t         testing.TB
	lab       *server.Lab
	authority *server.Authority
	caFile    string
	line      *sip.Line
	end       func()
	v6        bool                            // everything at ::1
	wrap      func(net.Listener) net.Listener // the primary's for TLS, before it is used; nil: as it is

	mark   time.Time // the zero of the events' times
	mu     sync.Mutex
	news   chan struct{}
	events []recorded
	traced []sip.Message
	served []served
	states []line.Status
	calls  map[line.CallID]line.Call
	rtp    int // packets the line has received
	dials  []dialling
	closed []dialling // connections that the line or their servers have ended
	asked  []string   // servers by address, and the names they were asked for in TLS
	next   int
	silent bool // nothing more is kept
}

// served is a message as one of the servers saw it.
type served struct {
	name string
	server.Message
}

// dialling is a connection the line has made, or tried to make.
type dialling struct {
	at time.Time
	to netip.AddrPort
	n  int // of the connection
}

var (
	wiredPrimary = netip.MustParseAddr("127.0.0.2")
	wiredBackup  = netip.MustParseAddr("127.0.0.3")
)

// unhurried is how long anything may take on a machine that has much else to do.
const unhurried = 30 * time.Second

const scaled = "t1_ms=50 t2_ms=400 t4_ms=500" // D(3) is 750 ms, 64*T1 3.2 s

// newWires is without servers yet.
func newWires(t testing.TB) *wired {
	return &wired{t: t, news: make(chan struct{}, 1), calls: map[line.CallID]line.Call{}}
}

// newWired starts the servers. Each certificate names its server's address and the names it is given.
func newWired(t testing.TB, names ...string) *wired {
	t.Helper()
	w := newWires(t)
	w.authority, w.caFile = authority(t)
	w.serve(server.LabConfig{}, w.certificate(append([]string{wiredPrimary.String()}, names...)...), w.certificate(append([]string{wiredBackup.String()}, names...)...))
	return w
}

func authority(t testing.TB) (*server.Authority, string) {
	t.Helper()
	a, err := server.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, a.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return a, file
}

// roots are the certificates in a file. The phone holds them before a line starts; here they are read when they are asked for.
func roots(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New(file + " holds no certificate in PEM")
	}
	return pool, nil
}

func (w *wired) certificate(names ...string) tls.Certificate {
	w.t.Helper()
	c, err := w.authority.Certificate(names...)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *wired) serve(c server.LabConfig, primary, backup tls.Certificate) {
	w.t.Helper()
	with := func(ip netip.Addr, cert tls.Certificate) func() (net.Listener, error) {
		return server.LoopbackTLS(ip, 0, &tls.Config{Certificates: []tls.Certificate{cert}, GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			w.tell(func() { w.asked = append(w.asked, ip.String()+" "+hello.ServerName) })
			return nil, nil
		}})
	}
	p, b, peer := wiredPrimary, wiredBackup, netip.MustParseAddr("127.0.0.4")
	if w.v6 {
		p, b, peer = netip.IPv6Loopback(), netip.IPv6Loopback(), netip.IPv6Loopback()
	}
	c.Primary, c.PrimaryTCP, c.PrimaryTLS = server.Loopback(p, 0), server.LoopbackTCP(p, 0), with(p, primary)
	if open := c.PrimaryTLS; w.wrap != nil {
		c.PrimaryTLS = func() (net.Listener, error) {
			l, err := open()
			if err != nil {
				return nil, err
			}
			return w.wrap(l), nil
		}
	}
	c.Backup, c.BackupTCP, c.BackupTLS = server.Loopback(b, 0), server.LoopbackTCP(b, 0), with(b, backup)
	c.Phone, c.Media = server.Loopback(peer, 0), server.Loopback(peer, 0)
	c.Tap = func(name string, m server.Message) { w.tell(func() { w.served = append(w.served, served{name, m}) }) }
	lab, err := server.NewLab(c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.lab = lab
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() {
		if err := lab.Run(ctx); err != nil {
			w.t.Errorf("lab: %v", err)
		}
	})
	w.t.Cleanup(func() { cancel(); run.Wait() })
}

// at is the address of a server of the lab over a transport.
func (w *wired) at(name string, transport line.Transport) netip.AddrPort {
	s, err := w.lab.Server(name)
	if err != nil {
		w.t.Fatal(err)
	}
	switch transport {
	case line.TCP:
		return s.AddrTCP()
	case line.TLS:
		return s.AddrTLS()
	}
	return s.Addr()
}

var transportKey = map[line.Transport]string{line.UDP: "0", line.TCP: "1", line.TLS: "3"}

// settings are those of a line at these servers, in scaled time. A value that is given takes the place of an earlier one.
func (w *wired) settings(primary, backup line.Transport, values ...string) line.Settings {
	w.t.Helper()
	p, b := w.at(server.Primary, primary), w.at(server.Backup, backup)
	base := append(strings.Fields(scaled), "enabled=1", "phone_number=1001", "auth_password="+w.lab.Password(server.Caller), "tls_ca_file="+w.caFile, "accept_from=anyone",
		"register_addr="+p.Addr().String(), "register_port="+strconv.Itoa(int(p.Port())), "transport="+transportKey[primary],
		"backup_addr="+b.Addr().String(), "backup_port="+strconv.Itoa(int(b.Port())), "backup_transport="+transportKey[backup])
	return set(w.t, line.Default(), append(base, values...)...)
}

// start runs the line at 127.0.0.1 until the test ends, or end is called.
func (w *wired) start(s line.Settings, change ...func(*sip.Config)) {
	w.t.Helper()
	w.startAt("127.0.0.1:0", s, change...)
}

func (w *wired) startAt(at string, s line.Settings, change ...func(*sip.Config)) {
	w.t.Helper()
	cfg := sip.Config{
		Number: 1, Settings: s,
		Open:   func() (sip.Socket, error) { return sip.ListenUDP(at) },
		Listen: net.Listen,
		Dial:   w.dial,
		Media:  w.media,
		Roots:  roots,
		Resolver: zone{mu: new(sync.Mutex), hosts: map[string][]string{
			"primary.example.test": {wiredPrimary.String()}, "backup.example.test": {wiredBackup.String()}}},
		NextCall: func() line.CallID {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.next++
			return line.CallID("in" + strconv.Itoa(w.next))
		},
		Record: func(at time.Time, n int, call line.CallID, data event.Data) {
			w.tell(func() { w.events = append(w.events, recorded{at.Sub(w.mark), data.EventType(), n, call, data}) })
		},
		Trace:         func(m sip.Message) { w.tell(func() { w.traced = append(w.traced, m) }) },
		CallChanged:   func(c line.Call) { w.tell(func() { w.calls[c.ID] = c }) },
		StatusChanged: func(_ int, s line.Status) { w.tell(func() { w.states = append(w.states, s) }) },
		UserAgent:     "hilphone",
		Log:           slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&cfg)
	}
	w.line = sip.New(cfg)
	w.mark = time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() {
		if err := w.line.Run(ctx); err != nil {
			w.t.Errorf("line: %v", err)
		}
	})
	w.end = sync.OnceFunc(func() { cancel(); run.Wait() })
	w.t.Cleanup(w.end)
}

func (w *wired) tell(f func()) {
	w.mu.Lock()
	if !w.silent {
		f()
	}
	w.mu.Unlock()
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// until waits for reports until ok holds; w.mu is held while it is asked.
func (w *wired) until(what string, ok func() bool) {
	w.t.Helper()
	w.within(unhurried, what, ok)
}

func (w *wired) within(limit time.Duration, what string, ok func() bool) {
	w.t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for {
		w.mu.Lock()
		done := ok()
		w.mu.Unlock()
		if done {
			return
		}
		select {
		case <-w.news:
		case <-deadline.C:
			w.t.Fatalf("not within %v: %s\n%s", limit, what, w.story())
		}
	}
}

func (w *wired) behave(name string, b server.Behaviour) {
	w.t.Helper()
	if err := w.lab.SetBehaviour(name, b); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wired) post(e line.Event) { w.line.Post(e) }

// forget begins the lists anew.
func (w *wired) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events, w.traced, w.served, w.dials, w.closed = nil, nil, nil, nil, nil
	w.states = w.states[max(0, len(w.states)-1):]
}

func (w *wired) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := dialling{at: time.Now(), to: netip.MustParseAddrPort(addr)}
	w.tell(func() { d.n = len(w.dials); w.dials = append(w.dials, d) })
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &observed{Conn: c, closing: func() { w.tell(func() { w.closed = append(w.closed, d) }) }}, nil
}

// observed tells when the line closes a connection.
type observed struct {
	net.Conn
	once    sync.Once
	closing func()
}

func (o *observed) Close() error {
	o.once.Do(o.closing)
	return o.Conn.Close()
}
