//go:build rig

package main_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hil/kamailio"
)

// udpLimit is the longest request that goes by UDP where a server takes TCP too (RFC 3261 18.1.1).
const udpLimit = 1300

// chain is two phones at a pair with a chain of proxies, and baresip beyond the proxies.
type chain struct {
	*rig
	options       kamailio.Options
	pair          *kamailio.Pair
	caller, other *handset // 1001 and 1002
	baresip       *baresip
	transport     string // of long requests
}

// chains are the pairs with a chain that calls are made through. The credentials for the long realm make an INVITE as long as the routes make
// the requests after it.
var chains = []struct {
	name    string
	options kamailio.Options
}{
	{"TCP", kamailio.Options{Realm: strings.Repeat("long realm ", 60)}},
	{"UDP only", kamailio.Options{Realm: strings.Repeat("long realm ", 60), NoTCP: true}},
	{"strict routers", kamailio.Options{StrictRouters: true}},
}

// chain makes calls whose messages have more than 1300 octets in both directions, by TCP and by UDP (WR-06, WR-20, WR-21, WR-23).
func (r *rig) chain(t *testing.T, o kamailio.Options) {
	o.Chain = true
	c := &chain{rig: r, options: o, pair: pairWith(t, o), transport: "tcp"}
	if o.NoTCP {
		c.transport = "udp"
	}
	c.caller = newHandset(t, c.pair, r.binary, "1001")
	c.other = newHandset(t, c.pair, r.binary, "1002")
	for _, h := range []*handset{c.caller, c.other} {
		since := h.now(t)
		h.set(t, way{"udp", "udp", false, scaledT1}.account(c.pair, h.number).with(settings{"accept_from": "servers, " + kamailio.ChainEnd}))
		h.untilPhase(t, since, "on_primary")
	}
	defer func() {
		if t.Failed() {
			c.show(t, c.caller, c.other)
		}
	}()
	c.baresip = newBaresip(t, c.pair, "1005", kamailio.ChainEnd)
	c.baresip.await(t, "200 OK") // to its REGISTER
	all := []trial{
		{"called, hangs up", func(t *testing.T) { c.withBaresip(t, c.caller.callsBaresip, c.caller.hangsUp) }},
		{"called, baresip hangs up", func(t *testing.T) { c.withBaresip(t, c.caller.callsBaresip, c.baresip.hangsUp) }},
		{"calls, hangs up", func(t *testing.T) { c.withBaresip(t, c.baresip.calls, c.caller.hangsUp) }},
		{"calls, baresip hangs up", func(t *testing.T) { c.withBaresip(t, c.baresip.calls, c.baresip.hangsUp) }},
		{"two phones, caller hangs up", func(t *testing.T) { c.between(t, c.caller, c.other, c.caller) }},
		{"two phones, called hangs up", func(t *testing.T) { c.between(t, c.other, c.caller, c.caller) }},
		{"BYE failover", c.byeFailover},
		{"called through the backup", func(t *testing.T) { c.withBaresip(t, c.caller.callsBaresip, c.caller.hangsUp) }},
		{"calls through the backup", func(t *testing.T) { c.withBaresip(t, c.baresip.calls, c.caller.hangsUp) }},
	}
	if !o.NoTCP && !o.StrictRouters {
		all = slices.Insert(all, 0, trial{"TCP dropped", c.tcpDropped})
	}
	steps(t, all...)
}

// tcpDropped: a filter drops TCP, and all goes by UDP in the end.
func (c *chain) tcpDropped(t *testing.T) {
	must(t, c.pair.Primary.DropTCP(t.Context()))
	c.transport = "udp"
	c.withBaresip(t, c.caller.callsBaresip, c.caller.hangsUp)
	c.transport = "tcp"
	must(t, c.pair.Primary.Restore(t.Context()))
}

// byeFailover: the primary is killed in a call.
func (c *chain) byeFailover(t *testing.T) {
	h, reported := c.caller, c.baresip.now()
	id := h.callsBaresip(t, h, c.baresip)
	h.sound(t, id, packets)
	must(t, c.pair.Primary.Kill())
	h.hangsUp(t, id)
	c.baresip.until(t, reported, "CALL_CLOSED")
	failover := h.status(t).LastFailover
	if failover == nil {
		t.Fatal("the status tells of no failover")
	}
	want(t, "method", failover.Method, "BYE")
	took := time.Duration(failover.ElapsedMS * float64(time.Millisecond))
	c.measured(t, "failover", took)
	between(t, "failover", took, 0, atOnce+allowance)
}

// withBaresip makes a call between the first phone and baresip, puts it on hold from both sides, and ends it.
func (c *chain) withBaresip(t *testing.T, call func(*testing.T, *handset, *baresip) string, hangUp func(*testing.T, string)) {
	h, b := c.caller, c.baresip
	asked := len(h.trace(t, ""))
	c.whileTalking(t, h, b, call, func(t *testing.T, id string) {
		want(t, "server of the call", h.call(t, id).Server, h.status(t).Active)
		c.hold(t, func(change string) { h.do(t, "POST", "/calls/"+id+"/"+change, nil, nil) }, h)
		c.hold(t, func(change string) { b.command(t, change, "") }, h)
		h.sound(t, id, packets)
	}, hangUp)
	c.wire(t, h, h.trace(t, "")[asked:])
}

// show logs what phones have exchanged.
func (c *chain) show(t *testing.T, phones ...*handset) {
	for _, h := range phones {
		var lines strings.Builder
		for _, m := range h.trace(t, "") {
			fmt.Fprintf(&lines, "%8d %-8s %s %-20s %5d octets, CSeq %s: %s\n", m.MonoUS, m.Direction, m.Transport, m.Remote, len(m.Raw), m.header("CSeq"), m.Start)
		}
		t.Logf("phone %s:\n%s", h.number, &lines)
	}
}

// hold puts a call on hold and takes it back, and waits until all phones know.
func (c *chain) hold(t *testing.T, change func(string), phones ...*handset) {
	t.Helper()
	for _, x := range []struct{ do, state string }{{"hold", "held"}, {"resume", "talking"}} {
		since := make([]int64, len(phones))
		for i, h := range phones {
			since[i] = h.now(t)
		}
		change(x.do)
		for i, h := range phones {
			h.untilCall(t, since[i], x.state)
		}
	}
}

// between makes a call from a phone to the other one, whose neighbour in the call is the last proxy and not its server. Each puts the other one
// on hold.
func (c *chain) between(t *testing.T, caller, called, by *handset) {
	asked := map[*handset]int{caller: len(caller.trace(t, "")), called: len(called.trace(t, ""))}
	talk := connect(t, caller, called)
	for h, id := range map[*handset]string{caller: talk.outgoing, called: talk.incoming} {
		c.hold(t, func(change string) { h.do(t, "POST", "/calls/"+id+"/"+change, nil, nil) }, caller, called)
	}
	talk.sound(t)
	c.measured(t, by.number+" hangs up: the other knows", talk.hangUp(t, by))
	for h, n := range asked {
		c.wire(t, h, h.trace(t, "")[n:])
	}
}

// wire holds what a phone has exchanged for a call against WR-06, WR-20 and WR-21.
func (c *chain) wire(t *testing.T, h *handset, messages []message) {
	t.Helper()
	longest := map[string]int{} // octets, by kind of message
	for i, m := range messages {
		switch {
		case m.Direction == "sent" && m.response():
			c.echoes(t, m, messages[:i])
			want(t, "transport of the "+m.what(), m.Transport, "udp")
		case m.Direction == "sent" && len(m.Raw) > udpLimit:
			want(t, fmt.Sprintf("transport of the %s of %d octets", m.what(), len(m.Raw)), m.Transport, c.transport)
		}
		kind := m.Direction + " " + m.what()
		longest[kind] = max(longest[kind], len(m.Raw))
	}
	t.Logf("phone %s, octets: %v", h.number, longest)
	for _, kind := range []string{"sent INVITE", "sent ACK", "received 200", "received INVITE", "received ACK", "sent 200"} {
		if longest[kind] <= udpLimit {
			t.Errorf("the longest %s has %d octets, want more than %d", kind, longest[kind], udpLimit)
		}
	}
	if longest["sent BYE"] <= udpLimit && longest["received BYE"] <= udpLimit {
		t.Errorf("the BYE has not more than %d octets", udpLimit)
	}
}

// echoes fails the test unless a response has what its request had: Via, From, Call-ID and CSeq, To with a tag, and where it makes a
// dialog Record-Route (RFC 3261 8.2.6.2, 12.1.1).
func (c *chain) echoes(t *testing.T, response message, before []message) {
	t.Helper()
	for _, m := range slices.Backward(before) {
		if m.Direction != "received" || m.response() || m.header("CSeq") != response.header("CSeq") || branch(m) != branch(response) {
			continue
		}
		names := []string{"Via", "From", "Call-ID", "CSeq"}
		if m.what() == "INVITE" && response.what() > "100" && response.what() < "300" {
			names = append(names, "Record-Route")
		}
		for _, name := range names {
			if got, want := response.headers(name), m.headers(name); !slices.Equal(got, want) {
				t.Errorf("%s to %s: %s\n%s\nwant\n%s", response.what(), m.what(), name, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		if !strings.HasPrefix(response.header("To"), m.header("To")) {
			t.Errorf("%s to %s: To %s, want %s", response.what(), m.what(), response.header("To"), m.header("To"))
		}
		return
	}
	t.Errorf("a response without a request:\n%s", response.Raw)
}

func (m message) response() bool { return strings.HasPrefix(m.Start, "SIP/2.0 ") }

// headers returns all header fields of that name.
func (m message) headers(name string) (values []string) {
	for field := range strings.SplitSeq(m.Raw, "\r\n") {
		if value, ok := strings.CutPrefix(field, name+":"); ok {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// longRequests plays failures of the primary against requests of more than 1300 octets: a REGISTER and an INVITE with a long domain, and a BYE
// with the routes of a chain. The times are those of the table for UDP (WR-21).
func (r *rig) longRequests(t *testing.T, o kamailio.Options) {
	o.Chain = true
	like := experiment{rig: r, label: ", long", more: settings{"domain": kamailio.LongDomain, "display_name": strings.Repeat("𠮷", 64)}}
	failures := []failure{blackHole, silent, gone}
	if o.NoTCP {
		like.label += ", no TCP"
	} else {
		failures = append(failures, frozen) // without TCP it is a mute one
	}
	like.then = func(t *testing.T, e *experiment, s *subject, method string, since int64) {
		byTCPThenUDP(t, e, s, method, since, o.NoTCP)
	}
	r.tableOf(t, pairWith(t, o), kamailio.ChainEnd, []column{{way{"udp", "udp", false, scaledT1}, failures}}, like)
}

// byTCPThenUDP fails the test unless a long request went to the primary by TCP, where that takes connections, else by UDP: at once where they
// are refused, and after 2*T1 where none comes about. The backup is asked in the same way.
func byTCPThenUDP(t *testing.T, e *experiment, s *subject, method string, since int64, noTCP bool) {
	t.Helper()
	transport, expected := "tcp", "tcp 0" // on a connection that is there, or that a server takes which does nothing else
	switch {
	case e.stage == refused:
		expected = "udp 0"
	case e.stage == lost && (noTCP || method == "REGISTER"):
		expected = "udp 2, udp 3, udp 5, udp 9"
	case noTCP:
		expected = "udp 0, udp 1, udp 3, udp 7"
	}
	if noTCP {
		transport = "udp"
	}
	began := s.until(t, since, patience, "start of the "+method, func(v event) bool {
		return v.Type == "attempt_start" && v.Data.Slot == "primary" && v.Data.Method == method
	})
	var sends []string
	for _, m := range s.trace(t, fmt.Sprintf("&line=%d", s.line)) {
		if m.MonoUS < began.MonoUS || m.Direction != "sent" || m.what() != method {
			continue
		}
		if len(m.Raw) <= udpLimit {
			t.Errorf("%s of %d octets, want more than %d", method, len(m.Raw), udpLimit)
		}
		if strings.HasPrefix(m.Remote, kamailio.BackupAddress+":") {
			want(t, "transport of the "+method+" to the backup", m.Transport, transport)
			continue
		}
		at := time.Duration(m.MonoUS-began.MonoUS) * time.Microsecond
		sends = append(sends, fmt.Sprintf("%s %d", m.Transport, at/e.t1)) // in whole T1: a timer may be late on a busy machine, and is never early
	}
	want(t, method+" to the primary, at multiples of T1", strings.Join(sends, ", "), expected)
}
