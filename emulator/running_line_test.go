package main

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hil/memnet"
	"hilphone/sip"
	"hilphone/sip/line"
)

// TestTell: who has told a line something sees what became of it, however busy the line is. One that has not begun, or has ended, holds nobody up.
func TestTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const busy = 200 * time.Millisecond
		network := memnet.New()
		s := line.Default()
		s.PhoneNumber = "1001"
		r := &runningLine{begun: make(chan struct{}), ended: make(chan struct{}), Line: sip.New(sip.Config{
			Number: 1, Settings: s, Log: slog.New(slog.DiscardHandler),
			Open: func() (sip.Socket, error) {
				c, err := network.ListenPacket("udp", "127.0.0.1:5070")
				if err != nil {
					return nil, err
				}
				return c.(sip.Socket), nil
			},
			Listen:        func(string, string) (net.Listener, error) { return nil, net.ErrClosed },
			Record:        func(time.Time, int, line.CallID, event.Data) { time.Sleep(busy) },
			Trace:         func(sip.Message) {},
			CallChanged:   func(line.Call) {},
			StatusChanged: func(int, line.Status) {},
		})}
		took := func(e line.Event) time.Duration {
			began := time.Now()
			r.tell(e)
			return time.Since(began)
		}
		if d := took(line.Register{}); d != 0 {
			t.Errorf("a line that has not begun was waited for %v", d)
		}
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			defer close(r.ended)
			close(r.begun)
			if err := r.Run(ctx); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		s.Enabled, s.RegisterAddr = true, "127.0.0.2"
		if d := took(line.Reconfigured{Settings: s}); d < busy || d == settleTime || r.Snapshot().Settings.RegisterAddr != "127.0.0.2" || r.Snapshot().Phase != line.TryPrimary {
			t.Errorf("after %v the line is %s at %q", d, r.Snapshot().Phase, r.Snapshot().Settings.RegisterAddr)
		}
		stop()
		<-r.ended
		if d := took(line.Register{}); d != 0 {
			t.Errorf("a line that has ended was waited for %v", d)
		}
	})
}
