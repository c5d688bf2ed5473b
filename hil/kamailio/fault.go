package kamailio

import (
	"context"
	"fmt"
	"math"
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
	// On arrival and not on the way out, where the sender would be told EPERM.
	return s.pair.network.run(ctx, s.dropTable()+fmt.Sprintf(`
		table inet %[1]s {
			chain arriving {
				type filter hook input priority 0
				udp dport %[3]d accept
				ip daddr %[2]s drop
				ip saddr %[2]s drop
			}
		}`, "lost_"+s.Name, s.Addr.Addr(), syncPort), "nft", "-f", "-")
}

// dropTable takes the black hole away, whether there is one or not.
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
	gone := s.process == nil
	if gone {
		defer s.mutex.Unlock()
		return s.start()
	}
	s.mutex.Unlock()
	if err := s.signal(syscall.SIGCONT); err != nil {
		return err
	}
	return s.setFault(ctx, 0, 0)
}
