package webui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// historyEvents is how far back the journal is read.
const historyEvents = 6000

// longestSpan is the most that the drawing shows.
const longestSpan = 10 * time.Minute

// historySpan is how much time the drawing shows: the phone's first minutes fill it, later it is ten.
func historySpan(up time.Duration) time.Duration {
	for _, span := range []time.Duration{2 * time.Minute, 5 * time.Minute} {
		if up < span {
			return span
		}
	}
	return longestSpan
}

// attempt is one request to one server, from its first send to its end.
type attempt struct {
	Slot    line.Slot
	Method  string
	At      time.Time
	Over    bool
	Cause   line.Cause
	Reason  string // of sip/netfault
	Code    int    // of the response
	Elapsed time.Duration
}

// failed reports whether the server was not available.
func (a attempt) failed() bool {
	switch a.Cause {
	case line.CauseResponse:
		return a.Code >= 500 && a.Code < 600
	case line.CauseAborted:
		return false
	}
	return a.Over
}

// service is a time during which one server was the active one.
type service struct {
	Slot     line.Slot
	From, To time.Time
}

// history is what the journal knows of the last minutes of a line.
type history struct {
	from, to time.Time
	attempts []attempt
	served   []service
}

// attemptEvent is an event as the history needs it: attempt_start, send, attempt_end or line_state.
type attemptEvent struct {
	Time time.Time
	Data event.Data
}

// recent keeps the events of each line that the drawing may show, read once, as every page is drawn again after every event.
type recent struct {
	mu    sync.Mutex
	lines map[int]*recentLine
}

type recentLine struct {
	last   int64 // seq of the newest event that was read
	events []attemptEvent
}

func (s *Server) history(n int, now time.Time) history {
	_, mono := s.Journal.Clock()
	return newHistory(s.recent.of(n, s.Journal, now), now, historySpan(time.Duration(mono)*time.Microsecond))
}

// of returns the events of line n, oldest first. The slice is not changed afterwards.
func (r *recent) of(n int, j *journal.Journal, now time.Time) []attemptEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.lines[n]
	if k == nil {
		k = &recentLine{}
		r.lines[n] = k
	}
	_, newest := j.Held()
	since := max(k.last, newest-historyEvents)
	fresh := j.Events(journal.Query{Since: since, Line: n, Types: event.Names(event.AttemptStart{}, event.AttemptEnd{}, event.LineState{})})
	k.last = max(since, newest)
	if len(fresh) > 0 {
		k.last = max(k.last, fresh[len(fresh)-1].Seq)
	}
	k.events = keepFrom(append(k.events, attemptEvents(fresh)...), now.Add(-longestSpan))
	return k.events[:len(k.events):len(k.events)]
}

// keepFrom returns the events from an instant on, the newest if there are very many, and the last state of the line before them.
func keepFrom(events []attemptEvent, from time.Time) []attemptEvent {
	begin := slices.IndexFunc(events, func(e attemptEvent) bool { return !e.Time.Before(from) })
	if begin < 0 {
		begin = len(events)
	}
	begin = max(begin, len(events)-historyEvents)
	kept := make([]attemptEvent, 0, len(events)-begin+1)
	for i := begin - 1; i >= 0; i-- {
		if _, ok := events[i].Data.(event.LineState); ok {
			kept = append(kept, events[i])
			break
		}
	}
	return append(kept, events[begin:]...)
}

func attemptEvents(events []journal.Event) []attemptEvent {
	read := make([]attemptEvent, 0, len(events))
	for _, e := range events {
		if data, err := e.Typed(); err == nil {
			read = append(read, attemptEvent{e.Time, data})
		}
	}
	return read
}

func (h history) span() time.Duration { return h.to.Sub(h.from) }

func newHistory(events []attemptEvent, now time.Time, span time.Duration) history {
	h := history{from: now.Add(-span), to: now}
	byBranch := map[string]int{}
	active, since := line.None, time.Time{}
	served := func(until time.Time) {
		if active != line.None && active != "" && until.After(h.from) {
			h.served = append(h.served, service{active, later(since, h.from), until})
		}
	}
	for _, e := range events {
		switch d := e.Data.(type) {
		case event.AttemptStart:
			byBranch[d.Branch] = len(h.attempts)
			h.attempts = append(h.attempts, attempt{Slot: line.Slot(d.Slot), Method: d.Method, At: e.Time})
		case event.AttemptEnd:
			if i, ok := byBranch[d.Branch]; ok {
				a := &h.attempts[i]
				a.Over, a.Cause, a.Reason, a.Code, a.Elapsed = true, line.Cause(d.Cause), d.Reason, d.Code, time.Duration(d.Elapsed)*time.Millisecond
			}
		case event.LineState:
			if line.Slot(d.Active) != active {
				served(e.Time)
				active, since = line.Slot(d.Active), e.Time
			}
		}
	}
	served(now)
	return h
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// chart is the history of one server, drawn: places are percent of the width, heights pixels.
type chart struct {
	Label   string
	Bars    []bar
	Serving []band
}

type bar struct {
	Class, Title string
	X            float64
	Y, Height    int
}

type band struct {
	Backup   bool
	From, To float64
}

const barSpace = 30 // pixels above the foot line of a chart

func (h history) chart(l language, slot line.Slot) *chart {
	c := &chart{}
	tried, failed := 0, 0
	type spot struct {
		class  string
		column int
	}
	standing := map[spot]int{}
	for _, a := range h.attempts {
		if a.Slot != slot || a.At.Before(h.from) {
			continue
		}
		b := bar{X: h.place(a.At), Class: "p", Title: attemptTitle(l, a)}
		b.Height = barHeight(a)
		switch {
		case a.failed():
			b.Class, b.Height = "f", barSpace
			failed++
		case slot == line.Backup:
			b.Class = "b"
		}
		b.Y = barSpace + 2 - b.Height
		tried++
		at := spot{b.Class, int(b.X * 2)} // half a percent: about the width of a bar
		i, taken := standing[at]
		switch {
		case !taken:
			standing[at] = len(c.Bars)
			c.Bars = append(c.Bars, b)
		case b.Height > c.Bars[i].Height:
			c.Bars[i] = b // of those that stand upon one another the tallest is seen
		}
	}
	for _, s := range h.served {
		if s.Slot == slot {
			c.Serving = append(c.Serving, band{slot == line.Backup, h.place(s.From), h.place(s.To)})
		}
	}
	c.Label = l.say("server.chart", l.say("slot."+string(slot)), int(h.span().Minutes()), tried, failed)
	return c
}

// place is where an instant stands, in percent with two digits; a bar at the very end still has its width.
func (h history) place(t time.Time) float64 {
	part := float64(t.Sub(h.from)) / float64(h.span())
	return math.Round(min(max(part, 0), 1)*9930) / 100
}

// barHeight grows with the logarithm of the response time: 1 ms is 6 pixels, 1 s is 24.
func barHeight(a attempt) int {
	if !a.Over {
		return 3
	}
	ms := max(a.Elapsed.Seconds()*1000, 1)
	return min(barSpace, 6+int(6*math.Log10(ms)))
}

func attemptTitle(l language, a attempt) string {
	at := l.at(a.At).Format(time.TimeOnly)
	if !a.Over {
		return fmt.Sprintf("%s %s", at, a.Method)
	}
	cause := l.failure(string(a.Cause), a.Reason)
	if a.Code != 0 {
		cause = strconv.Itoa(a.Code)
	}
	return fmt.Sprintf("%s %s: %s, %s", at, a.Method, cause, l.seconds(a.Elapsed))
}
