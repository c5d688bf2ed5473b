package sip_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// slowJournal has the line write each event 40 ms late, into a journal that begins now.
func slowJournal(x *stack) *journal.Journal {
	j := journal.New(journal.Config{})
	x.record = func(at time.Time, call line.CallID, data event.Data) {
		<-time.After(40 * time.Millisecond)
		j.RecordAt(at, 1, string(call), data)
	}
	return j
}

// timesOf are the events of a journal of some types, with the milliseconds since it began.
func timesOf(j *journal.Journal, types ...string) string {
	var all []string
	for _, e := range j.Events(journal.Query{Types: types}) {
		text := fmt.Sprintf("%s %g", e.Type, float64(e.MonoUS)/1000)
		switch d := e.Data.(type) {
		case event.AttemptEnd:
			text += fmt.Sprintf(" %s %s %s after %d", d.Method, d.Slot, d.Cause, d.Elapsed)
		case event.AttemptStart:
			text += " " + d.Method + " " + d.Slot
		case event.Send:
			text += fmt.Sprintf(" k=%d", d.K)
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// An event has the instant of the decision, however late it is written: the end of an attempt is as long after its beginning as the budget (FO-01),
// and the sends are as the timers say.
func TestEventsHaveTheInstantOfTheDecision(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x, "invite_failover_register=0")
		x.behave("primary", silent)
		j := slowJournal(x)
		x.dial("1", "1002")
		x.until(7499 * time.Millisecond)
		if got, want := timesOf(j, "attempt_start", "send"), "attempt_start 0 INVITE primary, send 0 k=0, send 500 k=1, send 1500 k=2, send 3500 k=3"; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		_, before := j.Held()
		x.until(20 * time.Second)
		ended := j.Events(journal.Query{Since: before, Types: event.Names(event.AttemptEnd{}, event.AttemptStart{})})
		if len(ended) < 2 || ended[0].MonoUS != 7_500_000 || ended[1].MonoUS != 7_500_000 {
			t.Errorf("%s", timesOf(j))
		}
		if got, want := timesOf(j, "attempt_end"), "attempt_end 7500 INVITE primary no_response after 7500"; !strings.HasPrefix(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	})
}

// The line says since when it decides, before it does, so that what is not yet written can be waited for.
func TestLineSaysThatItDecides(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.behave("primary", silent)
		j := slowJournal(x)
		deciding := j.Decider()
		x.deciding = deciding.Deciding
		x.post(line.Dial{Call: "1", To: "1002"})
		if got := timesOf(j, "attempt_start"); got != "" {
			t.Errorf("%s is written already", got)
		}
		x.wait(time.Millisecond)
		j.Settle(context.Background())
		if got, want := timesOf(j, "attempt_start"), "attempt_start 0 INVITE primary"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if took := time.Since(x.mark); took > 200*time.Millisecond {
			t.Errorf("all was written after %v", took)
		}
		x.until(time.Second)
		began := time.Now()
		j.Settle(context.Background())
		if took := time.Since(began); took != 0 {
			t.Errorf("a line at rest was waited for, %v", took)
		}
	})
}
