package phone_test

import (
	"context"
	"errors"
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

func TestCallFromTheHandset(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.expect("on hook", phone.Idle, phone.ToneNone, "")
		b.shows("1 1001 primary||", "power on")
		b.hook(true)
		b.expect("lifted", phone.DialTone, phone.ToneDial, "")
		b.press("1")
		b.expect("one digit", phone.Dialling, phone.ToneNone, "")
		if s := b.Snapshot(); s.Digits != "1" || !s.OffHook || s.Speaker {
			t.Errorf("%+v", s)
		}
		b.press("002#")
		b.expect("dialled", phone.Calling, phone.ToneNone, "dial 1 1002")
		after(100 * ms)
		b.expect("ringing there", phone.Ringback, phone.ToneRingback, "")
		after(2 * time.Second)
		b.expect("answered", phone.Talking, phone.ToneNone, "")
		b.shows("1 1001 primary|1002|talking", "power on", "line1 on")
		if s := b.Snapshot(); len(s.Calls) != 1 || s.Calls[0].State != line.Talking || s.Calls[0].ID != "1" {
			t.Errorf("calls %+v", s.Calls)
		}
		b.press("5#")
		b.expect("digits", phone.Talking, phone.ToneNone, "dtmf 1 5, dtmf 1 #")
		b.hook(false)
		b.expect("put back", phone.Idle, phone.ToneNone, "hang_up 1")
		b.shows("1 1001 primary||", "power on")
	})
}

func TestEvents(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.hook(true)
		b.press("1")
		b.hook(false)
		id := b.exchange.ring(2, "2004")
		synctest.Wait()
		b.exchange.end(id, line.End{By: line.ByPeer})
		synctest.Wait()
		want := []string{
			`hook 0 "" {"state":"off","source":"web"}`,
			`phone 1 "" {"state":"dial_tone"}`,
			`lamp 1 "" {"name":"line1","pattern":"on"}`,
			`key 0 "" {"key":"1","state":"down","source":"api"}`,
			`phone 1 "" {"state":"dialling"}`,
			`key 0 "" {"key":"1","state":"up","source":"api"}`,
			`hook 0 "" {"state":"on","source":"web"}`,
			`phone 0 "" {"state":"idle"}`,
			`lamp 1 "" {"name":"line1","pattern":"off"}`,
			`phone 2 "1" {"state":"ringing"}`,
			`lamp 0 "" {"name":"power","pattern":"fast"}`,
			`lamp 2 "" {"name":"line2","pattern":"fast"}`,
			`ringer 0 "" {"state":"on"}`,
			`phone 0 "" {"state":"idle"}`,
			`lamp 0 "" {"name":"power","pattern":"slow"}`,
			`lamp 0 "" {"name":"message","pattern":"slow"}`,
			`lamp 2 "" {"name":"line2","pattern":"off"}`,
			`ringer 0 "" {"state":"off"}`,
		}
		if got := b.recorded(); !slices.Equal(got, want) {
			t.Errorf("recorded\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	})
}

func TestTimers(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.hook(true)
		b.press("1") // lets go 80 ms later
		after(9919 * ms)
		b.expect("9.999 s after the digit", phone.Dialling, phone.ToneNone, "")
		after(1 * ms)
		b.expect("10 s after the digit", phone.Calling, phone.ToneNone, "dial 1 1")
		after(119999 * ms)
		b.expect("119.999 s after dialling", phone.Calling, phone.ToneNone, "")
		after(1 * ms)
		b.expect("120 s after dialling", phone.Failed, phone.ToneBusy, "hang_up 1")
		b.hook(false)

		b.hook(true)
		after(19999 * ms)
		b.expect("19.999 s of dial tone", phone.DialTone, phone.ToneDial, "")
		after(1 * ms)
		b.expect("20 s of dial tone", phone.BusyTone, phone.ToneBusy, "")
		after(time.Hour)
		b.expect("an hour later", phone.BusyTone, phone.ToneBusy, "")
		b.hook(false)

		b.press("speaker")
		after(20*time.Second - 80*ms)
		b.expect("20 s of dial tone, hands-free", phone.BusyTone, phone.ToneBusy, "")
		after(3 * time.Second)
		b.expect("3 s of busy tone, hands-free", phone.Idle, phone.ToneNone, "")

		b.exchange.ring(1, "2004")
		after(119999 * ms)
		b.expect("rings 119.999 s", phone.Ringing, phone.ToneNone, "")
		after(1 * ms)
		b.expect("rings 120 s", phone.Idle, phone.ToneNone, "reject 2 480")
		b.shows("1 1001 primary||1 missed call", "power slow", "message slow")
	})
}

// IM-10: call timeout, ring timeout, auto on-hook and the answer codes are those of the settings, at their true values.
func TestConfiguredTimes(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		c := phone.DefaultConfig()
		c.CallTimeout, c.RingTimeout, c.AutoOnHookTime = 45*time.Second, 20*time.Second, 7*time.Second
		c.BusyCode, c.RejectCode = 600, 488
		b.Configure(c)

		b.press("speaker;1;#")
		after(45*time.Second - ms - 80*ms) // the last key is let go 80 ms after it was pressed
		b.expect("44.999 s after dialling", phone.Calling, phone.ToneNone, "dial 1 1")
		after(1 * ms)
		b.expect("45 s after dialling", phone.Failed, phone.ToneBusy, "hang_up 1")
		after(7*time.Second - ms)
		b.expect("6.999 s of busy tone", phone.Failed, phone.ToneBusy, "")
		after(1 * ms)
		b.expect("7 s of busy tone", phone.Idle, phone.ToneNone, "")

		b.exchange.ring(1, "2004")
		after(20*time.Second - ms)
		b.expect("rings 19.999 s", phone.Ringing, phone.ToneNone, "")
		after(1 * ms)
		b.expect("rings 20 s", phone.Idle, phone.ToneNone, "reject 2 480")

		b.exchange.ring(1, "2004")
		synctest.Wait()
		b.press("release")
		b.expect("rejected", phone.Idle, phone.ToneNone, "reject 3 488")
		b.press("speaker")
		b.exchange.ring(1, "2004")
		synctest.Wait()
		b.expect("a call while a line is seized", phone.DialTone, phone.ToneDial, "reject 4 600")
		b.press("speaker")
	})
}

// IM-10: a time of 0 has no limit, auto on-hook can be off and can be at once; what is set while a timer runs holds from the next one.
func TestConfiguredTimesOff(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		c := phone.DefaultConfig()
		b.exchange.ring(1, "2004")
		after(time.Second)
		c.RingTimeout = 5 * time.Second
		b.Configure(c)
		after(119*time.Second - ms)
		b.expect("rings as long as was set when it began", phone.Ringing, phone.ToneNone, "")
		after(1 * ms)
		b.expect("120 s", phone.Idle, phone.ToneNone, "reject 1 480")

		c.RingTimeout, c.CallTimeout, c.AutoOnHook = 0, 0, false
		b.Configure(c)
		b.exchange.ring(1, "2004")
		after(time.Hour)
		b.expect("rings on", phone.Ringing, phone.ToneNone, "")
		b.press("release;speaker;1;#")
		after(time.Hour)
		b.expect("calls on", phone.Calling, phone.ToneNone, "reject 2 603, dial 1 1")
		b.press("release;1003#")
		after(time.Hour)
		b.expect("the busy tone goes on", phone.Failed, phone.ToneBusy, "hang_up 3, dial 1 1003")

		c.AutoOnHook, c.AutoOnHookTime = true, 0
		b.Configure(c)
		synctest.Wait()
		b.expect("on hook at once", phone.Idle, phone.ToneNone, "")
	})
}

func TestFailures(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.hook(true)
		b.press("1004#")
		after(39419 * ms)
		b.expect("39.499 s after dialling", phone.Calling, phone.ToneNone, "dial 1 1004")
		after(1 * ms)
		b.expect("39.5 s after dialling", phone.Failed, phone.ToneBusy, "")
		b.shows("1 1001 primary|1004|No server answered, 39.5 s", "power on")
		b.press("release")
		b.expect("released", phone.DialTone, phone.ToneDial, "")
		b.press("1003#")
		b.expect("busy", phone.Failed, phone.ToneBusy, "dial 1 1003")
		b.shows("1 1001 primary|1003|Busy here (486)", "power on")
		b.hook(false)
		b.hook(true)
		b.press("line20;9;#")
		b.expect("line 20", phone.Failed, phone.ToneBusy, "")
		b.shows("20 Unapplied|9|line 20 is not set up", "power on")
		b.hook(false)
		b.expect("put back", phone.Idle, phone.ToneNone, "")
	})
}

func TestRinging(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.exchange.ring(1, "2004")
		synctest.Wait()
		b.expect("rings", phone.Ringing, phone.ToneNone, "")
		b.shows("1 1001 primary|2004|incoming call", "power fast", "line1 fast")
		for second, want := range []int{1, 0, 0, 1, 0, 0} {
			if got, err := b.board.Level("ringer"); got != want || err != nil {
				t.Errorf("%d s: ringer %d, %v, want %d", second, got, err, want)
			}
			after(time.Second)
		}
		b.hook(true)
		b.expect("answered", phone.Talking, phone.ToneNone, "answer 1")
		if b.board.Ringing() || b.Snapshot().Ringing {
			t.Error("answered and rings on")
		}
		second := b.exchange.ring(2, "2005")
		synctest.Wait()
		b.expect("second call", phone.Talking, phone.ToneNone, fmt.Sprintf("reject %s 486", second))
		b.exchange.end("1", line.End{By: line.ByPeer})
		synctest.Wait()
		b.expect("the caller hangs up", phone.BusyTone, phone.ToneBusy, "")
		b.hook(false)
		b.expect("put back", phone.Idle, phone.ToneNone, "")
	})
}

func TestScripts(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		id, err := b.Dial(ctx, 0, "1002")
		if err != nil || id != "1" {
			t.Fatalf("Dial: %q, %v", id, err)
		}
		b.expect("dialled", phone.Calling, phone.ToneNone, "dial 1 1002")
		b.shows("1 1001 primary|1002|calling", "power on", "speaker on", "line1 on")
		after(2100 * ms)
		for what, c := range map[string]struct{ err, want error }{
			"Answer":            {b.Answer(ctx, id), phone.ErrNotRinging},
			"Answer of no call": {b.Answer(ctx, "7"), phone.ErrNoCall},
			"Reject":            {b.Reject(ctx, id, 486), phone.ErrNotRinging},
			"HangUp of no call": {b.HangUp(ctx, ""), phone.ErrNoCall},
			"HangUp":            {b.HangUp(ctx, id), nil},
			"HangUp again":      {b.HangUp(ctx, id), phone.ErrNoCall},
		} {
			if !errors.Is(c.err, c.want) {
				t.Errorf("%s: %v, want %v", what, c.err, c.want)
			}
		}
		b.expect("hung up", phone.Idle, phone.ToneNone, "hang_up 1")

		before := b.Snapshot()
		for _, c := range []struct {
			line int
			to   string
			want error
		}{{20, "1002", errNotSetUp}, {21, "1002", phone.ErrNoLine}, {-1, "1002", phone.ErrNoLine}, {1, "", phone.ErrNoNumber},
			{1, "10 02", phone.ErrNoNumber}, {1, "1\r\nVia: x", phone.ErrNoNumber}, {1, strings.Repeat("1", 65), phone.ErrNoNumber}} {
			if id, err := b.Dial(ctx, c.line, c.to); !errors.Is(err, c.want) || id != "" {
				t.Errorf("Dial %d %q: %q, %v, want %v", c.line, c.to, id, err, c.want)
			}
		}
		if now := b.Snapshot(); fmt.Sprint(now) != fmt.Sprint(before) {
			t.Errorf("refused and changed: %+v, was %+v", now, before)
		}

		rings := b.exchange.ring(1, "2004")
		synctest.Wait()
		if _, err := b.Dial(ctx, 1, "1002"); !errors.Is(err, phone.ErrInCall) {
			t.Errorf("Dial while it rings: %v", err)
		}
		if err := b.Reject(ctx, rings, 700); !errors.Is(err, phone.ErrCode) {
			t.Errorf("Reject 700: %v", err)
		}
		if err := b.Answer(ctx, rings); err != nil {
			t.Error(err)
		}
		b.expect("answered", phone.Talking, phone.ToneNone, "answer 2")
	})
}

// RS-13: the display shows the name of the caller beside the number, and nothing more where the name is the number.
func TestNameOnTheDisplay(t *testing.T) {
	for name, want := range map[string]string{"": "2004", "2004": "2004", "Alice": "2004 Alice"} {
		bubble(t, func(t *testing.T, b *bench) {
			id := b.exchange.add(line.Call{Line: 1, Direction: line.Incoming, Remote: "2004", RemoteName: name, State: line.Ringing, Server: line.Primary})
			b.exchange.set(id, line.Ringing)
			synctest.Wait()
			if got := b.Snapshot().Display[1]; got != want {
				t.Errorf("the name %q shows %q, want %q", name, got, want)
			}
		})
	}
}

func TestSwitchedOff(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		b.exchange.ring(1, "2004")
		synctest.Wait()
		b.switchOff()
		b.expect("switched off", phone.Idle, phone.ToneNone, "reject 1 603")
		if _, err := b.Dial(t.Context(), 1, "1002"); !errors.Is(err, phone.ErrStopped) {
			t.Errorf("Dial: %v", err)
		}
		b.CallChanged(line.Call{ID: "9", Direction: line.Incoming, State: line.Ringing}) // must not wait
		b.ended <- nil
	})
}

func TestDialIsGivenUp(t *testing.T) {
	p := phone.New(phone.DefaultConfig(), virtual.New(), newExchange(), func(time.Time, int, string, event.Data) {}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Dial(ctx, 1, "1002"); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial of a phone that does not run: %v", err)
	}
}

// brokenBoard fails as soon as it runs.
type brokenBoard struct{ *virtual.Board }

func (b brokenBoard) Run(context.Context, func(hal.Event)) error {
	return errors.New("chip pinctrl-bcm2835, line 17: held by another program")
}

func TestFaults(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		for _, f := range []hal.Fault{{Device: "line 17", Message: "held"}, {Device: "line 4", Message: "gone"}, {Device: "line 17"}} {
			if err := b.board.Fault(f); err != nil {
				t.Error(err)
			}
		}
		if s := b.Snapshot(); s.Board.Kind != "virtual" || !slices.Equal(s.Board.Faults, []hal.Fault{{Device: "line 4", Message: "gone"}}) {
			t.Errorf("board %+v", s.Board)
		}
		if got := b.recorded(); len(got) != 3 || got[2] != `fault 0 "" {"device":"line 17","message":""}` {
			t.Errorf("recorded %q", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, board: virtual.New(), exchange: newExchange()}
		b.switchOn(brokenBoard{b.board})
		if s := b.Snapshot(); len(s.Board.Faults) != 1 || !strings.Contains(s.Board.Faults[0].Message, "line 17") {
			t.Errorf("board %+v", s.Board)
		}
		if _, err := b.Dial(t.Context(), 1, "1002"); err != nil {
			t.Errorf("a phone whose board has failed does not call: %v", err)
		}
		b.switchOff()
	})
}

func TestSnapshotIsTheCallers(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		s := b.Snapshot()
		s.Lamps[hal.PowerLamp], s.Display[0] = hal.Fast, "mine"
		b.shows("1 1001 primary||", "power on")
		if b.Snapshot().Lamps[hal.PowerLamp] != hal.On {
			t.Error("a snapshot changed the phone")
		}
	})
}

// TestEverythingAtOnce has hands, scripts and lines act at the same time; whatever comes of it, the phone can be put to rest.
func TestEverythingAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, b *bench) {
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				for n := range 50 {
					switch (n + i) % 5 {
					case 0:
						b.hook(n%2 == 0)
					case 1:
						b.press("1002#")
					case 2:
						if id, err := b.Dial(t.Context(), n%20, "1005"); err == nil {
							time.Sleep(time.Duration(n) * 10 * ms)
							_ = b.HangUp(t.Context(), id) // another hand may have been faster
						}
					case 3:
						id := b.exchange.ring(n%20+1, "2004")
						time.Sleep(time.Duration(i) * ms)
						_ = b.Answer(t.Context(), id) // it may have been refused as busy
					case 4:
						b.LineChanged(n%20+1, line.Status{Phase: line.OnBackup, Active: line.Backup})
						b.Snapshot()
					}
				}
			})
		}
		all.Wait()
		b.press("release")
		b.hook(false)
		synctest.Wait()
		if s := b.Snapshot(); s.State != phone.Idle || len(s.Calls) != 0 || s.Ringing || b.exchange.open() != 0 {
			t.Errorf("put to rest: %s, calls %v, %d open", s.State, s.Calls, b.exchange.open())
		}
	})
}
