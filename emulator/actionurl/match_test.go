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
	m := &matcher{calls: map[string]*known{}}
	call := func(state string, more data) data {
		d := data{"id": "1", "state": state, "direction": "outgoing", "remote": "1002", "server": "primary", "sip_call_id": "a@b"}
		for k, v := range more {
			d[k] = v
		}
		return d
	}
	incoming := data{"direction": "incoming", "remote": "1004", "sip_call_id": "c@d"}
	for _, c := range []struct {
		typ, call string
		data      any
		want      string
	}{
		{"line_state", "", data{"state": "trying", "active": "none", "phase": "try_primary", "from": "unregistered"}, ""},
		{"line_state", "", data{"state": "registered", "active": "primary", "phase": "on_primary", "from": "try_primary"}, "reg_on server=primary"},
		{"line_state", "", data{"state": "trying", "active": "none", "phase": "try_backup", "from": "on_primary", "cause": "no_response"}, "reg_off server=none cause=no_response"},
		{"failover", "", data{"from": "primary", "to": "backup", "trigger": "invite", "cause": "icmp"}, "failover server=backup cause=icmp"},
		{"line_state", "", data{"state": "registered", "active": "backup", "phase": "on_backup", "from": "try_backup"}, "reg_on server=backup"},
		{"probe_end", "", data{"result": "unavailable", "cause": "no_response"}, "probe_failed server=primary cause=no_response"},
		{"probe_end", "", data{"result": "aborted"}, ""},
		{"probe_end", "", data{"result": "recovered", "cause": "response", "code": 200}, "probe_recovered server=primary cause=response"},
		{"failback", "", data{"from": "backup", "to": "primary"}, "failback server=primary"},
		{"all_failed", "", data{"method": "REGISTER", "cause": "no_response", "elapsed_ms": 39500}, "all_failed cause=no_response elapsed_ms=39500"},
		{"line_state", "", data{"state": "timeout", "active": "none", "phase": "all_failed", "from": "on_backup"}, "reg_off server=none, reg_failed server=none"},
		{"phone", "", data{"state": "ringing"}, "phonestate_ringing"},
		{"phone", "", data{"state": "dialling"}, ""},
		{"hook", "", data{"state": "off", "source": "web"}, "offhook"},
		{"hook", "", data{"state": "on", "source": "web"}, "onhook"},
		{"ip_change", "", nil, "ip_change"},

		{"call", "1", call("calling", nil), "outgoing_call server=primary remote=1002 call_id=a@b"},
		{"call", "1", call("calling", data{"server": "backup"}), ""},
		{"call", "1", call("ringback", nil), ""},
		{"call", "1", call("talking", nil), "call_active server=primary remote=1002 call_id=a@b"},
		{"hold", "1", data{"by": "user", "on": true}, "hold_on server=primary remote=1002 call_id=a@b"},
		{"call", "1", call("held", nil), ""},
		{"hold", "1", data{"by": "peer", "on": true}, "held_on server=primary remote=1002 call_id=a@b"},
		{"hold", "1", data{"by": "user", "on": false}, "hold_off server=primary remote=1002 call_id=a@b"},
		{"hold", "1", data{"by": "peer", "on": false}, "held_off server=primary remote=1002 call_id=a@b"},
		{"call", "1", call("talking", nil), ""},
		{"mute", "1", data{"on": true}, "mute_on server=primary remote=1002 call_id=a@b"},
		{"transfer", "1", data{"state": "accepted", "to": "1003"}, ""},
		{"transfer", "1", data{"state": "succeeded", "to": "1003"}, "transfer server=primary remote=1002 call_id=a@b"},
		{"call", "1", call("ended", data{"end": data{"by": "user", "cause": "", "elapsed_ms": 12}}), "call_stop server=primary elapsed_ms=12 remote=1002 call_id=a@b"},
		{"call", "1", call("ended", nil), ""},

		{"call", "2", call("ringing", incoming), "incoming_call server=primary remote=1004 call_id=c@d"},
		{"call", "2", call("ended", data{"direction": "incoming", "remote": "1004", "sip_call_id": "c@d", "end": data{"by": "peer", "cause": "response"}}),
			"call_stop server=primary cause=response elapsed_ms=0 remote=1004 call_id=c@d, new_missed_call server=primary cause=response elapsed_ms=0 remote=1004 call_id=c@d"},
		{"call", "3", call("ringing", incoming), "incoming_call server=primary remote=1004 call_id=c@d"},
		{"call", "3", call("ended", data{"direction": "incoming", "remote": "1004", "sip_call_id": "c@d", "end": data{"by": "user", "cause": "response"}}),
			"call_stop server=primary cause=response elapsed_ms=0 remote=1004 call_id=c@d"},
		{"call", "9", call("ended", nil), ""},
		{"dropped", "", nil, ""},
	} {
		got := []string{}
		for _, h := range m.match(journal.Event{Type: c.typ, Line: 1, Call: c.call, Data: c.data}) {
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
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s %v\n got %s\nwant %s", c.typ, c.data, s, c.want)
		}
	}
	if len(m.calls) != 0 {
		t.Errorf("calls that are over are remembered: %v", m.calls)
	}
}

// RS-13: $display_remote is the name of the caller, or the number of one without a name.
func TestMatchName(t *testing.T) {
	for name, want := range map[string]string{"": "1005", "Alice": "Alice"} {
		m := &matcher{calls: map[string]*known{}}
		got := m.match(journal.Event{Type: "call", Call: "9", Data: data{"state": "ringing", "direction": "incoming", "remote": "1005", "remote_name": name}})
		if len(got) != 1 || got[0].values["display_remote"] != want || got[0].values["remote"] != "1005" {
			t.Errorf("%q: %+v", name, got)
		}
	}
}

// TestMatchStrange: an event that is none of the phone's own does nothing.
func TestMatchStrange(t *testing.T) {
	m := &matcher{calls: map[string]*known{}}
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
