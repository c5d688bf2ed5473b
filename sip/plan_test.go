package sip_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hil/memnet"
	"hilphone/hil/server"
	"hilphone/sip/line"
)

// UX-01: the plan of a line is what the line does on the wire, to the millisecond. Each combination of transports, TCP Use Retry Timer, count and
// period, both readings of the count, one and two addresses of a server, outbound proxies or none, and each method is played against servers that
// fall silent: those that hold connections and do not answer, and those that are off.
func TestPlanIsWhatTheWireDoes(t *testing.T) {
	t.Parallel()
	for _, transports := range [][2]line.Transport{{line.UDP, line.UDP}, {line.TCP, line.TCP}, {line.TLS, line.TLS}, {line.UDP, line.TLS}, {line.TCP, line.UDP}} {
		for _, timer := range []string{"0", "1"} {
			for _, mode := range []string{"count", "count attempts", "period", "period attempts"} {
				for _, addresses := range []int{1, 2} {
					for _, proxies := range []bool{false, true} {
						p := played{transports: transports, addresses: addresses, proxies: proxies}
						name := fmt.Sprintf("%s to %s, tcp_use_retry_timer %s, %s, %d addresses", transports[0], transports[1], timer, mode, addresses)
						if proxies {
							name += ", proxies"
						}
						p.values = []string{"tcp_use_retry_timer=" + timer}
						if strings.HasPrefix(mode, "period") {
							p.values = append(p.values, "failover_mode=period", "failover_period_ms=4000")
						}
						if strings.HasSuffix(mode, "attempts") {
							p.values = append(p.values, "signal_retry_semantics=attempts")
						}
						t.Run(name, func(t *testing.T) {
							t.Parallel()
							p.play(t)
						})
					}
				}
			}
		}
	}
}

// played is a combination.
type played struct {
	transports [2]line.Transport // to the primary and the backup
	addresses  int               // of each
	proxies    bool
	values     []string

	method line.Method
	off    bool // the servers take no connection, and none is up
}

func (p played) play(t *testing.T) {
	cases := []bool{false}
	if p.transports != [2]line.Transport{line.UDP, line.UDP} {
		cases = append(cases, true)
	}
	for _, p.off = range cases {
		for _, p.method = range []line.Method{line.REGISTER, line.INVITE, line.BYE, line.CANCEL, line.OPTIONS} {
			p.inBubble(t, p.silentToMethod)
		}
		p.method = "probe"
		p.inBubble(t, p.silentToProbe)
	}
	if p.addresses == 1 && !p.proxies {
		p.method, p.off = "idle", false
		p.inBubble(t, func(t *testing.T, x *stack) { p.silentToIdle(t, x, "options_keepalive=0") })
		p.inBubble(t, func(t *testing.T, x *stack) { p.silentToIdle(t, x, "options_keepalive=1") })
	}
}

// Ports of the lab's servers, and second addresses that are silent always.
var planAddrs = map[line.Slot][]netip.Addr{
	line.Primary: {netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.12")},
	line.Backup:  {netip.MustParseAddr("127.0.0.3"), netip.MustParseAddr("127.0.0.13")},
}

var planPort = map[line.Transport]uint16{line.UDP: 5060, line.TCP: 5060, line.TLS: 5061}

// settings are those of the combination.
func (p played) settings() []string {
	s := append([]string{"enable_failback=1", "failback_interval=600", "tls_ca_file=ca"}, p.values...)
	if p.method == line.OPTIONS {
		s = append(s, "options_keepalive=1", "udp_update_ttl=45")
	}
	names := [2]string{"127.0.0.2", "127.0.0.3"}
	if p.addresses == 2 {
		names = [2]string{"p.example.test", "b.example.test"}
	}
	for i, slot := range []string{"", "backup_"} {
		s = append(s, fmt.Sprintf("%stransport=%s", slot, transportKey[p.transports[i]]))
		port := planPort[p.transports[i]]
		server := "register_"
		if i == 1 {
			server = "backup_"
		}
		if p.proxies {
			s = append(s, fmt.Sprintf("%soutbound_proxy_addr=%s", slot, names[i]), fmt.Sprintf("%soutbound_proxy_port=%d", slot, port))
			names[i] = "pbx.example.test"
		}
		s = append(s, fmt.Sprintf("%saddr=%s", server, names[i]), fmt.Sprintf("%sport=%d", server, port))
	}
	if p.proxies {
		s = append(s, "backup_addr=")
	}
	return s
}

// inBubble plays one method.
func (p played) inBubble(t *testing.T, f func(t *testing.T, x *stack)) {
	t.Helper()
	var certify func(names ...string) *tls.Config
	x := func(x *stack) {
		x.names.hosts = map[string][]string{}
		for i, slot := range []line.Slot{line.Primary, line.Backup} {
			name := []string{"p.example.test", "b.example.test"}[i]
			for _, a := range planAddrs[slot] {
				x.names.hosts[name] = append(x.names.hosts[name], a.String())
			}
		}
		x.unruled = true // the rules are those of datagrams alone
		x.tcp = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			x.mu.Lock()
			x.dialled = append(x.dialled, dialling{at: time.Now(), to: to})
			x.mu.Unlock()
			return x.net.Dial(ctx, phoneAddr.Addr(), to)
		}
		x.listen = x.net.Listen
		end := p.seconds(t, x.net, certify)
		defer end()
		f(t, x)
	}
	runOn(t, open, x, func(s *stack, lab *server.LabConfig) {
		authority, err := server.NewAuthority()
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(authority.PEM())
		s.roots = func(string) (*x509.CertPool, error) { return pool, nil }
		certify = func(names ...string) *tls.Config {
			c, err := authority.Certificate(names...)
			if err != nil {
				t.Fatal(err)
			}
			return &tls.Config{Certificates: []tls.Certificate{c}}
		}
		listen := func(slot line.Slot, port uint16) (net.Listener, error) {
			return s.net.Listen("tcp", netip.AddrPortFrom(planAddrs[slot][0], port).String())
		}
		secure := func(slot line.Slot, name string) func() (net.Listener, error) {
			return func() (net.Listener, error) {
				l, err := listen(slot, planPort[line.TLS])
				if err != nil {
					return nil, err
				}
				return tls.NewListener(l, certify(planAddrs[slot][0].String(), name)), nil
			}
		}
		lab.PrimaryTCP = func() (net.Listener, error) { return listen(line.Primary, planPort[line.TCP]) }
		lab.BackupTCP = func() (net.Listener, error) { return listen(line.Backup, planPort[line.TCP]) }
		lab.PrimaryTLS, lab.BackupTLS = secure(line.Primary, "p.example.test"), secure(line.Backup, "b.example.test")
	})
}

// seconds are the second addresses of the servers: black holes by UDP, that take connections and everything on them.
func (p played) seconds(t *testing.T, n *memnet.Network, certify func(names ...string) *tls.Config) (end func()) {
	var ends []func() error
	for i, slot := range []line.Slot{line.Primary, line.Backup} {
		a := planAddrs[slot][1]
		if p.transports[i] == line.UDP || p.off {
			n.BlackHole(netip.AddrPortFrom(a, 0))
			continue
		}
		l, err := n.Listen("tcp", netip.AddrPortFrom(a, planPort[p.transports[i]]).String())
		if err != nil {
			t.Fatal(err)
		}
		if p.transports[i] == line.TLS {
			l = tls.NewListener(l, certify([]string{"p.example.test", "b.example.test"}[i]))
		}
		ends = append(ends, l.Close)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					io.Copy(io.Discard, c)
					c.Close()
				}()
			}
		}()
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}

// fail makes servers silent as the combination wants it.
func (p played) fail(x *stack, slots ...line.Slot) {
	for i, slot := range []line.Slot{line.Primary, line.Backup} {
		if !slices.Contains(slots, slot) {
			continue
		}
		x.behave(string(slot), silent)
		if p.off && p.transports[i] != line.UDP {
			at := netip.AddrPortFrom(planAddrs[slot][0], 0)
			x.net.BlackHole(at)
			x.net.Reset(at)
		}
	}
	synctest.Wait()
}

func (p played) plan(x *stack) *line.Plan {
	n := map[line.Slot]int{line.Primary: p.addresses, line.Backup: p.addresses}
	return line.NewPlan(x.settings(p.settings()...), n)
}

func (p played) silentToMethod(t *testing.T, x *stack) {
	plan := p.plan(x)
	m := map[line.Method]*line.MethodPlan{line.REGISTER: plan.REGISTER, line.INVITE: plan.INVITE, line.BYE: plan.BYE, line.CANCEL: plan.CANCEL, line.OPTIONS: plan.OPTIONS}[p.method]
	want := m.Times
	if p.off && m.NoConnection != nil {
		want = *m.NoConnection
	}
	if p.method != line.REGISTER {
		x.start(p.settings()...)
		x.wait(time.Second)
		x.phase(line.OnPrimary)
	}
	if p.method == line.CANCEL {
		x.answering(server.Answering{Mode: server.Ring})
	}
	if p.method == line.BYE || p.method == line.CANCEL {
		x.dial("1", "1002")
		x.wait(time.Second)
	}
	x.zero()
	p.fail(x, line.Primary, line.Backup)
	switch p.method {
	case line.REGISTER:
		x.start(p.settings()...)
	case line.INVITE:
		x.dial("1", "1002")
	case line.BYE, line.CANCEL:
		x.post(line.HangUp{Call: "1"})
	}
	x.wait(time.Duration(*want.Told)*time.Millisecond + time.Minute + time.Second)
	got := p.seen(x)
	if g, w := timesText(got), timesText(want); g != w {
		t.Errorf("%s %s, servers off %v:\nwire %s\nplan %s\n%s", p.method, p.values, p.off, g, w, x.story())
	}
	p.budgets(t, x)
}

// seen is what has passed on the wire since zero, until the user was told.
func (p played) seen(x *stack) line.Times {
	got := line.Times{Sends: p.sent(x, line.Primary), Backup: p.sent(x, line.Backup)}
	zero := int64(0)
	if p.method == line.OPTIONS && len(got.Sends) > 0 {
		zero = got.Sends[0]
	}
	x.mu.Lock()
	for _, e := range x.events {
		all, failed := e.data.(event.AllFailed)
		lost := e.kind == "bye_lost"
		if failed && all.Method == "REGISTER" {
			lost = p.method != line.INVITE && p.method != line.BYE
		} else if failed {
			lost = p.method == line.INVITE
		}
		if at := e.at.Milliseconds() - zero; lost && got.Told == nil {
			got.Told = &at
		}
	}
	x.mu.Unlock()
	for _, list := range []*[]int64{&got.Sends, &got.Backup} {
		for i := range *list {
			(*list)[i] -= zero
		}
		if told := got.Told; told != nil { // the line goes on after that
			*list = slices.DeleteFunc(*list, func(at int64) bool { return at >= *told })
		}
	}
	if len(got.Backup) > 0 {
		got.Failover = &got.Backup[0]
	}
	return got
}

// sent are the instants at which the line sent a request to a server: a datagram, a message on a connection, or where the server takes none, at which
// it began to connect. Requests that wait for one connection share it.
func (p played) sent(x *stack, slot line.Slot) []int64 {
	transport := p.transports[slices.Index([]line.Slot{line.Primary, line.Backup}, slot)]
	var at []int64
	x.mu.Lock()
	defer x.mu.Unlock()
	add := func(to netip.AddrPort, raw string, t time.Duration) {
		d := datagram{raw: raw}
		if slices.Contains(planAddrs[slot], to.Addr()) && to.Port() == planPort[transport] && t >= 0 && (raw == "" || d.status() == 0 && d.method() != "ACK") {
			at = append(at, t.Milliseconds())
		}
	}
	switch {
	case transport == line.UDP:
		for _, d := range x.wire[x.from:] {
			if d.from.Addr() == phoneAddr.Addr() {
				add(d.to, d.raw, d.at)
			}
		}
	case p.silentIsOff(slot):
		for _, d := range x.dialled {
			add(d.to, "", d.at.Sub(x.mark))
		}
		at = slices.Compact(at)
	default:
		for _, m := range x.traced {
			if m.Out {
				add(netip.MustParseAddrPort(m.Remote), string(m.Raw), m.At.Sub(x.mark))
			}
		}
	}
	return at
}

// silentIsOff reports whether a server that falls silent takes no connection.
func (p played) silentIsOff(slot line.Slot) bool {
	return p.off && (slot == line.Primary || p.method != "probe")
}

func timesText(a line.Times) string {
	instant := func(at *int64) string {
		if at == nil {
			return "never"
		}
		return fmt.Sprint(*at)
	}
	return fmt.Sprintf("primary %v, backup from %s %v, told %s", a.Sends, instant(a.Failover), a.Backup, instant(a.Told))
}

// budgets holds each attempt that ended without an answer against the time that attempt_start gave it: all of it with the connection, that to
// connect without.
func (p played) budgets(t *testing.T, x *stack) {
	x.mu.Lock()
	defer x.mu.Unlock()
	starts := map[string]event.AttemptStart{}
	sent := map[string]bool{}
	for _, e := range x.events {
		switch d := e.data.(type) {
		case event.AttemptStart:
			starts[d.Branch] = d
		case event.Send:
			sent[d.Branch] = true
		case event.AttemptEnd:
			s, ok := starts[d.Branch]
			if !ok || d.Cause != "no_response" || d.Method == "INVITE" && p.method == line.CANCEL {
				continue
			}
			want := s.Budget
			if !sent[d.Branch] {
				want = s.Connect
			}
			if d.Elapsed != want {
				t.Errorf("%s %s: %s at the %s ended after %d ms without an answer, %+v", p.method, p.values, d.Method, d.Slot, d.Elapsed, s)
			}
		}
	}
}

func (p played) silentToProbe(t *testing.T, x *stack) {
	plan := p.plan(x).Probe
	want := plan.Probes
	if p.off && plan.NoConnection != nil {
		want = *plan.NoConnection
	}
	p.fail(x, line.Primary)
	x.start(p.settings()...)
	for i := 0; x.lines[1].Snapshot().Phase != line.OnBackup; i++ {
		if x.wait(500 * time.Millisecond); i > 300 {
			t.Fatalf("not on the backup\n%s", x.story())
		}
	}
	x.zero()
	x.wait(time.Duration(want.Next)*time.Millisecond + 100*time.Millisecond)
	sends := p.sent(x, line.Primary)
	var got line.Probes
	if len(sends) > 1 {
		got.First, got.Next = sends[0], sends[len(sends)-1]
		for _, at := range sends[:len(sends)-1] {
			got.Sends = append(got.Sends, at-got.First)
		}
	}
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("probe %s, servers off %v:\nwire %s\nplan %s", p.values, p.off, g, w)
	}
}

// UX-15: an idle line notices a silent primary at its refresh, or by OPTIONS.
func (p played) silentToIdle(t *testing.T, x *stack, keepalive string) {
	plan := p.plan(x).Idle
	want := plan.Backup
	if keepalive == "options_keepalive=1" {
		want = plan.WithOptions
	}
	x.start(append(p.settings(), keepalive)...)
	p.fail(x, line.Primary)
	x.phase(line.OnPrimary)
	x.zero()
	x.wait(time.Duration(want)*time.Millisecond + 100*time.Millisecond)
	if got := p.sent(x, line.Backup); len(got) == 0 || got[0] != want {
		t.Errorf("idle %s %s: the backup is asked at %v, plan %d", p.values, keepalive, got, want)
	}
}

// UX-15: README's table: hosts that are switched off while connections are up. The first request has 64*T1, as nothing says that its connection is
// dead; the next one makes a connection, for which it has the count's time.
func TestHostIsSwitchedOffWhileConnected(t *testing.T) {
	p := played{transports: [2]line.Transport{line.TCP, line.TCP}, addresses: 1, method: line.REGISTER}
	p.inBubble(t, func(t *testing.T, x *stack) {
		x.start(p.settings()...)
		x.wait(time.Second)
		x.phase(line.OnPrimary)
		for _, slot := range []line.Slot{line.Primary, line.Backup} {
			x.net.BlackHole(netip.AddrPortFrom(planAddrs[slot][0], 0))
		}
		x.zero()
		x.post(line.Register{})
		x.wait(65 * time.Second)
		x.wantEvents("all_failed", "64000")
		p.budgets(t, x)
		x.zero()
		x.post(line.Register{})
		x.wait(40 * time.Second)
		x.wantEvents("all_failed", "39500")
	})
}
