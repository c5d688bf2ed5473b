package line

import (
	"slices"
	"testing"
)

// unrelated are the settings that have no part in whether a server accepts a REGISTER.
var unrelated = []string{
	"outbound_proxy_need_reg", "backup_outbound_proxy_need_reg", "enable_failback", "failback_interval", "request_failover_codes", "verify_500",
	"in_dialog_failover", "failback_idle_only", "failback_success_count", "failback_unregister_backup", "failback_probe", "options_keepalive",
	"udp_update_ttl", "options_fail_count", "invite_retry_counts", "invite_failover_register", "signal_registered_only", "wraparound",
	"failover_symmetric", "accept_from", "failover_jitter_ms", "failback_jitter_ms",
}

// UX-04: each setting of a line either starts the registration procedure where all servers have failed, or is known to have no part in it.
func TestEverySettingMayRemedy(t *testing.T) {
	for _, d := range Table {
		t.Run(d.Name, func(t *testing.T) {
			m := New(1, testSettings(t))
			m.Step(0, Start{})
			m.Step(0, Failed{Tx: 1, Cause: CauseTLS})
			m.Step(0, Failed{Tx: 2, Cause: CauseTLS})
			if m.phase != AllFailed {
				t.Fatalf("the line is in %s", m.phase)
			}
			m.Step(0, Reconfigured{differing(t, m.Settings(), d)})
			want := !slices.Contains(unrelated, d.Name) && d.Name != "enabled"
			if m.procedure.running != want {
				t.Errorf("the procedure runs: %v, want %v", m.procedure.running, want)
			}
		})
	}
}

// differing returns the settings with another valid value of one of them.
func differing(t *testing.T, s Settings, d Setting) Settings {
	t.Helper()
	for _, text := range []string{"0", "1", "2", "1000", "4001", "6000", "7", "192.0.2.99", "503,504", "/etc/ssl/lab.pem", "tcp", "attempts", "period", "rfc5626", "rewrite", "options", "anyone"} {
		next := s
		if d.SetText(&next, text) == nil && next != s && next.Validate() == nil {
			return next
		}
	}
	t.Fatalf("no other value of %s", d.Name)
	return s
}
