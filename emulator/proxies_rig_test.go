//go:build rig

package main_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hil/kamailio"
)

// An edge is a phone whose server is a registrar behind two outbound proxies, and baresip beside the registrar (OP-01, OP-02).
type edge struct {
	*rig
	way
	edgeCase
	failure // of the proxies
	pair    *kamailio.Pair
	h       *handset
	baresip *baresip
}

// An edgeCase is how a phone uses the proxies, and how they take each other's routes.
type edgeCase struct {
	label      string
	options    kamailio.Options
	retryTimer bool // tcp_use_retry_timer
	failures   []failure
	more       settings
}

// edgeCases: next hops alone before proxies that share their routes, Routes with lr before proxies that do not, proxies with an account, proxies by
// their names, and a primary by a proxy whose backup is reached directly.
var edgeCases = []edgeCase{
	{"next hop", kamailio.Options{}, false, []failure{gone, blackHole}, settings{"strict_proxy": true}},
	{"Route", kamailio.Options{Apart: true}, true, []failure{gone, blackHole}, settings{"strict_proxy": false, "in_dialog_failover": "rewrite"}},
	{"account", kamailio.Options{Account: true}, false, []failure{gone},
		settings{"strict_proxy": true, "outbound_proxy_user": kamailio.EdgeUser, "outbound_proxy_password": kamailio.EdgePassword}},
	{"names", kamailio.Options{Apart: true}, false, []failure{gone}, settings{"strict_proxy": false, "in_dialog_failover": "rewrite", "domain": "", "register_addr": kamailio.Domain,
		"outbound_proxy_addr": kamailio.PrimaryName, "backup_outbound_proxy_addr": kamailio.BackupName}},
	{"direct backup", kamailio.Options{}, true, []failure{gone, blackHole},
		settings{"backup_addr": kamailio.RegistrarAddress, "backup_outbound_proxy_addr": "", "in_dialog_failover": "rewrite"}},
}

// proxies plays failures of outbound proxies in one transport (OP-01, OP-02, OP-04, OP-05, OP-08).
func (r *rig) proxies(t *testing.T, transport string) {
	for _, c := range edgeCases {
		c.options.Edge = true
		t.Run(c.label, func(t *testing.T) {
			e := &edge{rig: r, way: way{transport, transport, c.retryTimer, scaledT1}, edgeCase: c, pair: pairWith(t, c.options)}
			e.h = newHandset(t, e.pair, r.binary, "1001", "--sip", kamailio.PhoneAddress) // where no port is taken
			e.baresip = newBaresip(t, e.pair, "1005", kamailio.RegistrarAddress)
			e.baresip.await(t, "200 OK") // to its REGISTER
			all := []trial{{"register", e.register}, {"calls", e.calls("primary")}}
			for _, f := range c.failures {
				all = append(all, trial{f.name, func(t *testing.T) { e.fails(t, f) }})
			}
			steps(t, append(all, trial{"to the proxies alone", e.toProxies})...)
		})
	}
}

// proxyQuestions asks two outbound proxies what the bench asks every pair. The place file names them as the servers, and the line has its settings.
func (r *rig) proxyQuestions(t *testing.T) {
	e := &edge{rig: r, way: way{"udp", "udp", false, scaledT1}, pair: pairWith(t, kamailio.Options{Edge: true})}
	e.h = newHandset(t, e.pair, r.binary, "1001")
	since := e.h.now(t)
	e.h.set(t, e.account().with(settings{"failback_interval": 3600}))
	e.h.untilPhase(t, since, "on_primary")
	r.scorecard(t, e.pair, e.h)
}

// direct says whether the backup is the registrar itself. It is not made to fail, as it would forget baresip.
func (e *edge) direct() bool { return e.more["backup_addr"] != nil }

// settings are those of the line: an empty backup_addr.
func (e *edge) account() settings {
	s := e.way.account(e.pair, e.h.number).with(settings{
		"register_addr": kamailio.RegistrarAddress, "register_port": kamailio.Port, "backup_addr": "", "failback_interval": int(interval / time.Second),
		"outbound_proxy_addr": kamailio.PrimaryAddress, "backup_outbound_proxy_addr": kamailio.BackupAddress,
	})
	port := kamailio.Port
	if e.primary == "tls" {
		port = kamailio.TLSPort
	}
	return s.with(settings{"outbound_proxy_port": port, "backup_outbound_proxy_port": port, "backup_port": port}).with(e.more)
}

func (e *edge) register(t *testing.T) {
	since := e.h.now(t)
	e.h.set(t, e.account())
	began := e.h.untilPhase(t, since, "try_primary")
	registered := e.h.untilPhase(t, since, "on_primary")
	e.measured(t, "registered", registered.after(began))
	e.at(t, "primary")
}

// at fails the test unless the line is registered by the proxy of a slot. Over UDP and TCP its Contact is one address, that of its port, and the
// registrar knows it by one way only; over TLS it is that of a connection, and those of before stay until they expire.
func (e *edge) at(t *testing.T, slot string) {
	t.Helper()
	s := e.h.status(t)
	want(t, "active server", s.Active, slot)
	want(t, "state", s.State, "registered")
	paths, err := e.pair.Registrar.Paths(t.Context(), e.h.number)
	must(t, err)
	contact := ""
	for _, m := range e.h.trace(t, "") {
		if m.Direction == "sent" && m.what() == "REGISTER" {
			contact = strings.Trim(m.header("Contact"), "<>")
		}
	}
	path, ok := paths[contact]
	if !ok {
		t.Fatalf("the registrar knows %v, and not %s", paths, contact)
	}
	var by netip.Addr
	if slot == "primary" || !e.direct() {
		by = e.proxy(slot).Addr.Addr()
	}
	want(t, "path at the registrar", path, by)
	if e.primary != "tls" {
		want(t, fmt.Sprintf("bindings at the registrar, %v,", paths), len(paths), 1)
	}
}

// proxy is the next hop to a slot.
func (e *edge) proxy(slot string) *kamailio.Server {
	switch {
	case slot == "primary":
		return e.pair.Primary
	case e.direct():
		return e.pair.Registrar
	}
	return e.pair.Backup
}

// calls are one in each direction by the proxy of a slot, one of them hung up by the other side. Each keeps the path where it is.
func (e *edge) calls(slot string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		for _, c := range []struct {
			name   string
			call   func(*testing.T, *handset, *baresip) string
			hangUp func(*testing.T, string)
		}{{"out", e.h.callsBaresip, e.baresip.hangsUp}, {"in", e.baresip.calls, e.h.hangsUp}} {
			asked, through := len(e.h.trace(t, "")), ""
			e.whileTalking(t, e.h, e.baresip, c.call, func(_ *testing.T, id string) { through = e.h.call(t, id).Server }, c.hangUp)
			if e.primary == "tls" && e.name != "" && c.name == "in" {
				continue // a call in comes by all connections that there are (FB-11), and the first one is the call
			}
			want(t, "server of the call "+c.name, through, slot)
			for _, m := range e.h.trace(t, "")[asked:] {
				want(t, "far end of the "+m.what(), hostOf(m.Remote), e.proxy(slot).Addr.Addr().String())
				want(t, "slot of the "+m.what(), m.Slot, slot)
			}
		}
		e.at(t, slot)
	}
}

func hostOf(remote string) string {
	host, _, _ := strings.Cut(remote, ":")
	return host
}

// fails plays one way to fail through all that a phone does meanwhile.
func (e *edge) fails(t *testing.T, f failure) {
	e.failure = f
	all := []trial{
		{"BYE", e.byeFailover},
		{"calls by the backup", e.calls("backup")},
		{"failback", e.back},
		{"calls by the primary", e.calls("primary")},
		{"INVITE and failback in a call", e.inviteFailover},
		{"REGISTER", e.registerFailover},
	}
	if f.name == gone.name {
		all = slices.Insert(all, 0, trial{"restarted in a call", e.restarted})
	}
	if e.direct() {
		all = append(all, trial{"failback again", e.back})
	} else {
		all = append(all, trial{"backup fails in a call", e.backupFails}, trial{"both", e.both})
	}
	steps(t, all...)
}

func (e *edge) down(t *testing.T, slot string) {
	t.Helper()
	must(t, e.fail(t.Context(), e.proxy(slot)))
}

// restarted: the primary's proxy has been killed and started again in a call. The BYE reaches the other side.
func (e *edge) restarted(t *testing.T) {
	id := e.h.callsBaresip(t, e.h, e.baresip)
	e.h.sound(t, id, packets)
	reported := e.baresip.now()
	must(t, e.pair.Primary.Kill())
	must(t, e.pair.Primary.Restore(t.Context()))
	took := e.hangsUp(t, id, reported)
	e.measured(t, "restarted: hung up, the other knows", took)
	between(t, "the other phone heard of the end", took, 0, late)
	since := e.h.now(t)
	e.h.do(t, "POST", "/lines/1/register", nil, nil) // a line whose Contact was its connection has moved (CL-04)
	e.h.untilPhase(t, since, "on_primary")
	e.calls("primary")(t)
}

// late is how much later than expected a request is served by the other proxy at most.
const late = atOnce + 2*allowance

// byeFailover: the primary's proxy fails in a call, and the BYE reaches the other side by the backup's (FO-36, OP-05).
func (e *edge) byeFailover(t *testing.T) {
	id := e.h.callsBaresip(t, e.h, e.baresip)
	e.h.sound(t, id, packets)
	since, reported := e.h.now(t), e.baresip.now()
	e.down(t, "primary")
	took := e.hangsUp(t, id, reported)
	e.measured(t, e.name+": hung up, the other knows", took)
	after := e.expects(e.way, "BYE").after
	between(t, "the other phone heard of the end", took, after, after+late)
	e.h.untilPhase(t, since, "on_backup")
	e.at(t, "backup")
}

// hangsUp hangs up and returns how long it took until baresip had the BYE.
func (e *edge) hangsUp(t *testing.T, id string, reported int) time.Duration {
	t.Helper()
	began := time.Now()
	e.h.hangsUp(t, id)
	e.baresip.until(t, reported, "CALL_CLOSED")
	return time.Since(began)
}

// back: the primary's proxy serves again, and the probe finds it (FB-04).
func (e *edge) back(t *testing.T) {
	t.Helper()
	since, began := e.h.now(t), time.Now()
	must(t, e.pair.Primary.Restore(t.Context()))
	restored := time.Since(began)
	f := e.h.untilType(t, since, patience, "failback")
	e.measured(t, e.name+": back on the primary", f.Time.Sub(began))
	between(t, "came back", f.Time.Sub(began), 0, restored+interval+4*time.Second)
	e.at(t, "primary")
}

// inviteFailover: a call that fails over goes on by the backup's proxy when the line has gone back, and ends there (FO-24, FB-04, OP-05).
func (e *edge) inviteFailover(t *testing.T) {
	since, reported := e.h.now(t), e.baresip.now()
	e.down(t, "primary")
	id := e.h.callsBaresip(t, e.h, e.baresip)
	took := e.h.untilCall(t, since, "talking").after(e.h.untilCall(t, since, "calling"))
	e.measured(t, e.name+": called, talking", took)
	after := e.expects(e.way, "INVITE").after
	between(t, "talking", took, after, after+late)
	want(t, "server of the call", e.h.call(t, id).Server, "backup")
	e.at(t, "backup")
	e.back(t)
	e.h.sound(t, id, packets)
	want(t, "server of the call", e.h.call(t, id).Server, "backup")
	asked := len(e.h.trace(t, ""))
	e.hangsUp(t, id, reported)
	seen := e.h.trace(t, "")[asked:]
	want(t, "BYEs to the backup", len(sent(seen, "BYE", e.proxy("backup").Addr.Addr().String())), 1)
	want(t, "BYEs to the primary", len(sent(seen, "BYE", kamailio.PrimaryAddress)), 0)
	e.at(t, "primary")
}

// registerFailover: a line that does nothing moves with its REGISTER; the BYE of a call by the primary's proxy goes straight to the backup's
// then (FO-13, FO-41).
func (e *edge) registerFailover(t *testing.T) {
	id := e.h.callsBaresip(t, e.h, e.baresip)
	e.h.sound(t, id, packets)
	since, reported := e.h.now(t), e.baresip.now()
	e.down(t, "primary")
	e.h.do(t, "POST", "/lines/1/register", nil, nil)
	registered := e.h.untilPhase(t, since, "on_backup")
	began := e.h.until(t, since, patience, "REGISTER to the primary", func(v event) bool { return v.Type == "attempt_start" && v.Data.Slot == "primary" })
	e.measured(t, e.name+": registered by the backup", registered.after(began))
	after := e.expects(e.way, "BYE").after // as for a BYE there is a connection
	between(t, "registered", registered.after(began), after, after+late)
	e.at(t, "backup")
	took := e.hangsUp(t, id, reported)
	e.measured(t, e.name+": hung up on the backup, the other knows", took)
	between(t, "the other phone heard of the end", took, 0, late)
}

// backupFails: a call by the backup's proxy, which fails when the line has gone back (FO-42).
func (e *edge) backupFails(t *testing.T) {
	id := e.h.callsBaresip(t, e.h, e.baresip)
	e.h.sound(t, id, packets)
	want(t, "server of the call", e.h.call(t, id).Server, "backup")
	e.back(t)
	reported := e.baresip.now()
	e.down(t, "backup")
	took := e.hangsUp(t, id, reported)
	e.measured(t, e.name+": hung up by the dead backup, the other knows", took)
	after := e.expects(e.way, "BYE").after
	between(t, "the other phone heard of the end", took, after, after+late)
	e.calls("primary")(t)
}

// both: neither proxy serves, and the user hears of it in time (FO-02); then both are back, and so is the line.
func (e *edge) both(t *testing.T) {
	since := e.h.now(t)
	e.down(t, "primary")
	e.h.hook(t, "off")
	e.h.keys(t, e.baresip.number+"#")
	began := e.h.untilCall(t, since, "calling")
	ended := e.h.untilCall(t, since, "ended")
	e.measured(t, e.name+": both, the user knows", ended.after(began))
	after := time.Duration(0)
	if e.stage == lost {
		after = e.expects(e.way, "INVITE").after + e.full()
	}
	between(t, "the user knows", ended.after(began), after, after+late)
	want(t, "ended by", ended.Data.End.By, "phone")
	e.h.hook(t, "on")
	e.h.untilPhase(t, since, "all_failed")

	since = e.h.now(t)
	must(t, e.pair.Primary.Restore(t.Context()))
	must(t, e.pair.Backup.Restore(t.Context()))
	e.h.do(t, "POST", "/lines/1/register", nil, nil)
	e.h.untilPhase(t, since, "on_primary")
	e.calls("primary")(t)
}

// toProxies: requests and responses went to the proxies and nowhere else, with the Request-URI of a line without them, and a Route where the
// settings have one (OP-01, OP-04).
func (e *edge) toProxies(t *testing.T) {
	proxies := []string{kamailio.PrimaryAddress, e.proxy("backup").Addr.Addr().String()}
	for _, m := range e.h.trace(t, "") {
		if m.Direction != "sent" {
			continue
		}
		if !slices.Contains(proxies, hostOf(m.Remote)) {
			t.Errorf("%s went to %s", m.Start, m.Remote)
		}
		inDialog := strings.Contains(m.header("To"), ";tag=")
		if what := m.what(); what == "REGISTER" || what == "INVITE" && !inDialog {
			uri := "sip:" + kamailio.Domain
			if what == "INVITE" {
				uri = "sip:" + e.baresip.number + "@" + kamailio.Domain
			}
			want(t, "Request-URI", strings.Fields(m.Start)[1], uri)
			name := hostOf(m.Remote)
			if e.more["outbound_proxy_addr"] != nil {
				name = map[string]string{kamailio.PrimaryAddress: kamailio.PrimaryName, kamailio.BackupAddress: kamailio.BackupName}[name]
			}
			want(t, "the "+what+" has a Route with its proxy", strings.HasPrefix(m.header("Route"), "<sip:"+name), e.more["strict_proxy"] == false)
		}
	}
}
