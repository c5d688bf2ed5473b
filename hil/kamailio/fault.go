package kamailio

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"syscall"
	"time"
)

// swallow is the status that makes kamailio.cfg answer nothing at all.
const swallow = 1

// Freeze stops the server as a hanging machine does: its port stays open, datagrams wait unread and are answered when it
// is restored.
func (s *Server) Freeze() error { return s.signal(syscall.SIGSTOP) }

// signal reaches the server and all its workers.
func (s *Server) signal(sig syscall.Signal) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.process == nil {
		return fmt.Errorf("%s to the %s: it is gone", sig, s.Name)
	}
	if err := syscall.Kill(-s.process.cmd.Process.Pid, sig); err != nil {
		return fmt.Errorf("%s to the %s: %w", sig, s.Name, err)
	}
	return nil
}

// Blackhole drops every packet to and from the server's address, without ICMP, as an unplugged cable behind a router does.
func (s *Server) Blackhole(ctx context.Context) error {
	return s.lose(ctx, fmt.Sprintf(`udp dport %[2]d accept
		ip daddr %[1]s drop
		ip saddr %[1]s drop`, s.Addr.Addr(), syncPort))
}

// DropTCP drops every packet of the server's SIP connections, TCP and TLS, without a reset, as a filter does that forgot them. UDP
// still gets through.
func (s *Server) DropTCP(ctx context.Context) error {
	return s.lose(ctx, fmt.Sprintf(`ip daddr %[1]s tcp dport { %[2]d, %[3]d } drop
		ip saddr %[1]s tcp sport { %[2]d, %[3]d } drop`, s.Addr.Addr(), Port, TLSPort))
}

// lose has packets judged by the rules, on arrival and not on the way out, where the sender would be told EPERM.
func (s *Server) lose(ctx context.Context, rules string) error {
	return s.pair.network.run(ctx, s.dropTable()+fmt.Sprintf(`
		table inet %s {
			chain arriving {
				type filter hook input priority 0
				%s
			}
		}`, "lost_"+s.Name, rules), "nft", "-f", "-")
}

// PowerOff ends the server as a power cut does: nobody is told, and when it is restored it knows nothing of the connections that it had.
func (s *Server) PowerOff(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.Blackhole(ctx); err != nil {
		return err
	}
	if err := s.Kill(); err != nil {
		return err
	}
	// The kernel still says goodbye for the dead server, and soon gives up.
	err := await(ctx, func() (forgotten bool, err error) {
		err = s.pair.Do(func() (err error) { forgotten, err = s.unconnected(); return err })
		return forgotten, err
	})
	if err != nil {
		return fmt.Errorf("the connections of the %s do not end: %w", s.Name, err)
	}
	return nil
}

// unconnected tells whether no TCP connection ends at the server's address, in the network of this thread. One that has been closed
// in order and only waits in vain for stray packets is none.
func (s *Server) unconnected() (bool, error) {
	sockets, err := os.ReadFile("/proc/thread-self/net/tcp")
	if err != nil {
		return false, err
	}
	// As the kernel writes it: the bytes of the address from the last to the first.
	a := s.Addr.Addr().As4()
	own := fmt.Sprintf("%02X%02X%02X%02X:", a[3], a[2], a[1], a[0])
	const timeWait = "06"
	for socket := range strings.Lines(string(sockets)) {
		if f := strings.Fields(socket); len(f) > 3 && strings.HasPrefix(f[1], own) && f[3] != timeWait {
			return false, nil
		}
	}
	return true, nil
}

// Present starts the server anew, with another certificate.
func (s *Server) Present(ctx context.Context, c Certificate) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.present(c); err != nil {
		return err
	}
	if err := s.serving(ctx); err != nil {
		return err
	}
	return s.synchronised(ctx)
}

func (s *Server) present(c Certificate) error {
	if err := s.Kill(); err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.shows = c
	return s.start()
}

// dropTable lets all packets through again, whether any were dropped or not.
func (s *Server) dropTable() string {
	return fmt.Sprintf("add table inet %[1]s\ndelete table inet %[1]s\n", "lost_"+s.Name)
}

// Mute makes the server swallow every request, with its port open and its machine alive.
func (s *Server) Mute(ctx context.Context) error { return s.setFault(ctx, swallow, 0) }

// Answer makes the server answer every request with the status, 300 to 699, and with a Retry-After in whole seconds unless
// that is 0.
func (s *Server) Answer(ctx context.Context, status int, retryAfter time.Duration) error {
	if status < 300 || status > 699 {
		return fmt.Errorf("status %d: must be 300 to 699", status)
	}
	return s.setFault(ctx, status, int(math.Ceil(retryAfter.Seconds())))
}

func (s *Server) setFault(ctx context.Context, status, retryAfter int) error {
	if err := s.control(ctx, nil, "htable.seti", "fault", "retry_after", retryAfter); err != nil {
		return err
	}
	return s.control(ctx, nil, "htable.seti", "fault", "status", status)
}

// Restore undoes whatever was done to the server, starts it if it is gone, and returns when it serves and shares
// registrations with the other server, if that one is up.
func (s *Server) Restore(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.pair.network.run(ctx, s.dropTable(), "nft", "-f", "-"); err != nil {
		return err
	}
	if err := s.revive(ctx); err != nil {
		return err
	}
	if err := s.serving(ctx); err != nil {
		return err
	}
	return s.synchronised(ctx)
}

// revive brings the process back to where it answers.
func (s *Server) revive(ctx context.Context) error {
	s.mutex.Lock()
	anew := s.process == nil || s.shows != Trusted
	s.mutex.Unlock()
	if anew {
		return s.present(Trusted)
	}
	if err := s.signal(syscall.SIGCONT); err != nil {
		return err
	}
	return s.setFault(ctx, 0, 0)
}
