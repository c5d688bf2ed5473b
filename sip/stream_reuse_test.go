package sip_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hil/server"
	"hilphone/sip"
	"hilphone/sip/line"
)

// FO-07: the connection was there before and ends when the request is sent. The same server is dialled once more, with a new branch, and
// takes the request: nothing fails over.
func TestReusedConnectionIsDialledAgain(t *testing.T) {
	for _, transport := range reliable {
		t.Run(string(transport), func(t *testing.T) {
			w := newWired(t)
			w.start(w.settings(transport, transport))
			w.phase(line.OnPrimary)
			at := w.at(server.Primary, transport)
			once := func(method string) {
				w.forget()
				w.behave(server.Primary, server.Behaviour{CloseAfter: 1, Methods: []string{method}})
			}
			again := func(method string) {
				t.Helper()
				got := w.requests(server.Primary, method)
				next := got[0].CSeq
				if method == "REGISTER" { // a registrar that has had the first would refuse the same number (RFC 3261 10.3)
					next++
				}
				if len(got) < 2 || got[1].CSeq != next || got[0].Branch == got[1].Branch || got[0].CallID != got[1].CallID {
					t.Errorf("%d times %s at the primary\n%s", len(got), method, w.story())
				}
				w.mu.Lock()
				defer w.mu.Unlock()
				if got := w.causes(line.Method(method)); len(got) == 0 || got[0] != "primary connect" || slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "backup") }) {
					t.Errorf("%s ended %q", method, got)
				}
				if n := w.dialled(at); n != 1 {
					t.Errorf("the primary was dialled %d times for %s", n, method)
				}
			}
			once("REGISTER")
			w.post(line.Register{})
			w.until("registered again", func() bool { return strings.HasSuffix(strings.Join(w.causes(line.REGISTER), " "), "primary response") })
			again("REGISTER")
			w.phase(line.OnPrimary)

			once("INVITE")
			w.post(line.Dial{Call: "1", To: "1002"})
			if c := w.call("1", line.Talking); c.Server != line.Primary {
				t.Errorf("%+v", c)
			}
			again("INVITE")
			w.settled()

			once("BYE")
			w.post(line.HangUp{Call: "1"})
			w.peerOver()
			w.until("BYE answered", func() bool { return len(w.causes(line.BYE)) == 2 })
			again("BYE")
			w.phase(line.OnPrimary)
			w.wantDialled(w.at(server.Backup, transport), 0)
		})
	}
}

// settled waits until the line is registered and no REGISTER is under way.
func (w *wired) settled() {
	w.t.Helper()
	w.until("no REGISTER under way", func() bool {
		open := 0
		for _, e := range w.events {
			if text := ""; e.kind == "attempt_start" || e.kind == "attempt_end" {
				text = e.kind
				if text == "attempt_start" {
					open++
				} else {
					open--
				}
			}
		}
		return open == 0 && w.states[len(w.states)-1].Active != line.None
	})
}

// FO-07: a server that ends every connection gets one more, and then the backup has its turn; REGISTER, INVITE and BYE.
func TestServerThatEndsConnections(t *testing.T) {
	for _, transport := range reliable {
		t.Run(string(transport), func(t *testing.T) {
			w := newWired(t)
			w.start(w.settings(transport, transport))
			at := w.at(server.Primary, transport)
			twice := func(method line.Method) {
				t.Helper()
				// The server writes down what it has received after it has closed the connection: the phone may be faster.
				w.until("a second "+string(method), func() bool { return len(w.received(server.Primary, string(method))) > 1 })
				w.mu.Lock()
				defer w.mu.Unlock()
				if got := len(w.received(server.Primary, string(method))); got != 2 || w.dialled(at) != 1 {
					t.Errorf("%d times %s, %d times dialled", got, method, w.dialled(at))
				}
				if got := w.causes(method); len(got) < 2 || got[0] != "primary connect" || got[1] != "primary connect" {
					t.Errorf("%s ended %q", method, got)
				}
			}
			back := func() {
				t.Helper()
				w.behave(server.Primary, serve)
				w.post(line.Register{})
				w.phase(line.OnPrimary)
				w.settled()
				w.forget()
			}
			w.phase(line.OnPrimary)
			w.forget()
			w.behave(server.Primary, closing)
			w.post(line.Register{})
			w.phase(line.OnBackup)
			twice(line.REGISTER)

			back()
			w.behave(server.Primary, server.Behaviour{Mode: server.Close, Methods: []string{"INVITE"}})
			w.post(line.Dial{Call: "1", To: "1002"})
			if c := w.call("1", line.Talking); c.Server != line.Backup {
				t.Errorf("%+v", c)
			}
			twice(line.INVITE)
			w.post(line.HangUp{Call: "1"})
			w.peerOver()

			back()
			w.post(line.Dial{Call: "2", To: "1002"})
			w.call("2", line.Talking)
			w.behave(server.Primary, server.Behaviour{Mode: server.Close, Methods: []string{"BYE"}})
			w.post(line.HangUp{Call: "2"})
			if info := w.peerOver(); info.End.By != "peer" {
				t.Errorf("%+v", info.End)
			}
			twice(line.BYE)
			w.phase(line.OnBackup)
		})
	}
}

// FO-07: a connection that is fresh and ends gets no second one.
func TestFreshConnectionIsNotDialledAgain(t *testing.T) {
	for _, transport := range reliable {
		t.Run(string(transport), func(t *testing.T) {
			w := newWired(t)
			w.behave(server.Primary, closing)
			w.start(w.settings(transport, transport))
			w.phase(line.OnBackup)
			w.wantDialled(w.at(server.Primary, transport), 1)
			w.wantCauses(line.REGISTER, "primary connect", "backup response", "backup response")
		})
	}
}

// FO-07: the connection has ended, and the line has not heard of it when it sends. That is the same as a connection that ends then.
func TestConnectionEndsUnheard(t *testing.T) {
	w := newWired(t)
	registers, ended := 0, make(chan struct{})
	var first net.Conn
	w.start(w.settings(line.TCP, line.TCP), func(c *sip.Config) {
		dial, record := c.Dial, c.Record
		c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if err == nil && first == nil {
				first = conn.(*observed).Conn
				conn = &observed{Conn: conn, closing: func() { close(ended) }}
			}
			return conn, err
		}
		c.Record = func(at time.Time, n int, call line.CallID, data event.Data) {
			if data.EventType() == "attempt_start" {
				if registers++; registers == 3 { // the first two were challenged and answered
					first.Close()
					<-ended // the reader has given the connection up; the line is busy with this REGISTER
				}
			}
			record(at, n, call, data)
		}
	})
	w.phase(line.OnPrimary)
	w.forget()
	w.post(line.Register{})
	w.until("registered again", func() bool { return slices.Contains(w.causes(line.REGISTER), "primary response") })
	w.wantDialled(w.at(server.Primary, line.TCP), 1)
	w.wantDialled(w.at(server.Backup, line.TCP), 0)
}

// A server that ends the connection after each answer does not make the line register without end (CL-04).
func TestServerThatEndsConnectionsAfterAnswers(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	s := answering(t, l, "primary")
	s.endAfterAnswer()
	w := newWired(t)
	// Without a port of its own the line's Contact is the connection.
	w.start(settingsFor(t, addrOf(l), addrOf(l), append(strings.Fields(scaled), "transport=1", "backup_transport=1")...), func(c *sip.Config) { c.Listen = nil })
	began := time.Now()
	w.until("four registrations", func() bool { return len(w.dials) == 4 })
	if took := time.Since(began); took < 6*time.Second {
		t.Errorf("four registrations within %v", took)
	}
}
