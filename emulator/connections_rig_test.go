//go:build rig

package main_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hilphone/hil/kamailio"
)

// connections is two phones that reach both servers over TCP or TLS.
type connections struct {
	*rig
	way
	pair          *kamailio.Pair
	caller, other *handset // 1001 and 1002
}

// connections plays what phones go through on connections that open, are used again, and break.
func (r *rig) connections(t *testing.T, transport string) {
	c := &connections{rig: r, way: way{transport, transport, true, trueT1}, pair: r.pair(t)}
	c.caller = newHandset(t, c.pair, r.binary, "1001")
	c.other = newHandset(t, c.pair, r.binary, "1002")
	all := []trial{
		{"register", c.register},
		{"calls", c.calls},
		{"hold", c.hold},
		{"dead connection", c.deadConnection},
		{"failover", c.failover},
		{"failback in a call", c.failbackInCall},
	}
	if transport == "tls" {
		all = append(all, trial{"certificates", c.certificates})
	}
	steps(t, all...)
}

func (c *connections) phones() []*handset { return []*handset{c.caller, c.other} }

func (c *connections) register(t *testing.T) {
	for _, h := range c.phones() {
		since := h.now(t)
		h.set(t, c.account(c.pair, h.number).with(settings{"failback_interval": int(interval / time.Second)}))
		began := h.untilPhase(t, since, "try_primary")
		c.measured(t, h.number+" registered", h.untilPhase(t, since, "on_primary").after(began))
		for _, m := range h.trace(t, "") {
			want(t, "transport of "+m.what(), m.Transport, c.primary)
			if contact := m.header("Contact"); m.Direction == "sent" && !strings.Contains(contact, ";transport="+c.primary) {
				t.Errorf("%s has the Contact %s, without the transport %s", m.what(), contact, c.primary)
			}
		}
	}
}

// calls: each phone is called over its transport, and hung up by either side.
func (c *connections) calls(t *testing.T) {
	for _, k := range []struct{ caller, called, by *handset }{
		{c.caller, c.other, c.caller}, {c.other, c.caller, c.caller},
	} {
		asked := len(k.called.trace(t, ""))
		talk := connect(t, k.caller, k.called)
		talk.through(t, "primary")
		c.measured(t, k.caller.number+" calls "+k.called.number+": ringback", talk.ringback)
		c.measured(t, k.by.number+" hangs up: the other knows", talk.hangUp(t, k.by))
		came := received(k.called.trace(t, "")[asked:], "INVITE")
		if len(came) != 1 {
			t.Fatalf("%d INVITEs came to %s, want 1", len(came), k.called.number)
		}
		want(t, "transport of the INVITE to "+k.called.number, came[0].Transport, c.primary)
	}
}

// hold: each side puts the other one on hold and takes it back.
func (c *connections) hold(t *testing.T) {
	talk := connect(t, c.caller, c.other)
	for _, by := range c.phones() {
		id := talk.outgoing
		if by == c.other {
			id = talk.incoming
		}
		for _, change := range []struct{ do, state string }{{"hold", "held"}, {"resume", "talking"}} {
			since, sinceOther := c.caller.now(t), c.other.now(t)
			began := time.Now()
			by.do(t, "POST", "/calls/"+id+"/"+change.do, nil, nil)
			c.caller.untilCall(t, since, change.state)
			c.other.untilCall(t, sinceOther, change.state)
			c.measured(t, by.number+" "+change.do+": both know", time.Since(began))
		}
		talk.sound(t)
	}
	talk.through(t, "primary")
	talk.hangUp(t, c.caller)
}

// deadConnection: the primary was without power for a moment, and the phones do not know. The connection turns out dead when it is
// used; the phone dials once more, and that is no failover (FO-07).
func (c *connections) deadConnection(t *testing.T) {
	since, sinceOther, asked := c.caller.now(t), c.other.now(t), len(c.caller.trace(t, ""))
	must(t, c.pair.Primary.PowerOff(t.Context()))
	must(t, c.pair.Primary.Restore(t.Context()))
	want(t, "phase, since nobody knows", c.caller.status(t).Phase, "on_primary")

	c.caller.hook(t, "off")
	c.caller.keys(t, "1009#") // who is not registered
	ended := c.caller.untilCall(t, since, "ended")
	c.caller.hook(t, "on")
	want(t, "answer of the primary", ended.Data.End.Code, 404)
	c.redials(t, c.caller, since, "INVITE", "404")
	branches := map[string]bool{}
	for _, m := range sent(c.caller.trace(t, "")[asked:], "INVITE", kamailio.PrimaryAddress) {
		branches[branch(m)] = true
	}
	want(t, "branches of INVITEs: dead, challenged, answered", len(branches), 3)

	c.other.do(t, "POST", "/lines/1/register", nil, nil)
	c.other.until(t, sinceOther, patience, "registration", func(e event) bool { return e.Type == "registered" })
	c.redials(t, c.other, sinceOther, "REGISTER", "200")
	for _, h := range c.phones() {
		h.do(t, "POST", "/lines/1/register", nil, nil) // over TLS the line does so by itself: its Contact was the connection
		h.untilRegistered(t, "primary")
	}
	talk := connect(t, c.caller, c.other)
	talk.through(t, "primary")
	talk.hangUp(t, c.other)
	for h, from := range map[*handset]int64{c.caller: since, c.other: sinceOther} {
		want(t, "failovers of "+h.number, len(h.events(t, from, "&type=failover")), 0)
	}
}

// redials fails the test unless the request found its connection dead, once, and the same server answered it in the end.
func (c *connections) redials(t *testing.T, h *handset, since int64, method, result string) {
	t.Helper()
	var all []string
	for _, e := range h.events(t, since, "&type=attempt_end") {
		if e.Data.Method != method || len(all) > 0 && all[len(all)-1] == "primary "+result {
			continue
		}
		what := e.Data.Cause
		if what == "response" {
			what = fmt.Sprint(e.Data.Code)
		}
		if what != "401" && what != "407" {
			all = append(all, e.Data.Slot+" "+what)
		}
	}
	want(t, "attempts of "+method, strings.Join(all, ", "), "primary connect, primary "+result)
}

// received returns the requests of a method that came.
func received(messages []message, method string) (found []message) {
	for _, m := range messages {
		if m.Direction == "received" && m.what() == method {
			found = append(found, m)
		}
	}
	return found
}

// branch is that of a message's topmost Via.
func branch(m message) string {
	_, b, _ := strings.Cut(m.header("Via"), "branch=")
	b, _, _ = strings.Cut(b, ";")
	return b
}

// untilRegistered waits until no attempt is under way and the line is registered with the server.
func (h *handset) untilRegistered(t *testing.T, slot string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		since, s := h.now(t), h.status(t)
		if s.Active == slot && s.Phase == "on_"+slot {
			return
		}
		h.until(t, since, time.Until(deadline), "change of the line", func(e event) bool { return e.Type == "line_state" })
	}
}

// failover: the primary is killed, and both phones are on the backup. They call each other there.
func (c *connections) failover(t *testing.T) {
	since := map[*handset]int64{c.caller: c.caller.now(t), c.other: c.other.now(t)}
	must(t, c.pair.Primary.Kill())
	for _, h := range c.phones() {
		h.do(t, "POST", "/lines/1/register", nil, nil)
		e := h.untilType(t, since[h], patience, "failover")
		// Over TLS the line dials again the moment its connection ends: a process of the server that has an instant left may take the
		// connection, and the handshake fails.
		if c.primary != "tls" || e.Data.Cause != "tls" {
			want(t, "cause", e.Data.Cause, "connect")
		}
		h.untilRegistered(t, "backup")
		took := h.status(t).LastFailover.ElapsedMS
		c.measured(t, h.number+" on the backup", time.Duration(took*float64(time.Millisecond)))
		between(t, "failover", time.Duration(took*float64(time.Millisecond)), 0, atOnce+allowance)
	}
	talk := connect(t, c.other, c.caller)
	talk.through(t, "backup")
	talk.hangUp(t, c.other)
}

// failbackInCall: the phones go back while a call is up on the backup, and the call stays there (FB-10, FB-11).
func (c *connections) failbackInCall(t *testing.T) {
	talk := connect(t, c.caller, c.other)
	c.back(t)
	talk.sound(t)
	talk.through(t, "backup")
	asked := len(c.caller.trace(t, ""))
	talk.hangUp(t, c.caller)
	seen := c.caller.trace(t, "")[asked:]
	want(t, "BYEs to the backup", len(sent(seen, "BYE", kamailio.BackupAddress)), 1)
	talk = connect(t, c.caller, c.other)
	talk.through(t, "primary")
	talk.hangUp(t, c.other)
}

// back restores the primary and waits until both phones are back with it.
func (c *connections) back(t *testing.T) {
	t.Helper()
	since := map[*handset]int64{c.caller: c.caller.now(t), c.other: c.other.now(t)}
	began := time.Now()
	must(t, c.pair.Primary.Restore(t.Context()))
	for _, h := range c.phones() {
		e := h.untilType(t, since[h], patience, "failback")
		c.measured(t, h.number+" back on the primary", e.Time.Sub(began))
		between(t, h.number+" came back", e.Time.Sub(began), 0, 2*interval+allowance)
		want(t, "active server", h.status(t).Active, "primary")
	}
}

// certificates: a primary that cannot prove who it is gets no SIP message, neither at first nor as a probe, and the backup serves
// (FO-09).
func (c *connections) certificates(t *testing.T) {
	for _, bad := range []kamailio.Certificate{kamailio.Foreign, kamailio.Misnamed} {
		must(t, c.pair.Primary.Kill())
		for _, h := range c.phones() {
			// By itself a line looks for another server only once in 64*T1 when it loses its connection.
			h.do(t, "POST", "/lines/1/register", nil, nil)
			h.untilRegistered(t, "backup")
		}
		since, asked := c.caller.now(t), len(c.caller.trace(t, ""))
		must(t, c.pair.Primary.Present(t.Context(), bad))
		for range 2 {
			probe := c.caller.until(t, since, patience, "end of a probe by TLS", func(e event) bool { return e.Type == "probe_end" && e.Data.Cause == "tls" })
			want(t, "result of the probe", probe.Data.Result, "unavailable")
			since = probe.Seq
		}
		c.caller.do(t, "POST", "/lines/1/register", nil, nil)
		refused := c.caller.until(t, since, patience, "refused attempt", func(e event) bool {
			return e.Type == "attempt_end" && e.Data.Slot == "primary" && e.Data.Method == "REGISTER"
		})
		want(t, "cause at the primary with a certificate that is "+string(bad), refused.Data.Cause, "tls")
		c.caller.untilRegistered(t, "backup")
		want(t, "last cause of the primary", c.caller.status(t).Servers.Primary.LastCause, "tls")
		for _, m := range c.caller.trace(t, "")[asked:] {
			if strings.HasPrefix(m.Remote, kamailio.PrimaryAddress+":") {
				t.Errorf("%s was %s at a primary with a certificate that is %s", m.what(), m.Direction, bad)
			}
		}
		talk := connect(t, c.caller, c.other)
		talk.through(t, "backup")
		talk.hangUp(t, c.caller)
		c.back(t)
	}
}

// names: servers by their names, and both by the SRV records of one name, over each transport.
func (r *rig) names(t *testing.T) {
	pair := r.pair(t)
	h := newHandset(t, pair, r.binary, "1001")
	var named, listed []*subject
	since := h.now(t)
	for i, transport := range []string{"udp", "tcp", "tls"} {
		w := way{transport, transport, true, scaledT1}
		own := settings{"enable_failback": false}
		s := &subject{h, 1 + i, fmt.Sprint(1001 + i)}
		s.set(t, w.account(pair, s.number).with(own).with(settings{"register_addr": kamailio.PrimaryName, "backup_addr": kamailio.BackupName}))
		named = append(named, s)
		s = &subject{h, 4 + i, fmt.Sprint(1004 + i)}
		s.set(t, w.account(pair, s.number).with(own).with(settings{"register_addr": kamailio.Domain, "register_port": 0, "dns_srv": true, "backup_addr": ""}))
		listed = append(listed, s)
	}
	for _, s := range append(named, listed...) {
		s.untilPhase(t, since, "on_primary")
		want(t, fmt.Sprintf("server of line %d", s.line), s.registrar(t, since), kamailio.PrimaryAddress)
	}
	since = h.now(t)
	began := time.Now()
	must(t, pair.Primary.Kill())
	for _, s := range append(named, listed...) {
		s.do(t, "POST", fmt.Sprintf("/lines/%d/register", s.line), nil, nil)
	}
	for _, s := range append(named, listed...) {
		e := s.until(t, since, patience, "registration", func(e event) bool { return e.Type == "registered" })
		r.measured(t, fmt.Sprintf("line %d at the other server", s.line), e.Time.Sub(began))
		want(t, fmt.Sprintf("server of line %d", s.line), s.registrar(t, since), kamailio.BackupAddress)
	}
	for _, s := range named {
		want(t, "active server by name", s.status(t).Active, "backup")
	}
	for _, s := range listed {
		want(t, "active server by SRV", s.status(t).Active, "primary")
	}
}

// registrar is where the newest REGISTER went.
func (s *subject) registrar(t *testing.T, since int64) string {
	t.Helper()
	events := s.events(t, since, fmt.Sprintf("&type=attempt_start&line=%d", s.line))
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Data.Method == "REGISTER" {
			to, err := netip.ParseAddrPort(events[i].Data.Target)
			must(t, err)
			return to.Addr().String()
		}
	}
	return ""
}
