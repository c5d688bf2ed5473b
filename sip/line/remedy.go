package line

import "slices"

// reaching are the settings, beside those of identity, that decide whether a server is asked, found, reached and trusted.
var reaching = []string{"tls_ca_file", "dns_srv", "dns_expand", "strict_proxy", "honor_retry_after"}

// registering are the settings that decide besides whether a server accepts a REGISTER, and how long its response is waited for.
var registering = []string{
	"display_name", "register_ttl", "backup_ttl", "signal_retry_counts", "signal_retry_semantics", "failover_mode", "failover_period_ms",
	"t1_ms", "t2_ms", "t4_ms", "tcp_use_retry_timer", "register_failover_codes", "icmp_failover", "icmp_admin_prohibited",
	"reg_fail_interval", "reg_backoff",
}

// remedy acts on changed settings that may be the remedy for a server that is unavailable: the server is asked now, not when the timer
// of the last failure expires (UX-04). A line that is registered with its primary, or was taken off its servers, has nothing to remedy.
func (m *Machine) remedy(changed []string) {
	among := func(names []string) bool {
		return slices.ContainsFunc(changed, func(name string) bool { return slices.Contains(names, name) })
	}
	if !m.settings.HonorRetryAfter {
		m.servers[Primary].quarantined, m.servers[Backup].quarantined = 0, 0
	}
	reach := among(reaching)
	switch {
	case m.down || !m.settings.Usable():
	case m.phase == AllFailed && (reach || among(registering)):
		m.startProcedure("settings", REGISTER)
	case !reach:
	case m.procedure.running && m.active == None:
		m.restartProcedure("settings")
	case m.phase == OnBackup:
		m.probeNow()
	}
}

// restartProcedure begins the registration procedure again at the first server. A REGISTER under way was sent with what has changed: it is
// given up, not joined. What waits for the procedure goes on waiting.
func (m *Machine) restartProcedure(trigger string) {
	m.abort(m.procedure.tx)
	waiters := m.procedure.waiters
	m.procedure = procedure{}
	m.stopFailback("aborted")
	m.stop(Jitter)
	m.stop(LookUp)
	m.begin(trigger)
	if m.procedure.running {
		if m.procedure.slot == Backup {
			waiters = m.verified(waiters) // the primary is in quarantine
		}
		m.procedure.waiters = waiters
		return
	}
	for _, w := range waiters { // every server is in quarantine
		m.waitFailed(w, outcome{cause: m.primaryCause()})
	}
}

// probeNow ends the wait for the next probe of the primary. A probe under way is given up for one with the new settings; one that has
// succeeded and waits for the switch stays (FB-14, FB-15).
func (m *Machine) probeNow() {
	f := &m.failback
	if !failbackOn(m.settings) || f.held != nil || f.due == 0 && f.tx == 0 {
		return
	}
	if f.tx != 0 {
		m.stopFailback("aborted")
	}
	m.setProbe(m.now)
}
