package sip_test

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hil/server"
	"hilphone/sip"
	"hilphone/sip/line"
)

const patience = 10 * time.Second // for what must happen at once on real sockets

// handset is a line on real sockets of the loopback network, with what it reports.
type handset struct {
	tb     testing.TB
	line   *sip.Line
	phases chan line.Phase
	calls  chan line.Call
	trace  atomic.Pointer[func(sip.Message)]
	notes  atomic.Pointer[func(kind string, data any)]
}

func newHandset(tb testing.TB, s line.Settings) *handset {
	tb.Helper()
	h := &handset{tb: tb, phases: make(chan line.Phase, 1024), calls: make(chan line.Call, 1024)}
	var calls atomic.Int64
	h.line = sip.New(sip.Config{
		Number: 1, Settings: s,
		Open:     func() (sip.Socket, error) { return sip.ListenUDP("127.0.0.1:0") },
		Media:    net.ListenPacket,
		NextCall: func() line.CallID { return line.CallID("in" + strconv.FormatInt(calls.Add(1), 10)) },
		Record: func(_ time.Time, _ int, _ line.CallID, data event.Data) {
			if f := h.notes.Load(); f != nil {
				(*f)(data.EventType(), data)
			}
		},
		Trace: func(m sip.Message) {
			if f := h.trace.Load(); f != nil {
				(*f)(m)
			}
		},
		CallChanged:   func(c line.Call) { h.calls <- c },
		StatusChanged: func(_ int, s line.Status) { h.phases <- s.Phase },
		Log:           slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() {
		if err := h.line.Run(ctx); err != nil {
			tb.Errorf("line: %v", err)
		}
	})
	tb.Cleanup(func() { cancel(); run.Wait() })
	return h
}

func (h *handset) until(want line.Phase) {
	h.tb.Helper()
	deadline := time.After(patience)
	for {
		select {
		case p := <-h.phases:
			if p == want {
				return
			}
		case <-deadline:
			h.tb.Fatalf("the line is not %s within %v", want, patience)
		}
	}
}

func (h *handset) untilCall(want line.CallState) line.Call {
	h.tb.Helper()
	deadline := time.After(patience)
	for {
		select {
		case c := <-h.calls:
			if c.State == want {
				return c
			}
			if c.State == line.Ended {
				h.tb.Fatalf("the call ended: %+v", c.End)
			}
		case <-deadline:
			h.tb.Fatalf("the call is not %s within %v", want, patience)
		}
	}
}

// T08, T11, T39, FO-05, FO-36 on real sockets: a port that is closed shows itself by ICMP, and registration, call and hang-up fail over well within
// 100 ms.
func TestFailoverByICMPOnRealSockets(t *testing.T) {
	lab, err := server.NewLab(server.LabConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() {
		if err := lab.Run(ctx); err != nil {
			t.Errorf("lab: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); run.Wait() })
	behave := func(mode server.Mode) {
		t.Helper()
		if err := lab.SetBehaviour(server.Primary, server.Behaviour{Mode: mode}); err != nil {
			t.Fatal(err)
		}
	}
	h := newHandset(t, set(t, line.Default(), "enabled=1", "phone_number=1001", "auth_password="+lab.Password(server.Caller),
		"register_addr="+lab.Primary.Addr().Addr().String(), "register_port="+strconv.Itoa(int(lab.Primary.Addr().Port())),
		"backup_addr="+lab.Backup.Addr().Addr().String(), "backup_port="+strconv.Itoa(int(lab.Backup.Addr().Port()))))
	h.until(line.OnPrimary)
	// The machine may be busy: of five times the fastest counts.
	fastest := map[string]time.Duration{"REGISTER": time.Hour, "INVITE": time.Hour, "BYE": time.Hour}
	took := func(what string, since time.Time) { fastest[what] = min(fastest[what], time.Since(since)) }
	again := func() {
		t.Helper()
		behave(server.Serve)
		h.line.Post(line.Register{})
		h.until(line.OnPrimary)
	}
	for i := range 5 {
		behave(server.Refuse)
		began := time.Now()
		h.line.Post(line.Register{})
		h.until(line.OnBackup)
		took("REGISTER", began)
		again()

		id := line.CallID("dial" + strconv.Itoa(i))
		behave(server.Refuse)
		began = time.Now()
		h.line.Post(line.Dial{Call: id, To: "1002"})
		if c := h.untilCall(line.Talking); c.Server != line.Backup {
			t.Errorf("the call goes through the %s", c.Server)
		}
		took("INVITE", began)
		h.line.Post(line.HangUp{Call: id})
		h.untilCall(line.Ended)
		again()

		id = line.CallID("bye" + strconv.Itoa(i))
		h.line.Post(line.Dial{Call: id, To: "1002"})
		h.untilCall(line.Talking)
		behave(server.Refuse)
		all := lab.Phone.Calls()
		began = time.Now()
		h.line.Post(line.HangUp{Call: id})
		select {
		case <-all[len(all)-1].Ended():
		case <-time.After(patience):
			t.Fatal("the BYE did not reach 1002")
		}
		took("BYE", began)
		h.untilCall(line.Ended)
		h.until(line.OnBackup)
		again()
	}
	for what, d := range fastest {
		t.Logf("%s failed over in %v", what, d)
		if d > 100*time.Millisecond {
			t.Errorf("%s failed over in %v", what, d)
		}
	}
}
