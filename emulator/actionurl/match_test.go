package actionurl

import (
	"strings"
	"testing"

	"hilphone/db/device"
	"hilphone/db/journal"
)

// data is what an event carries.
type data map[string]any

// TestMatch walks through what a phone does, event by event.
func TestMatch(t *testing.T) {
	m := newMatcher()
	filled := map[string]string{}
	call := func(state string, more data) data {
		d := data{"id": "1", "state": state, "direction": "outgoing", "remote": "1002", "server": "primary", "sip_call_id": "a@b"}
		for k, v := range more {
			d[k] = v
		}
		return d
	}
	incoming := data{"direction": "incoming", "remote": "1004", "sip_call_id": "c@d"}
	for i, c := range []struct {
		typ, call string
		data      any
		want      string
	}{
		{"line_state", "", data{"state": "trying", "active": "none", "phase": "try_primary", "from": "unregistered"}, ""},
		{"line_state", "", data{"state": "registered", "active": "primary", "phase": "on_primary", "from": "try_primary"}, "reg_on server=primary elapsed_ms=1500"},
		{"line_state", "", data{"state": "trying", "active": "none", "phase": "try_backup", "from": "on_primary", "cause": "no_response"}, "reg_off server=none cause=no_response elapsed_ms=1500"},
		{"failover", "", data{"from": "primary", "to": "backup", "trigger": "invite", "cause": "icmp", "elapsed_ms": 7502}, "failover server=backup cause=icmp elapsed_ms=7502"},
		{"line_state", "", data{"state": "registered", "active": "backup", "phase": "on_backup", "from": "try_backup"}, "reg_on server=backup elapsed_ms=3000"},
		{"probe_end", "", data{"result": "unavailable", "cause": "no_response", "elapsed_ms": 32000}, "probe_failed server=primary cause=no_response elapsed_ms=32000"},
		{"probe_end", "", data{"result": "aborted"}, ""},
		{"probe_end", "", data{"result": "recovered", "cause": "response", "code": 200, "elapsed_ms": 4}, "probe_recovered server=primary cause=response elapsed_ms=4"},
		{"failback", "", data{"from": "backup", "to": "primary", "elapsed_ms": 3}, "failback server=primary cause=response elapsed_ms=3"},
		{"all_failed", "", data{"method": "REGISTER", "cause": "no_response", "elapsed_ms": 39500}, "all_failed server=none cause=no_response elapsed_ms=39500"},
		{"line_state", "", data{"state": "timeout", "active": "none", "phase": "all_failed", "from": "on_backup", "cause": "no_response"}, "reg_off server=none cause=no_response elapsed_ms=9000, reg_failed server=none cause=no_response elapsed_ms=9000"},
		{"line_state", "", data{"state": "trying", "active": "none", "phase": "try_primary", "from": "all_failed"}, ""},
		{"line_state", "", data{"state": "registered", "active": "primary", "phase": "on_primary", "from": "try_primary"}, "reg_on server=primary elapsed_ms=1500"},
		{"phone", "", data{"state": "ringing"}, "phonestate_ringing elapsed_ms=0"},
		{"phone", "", data{"state": "talking"}, "phonestate_talking elapsed_ms=1500"},
		{"phone", "", data{"state": "idle"}, "phonestate_idle elapsed_ms=1500"},
		{"phone", "", data{"state": "dialling"}, ""},
		{"hook", "", data{"state": "off", "source": "web"}, "offhook elapsed_ms=0"},
		{"hook", "", data{"state": "on", "source": "web"}, "onhook elapsed_ms=1500"},
		{"ip_change", "", nil, "ip_change"},

		{"call", "1", call("calling", nil), "outgoing_call server=primary elapsed_ms=0 remote=1002 call_id=a@b"},
		{"call", "1", call("calling", data{"server": "backup"}), ""},
		{"call", "1", call("ringback", nil), ""},
		{"call", "1", call("talking", nil), "call_active server=primary elapsed_ms=4500 remote=1002 call_id=a@b"},
		{"hold", "1", data{"by": "user", "on": true}, "hold_on server=primary elapsed_ms=6000 remote=1002 call_id=a@b"},
		{"call", "1", call("held", nil), ""},
		{"hold", "1", data{"by": "peer", "on": true}, "held_on server=primary elapsed_ms=9000 remote=1002 call_id=a@b"},
		{"hold", "1", data{"by": "user", "on": false}, "hold_off server=primary elapsed_ms=10500 remote=1002 call_id=a@b"},
		{"hold", "1", data{"by": "peer", "on": false}, "held_off server=primary elapsed_ms=12000 remote=1002 call_id=a@b"},
		{"call", "1", call("talking", nil), ""},
		{"mute", "1", data{"on": false}, "mute_off server=primary elapsed_ms=15000 remote=1002 call_id=a@b"},
		{"mute", "1", data{"on": true}, "mute_on server=primary elapsed_ms=16500 remote=1002 call_id=a@b"},
		{"transfer", "1", data{"state": "accepted", "to": "1003"}, ""},
		{"transfer", "1", data{"state": "succeeded", "to": "1003"}, "transfer server=primary elapsed_ms=19500 remote=1002 call_id=a@b"},
		{"call", "1", call("ended", data{"end": data{"by": "user", "cause": "", "elapsed_ms": 12}}), "call_stop server=primary elapsed_ms=12 remote=1002 call_id=a@b"},
		{"call", "1", call("ended", nil), ""},

		{"call", "2", call("ringing", incoming), "incoming_call server=primary elapsed_ms=0 remote=1004 call_id=c@d"},
		{"call", "2", call("ended", data{"direction": "incoming", "remote": "1004", "sip_call_id": "c@d", "end": data{"by": "peer", "cause": "response"}}),
			"call_stop server=primary cause=response elapsed_ms=0 remote=1004 call_id=c@d, new_missed_call server=primary cause=response elapsed_ms=0 remote=1004 call_id=c@d"},
		{"call", "3", call("ringing", incoming), "incoming_call server=primary elapsed_ms=0 remote=1004 call_id=c@d"},
		{"call", "3", call("ended", data{"direction": "incoming", "remote": "1004", "sip_call_id": "c@d", "end": data{"by": "user", "cause": "response"}}),
			"call_stop server=primary cause=response elapsed_ms=0 remote=1004 call_id=c@d"},
		{"call", "9", call("ended", nil), ""},
		{"dropped", "", nil, ""},
	} {
		got := []string{}
		for _, h := range m.match(journal.Event{Type: c.typ, Line: 1, Call: c.call, Data: c.data, MonoUS: int64(i) * 1_500_000}) {
			s := h.action
			for _, name := range []string{"server", "cause", "elapsed_ms", "remote", "call_id"} {
				if v := h.values[name]; v != "" {
					s += " " + name + "=" + v
				}
			}
			if h.line != 1 || h.values["line"] != "1" {
				t.Errorf("%s is of line %d, %q", h.action, h.line, h.values["line"])
			}
			if _, ok := device.ActionNamed(h.action); !ok {
				t.Errorf("%s is no action", h.action)
			}
			got = append(got, s)
			var has []string
			for _, name := range device.Variables {
				if h.values[name] != "" {
					has = append(has, name)
				}
			}
			filled[h.action] = strings.Join(has, " ")
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s %v\n got %s\nwant %s", c.typ, c.data, s, c.want)
		}
	}
	if len(m.calls) != 0 {
		t.Errorf("calls that are over are remembered: %v", m.calls)
	}
	// UX-22: each variable in each event: what can be known is there. The others are of the phone and of the line.
	const (
		ofLine = "line server cause elapsed_ms"
		ofCall = "remote display_remote call_id line server elapsed_ms"
	)
	want := map[string]string{
		"reg_on": "line server elapsed_ms", "reg_off": ofLine, "reg_failed": ofLine, "failover": ofLine, "failback": ofLine, "all_failed": ofLine, "probe_recovered": ofLine, "probe_failed": ofLine,
		"ip_change": "line", "phonestate_idle": "line elapsed_ms", "phonestate_talking": "line elapsed_ms", "phonestate_ringing": "line elapsed_ms", "onhook": "line elapsed_ms", "offhook": "line elapsed_ms",
		"incoming_call": ofCall, "outgoing_call": ofCall, "call_active": ofCall, "call_stop": "remote display_remote call_id line server cause elapsed_ms",
		"new_missed_call": "remote display_remote call_id line server cause elapsed_ms", "hold_on": ofCall, "hold_off": ofCall, "held_on": ofCall, "held_off": ofCall,
		"transfer": ofCall, "mute_on": ofCall, "mute_off": ofCall,
	}
	for _, a := range device.Actions {
		if a.Name != "boot_completed" && filled[a.Name] != want[a.Name] { // that one is of the phone alone
			t.Errorf("%s fills %q, want %q", a.Name, filled[a.Name], want[a.Name])
		}
	}
}

// RS-13: $display_remote is the name of the caller, or the number of one without a name.
func TestMatchName(t *testing.T) {
	for name, want := range map[string]string{"": "1005", "Alice": "Alice"} {
		m := newMatcher()
		got := m.match(journal.Event{Type: "call", Call: "9", Data: data{"state": "ringing", "direction": "incoming", "remote": "1005", "remote_name": name}})
		if len(got) != 1 || got[0].values["display_remote"] != want || got[0].values["remote"] != "1005" {
			t.Errorf("%q: %+v", name, got)
		}
	}
}

// TestMatchStrange: an event that is none of the phone's own does nothing.
func TestMatchStrange(t *testing.T) {
	m := newMatcher()
	for _, d := range []any{nil, 1, "x", []int{1}, data{"state": 1}, data{"on": "x"}, func() {}} {
		for _, typ := range kinds {
			for _, h := range m.match(journal.Event{Type: typ, Data: d}) {
				if _, ok := device.ActionNamed(h.action); !ok {
					t.Errorf("%s %v: %s", typ, d, h.action)
				}
			}
		}
	}
}
