package webui

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"hilphone/db/journal"
	"hilphone/sip/line"
)

// historyEvents is how far back the journal is read.
const historyEvents = 6000

// historySpan is how much time the drawing shows: the phone's first minutes fill it, later it is ten.
func historySpan(up time.Duration) time.Duration {
	for _, span := range []time.Duration{2 * time.Minute, 5 * time.Minute} {
		if up < span {
			return span
		}
	}
	return 10 * time.Minute
}

// attempt is one request to one server, from its first send to its end.
type attempt struct {
	Slot    line.Slot
	Method  string
	At      time.Time
	Over    bool
	Cause   line.Cause
	Code    int // of the response
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

// attemptData is what the events attempt_start, attempt_end and line_state have in common for the history.
type attemptData struct {
	Method    string     `json:"method"`
	Slot      line.Slot  `json:"slot"`
	Branch    string     `json:"branch"`
	Cause     line.Cause `json:"cause"`
	Code      int        `json:"code"`
	ElapsedMS float64    `json:"elapsed_ms"`
	Active    line.Slot  `json:"active"`
}

func (s *Server) history(n int, now time.Time) history {
	_, newest := s.Journal.Held()
	events := s.Journal.Events(journal.Query{Since: max(0, newest-historyEvents), Line: n, Types: []string{"attempt_start", "attempt_end", "line_state"}})
	_, mono := s.Journal.Clock()
	return newHistory(events, now, historySpan(time.Duration(mono)*time.Microsecond))
}

func (h history) span() time.Duration { return h.to.Sub(h.from) }

func newHistory(events []journal.Event, now time.Time, span time.Duration) history {
	h := history{from: now.Add(-span), to: now}
	byBranch := map[string]int{}
	active, since := line.None, time.Time{}
	served := func(until time.Time) {
		if active != line.None && active != "" && until.After(h.from) {
			h.served = append(h.served, service{active, later(since, h.from), until})
		}
	}
	for _, e := range events {
		var d attemptData
		if json.Unmarshal(e.DataJSON(), &d) != nil {
			continue
		}
		switch e.Type {
		case "attempt_start":
			byBranch[d.Branch] = len(h.attempts)
			h.attempts = append(h.attempts, attempt{Slot: d.Slot, Method: d.Method, At: e.Time})
		case "attempt_end":
			if i, ok := byBranch[d.Branch]; ok {
				a := &h.attempts[i]
				a.Over, a.Cause, a.Code, a.Elapsed = true, d.Cause, d.Code, milliseconds(d.ElapsedMS)
			}
		case "line_state":
			if d.Active != active {
				served(e.Time)
				active, since = d.Active, e.Time
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
	failed := 0
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
		c.Bars = append(c.Bars, b)
	}
	for _, s := range h.served {
		if s.Slot == slot {
			c.Serving = append(c.Serving, band{slot == line.Backup, h.place(s.From), h.place(s.To)})
		}
	}
	c.Label = l.say("server.chart", l.say("slot."+string(slot)), int(h.span().Minutes()), len(c.Bars), failed)
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
	at := a.At.Local().Format(time.TimeOnly)
	if !a.Over {
		return fmt.Sprintf("%s %s", at, a.Method)
	}
	cause := l.word("cause", string(a.Cause))
	if a.Code != 0 {
		cause = strconv.Itoa(a.Code)
	}
	return fmt.Sprintf("%s %s: %s, %s", at, a.Method, cause, l.seconds(a.Elapsed))
}
