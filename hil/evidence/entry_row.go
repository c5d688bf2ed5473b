package evidence

import (
	"cmp"
	"encoding/json"
	"slices"

	"hilphone/sip/ladder"
)

// entryRow is an Entry in the report's list.
type entryRow struct {
	Entry
	moment
	Number    int // line in events.jsonl
	KindLabel string
	Place     string // of the filter it belongs to
	More      string // what can be opened: the message, the event
	Same      int    // number of the entry that has the same message; 0: none
	Change    bool   // the active server changes
}

// kinds are in the order of the filters, with what people call them.
var kinds = []filter{{Name: string(StepKind), Label: "step"}, {Name: string(EventKind), Label: "event"}, {Name: string(MessageKind), Label: "SIP"},
	{Name: string(RESTKind), Label: "REST"}, {Name: string(ServerKind), Label: "server"}, {Name: string(LevelKind), Label: "level"},
	{Name: string(NoteKind), Label: "note"}, {Name: string(LogKind), Label: "log"}, {Name: string(RunKind), Label: "run"}}

// otherPlace is any that is none of places.
const otherPlace = "other"

var places = []string{FromBench, FromPhone, FromPrimary, FromBackup, FromPeer, FromRig, otherPlace}

// entryRows lists entries with the filters that they need.
func entryRows(entries []Entry) (rows []entryRow, ofKind, ofPlace []filter) {
	counts := map[string]int{}
	shown := map[string]int{} // message to the number of the entry that shows it
	rows = make([]entryRow, len(entries))
	inTime := order(entries)
	for i, n := range inTime {
		e := entries[n]
		r := entryRow{Entry: e, moment: momentOf(e.At), Number: n + 1, KindLabel: string(e.Kind), Place: e.From, Change: e.change() != ""}
		if !slices.Contains(places, r.Place) {
			r.Place = otherPlace
		}
		for _, k := range kinds {
			if k.Name == string(e.Kind) {
				r.KindLabel = k.Label
			}
		}
		switch e.Kind {
		case MessageKind:
			r.message(shown)
		case LevelKind, RunKind: // the text says it all
		default:
			if text := string(e.Data); text != "null" {
				r.More = text
			}
		}
		counts["k-"+string(e.Kind)]++
		counts["f-"+r.Place]++
		rows[i] = r
	}
	for _, k := range kinds {
		if k.Count = counts["k-"+k.Name]; k.Count > 0 {
			ofKind = append(ofKind, k)
		}
	}
	for _, p := range places {
		if n := counts["f-"+p]; n > 0 {
			ofPlace = append(ofPlace, filter{p, p, n})
		}
	}
	return rows, ofKind, ofPlace
}

// order is the entries' in time: what a phone tells arrives a moment later.
func order(entries []Entry) []int {
	all := make([]int, len(entries))
	for i := range all {
		all[i] = i
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(entries[a].At, entries[b].At) })
	return all
}

// message shows a SIP message in full, unless an entry before has the same one.
func (r *entryRow) message(shown map[string]int) {
	var m Message
	if json.Unmarshal(r.Data, &m) != nil {
		r.More = string(r.Data)
		return
	}
	other := m.Slot
	if other == "" || other == m.Seen {
		other = m.Remote
	}
	if m.Proxy {
		other += "'s proxy"
	}
	if r.Text = "from " + other + ": " + m.what(); m.Out {
		r.Text = "to " + other + ": " + m.what()
	}
	raw := string(m.Raw)
	if first, known := shown[raw]; known {
		r.Same = first
		return
	}
	r.More, shown[raw] = ladder.Visible(raw), r.Number
}

// change is "failover" or "failback" if the entry is an event of that type.
func (e Entry) change() string {
	if e.Kind != EventKind {
		return ""
	}
	var event struct{ Type string }
	if json.Unmarshal(e.Data, &event) == nil && (event.Type == "failover" || event.Type == "failback") {
		return event.Type
	}
	return ""
}
