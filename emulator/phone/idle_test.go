package phone

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hal"
	"hilphone/hal/virtual"
	"hilphone/sip/line"
)

// noLines makes no calls.
type noLines struct{}

func (noLines) Dial(int, string) (line.CallID, error) { return "", nil }
func (noLines) Answer(line.CallID)                    {}
func (noLines) Reject(line.CallID, int)               {}
func (noLines) HangUp(line.CallID)                    {}
func (noLines) Hold(line.CallID, bool)                {}
func (noLines) DTMF(line.CallID, string)              {}

// TestIdlePhoneSleeps leaves an idle phone that was used before alone for a day: its goroutine does nothing at all.
func TestIdlePhoneSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(DefaultConfig(), virtual.New(), noLines{}, func(time.Time, int, string, event.Data) {}, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		p.LineChanged(1, line.Status{Phase: line.OnPrimary, Active: line.Primary})
		for _, off := range []bool{true, false} {
			p.report(hal.Event{Kind: hal.HookMoved, Off: off})
		}
		synctest.Wait()
		before := p.shown.Load()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if p.shown.Load() != before {
			t.Error("an idle phone has woken up")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if p.running != NoTimer {
			t.Errorf("timer %s runs", p.running)
		}
	})
}
