package sip_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

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
	v6        bool // everything at ::1

	mark   time.Time // the zero of the events' times
	mu     sync.Mutex
	news   chan struct{}
	events []event
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

// newWired starts the servers. Each certificate names its server's address and the names it is given.
func newWired(t testing.TB, names ...string) *wired {
	t.Helper()
	w := &wired{t: t, news: make(chan struct{}, 1), calls: map[line.CallID]line.Call{}}
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
	base := append(strings.Fields(scaled), "enabled=1", "phone_number=1001", "auth_password="+w.lab.Password(server.Caller), "tls_ca_file="+w.caFile,
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
		Resolver: zone{hosts: map[string][]string{
			"primary.example.test": {wiredPrimary.String()}, "backup.example.test": {wiredBackup.String()}}},
		NextCall: func() line.CallID {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.next++
			return line.CallID("in" + strconv.Itoa(w.next))
		},
		Record: func(kind string, n int, call line.CallID, data any) {
			w.tell(func() { w.events = append(w.events, event{time.Since(w.mark), kind, n, call, data}) })
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

// story is what went over the wire, for a test that has failed.
func (w *wired) story() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	for _, m := range w.traced {
		way := "<-"
		if m.Out {
			way = "->"
		}
		start, _, _ := strings.Cut(string(m.Raw), "\r\n")
		fmt.Fprintf(&b, "%s %s %s %s %s %s\n", m.At.Format("05.000"), m.Transport, m.Local, way, m.Remote, start)
	}
	for _, e := range w.events {
		if e.kind != "send" && e.kind != "response" {
			fmt.Fprintf(&b, "%s %+v\n", e.kind, e.data)
		}
	}
	for _, m := range w.served {
		fmt.Fprintf(&b, "%s %s %s %v %s -> %s %s\n", m.name, m.At.Format("05.000"), m.Transport, m.Sent, m.From, m.To, m.Start)
	}
	for _, d := range w.dials {
		fmt.Fprintf(&b, "%s dialled %s\n", d.at.Format("05.000"), d.to)
	}
	_, file, at, _ := runtime.Caller(2)
	fmt.Fprintf(&b, "%s:%d", filepath.Base(file), at)
	return b.String()
}

func (w *wired) phase(want line.Phase) {
	w.t.Helper()
	w.until("phase "+string(want), func() bool { return len(w.states) > 0 && w.states[len(w.states)-1].Phase == want })
}

// call waits for a state of a call.
func (w *wired) call(id line.CallID, want line.CallState) line.Call {
	w.t.Helper()
	w.until(fmt.Sprintf("call %s %s", id, want), func() bool { return w.calls[id].State == want })
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[id]
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

// causes are the ends of attempts of a method, as "primary connect", in order; w.mu is held.
func (w *wired) causes(method line.Method) []string {
	var all []string
	for _, e := range w.events {
		if e.kind == "attempt_end" {
			text := fmt.Sprintf("%+v", e.data)
			if strings.Contains(text, "Method:"+string(method)+" ") {
				cause, _, _ := strings.Cut(after(text, "Cause:"), " ")
				slot, _, _ := strings.Cut(after(text, "Slot:"), " ")
				all = append(all, slot+" "+cause)
			}
		}
	}
	return all
}

func (w *wired) wantCauses(method line.Method, want ...string) {
	w.t.Helper()
	w.mu.Lock()
	got := w.causes(method)
	w.mu.Unlock()
	if !slices.Equal(got, want) {
		w.t.Errorf("attempts of %s ended %q, want %q\n%s", method, got, want, w.story())
	}
}

// started is when the first attempt of a method at a slot began.
func (w *wired) started(method line.Method, slot line.Slot) time.Duration {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		text := fmt.Sprintf("%+v ", e.data)
		if e.kind == "attempt_start" && strings.Contains(text, "Method:"+string(method)+" ") && strings.Contains(text, "Slot:"+string(slot)+" ") {
			return e.at
		}
	}
	w.t.Errorf("no %s to the %s", method, slot)
	return 0
}

// received are the requests of a method that a server saw, in order; w.mu is held.
func (w *wired) received(name, method string) []server.Message {
	var all []server.Message
	for _, m := range w.served {
		if m.name == name && !m.Sent && m.IsRequest() && m.Method == method {
			all = append(all, m.Message)
		}
	}
	return all
}

// requests is received with the lock taken.
func (w *wired) requests(name, method string) []server.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.received(name, method)
}

// out are the messages the line has sent that begin so.
func (w *wired) out(prefix string) []sip.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []sip.Message
	for _, m := range w.traced {
		if m.Out && strings.HasPrefix(string(m.Raw), prefix) {
			all = append(all, m)
		}
	}
	return all
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

// dialled counts the connections made to an address; w.mu is held.
func (w *wired) dialled(to netip.AddrPort) int {
	n := 0
	for _, d := range w.dials {
		if d.to == to {
			n++
		}
	}
	return n
}

func (w *wired) wantDialled(to netip.AddrPort, want int) {
	w.t.Helper()
	w.mu.Lock()
	got := w.dialled(to)
	w.mu.Unlock()
	if got != want {
		w.t.Errorf("%s was dialled %d times, want %d\n%s", to, got, want, w.story())
	}
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

// media opens an RTP socket that counts.
func (w *wired) media(network, addr string) (net.PacketConn, error) {
	c, err := net.ListenPacket(network, addr)
	if err != nil {
		return nil, err
	}
	return heard{c, w}, nil
}

type heard struct {
	net.PacketConn
	w *wired
}

func (h heard) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := h.PacketConn.ReadFrom(b)
	if err == nil {
		h.w.tell(func() { h.w.rtp++ })
	}
	return n, from, err
}

// sound waits until RTP has gone both ways: what 1002 hears it sends back.
func (w *wired) sound() {
	w.t.Helper()
	w.mu.Lock()
	w.rtp = 0
	w.mu.Unlock()
	before := w.lab.Phone.Media().Received
	w.until("sound", func() bool { return w.rtp >= 3 })
	if after := w.lab.Phone.Media().Received; after <= before {
		w.t.Errorf("1002 has heard %d packets, before %d", after, before)
	}
}

// peer is 1002's last call once it has ended.
func (w *wired) peerOver() server.CallInfo {
	w.t.Helper()
	all := w.lab.Phone.Calls()
	if len(all) == 0 {
		w.t.Fatalf("1002 had no call\n%s", w.story())
	}
	select {
	case <-all[len(all)-1].Ended():
	case <-time.After(unhurried):
		w.t.Fatalf("1002's call goes on\n%s", w.story())
	}
	return all[len(all)-1].Info()
}

// ring has 1002 call the line through a server, and gives both ends of the call.
func (w *wired) ring(name string) (*server.Call, line.CallID) {
	w.t.Helper()
	w.mu.Lock()
	id := line.CallID("in" + strconv.Itoa(w.next+1))
	w.mu.Unlock()
	s, err := w.lab.Server(name)
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := w.lab.Phone.Dial(w.patient(), s.Addr(), "1001")
	if err != nil {
		w.t.Fatal(err)
	}
	w.call(id, line.Ringing)
	return c, id
}

func (w *wired) patient() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), unhurried)
	w.t.Cleanup(cancel)
	return ctx
}

func (w *wired) answered(c *server.Call) {
	w.t.Helper()
	if err := c.Answered(w.patient()); err != nil {
		w.t.Fatalf("%v\n%s", err, w.story())
	}
}

func (w *wired) hungUp(c *server.Call) {
	w.t.Helper()
	if err := c.HangUp(w.patient()); err != nil {
		w.t.Fatalf("%v\n%s", err, w.story())
	}
}
