//go:build rig

package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hil/kamailio"
)

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

// restarted: the primary's proxy has been killed and started again in a call. The BYE reaches the other side, and a line whose connection has ended
// moves by itself, so that calls reach it (OP-12).
func (e *edge) restarted(t *testing.T) {
	id := e.h.callsBaresip(t, e.h, e.baresip)
	e.h.sound(t, id, packets)
	since, reported := e.h.now(t), e.baresip.now()
	must(t, e.pair.Primary.Kill())
	must(t, e.pair.Primary.Restore(t.Context()))
	took := e.hangsUp(t, id, reported)
	e.measured(t, "restarted: hung up, the other knows", took)
	between(t, "the other phone heard of the end", took, 0, late)
	if e.primary != "udp" {
		e.h.untilPhase(t, since, "on_primary") // at once, or from the backup
	}
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
