package event

import (
	"reflect"
	"slices"
	"testing"
)

// rows are the types of events as scripts and pages know them, in the order of the lists: the word, the group, and whether the front panel has it.
var rows = []struct {
	data  Data
	word  string
	group Group
	panel bool
}{
	{Failover{}, "failover", "failover", true},
	{Failback{}, "failback", "failover", true},
	{FailbackTimer{}, "failback_timer", "failover", false},
	{ProbeStart{}, "probe_start", "failover", false},
	{ProbeEnd{}, "probe_end", "failover", true},
	{AllFailed{}, "all_failed", "failover", true},

	{LineState{}, "line_state", "line", true},
	{Registered{}, "registered", "line", false},
	{RegisterRejected{}, "register_rejected", "line", true},
	{Quarantine{}, "quarantine", "line", false},
	{AddressChange{}, "ip_change", "line", true},

	{AttemptStart{}, "attempt_start", "attempt", false},
	{Send{}, "send", "attempt", false},
	{Response{}, "response", "attempt", false},
	{ICMP{}, "icmp", "attempt", false},
	{AttemptEnd{}, "attempt_end", "attempt", true},
	{LookupFailed{}, "lookup_failed", "attempt", true},
	{ConnectionLost{}, "connection_lost", "attempt", true},
	{ChallengeRefused{}, "challenge_refused", "attempt", false},
	{LateResponse{}, "late_response", "attempt", false},
	{ByeLost{}, "bye_lost", "attempt", true},
	{Malformed{}, "malformed", "attempt", false},
	{Refused{}, "refused", "attempt", false},
	{ICMPIgnored{}, "icmp_ignored", "attempt", false},

	{Call{}, "call", "call", true},
	{Hold{}, "hold", "call", true},
	{HoldFailed{}, "hold_failed", "call", true},
	{Transfer{}, "transfer", "call", true},
	{Mute{}, "mute", "call", false},
	{Media{}, "media", "call", true},
	{DTMF{}, "dtmf", "call", true},

	{Phone{}, "phone", "board", false},
	{Hook{}, "hook", "board", true},
	{Key{}, "key", "board", false},
	{Lamp{}, "lamp", "board", false},
	{Ringer{}, "ringer", "board", false},
	{Fault{}, "fault", "board", true},

	{Settings{}, "settings", "settings", true},
	{Configuration{}, "configuration", "settings", true},
	{Login{}, "login", "settings", true},
	{Lab{}, "lab", "settings", true},
	{Lock{}, "lock", "settings", true},
	{ActionURL{}, "action_url", "settings", false},
	{Restart{}, "restart", "settings", true},

	{Dropped{}, "dropped", "", false},
}

// BE-07: the words, groups and rows of the front panel are a contract with scripts; each type says when it is recorded.
func TestTable(t *testing.T) {
	if len(All) != len(rows) {
		t.Fatalf("%d types, want %d", len(All), len(rows))
	}
	for i, want := range rows {
		got := All[i]
		if got.Type() != want.word || reflect.TypeOf(got.Zero) != reflect.TypeOf(want.data) || got.Group != want.group || got.Panel != want.panel {
			t.Errorf("%s %T %q panel %v, want %s %T %q panel %v", got.Type(), got.Zero, got.Group, got.Panel, want.word, want.data, want.group, want.panel)
		}
		if len(got.Doc) < len("a key went down or up") {
			t.Errorf("%s: doc %q", got.Type(), got.Doc)
		}
	}
}

// BE-07: the groups of the page in their order. The board's alone is not shown unless it is chosen: its events are too many.
func TestGroups(t *testing.T) {
	if want := []Group{"failover", "line", "attempt", "call", "board", "settings"}; !slices.Equal(Groups, want) {
		t.Errorf("groups %v, want %v", Groups, want)
	}
	for _, g := range []Group{"failover", "line", "attempt", "call", "settings", ""} {
		if !g.Shown() {
			t.Errorf("group %q is not shown", g)
		}
	}
	if Group("board").Shown() {
		t.Error("the board is shown")
	}
}

// BE-07: the fields of an object in the data are fields of the event, named after both.
func TestFields(t *testing.T) {
	call, _ := Lookup("call")
	want := []Field{
		{"id", ""}, {"state", "calling, ringback, ringing, talking, held or ended"}, {"direction", "outgoing or incoming"},
		{"remote", "number or address of the other side"}, {"remote_name", "the name that the other side gave"}, {"server", "primary, backup or none"},
		{"sip_call_id", ""}, {"end-by", ""}, {"end-cause", ""}, {"end-code", ""}, {"end-reason", ""}, {"end-elapsed_ms", ""},
	}
	if got := call.Fields(); !slices.Equal(got, want) {
		t.Errorf("a call has the fields\n%v, want\n%v", got, want)
	}
}
