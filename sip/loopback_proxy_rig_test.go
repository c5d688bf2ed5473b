//go:build rig

package sip_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip"
	"hilphone/sip/line"
)

// edges are a registrar with passwords that knows 1002, and two outbound proxies before it, on real sockets.
type edges struct {
	registrar, primary, backup *server.Server
	callee                     *server.Phone
}

func newEdges(t *testing.T) *edges {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var runs sync.WaitGroup
	t.Cleanup(func() { cancel(); runs.Wait() })
	serve := func(run func(context.Context) error) {
		runs.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	open := func(c server.Config, host string) *server.Server {
		c.Listen = server.Loopback(netip.MustParseAddr(host), 0)
		s, err := server.New(c)
		if err != nil {
			t.Fatal(err)
		}
		serve(s.Run)
		return s
	}
	e := &edges{}
	e.registrar = open(server.Config{Auth: &server.Auth{Users: map[string]string{server.Caller: "secret", server.Callee: "secret"}, Calls: true}}, "127.0.0.7")
	edge := func(host string) *server.Server {
		c := server.Config{Registrar: e.registrar.Addr(), ListenTCP: server.LoopbackTCP(netip.MustParseAddr(host), 0)}
		return open(c, host)
	}
	e.primary, e.backup = edge("127.0.0.2"), edge("127.0.0.3")
	e.primary.SetAliases(e.backup.Addr(), e.backup.AddrTCP())
	e.backup.SetAliases(e.primary.Addr(), e.primary.AddrTCP())
	var err error
	if e.callee, err = server.NewPhone(server.PhoneConfig{User: server.Callee, Password: "secret", Listen: server.Loopback(netip.MustParseAddr("127.0.0.4"), 0),
		ListenMedia: server.Loopback(netip.MustParseAddr("127.0.0.4"), 0)}); err != nil {
		t.Fatal(err)
	}
	serve(e.callee.Run)
	e.registrar.Exempt(e.callee.Addr())
	if err := e.registrar.Registrations().Bind(server.Callee, e.callee.Contact(), time.Hour); err != nil {
		t.Fatal(err)
	}
	return e
}

// line is a handset whose server is the registrar, by the two proxies.
func (e *edges) line(t *testing.T, transport line.Transport, more ...string) *handset {
	t.Helper()
	at := func(s *server.Server) netip.AddrPort {
		if transport == line.TCP {
			return s.AddrTCP()
		}
		return s.Addr()
	}
	p, b := at(e.primary), at(e.backup)
	values := []string{"enabled=1", "phone_number=" + server.Caller, "auth_password=secret", "transport=" + string(transport), "backup_transport=" + string(transport),
		"register_addr=" + e.registrar.Addr().Addr().String(), fmt.Sprintf("register_port=%d", e.registrar.Addr().Port()),
		"outbound_proxy_addr=" + p.Addr().String(), fmt.Sprintf("outbound_proxy_port=%d", p.Port()),
		"backup_outbound_proxy_addr=" + b.Addr().String(), fmt.Sprintf("backup_outbound_proxy_port=%d", b.Port()), "failback_interval=1"}
	return newHandset(t, set(t, line.Default(), append(values, more...)...))
}

// OP-01, OP-02, OP-05, OP-07, FO-13, FO-24, FO-36, FB-04 on real sockets: a registrar that asks for passwords, behind two outbound proxies that close
// their ports and open them again, with the proxies as next hops alone and named in Routes.
func TestProxiesOnRealSockets(t *testing.T) {
	for _, c := range []struct {
		transport line.Transport
		strict    string
	}{{line.UDP, "1"}, {line.UDP, "0"}, {line.TCP, "1"}, {line.TCP, "0"}} {
		t.Run(string(c.transport)+", strict_proxy "+c.strict, func(t *testing.T) {
			e := newEdges(t)
			behave := func(s *server.Server, mode server.Mode) {
				t.Helper()
				if err := s.SetBehaviour(server.Behaviour{Mode: mode}); err != nil {
					t.Fatal(err)
				}
			}
			h := e.line(t, c.transport, "strict_proxy="+c.strict)
			var mu sync.Mutex
			var elsewhere []string
			watch := func(m sip.Message) {
				if far, _ := netip.ParseAddrPort(m.Remote); m.Out && m.Slot == line.None && far.Addr() != e.registrar.Addr().Addr() || m.Out && !m.Proxy && !strings.HasPrefix(m.Start(), "SIP/2.0") {
					mu.Lock()
					elsewhere = append(elsewhere, m.Start()+" to "+m.Remote)
					mu.Unlock()
				}
			}
			h.trace.Store(&watch)
			h.until(line.OnPrimary)
			ended := func(id line.CallID) {
				t.Helper()
				all := e.callee.Calls()
				h.line.Post(line.HangUp{Call: id})
				select {
				case <-all[len(all)-1].Ended():
				case <-time.After(patience):
					t.Fatal("the BYE did not reach 1002")
				}
				h.untilCall(line.Ended)
			}

			// A call by the primary's proxy, whose BYE has to go by the backup's.
			h.line.Post(line.Dial{Call: "1", To: server.Callee})
			if got := h.untilCall(line.Talking); got.Server != line.Primary {
				t.Errorf("the call goes through the %s", got.Server)
			}
			behave(e.primary, server.Refuse)
			ended("1")
			h.until(line.OnBackup)

			// The probe finds the primary's proxy again.
			behave(e.primary, server.Serve)
			h.until(line.OnPrimary)

			// A call that fails over.
			behave(e.primary, server.Refuse)
			h.line.Post(line.Dial{Call: "2", To: server.Callee})
			if got := h.untilCall(line.Talking); got.Server != line.Backup {
				t.Errorf("the call goes through the %s", got.Server)
			}
			ended("2")

			// The registrar sends a call itself, not by a proxy; its BYE goes by one.
			if c.transport == line.UDP {
				if _, err := e.callee.Dial(t.Context(), e.registrar.Addr(), server.Caller); err != nil {
					t.Fatal(err)
				}
				in := h.untilCall(line.Ringing)
				h.line.Post(line.Answer{Call: in.ID})
				h.untilCall(line.Talking)
				ended(in.ID)
			}

			// Both gone: the end of all servers. Back: the next registration.
			behave(e.backup, server.Refuse)
			h.line.Post(line.Register{})
			h.until(line.AllFailed)
			behave(e.primary, server.Serve)
			h.line.Post(line.Register{})
			h.until(line.OnPrimary)
			mu.Lock()
			defer mu.Unlock()
			if len(elsewhere) > 0 {
				t.Errorf("not to the proxies: %q", elsewhere)
			}
		})
	}
}
