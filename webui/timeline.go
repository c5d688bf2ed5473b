package webui

import (
	"context"
	"slices"
	"time"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// TimelineView is what became of a line in a time: which server it was registered to, which of them were out, probes, calls.
type TimelineView struct {
	Line       int           `json:"line"`
	Since      Time          `json:"since"`
	Until      Time          `json:"until"`
	Registered []ServiceView `json:"registered" nullable:"false" doc:"which server served the line, oldest first"`
	Outages    []OutageView  `json:"outages" nullable:"false"`
	Probes     []ProbeView   `json:"probes" nullable:"false" doc:"of the primary, the next one with them where it is due"`
	Calls      []SpanView    `json:"calls" nullable:"false"`
	Changes    []ChangeView  `json:"changes" nullable:"false" doc:"failovers and failbacks"`
	Tally      TallyView     `json:"tally"`
	// Proxies are the outbound proxies that were asked last.
	Proxies map[line.Slot]string `json:"proxies,omitempty" doc:"by server: the outbound proxy by which it was asked last; absent without one"`
}

// ServiceView is a time in which one server served the line.
type ServiceView struct {
	Server line.Slot `json:"server" enum:"primary,backup"`
	Since  Time      `json:"since"`
	Until  Time      `json:"until" doc:"null: it still does"`
}

// OutageView is a time in which a server was out: as the phone saw it, from the first failed attempt to the next answer, or as the lab made it.
type OutageView struct {
	Server line.Slot `json:"server" enum:"primary,backup"`
	By     string    `json:"by" enum:"phone,lab"`
	Text   string    `json:"text" doc:"the cause, or the lab's behaviour"`
	Reason string    `json:"reason" doc:"of what the phone saw: why there was no answer, in a word as in the event"`
	Since  Time      `json:"since"`
	Until  Time      `json:"until" doc:"null: it still is"`
}

// ProbeView is a probe of the primary.
type ProbeView struct {
	Time   Time   `json:"time"`
	Due    bool   `json:"due" doc:"it is still to come"`
	Result string `json:"result" doc:"recovered, unavailable, rejected or aborted; empty while there is none"`
	Code   int    `json:"code" doc:"SIP status, 0 if none was received"`
}

// SpanView is a call on the line.
type SpanView struct {
	ID     string    `json:"id"`
	Remote string    `json:"remote"`
	Server line.Slot `json:"server" enum:"primary,backup,none"`
	Since  Time      `json:"since"`
	Until  Time      `json:"until" doc:"null: it is not over"`
}

// ChangeView is a change of the active server.
type ChangeView struct {
	Seq     int64     `json:"seq" doc:"of its event"`
	Time    Time      `json:"time"`
	Kind    string    `json:"kind" enum:"failover,failback"`
	From    line.Slot `json:"from"`
	To      line.Slot `json:"to"`
	Cause   string    `json:"cause"`
	Reason  string    `json:"reason" doc:"why there was no answer, in a word as in the event; empty where the cause says as much"`
	Trigger string    `json:"trigger"`
}

// TallyView sums a timeline up.
type TallyView struct {
	PrimaryS       float64 `json:"primary_s" doc:"seconds on the primary"`
	BackupS        float64 `json:"backup_s" doc:"seconds on the backup"`
	Failovers      int     `json:"failovers"`
	Failbacks      int     `json:"failbacks"`
	Probes         int     `json:"probes"`
	ProbesAnswered int     `json:"probes_answered"`
	LongestNoneS   float64 `json:"longest_none_s" doc:"the longest time in which no server served the line after one had"`
}

const (
	timelineLookback = 2 * time.Hour // more than the usual time between two probes: an outage is found that began before the window
	timelineEvents   = 20_000        // of the newest in a window
)

var timelineTypes = event.Names(event.LineState{}, event.Failover{}, event.Failback{}, event.ProbeStart{}, event.ProbeEnd{}, event.Call{}, event.AttemptStart{}, event.AttemptEnd{})

// timeline reads what became of line n from since until another instant, which may be in the future.
func (s *Server) timeline(ctx context.Context, n int, since, until time.Time) (TimelineView, error) {
	now, _ := s.Journal.Clock()
	events, err := s.timelineEvents(ctx, n, since, until)
	if err != nil {
		return TimelineView{}, err
	}
	t := newTimeliner(n, since, until)
	for _, e := range events {
		t.take(e)
	}
	end := now
	if until.Before(now) {
		end = until
	}
	v := t.finish(end)
	if next := s.Lines.Status(n).Failback.NextProbeInS; next != nil {
		if due := now.Add(time.Duration(*next * float64(time.Second))); due.Before(until) {
			v.Probes = append(v.Probes, ProbeView{Time: At(due), Due: true})
		}
	}
	return v, nil
}

func (s *Server) timelineEvents(ctx context.Context, n int, since, until time.Time) ([]journal.Event, error) {
	from := since.Add(-timelineLookback)
	before, err := s.past(ctx, journal.Past{Query: journal.Query{Line: n, Types: event.Names(event.LineState{}), Limit: 1}, Until: from, Newest: true})
	if err != nil {
		return nil, err
	}
	own, err := s.past(ctx, journal.Past{Query: journal.Query{Line: n, Types: timelineTypes, Limit: timelineEvents}, From: from, Until: until, Newest: true})
	if err != nil {
		return nil, err
	}
	lab, err := s.past(ctx, journal.Past{Query: journal.Query{Types: event.Names(event.Lab{}), Limit: pastAtOnce}, Until: until, Newest: true})
	if err != nil {
		return nil, err
	}
	all := slices.Concat(before, own, lab)
	slices.SortFunc(all, func(a, b journal.Event) int { return int(a.Seq - b.Seq) })
	return all, nil
}

// timeliner makes a timeline of events, which come in their order.
type timeliner struct {
	view     TimelineView
	last     time.Time          // the latest time of the events since the phone was started
	mono     int64              // of the event before
	began    int64              // its start of the phone
	active   int                // open one of view.Registered, -1: none
	none     time.Time          // since when no server serves; zero: one does, or none did yet
	outages  map[string]int     // open ones of view.Outages, by who saw it and server
	branches map[string]attempt // attempts by branch
	probing  int                // open one of view.Probes, -1: none
	calls    map[string]int     // open ones of view.Calls
}

func newTimeliner(n int, since, until time.Time) *timeliner {
	return &timeliner{view: TimelineView{Line: n, Since: At(since), Until: At(until)}, active: -1, probing: -1,
		outages: map[string]int{}, branches: map[string]attempt{}, calls: map[string]int{}}
}

func (t *timeliner) take(e journal.Event) {
	data, err := e.Typed()
	if err != nil {
		return
	}
	if e.Began != t.began || e.Began == 0 && e.MonoUS < t.mono { // events of older programs were in the order of their times
		t.restart()
		t.last = e.Time
	}
	t.last, t.mono, t.began = later(t.last, e.Time), e.MonoUS, e.Began
	switch d := data.(type) {
	case event.LineState:
		t.served(line.Slot(d.Active), e.Time)
	case event.Failover:
		t.view.Changes = append(t.view.Changes, ChangeView{e.Seq, At(e.Time), e.Type, line.Slot(d.From), line.Slot(d.To), d.Cause, d.Reason, d.Trigger})
	case event.Failback:
		t.view.Changes = append(t.view.Changes, ChangeView{Seq: e.Seq, Time: At(e.Time), Kind: e.Type, From: line.Slot(d.From), To: line.Slot(d.To)})
	case event.ProbeStart:
		t.probing = len(t.view.Probes)
		t.view.Probes = append(t.view.Probes, ProbeView{Time: At(e.Time)})
	case event.ProbeEnd:
		if t.probing >= 0 {
			t.view.Probes[t.probing].Result, t.view.Probes[t.probing].Code = d.Result, d.Code
			t.probing = -1
		}
	case event.AttemptStart:
		t.branches[d.Branch] = attempt{Slot: line.Slot(d.Slot), At: e.Time}
		t.by(line.Slot(d.Slot), d.Proxy)
	case event.AttemptEnd:
		if a, ok := t.branches[d.Branch]; ok {
			a.Over, a.Cause, a.Reason, a.Code = true, line.Cause(d.Cause), d.Reason, d.Code
			delete(t.branches, d.Branch)
			t.tried(a, e.Time)
		}
	case event.Lab:
		t.lab(d, e.Time)
	case event.Call:
		t.call(d, e)
	}
}

// restart ends what was open when the phone was started again: at the last that was heard of it.
func (t *timeliner) restart() {
	t.served(line.None, t.last)
	t.none = time.Time{}
	for key, i := range t.outages {
		t.view.Outages[i].Until = At(t.last)
		delete(t.outages, key)
	}
	for key, i := range t.calls {
		t.view.Calls[i].Until = At(t.last)
		delete(t.calls, key)
	}
	t.probing = -1
	clear(t.branches)
}

// by notes by which outbound proxy a server was asked; empty: by none.
func (t *timeliner) by(slot line.Slot, proxy string) {
	switch {
	case proxy == "":
		delete(t.view.Proxies, slot)
	case t.view.Proxies == nil:
		t.view.Proxies = map[line.Slot]string{slot: proxy}
	default:
		t.view.Proxies[slot] = proxy
	}
}

func (t *timeliner) served(by line.Slot, at time.Time) {
	if t.active >= 0 {
		if t.view.Registered[t.active].Server == by {
			return
		}
		t.view.Registered[t.active].Until = At(at)
		t.active, t.none = -1, at
	}
	if by != line.Primary && by != line.Backup {
		return
	}
	t.waited(at)
	t.none = time.Time{}
	t.active = len(t.view.Registered)
	t.view.Registered = append(t.view.Registered, ServiceView{Server: by, Since: At(at)})
}

// waited notes how long no server served the line, up to an instant in the window.
func (t *timeliner) waited(until time.Time) {
	if !t.none.IsZero() && until.After(t.view.Since.Time) {
		t.view.Tally.LongestNoneS = max(t.view.Tally.LongestNoneS, until.Sub(later(t.none, t.view.Since.Time)).Seconds())
	}
}

func (t *timeliner) tried(a attempt, at time.Time) {
	key := "phone " + string(a.Slot)
	i, out := t.outages[key]
	switch {
	case a.Cause == line.CauseAborted:
	case a.failed() && !out:
		t.outages[key] = len(t.view.Outages)
		text := string(a.Cause)
		t.view.Outages = append(t.view.Outages, OutageView{Server: a.Slot, By: "phone", Text: text, Reason: a.Reason, Since: At(at)})
	case !a.failed() && out:
		t.view.Outages[i].Until = At(at)
		delete(t.outages, key)
	}
}

func (t *timeliner) lab(d event.Lab, at time.Time) {
	key := "lab " + d.Server
	if i, out := t.outages[key]; out {
		t.view.Outages[i].Until = At(at)
		delete(t.outages, key)
	}
	if d.Behaviour != "serve" {
		t.outages[key] = len(t.view.Outages)
		t.view.Outages = append(t.view.Outages, OutageView{Server: line.Slot(d.Server), By: "lab", Text: d.Behaviour, Since: At(at)})
	}
}

func (t *timeliner) call(d event.Call, e journal.Event) {
	i, ok := t.calls[e.Call]
	if !ok {
		i = len(t.view.Calls)
		t.calls[e.Call] = i
		t.view.Calls = append(t.view.Calls, SpanView{ID: e.Call, Remote: d.Remote, Server: line.None, Since: At(e.Time)})
	}
	if d.Server != "" {
		t.view.Calls[i].Server = line.Slot(d.Server)
	}
	if d.State == string(line.Ended) {
		t.view.Calls[i].Until = At(e.Time)
		delete(t.calls, e.Call)
	}
}

// finish leaves out what was over before the window and sums up the rest.
func (t *timeliner) finish(end time.Time) TimelineView {
	v := t.view
	since := v.Since.Time
	over := func(until Time) bool { return !until.IsZero() && !until.After(since) }
	v.Registered = list(slices.DeleteFunc(v.Registered, func(s ServiceView) bool { return over(s.Until) }))
	v.Outages = list(slices.DeleteFunc(v.Outages, func(o OutageView) bool { return over(o.Until) }))
	v.Calls = list(slices.DeleteFunc(v.Calls, func(c SpanView) bool { return over(c.Until) }))
	v.Probes = list(slices.DeleteFunc(v.Probes, func(p ProbeView) bool { return p.Time.Before(since) }))
	v.Changes = list(slices.DeleteFunc(v.Changes, func(c ChangeView) bool { return c.Time.Before(since) }))
	t.waited(end)
	v.Tally.LongestNoneS = t.view.Tally.LongestNoneS
	for _, s := range v.Registered {
		length := s.length(since, end)
		if s.Server == line.Primary {
			v.Tally.PrimaryS += length
		} else {
			v.Tally.BackupS += length
		}
	}
	for _, c := range v.Changes {
		if c.Kind == (event.Failover{}).EventType() {
			v.Tally.Failovers++
		} else {
			v.Tally.Failbacks++
		}
	}
	for _, p := range v.Probes {
		v.Tally.Probes++
		if p.Result == "recovered" || p.Code != 0 {
			v.Tally.ProbesAnswered++
		}
	}
	return v
}

func (s ServiceView) length(since, end time.Time) float64 {
	until := end
	if !s.Until.IsZero() {
		until = s.Until.Time
	}
	return max(0, until.Sub(later(s.Since.Time, since)).Seconds())
}
