package actionurl

import (
	"encoding/json"
	"strconv"

	"hilphone/db/journal"
)

// kinds are the types of events that something is told for.
var kinds = []string{
	"line_state", "failover", "failback", "all_failed", "probe_end", "phone", "hook", "call", "hold", "transfer", "mute", "ip_change",
}

// fact is what an event says, of whatever type.
type fact struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	From      any    `json:"from"` // a server, or the phase of a line
	To        string `json:"to"`
	Phase     string `json:"phase"`
	Active    string `json:"active"`
	Cause     string `json:"cause"`
	Result    string `json:"result"`
	Direction string `json:"direction"`
	Remote    string `json:"remote"`
	Server    string `json:"server"`
	SIPCallID string `json:"sip_call_id"`
	By        string `json:"by"`
	On        bool   `json:"on"`
	Elapsed   *int64 `json:"elapsed_ms"`
	End       *struct {
		By      string `json:"by"`
		Cause   string `json:"cause"`
		Elapsed int64  `json:"elapsed_ms"`
	} `json:"end"`
}

// matcher tells from one event after the other what has happened to the phone, by the names of device.Actions. It remembers the calls that are
// not over.
type matcher struct {
	calls map[string]*known
}

// known is what was told of a call.
type known struct {
	fact
	answered bool
}

// happening is something that has happened, and the values of the variables that the event itself knows.
type happening struct {
	action string
	line   int
	values map[string]string
}

// match returns what an event means, in order; mostly nothing.
func (m *matcher) match(e journal.Event) []happening {
	var f fact
	if json.Unmarshal(e.DataJSON(), &f) != nil {
		return nil // no event of the phone's own
	}
	v := map[string]string{"line": "", "server": f.Active, "cause": f.Cause}
	if e.Line > 0 {
		v["line"] = strconv.Itoa(e.Line)
	}
	if f.Elapsed != nil {
		v["elapsed_ms"] = strconv.FormatInt(*f.Elapsed, 10)
	}
	var names []string
	switch e.Type {
	case "line_state":
		names = lineChanged(f)
	case "failover", "failback":
		v["server"] = f.To
		names = []string{e.Type}
	case "all_failed", "ip_change":
		names = []string{e.Type}
	case "probe_end":
		v["server"] = "primary"
		names = probed(f)
	case "phone":
		switch f.State {
		case "idle", "talking", "ringing":
			names = []string{"phonestate_" + f.State}
		}
	case "hook":
		if f.State == "on" || f.State == "off" {
			names = []string{f.State + "hook"}
		}
	case "call":
		names = m.called(e.Call, f)
	case "hold":
		name := "hold"
		if f.By == "peer" {
			name = "held"
		}
		names = []string{onOff(name, f.On)}
	case "mute":
		names = []string{onOff("mute", f.On)}
	case "transfer":
		if f.State == "succeeded" {
			names = []string{"transfer"}
		}
	}
	m.inCall(e, v, f)
	happened := make([]happening, len(names))
	for i, name := range names {
		happened[i] = happening{name, e.Line, v}
	}
	return happened
}

func onOff(name string, on bool) string {
	if on {
		return name + "_on"
	}
	return name + "_off"
}

// lineChanged: a line that leaves a server is no longer registered, until another takes it.
func lineChanged(f fact) []string {
	was := f.From == "on_primary" || f.From == "on_backup"
	is := f.Phase == "on_primary" || f.Phase == "on_backup"
	var names []string
	if was && !is {
		names = append(names, "reg_off")
	}
	if is {
		names = append(names, "reg_on")
	}
	if f.Phase == "all_failed" {
		names = append(names, "reg_failed")
	}
	return names
}

func probed(f fact) []string {
	switch f.Result {
	case "recovered":
		return []string{"probe_recovered"}
	case "unavailable", "rejected":
		return []string{"probe_failed"}
	}
	return nil
}

// called follows a call. What is reported twice, as the INVITE that goes to a second server, is told once.
func (m *matcher) called(id string, f fact) []string {
	k := m.calls[id]
	first := k == nil
	if first {
		if f.State == "ended" {
			return nil // it began before we listened
		}
		k = &known{}
		m.calls[id] = k
	}
	k.fact = f
	switch {
	case f.State == "ended":
		names := []string{"call_stop"}
		if f.Direction == "incoming" && !k.answered && f.End != nil && f.End.By != "user" {
			names = append(names, "new_missed_call")
		}
		return names
	case f.State == "talking" && !k.answered:
		k.answered = true
		return []string{"call_active"}
	case first && f.Direction == "incoming":
		return []string{"incoming_call"}
	case first:
		return []string{"outgoing_call"}
	}
	return nil
}

// inCall adds what is known of the call that an event belongs to.
func (m *matcher) inCall(e journal.Event, v map[string]string, f fact) {
	k := m.calls[e.Call]
	if k == nil {
		return
	}
	v["remote"], v["display_remote"], v["call_id"] = k.Remote, k.Remote, k.SIPCallID
	if v["server"] == "" {
		v["server"] = k.Server
	}
	if f.End != nil {
		v["cause"], v["elapsed_ms"] = f.End.Cause, strconv.FormatInt(f.End.Elapsed, 10)
	}
	if f.State == "ended" && e.Type == "call" {
		delete(m.calls, e.Call)
	}
}
