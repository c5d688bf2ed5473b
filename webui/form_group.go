package webui

import (
	"slices"

	"hilphone/sip/line"
)

// formGroup is a part of the advanced settings with a heading of its own.
type formGroup struct {
	Name   string
	Fields []formField
}

// advancedGroup names the settings of a group in their order.
type advancedGroup struct {
	word  string
	names []string
}

// advancedGroups orders the advanced settings as one looks for them. A setting that no group names stands at the end of the last.
var advancedGroups = []advancedGroup{
	{"group.failover", []string{"failover_mode", "failover_period_ms", "signal_retry_semantics", "invite_retry_counts", "invite_failover_register", "in_dialog_failover",
		"wraparound", "failover_symmetric", "signal_registered_only", "failover_jitter_ms"}},
	{"group.unavailable", []string{"register_failover_codes", "request_failover_codes", "verify_500", "icmp_failover", "icmp_admin_prohibited", "honor_retry_after"}},
	{"group.failback", []string{"failback_probe", "failback_success_count", "failback_idle_only", "failback_unregister_backup", "failback_jitter_ms"}},
	{"group.keepalive", []string{"options_keepalive", "udp_update_ttl", "options_fail_count"}},
	{"group.timers", []string{"t1_ms", "t2_ms", "t4_ms", "reg_fail_interval", "reg_backoff", "tcp_use_retry_timer"}},
	{"group.network", []string{"dns_srv", "dns_expand", "strict_proxy", "accept_from", "tls_ca_file"}},
}

// grouped puts the advanced settings in their groups.
func grouped(l language, fields []formField) []formGroup {
	last := len(advancedGroups) - 1
	place := func(f formField) int {
		i := slices.IndexFunc(advancedGroups[:last], func(g advancedGroup) bool { return slices.Contains(g.names, f.Name) })
		if i < 0 {
			return last
		}
		return i
	}
	groups := make([]formGroup, len(advancedGroups))
	for i, g := range advancedGroups {
		groups[i].Name = l.say(g.word)
	}
	for _, f := range fields {
		i := place(f)
		groups[i].Fields = append(groups[i].Fields, f)
	}
	for i, g := range groups {
		groups[i].Fields = leading(g.Fields, advancedGroups[i].names...)
	}
	return groups
}

// place puts a field where its setting stands on the page. A part that is folded is opened for what needs to be seen.
func (d *lineFormData) place(page line.Page, field formField) {
	noteworthy := field.Error != "" || field.Typed()
	switch page {
	case line.Registration:
		d.Registration = append(d.Registration, field)
	case line.Server1:
		d.Server1 = append(d.Server1, field)
	case line.Server2:
		d.Server2 = append(d.Server2, field)
	case line.BasicSettings:
		d.Basic = append(d.Basic, field)
		d.OpenBasic = d.OpenBasic || noteworthy
	case line.Advanced:
		d.advanced = append(d.advanced, field)
		d.OpenAdvanced = d.OpenAdvanced || noteworthy
	}
}
