package sip_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hil/memnet"
	"hilphone/hil/server"
	"hilphone/sip"
	"hilphone/sip/line"
)

var (
	phoneAddr   = netip.MustParseAddrPort("127.0.0.1:5070")
	primaryAddr = netip.MustParseAddrPort("127.0.0.2:5060")
	backupAddr  = netip.MustParseAddrPort("127.0.0.3:5060")
	peerAddr    = netip.MustParseAddrPort("127.0.0.4:5060")
)

// stack is the whole phone line over a network in memory, with the primary, the backup and the phone 1002 at the other end. It lives in
// a synctest bubble, where RFC 3261's timers have their true values and waiting costs nothing.
type stack struct {
	t     *testing.T
	net   *memnet.Network
	lab   *server.Lab
	lines map[int]*sip.Line

	mu     sync.Mutex
	mark   time.Time // the zero of the times in what was sent
	wire   []datagram
	calls  map[line.CallID]line.Call
	events []event
	next   int
}

// datagram is one SIP message that crossed the network.
type datagram struct {
	at       time.Duration
	from, to netip.AddrPort
	raw      string
}

type event struct {
	at   time.Duration
	kind string
	line int
	call line.CallID
	data any
}

func (d datagram) start() string {
	s, _, _ := strings.Cut(d.raw, "\r\n")
	return s
}

func (d datagram) method() string {
	verb, _, _ := strings.Cut(d.start(), " ")
	return verb
}

func (d datagram) status() int {
	if !strings.HasPrefix(d.raw, "SIP/2.0 ") {
		return 0
	}
	n, _ := strconv.Atoi(d.raw[8:11])
	return n
}

func (d datagram) header(name string) string {
	for l := range strings.SplitSeq(d.raw, "\r\n") {
		if k, v, ok := strings.Cut(l, ":"); ok && strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func (d datagram) branch() string {
	_, b, _ := strings.Cut(d.header("Via"), "branch=")
	b, _, _ = strings.Cut(b, ";")
	return b
}

// run lays the cables, starts the servers and gives the bubble to f. The phone's lines start with x.start.
func run(t *testing.T, lab server.LabConfig, f func(x *stack)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		x := &stack{t: t, net: memnet.New(), lines: make(map[int]*sip.Line), calls: make(map[line.CallID]line.Call), mark: time.Now()}
		at := func(a netip.AddrPort) func() (net.PacketConn, error) {
			return func() (net.PacketConn, error) { return x.net.ListenPacket("udp", a.String()) }
		}
		lab.Primary, lab.Backup, lab.Phone, lab.Media = at(primaryAddr), at(backupAddr), at(peerAddr), at(netip.MustParseAddrPort("127.0.0.4:4000"))
		var err error
		if x.lab, err = server.NewLab(lab); err != nil {
			t.Fatal(err)
		}
		x.net.Tap(func(p memnet.Packet) { x.tap(p) })
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if err := x.lab.Run(ctx); err != nil {
				t.Errorf("lab: %v", err)
			}
		})
		f(x)
		cancel()
		all.Wait()
	})
}

func (x *stack) tap(p memnet.Packet) {
	if len(p.Payload) > 0 && p.Payload[0] >= 'A' && p.Payload[0] <= 'Z' { // RTP begins with 0x80
		x.mu.Lock()
		defer x.mu.Unlock()
		x.wire = append(x.wire, datagram{p.At.Sub(x.mark), p.From, p.To, string(p.Payload)})
	}
}

// zero makes now the zero of all times and forgets what was sent before.
func (x *stack) zero() {
	synctest.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.mark, x.wire, x.events = time.Now(), nil, nil
}

// settings are those of the acceptance cases: n = 3, T1 = 500 ms, TTL 3600 s, interval 1800 s, both servers.
func (x *stack) settings(values ...string) line.Settings {
	x.t.Helper()
	s := line.Default()
	base := []string{"enabled=1", "phone_number=1001", "auth_password=" + x.lab.Password(server.Caller), "register_addr=127.0.0.2", "backup_addr=127.0.0.3"}
	for _, v := range append(base, values...) {
		name, value, _ := strings.Cut(v, "=")
		d, ok := line.ByName(name)
		if !ok {
			x.t.Fatalf("no setting %q", name)
		}
		if err := d.SetText(&s, value); err != nil {
			x.t.Fatal(err)
		}
	}
	if err := s.Validate(); err != nil {
		x.t.Fatal(err)
	}
	return s
}

// start runs line 1 until the end of the test.
func (x *stack) start(values ...string) {
	x.t.Helper()
	x.startLine(1, phoneAddr, values...)
}

func (x *stack) startLine(n int, at netip.AddrPort, values ...string) {
	x.t.Helper()
	l := sip.New(sip.Config{
		Number:   n,
		Settings: x.settings(values...),
		Open: func() (sip.Socket, error) {
			c, err := x.net.ListenPacket("udp", at.String())
			if err != nil {
				return nil, err
			}
			return c.(sip.Socket), nil
		},
		Media: x.net.ListenPacket,
		NextCall: func() line.CallID {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.next++
			return line.CallID("in" + strconv.Itoa(x.next))
		},
		Record: func(kind string, n int, call line.CallID, data any) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.events = append(x.events, event{time.Since(x.mark), kind, n, call, data})
		},
		Trace: func(sip.Message) {},
		CallChanged: func(c line.Call) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.calls[c.ID] = c
		},
		StatusChanged: func(int, line.Status) {},
		Log:           slog.New(slog.DiscardHandler),
	})
	x.lines[n] = l
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	x.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			x.t.Errorf("line %d: %v", n, err)
		}
	})
}

// wait lets d of bubble time pass.
func (x *stack) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

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

func (x *stack) call(id line.CallID) line.Call {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.calls[id]
}

// seen gives the requests that reached an address from the phone since zero, oldest first.
func (x *stack) seen(to netip.AddrPort) []datagram {
	x.mu.Lock()
	defer x.mu.Unlock()
	var all []datagram
	for _, d := range x.wire {
		if d.to == to && d.from.Addr() == phoneAddr.Addr() && d.status() == 0 {
			all = append(all, d)
		}
	}
	return all
}

// want compares the requests an address has seen since zero with a list such as "REGISTER 0 500 1500, BYE 7500". Times are in
// milliseconds and exact; ACK is written with its time as any other.
func (x *stack) want(to netip.AddrPort, list string) []datagram {
	x.t.Helper()
	got := x.seen(to)
	var have []string
	for _, d := range got {
		have = append(have, fmt.Sprintf("%s %d", d.method(), d.at.Milliseconds()))
	}
	var want []string
	for part := range strings.SplitSeq(list, ",") {
		f := strings.Fields(part)
		for _, at := range f[min(1, len(f)):] {
			want = append(want, f[0]+" "+at)
		}
	}
	if strings.Join(have, "\n") != strings.Join(want, "\n") {
		x.t.Errorf("%s saw\n  %s\nwant\n  %s\n%s", to, strings.Join(have, ", "), strings.Join(want, ", "), x.story())
	}
	x.rules()
	return got
}

// rules checks what holds on every wire: a branch belongs to one request, CSeq numbers grow within a Call-ID, an ICMP never stops us.
func (x *stack) rules() {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	branches := map[string]string{}
	for _, d := range x.wire {
		if d.from.Addr() != phoneAddr.Addr() || d.status() != 0 {
			continue
		}
		is := d.to.String() + d.header("Call-ID") + strings.Fields(d.header("CSeq"))[0]
		if was, ok := branches[d.branch()]; ok && was != is {
			x.t.Errorf("branch %s is used for two requests:\n%s", d.branch(), d.raw)
		}
		branches[d.branch()] = is
	}
}

func (x *stack) phase(want line.Phase) {
	x.t.Helper()
	if s := x.lines[1].Snapshot(); s.Phase != want {
		x.t.Errorf("phase %s, want %s\n%s", s.Phase, want, x.story())
	}
}

// event finds the first event of a kind since zero.
func (x *stack) event(kind string) (event, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range x.events {
		if e.kind == kind {
			return e, true
		}
	}
	return event{}, false
}

func (x *stack) wantEvent(kind string, at time.Duration) event {
	x.t.Helper()
	e, ok := x.event(kind)
	if !ok || e.at != at {
		x.t.Errorf("event %s at %v (%v), want it at %v\n%s", kind, e.at, ok, at, x.story())
	}
	return e
}

// story writes down what crossed the network, for a failing test.
func (x *stack) story() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var b bytes.Buffer
	for _, d := range x.wire {
		fmt.Fprintf(&b, "%8d %s > %s %s (%s)\n", d.at.Milliseconds(), d.from, d.to, d.start(), d.header("CSeq"))
	}
	return b.String()
}

// registered starts line 1 at a serving primary and makes that instant zero.
func registered(x *stack, values ...string) {
	x.t.Helper()
	x.start(values...)
	x.wait(time.Millisecond)
	x.phase(line.OnPrimary)
	x.zero()
}

// onBackup starts line 1 with a primary that refuses, and makes the registration with the backup zero. The primary stays refusing.
func onBackup(x *stack, values ...string) {
	x.t.Helper()
	x.behave("primary", server.Behaviour{Mode: server.Refuse})
	x.start(values...)
	x.wait(time.Millisecond)
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
