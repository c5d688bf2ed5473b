package sip_test

import (
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

var reliable = []line.Transport{line.TCP, line.TLS}

// A whole life over one connection: registered with a password, refreshed, calls both ways with sound, hold, ended from both sides,
// un-registered (FO-15, FO-16, CF-04).
func TestLineOverStreams(t *testing.T) {
	t.Parallel()
	for _, transport := range reliable {
		for _, named := range []bool{false, true} {
			name := string(transport)
			if named {
				name += " by name"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWired(t, "primary.example.test")
				s := w.settings(transport, transport)
				if named {
					s = w.settings(transport, transport, "register_addr=primary.example.test")
				}
				w.behave(server.Primary, server.Behaviour{MaxExpires: 2 * time.Second})
				w.start(s)
				w.phase(line.OnPrimary)
				w.until("a refresh", func() bool {
					return len(w.received(server.Primary, "REGISTER")) >= 4 || len(w.causes(line.REGISTER)) >= 3
				})
				w.behave(server.Primary, serve)

				w.post(line.Dial{Call: "1", To: "1002"})
				w.call("1", line.Talking)
				w.sound()
				w.post(line.Hold{Call: "1"})
				w.call("1", line.Held)
				w.post(line.Resume{Call: "1"})
				w.call("1", line.Talking)
				w.sound()
				w.post(line.HangUp{Call: "1"})
				if info := w.peerOver(); info.End.By != "peer" || info.End.Method != "BYE" {
					t.Errorf("1002's call ended %+v", info.End)
				}

				w.post(line.Dial{Call: "2", To: "1002"})
				w.call("2", line.Talking)
				all := w.lab.Phone.Calls()
				w.hungUp(all[len(all)-1])
				if c := w.call("2", line.Ended); c.End.By != line.ByPeer {
					t.Errorf("%+v", c.End)
				}

				for _, byUs := range []bool{true, false} {
					c, id := w.ring(server.Primary)
					w.post(line.Answer{Call: id})
					w.answered(c)
					w.call(id, line.Talking)
					w.sound()
					if byUs {
						w.post(line.HangUp{Call: id})
						w.peerOver()
					} else {
						w.hungUp(c)
					}
					w.call(id, line.Ended)
				}
				w.end()
				if got := w.lab.Primary.Registrations().Bindings("1001"); len(got) != 0 {
					t.Errorf("still registered: %+v", got)
				}
				if c := w.lab.Primary.Counts(); c.Connections != 1 || c.Malformed != 0 {
					t.Errorf("%d connections, %d malformed\n%s", c.Connections, c.Malformed, w.story())
				}
				w.wantTrace(transport)
			})
		}
	}
}

// wantTrace looks whether both sides saw the same, over the transport, with the names of it, and no digest answer readable.
func (w *wired) wantTrace(transport line.Transport) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	ways, starred := map[bool]int{}, 0
	for _, m := range w.traced {
		ways[m.Out]++
		if m.Transport != transport || m.Slot == line.None {
			w.t.Errorf("%s %s %s: %.40q", m.Transport, m.Slot, m.Remote, m.Raw)
		}
		text := string(m.Raw)
		if m.Out && !strings.HasPrefix(text, "SIP/2.0") {
			if want := "Via: SIP/2.0/" + strings.ToUpper(string(transport)) + " 127.0.0.1:"; !strings.Contains(text, want) {
				w.t.Errorf("no %q in %s", want, text)
			}
			if _, contact, ok := strings.Cut(text, "Contact: <"); ok && !strings.Contains(contact, ";transport="+string(transport)+">") {
				w.t.Errorf("Contact %.80q", contact)
			}
		}
		if m.Out && strings.HasPrefix(text, "SIP/2.0 200") && strings.Contains(text, "INVITE\r\n") && !strings.Contains(text, ";transport="+string(transport)+">") {
			w.t.Errorf("no Contact of the transport in %s", text)
		}
		if i := strings.Index(text, "Digest username"); i >= 0 {
			starred++
			if !strings.Contains(text, `response="***"`) {
				w.t.Errorf("a digest answer is shown: %s", text[i:])
			}
		}
	}
	if ways[true] < 20 || ways[false] < 20 || starred == 0 {
		w.t.Errorf("%d sent, %d received, %d with a digest", ways[true], ways[false], starred)
	}
	for _, m := range w.served {
		if m.name == server.Primary && m.From != w.lab.Phone.Addr() && m.To != w.lab.Phone.Addr() && m.Transport != strings.ToUpper(string(transport)) {
			w.t.Errorf("the primary saw %s over %s", m.Start, m.Transport)
		}
	}
}
