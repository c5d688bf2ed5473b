package phone_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal/event"
	"hilphone/emulator/phone"
	"hilphone/hal"
	"hilphone/hal/virtual"
	"hilphone/sip/line"
)

const ms = time.Millisecond

// bench is a phone switched on, with a hand on its virtual board and an exchange behind its lines.
type bench struct {
	*phone.Phone
	t        *testing.T
	board    *virtual.Board
	exchange *exchange
	stop     context.CancelFunc
	ended    chan error

	mu     sync.Mutex
	events []string
}

// bubble runs f with a phone whose line 1 is registered, and switches it off at the end.
func bubble(t *testing.T, f func(t *testing.T, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		board := virtual.New()
		b := &bench{t: t, board: board, exchange: newExchange()}
		b.switchOn(board)
		b.LineNamed(1, "1001")
		b.LineChanged(1, line.Status{Phase: line.OnPrimary, Active: line.Primary})
		synctest.Wait()
		b.recorded()
		f(t, b)
		b.switchOff()
	})
}

func (b *bench) switchOn(front hal.Board) {
	b.Phone = phone.New(phone.DefaultConfig(), front, b.exchange, b.record, slog.New(slog.DiscardHandler))
	b.exchange.changed = b.CallChanged
	var ctx context.Context
	ctx, b.stop = context.WithCancel(context.Background())
	b.ended = make(chan error, 1)
	go func() { b.ended <- b.Run(ctx) }()
	synctest.Wait()
}

func (b *bench) switchOff() {
	b.t.Helper()
	b.stop()
	if err := <-b.ended; err != nil {
		b.t.Errorf("Run: %v", err)
	}
	if n := b.exchange.open(); n != 0 {
		b.t.Errorf("switched off, %d calls go on", n)
	}
	for l, p := range b.Snapshot().Lamps {
		if p != hal.Off || b.board.Lamp(l) != hal.Off {
			b.t.Errorf("switched off, lamp %s is %s, on the board %s", l, p, b.board.Lamp(l))
		}
	}
	if b.board.Ringing() {
		b.t.Error("switched off, the ringer rings")
	}
}

func (b *bench) record(_ time.Time, n int, call string, data event.Data) {
	text, err := json.Marshal(data)
	if err != nil {
		text = []byte(err.Error())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, fmt.Sprintf("%s %d %q %s", data.EventType(), n, call, text))
}

// recorded returns the events since the last time.
func (b *bench) recorded() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	events := b.events
	b.events = nil
	return events
}

func (b *bench) hook(off bool) {
	b.t.Helper()
	if err := b.board.SetHook(off, hal.FromWeb); err != nil {
		b.t.Error(err)
	}
}

// press presses keys for 80 ms each, 20 ms apart.
func (b *bench) press(keys string) {
	b.t.Helper()
	if _, err := b.board.Press(b.t.Context(), keys, 80*ms, 20*ms, hal.FromAPI); err != nil {
		b.t.Error(err)
	}
}

// expect compares state and tone, and what the phone has asked of its lines.
func (b *bench) expect(when string, state phone.State, tone phone.Tone, asked string) {
	b.t.Helper()
	s := b.Snapshot()
	if got := b.exchange.asks(); s.State != state || s.Tone != tone || got != asked {
		b.t.Errorf("%s: %s, tone %s, asked %q; want %s, %s, %q", when, s.State, s.Tone, got, state, tone, asked)
	}
}

// shows compares the display and the lamps that shine on the board.
func (b *bench) shows(display string, lamps ...string) {
	b.t.Helper()
	s := b.Snapshot()
	var lit []string
	for _, l := range hal.Lamps() {
		if p := b.board.Lamp(l); p != hal.Off {
			lit = append(lit, fmt.Sprintf("%s %s", l, p))
		}
	}
	if got := strings.Join(s.Display, "|"); got != display || !slices.Equal(lit, lamps) {
		b.t.Errorf("shows %q, lamps %q; want %q, %q", got, lit, display, lamps)
	}
}

func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
