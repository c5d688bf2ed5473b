package sip_test

import (
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// UX-03: a TCP port that is taken is tried again every 10 s; the event of the fault comes once, and once more when the port is open.
func TestTakenTCPPortIsTriedAgain(t *testing.T) {
	run(t, open, func(x *stack) {
		var taken atomic.Bool
		taken.Store(true)
		var tried []time.Duration
		x.listen = func(network, addr string) (net.Listener, error) {
			tried = append(tried, time.Since(x.mark))
			if taken.Load() {
				return nil, os.NewSyscallError("bind", syscall.EADDRINUSE)
			}
			return x.net.Listen(network, addr)
		}
		began := time.Since(x.mark)
		x.start()
		x.until(began + 25*time.Second)
		if s := x.lines[1].Snapshot(); s.NoListener == nil {
			t.Error("the status has no cause")
		}
		taken.Store(false)
		x.until(began + 35*time.Second)
		if s := x.lines[1].Snapshot(); s.NoListener != nil {
			t.Errorf("the status still says %v", s.NoListener)
		}
		x.until(began + time.Minute)
		var later []time.Duration
		for _, at := range tried {
			if at > began {
				later = append(later, at-began)
			}
		}
		if len(later) != 3 || later[0] != 10*time.Second || later[1] != 20*time.Second || later[2] != 30*time.Second {
			t.Errorf("tried again after %v", later)
		}
		x.wantEvents("fault", "0 30000") // its beginning and its end
	})
}
