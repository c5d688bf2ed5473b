package phone_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/emulator/phone"
	"hilphone/hal"
	"hilphone/sip/line"
)

// A movement has the time at which the board moved, and what the phone does about it the instant of its decision, however late both are written.
func TestEventsHaveTheInstantOfTheDecision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board, x, j := make(finger), newExchange(), journal.New(journal.Config{})
		decider := j.Decider()
		p := phone.New(phone.DefaultConfig(), board, x, func(at time.Time, n int, call string, data event.Data) {
			time.Sleep(40 * ms)
			j.RecordAt(at, n, call, data)
		}, slog.New(slog.DiscardHandler))
		p.Deciding = decider.Deciding
		x.changed = p.CallChanged
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		report := <-board
		p.LineChanged(1, line.Status{Phase: line.OnPrimary, Active: line.Primary})
		time.Sleep(time.Second)
		_, before := j.Held()

		moved := time.Now()
		time.Sleep(10 * ms) // the program is late; the kernel's time stamp is not
		decided := time.Now()
		go report(hal.Event{At: moved, Kind: hal.HookMoved, Off: true, Source: hal.FromBoard})
		time.Sleep(ms)
		j.Settle(t.Context())
		if all := j.Events(journal.Query{Since: before}); len(all) != 3 {
			t.Errorf("%d events are written, want the movement and what the phone decided at it: its state and a lamp", len(all))
		}
		time.Sleep(500 * ms)
		all := j.Events(journal.Query{Since: before})
		if len(all) < 2 || all[0].Type != "hook" || !all[0].Time.Equal(moved) {
			t.Errorf("%+v", all)
		}
		wanted := []string{"phone", "lamp"}
		for _, e := range all[min(1, len(all)):] {
			if late := e.Time.Sub(decided); late != 0 {
				t.Errorf("%s is %v after the phone had the movement", e.Type, late)
			}
			wanted = slices.DeleteFunc(wanted, func(typ string) bool { return typ == e.Type })
		}
		if len(wanted) > 0 {
			t.Errorf("there is no event %s", strings.Join(wanted, ", "))
		}

		_, before = j.Held()
		time.Sleep(time.Second - time.Since(moved))
		decided = time.Now()
		go report(hal.Event{At: decided.Add(time.Hour), Kind: hal.FaultRaised, Fault: hal.Fault{Device: "a", Message: "b"}}) // a clock that is wrong
		time.Sleep(time.Second)
		if all := j.Events(journal.Query{Since: before}); len(all) != 1 || !all[0].Time.Equal(decided) {
			t.Errorf("%+v", all)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
