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
				if strings.HasSuffix(m.header("CSeq"), " REGISTER") {
					continue // a probe of the primary, which may come while the backup has the call
				}
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
