package actionurl

import (
	"cmp"
	"strconv"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
)

// kinds are the types of events that something is told for.
var kinds = event.Names(event.LineState{}, event.Failover{}, event.Failback{}, event.AllFailed{}, event.ProbeEnd{}, event.Phone{}, event.Hook{},
	event.Call{}, event.Hold{}, event.Transfer{}, event.Mute{}, event.AddressChange{})

// matcher tells from one event after the other what has happened to the phone, by the names of device.Actions. It remembers the calls that are
// not over.
type matcher struct {
	calls map[string]*known
	// since is when a state began, on the clock of MonoUS: of each line whether it is registered, of the phone, of the hook.
	since map[string]int64
}

func newMatcher() *matcher { return &matcher{calls: map[string]*known{}, since: map[string]int64{}} }

// elapsed returns how many milliseconds the state before has lasted, and begins another one.
func (m *matcher) elapsed(state string, e journal.Event) string {
	began, known := m.since[state]
	m.since[state] = e.MonoUS
	if !known {
		began = e.MonoUS
	}
	return since(began, e)
}

// since is the time from an instant on the clock of MonoUS to an event, in milliseconds: 0 where the event came from elsewhere and is earlier.
func since(began int64, e journal.Event) string { return milliseconds(max(e.MonoUS-began, 0) / 1000) }

func milliseconds(ms int64) string { return strconv.FormatInt(ms, 10) }

// known is what was told of a call.
type known struct {
	event.Call
	answered bool
	began    int64 // MonoUS
}

// happening is something that has happened, and the values of the variables that the event itself knows.
type happening struct {
	action string
	line   int
	values map[string]string
}

// match returns what an event means, in order; mostly nothing.
func (m *matcher) match(e journal.Event) []happening {
	data, err := e.Typed()
	if err != nil {
		return nil
	}
	v := map[string]string{"line": "", "server": "", "cause": "", "elapsed_ms": ""}
	if e.Line > 0 {
		v["line"] = strconv.Itoa(e.Line)
	}
	names := m.named(e, data, v)
	m.inCall(e, v, data)
	happened := make([]happening, len(names))
	for i, name := range names {
		happened[i] = happening{name, e.Line, v}
	}
	return happened
}

// named returns the names of what an event means, and adds the values that it has.
func (m *matcher) named(e journal.Event, data event.Data, v map[string]string) []string {
	switch d := data.(type) {
	case event.LineState:
		v["server"], v["cause"] = d.Active, d.Cause
		names := lineChanged(d)
		if len(names) > 0 || d.From == "unregistered" || d.From == "all_failed" {
			v["elapsed_ms"] = m.elapsed("line "+v["line"], e)
		}
		return names
	case event.Failover:
		v["server"], v["cause"], v["elapsed_ms"] = d.To, d.Cause, milliseconds(d.Elapsed)
		return []string{e.Type}
	case event.Failback:
		v["server"], v["cause"], v["elapsed_ms"] = d.To, "response", milliseconds(d.Elapsed) // of the primary to the probe
		return []string{e.Type}
	case event.AllFailed:
		v["server"], v["cause"], v["elapsed_ms"] = "none", d.Cause, milliseconds(d.Elapsed)
		return []string{e.Type}
	case event.AddressChange:
		return []string{e.Type}
	case event.ProbeEnd:
		v["server"], v["cause"], v["elapsed_ms"] = "primary", d.Cause, milliseconds(d.Elapsed)
		return probed(d)
	case event.Phone:
		v["elapsed_ms"] = m.elapsed(e.Type, e)
		if d.State == "idle" || d.State == "talking" || d.State == "ringing" {
			return []string{"phonestate_" + d.State}
		}
	case event.Hook:
		v["elapsed_ms"] = m.elapsed(e.Type, e)
		if d.State == "on" || d.State == "off" {
			return []string{d.State + "hook"}
		}
	case event.Call:
		return m.called(e, d)
	case event.Hold:
		if d.By == "peer" {
			return []string{onOff("held", d.On)}
		}
		return []string{onOff("hold", d.On)}
	case event.Mute:
		return []string{onOff("mute", d.On)}
	case event.Transfer:
		v["cause"] = d.Cause
		if d.State == "succeeded" {
			return []string{"transfer"}
		}
	}
	return nil
}

func onOff(name string, on bool) string {
	if on {
		return name + "_on"
	}
	return name + "_off"
}

// lineChanged: a line that leaves a server is no longer registered, until another takes it.
func lineChanged(d event.LineState) []string {
	was := d.From == "on_primary" || d.From == "on_backup"
	is := d.Phase == "on_primary" || d.Phase == "on_backup"
	var names []string
	if was && !is {
		names = append(names, "reg_off")
	}
	if is {
		names = append(names, "reg_on")
	}
	if d.Phase == "all_failed" {
		names = append(names, "reg_failed")
	}
	return names
}

func probed(d event.ProbeEnd) []string {
	switch d.Result {
	case "recovered":
		return []string{"probe_recovered"}
	case "unavailable", "rejected":
		return []string{"probe_failed"}
	}
	return nil
}

// called follows a call. What is reported twice, as the INVITE that goes to a second server, is told once.
func (m *matcher) called(e journal.Event, d event.Call) []string {
	id := e.Call
	k := m.calls[id]
	first := k == nil
	if first {
		if d.State == "ended" {
			return nil // it began before we listened
		}
		k = &known{began: e.MonoUS}
		m.calls[id] = k
	}
	k.Call = d
	switch {
	case d.State == "ended":
		names := []string{"call_stop"}
		if d.Direction == "incoming" && !k.answered && d.End != nil && d.End.By != "user" {
			names = append(names, "new_missed_call")
		}
		return names
	case d.State == "talking" && !k.answered:
		k.answered = true
		return []string{"call_active"}
	case first && d.Direction == "incoming":
		return []string{"incoming_call"}
	case first:
		return []string{"outgoing_call"}
	}
	return nil
}

// inCall adds what is known of the call that an event belongs to.
func (m *matcher) inCall(e journal.Event, v map[string]string, data event.Data) {
	k := m.calls[e.Call]
	if k == nil {
		return
	}
	v["remote"], v["display_remote"], v["call_id"] = k.Remote, cmp.Or(k.RemoteName, k.Remote), k.SIPCallID
	if v["server"] == "" {
		v["server"] = k.Server
	}
	v["elapsed_ms"] = since(k.began, e)
	if d, ok := data.(event.Call); ok && d.State == "ended" {
		if d.End != nil {
			v["cause"], v["elapsed_ms"] = d.End.Cause, milliseconds(d.End.Elapsed)
		}
		delete(m.calls, e.Call)
	}
}
