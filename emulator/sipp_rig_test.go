//go:build rig

package main_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hil/kamailio"
)

// A stranger is a primary that SIPp plays. The backup is Kamailio's.
type stranger struct {
	name     string
	scenario string
	args     []string
	more     settings
	phase    string // where the line ends up
	primary  string // the messages exchanged with the primary until then
	silent   bool
	then     func(t *testing.T, h *handset, sipp *process)
}

// atBackup are the messages of a registration at the backup.
const atBackup = "REGISTER 401 REGISTER 200"

var strangers = []stranger{
	{"401", "challenge.xml", []string{"-m", "1"}, nil, "on_primary", "REGISTER 401 REGISTER 200", false, unregisters},
	{"423", "interval.xml", []string{"-m", "1"}, nil, "on_primary", "REGISTER 423 REGISTER 200", false, asksLessOften},
	{"500", "500.xml", nil, settings{"failback_interval": 1}, "on_backup", "REGISTER 500", false, probesInVain},
	{"503", "503.xml", nil, settings{"failback_interval": 1}, "on_backup", "REGISTER 503", false, probesInVain},
	{"503 Retry-After", "503_retry_after.xml", nil, settings{"failback_interval": 1}, "on_backup", "REGISTER 503", false, leavesAlone},
	{"gone after 200", "once.xml", []string{"-m", "1"}, settings{"register_ttl": 10}, "on_backup", "REGISTER 200 REGISTER", false, nil},
	{"mute after 200", "mute.xml", nil, settings{"register_ttl": 10}, "on_backup", "REGISTER 200 REGISTER REGISTER REGISTER REGISTER", true, nil},
}

// sipp: primaries that do what no real server does when it is asked to. All are in one network, each with a phone of its own.
func (r *rig) sipp(t *testing.T) {
	pair := r.pair(t)
	var trials []trial
	for i, s := range strangers {
		trials = append(trials, trial{s.name, func(t *testing.T) { r.stranger(t, pair, s, i) }})
	}
	together(t, trials)
}

func (r *rig) stranger(t *testing.T, pair *kamailio.Pair, s stranger, i int) {
	address, number := fmt.Sprintf("127.0.1.%d", i+1), fmt.Sprintf("%d", 1001+i)
	sipp := launch(t, pair, "sipp "+s.name, "sipp", append([]string{"-sf", filepath.Join("testdata", "sipp", s.scenario),
		"-i", address, "-p", "5060", "-nostdin", "-deadcall_wait", "0", "-timeout", "90s"}, s.args...)...)
	sipp.listens(t, netip.MustParseAddrPort(address+":5060"))
	h := newHandset(t, pair, r.binary, number)
	since := h.now(t)
	h.set(t, account(number).with(settings{"register_addr": address}).with(s.more))
	began := h.untilPhase(t, since, "try_primary")
	reached := h.until(t, since, patience+budget, "line in phase "+s.phase, func(e event) bool { return e.Data.Phase == s.phase })

	trace := h.trace(t, "")
	want(t, "messages with the primary", exchanged(trace, address), s.primary)
	got := h.status(t)
	want(t, "state", got.State, "registered")
	switch s.phase {
	case "on_primary":
		want(t, "messages with the backup", exchanged(trace, kamailio.BackupAddress), "")
		want(t, "active server", got.Active, "primary")
		want(t, "last result", got.Servers.Primary.LastResult, "200")
		r.measured(t, "registered", reached.after(began))
		between(t, "registered", reached.after(began), 0, allowance)
	default:
		want(t, "messages with the backup", exchanged(trace, kamailio.BackupAddress), atBackup)
		want(t, "active server", got.Active, "backup")
		if got.LastFailover == nil {
			t.Fatal("the status tells of no failover")
		}
		took := time.Duration(got.LastFailover.ElapsedMS * float64(time.Millisecond))
		r.measured(t, "failover", took)
		fault{silent: s.silent}.within(t, "failover", took)
	}
	if s.then != nil {
		s.then(t, h, sipp)
	}
}

// exchanged are the methods and answers exchanged with a server.
func exchanged(trace []message, server string) string {
	var all []string
	for _, m := range trace {
		if strings.HasPrefix(m.Remote, server+":") {
			all = append(all, m.what())
		}
	}
	return strings.Join(all, " ")
}

// unregisters: the phone is switched off, and the registrar, which has checked its digest, is told.
func unregisters(t *testing.T, h *handset, sipp *process) {
	h.switchOff(t)
	want(t, "exit code of sipp", sipp.exit(t, patience), 0)
}

// asksLessOften: the phone has asked for what the registrar wanted, and goes by it.
func asksLessOften(t *testing.T, h *handset, sipp *process) {
	want(t, "exit code of sipp", sipp.exit(t, patience), 0)
	var asked []string
	for _, m := range h.trace(t, "") {
		if m.Direction == "sent" {
			asked = append(asked, m.header("Expires"))
		}
	}
	want(t, "expiry asked for", strings.Join(asked, " "), "3600 7200")
	until := h.status(t).Servers.Primary.RegisteredUntil
	if until == nil {
		t.Fatal("the status tells of no registration")
	}
	between(t, "end of the registration", time.Until(*until), 7200*time.Second-patience, 7200*time.Second)
}

// probesInVain: the registrar refuses the probes as well.
func probesInVain(t *testing.T, h *handset, _ *process) {
	end := h.untilType(t, 0, patience, "probe_end")
	want(t, "result of the probe", end.Data.Result, "unavailable")
	got := h.status(t)
	want(t, "active server", got.Active, "backup")
	want(t, "last cause", got.Servers.Primary.LastCause, "response")
}

// leavesAlone: a registrar that names a time is not asked before.
func leavesAlone(t *testing.T, h *handset, _ *process) {
	got := h.status(t)
	until := got.Servers.Primary.QuarantinedUntil
	if until == nil {
		t.Fatal("the status tells of no quarantine")
	}
	between(t, "end of the quarantine", time.Until(*until), 120*time.Second-patience, 120*time.Second)
	// Three intervals pass without a probe.
	probe := func(e event) bool { return e.Type == "probe_start" }
	if since := h.now(t); slices.ContainsFunc(h.events(t, since, "&type=probe_start&wait_s=3"), probe) {
		t.Error("the registrar was probed before its time")
	}
	next := h.status(t).Failback.NextProbeS
	if next == nil || *next < 100 {
		t.Errorf("next probe: got %v, want it at the end of the quarantine", next)
	}
}
