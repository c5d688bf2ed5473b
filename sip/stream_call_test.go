package sip_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hilphone/hil/server"
	"hilphone/sip"
	"hilphone/sip/line"
)

// A server that has no connection of ours calls at the TCP port that the Contact names, and is answered there: the dialog is the backup's
// though the primary is active, by its Record-Route, and without one by its host (FO-67), and so are the messages in the trace. Our BYE goes to the
// backup's own port.
func TestCalledAtTheTCPPort(t *testing.T) {
	for _, routed := range []bool{true, false} {
		t.Run(fmt.Sprintf("routed %v", routed), func(t *testing.T) {
			w := newWires(t)
			w.authority, w.caFile = authority(t)
			w.serve(server.LabConfig{NoRecordRoute: !routed}, w.certificate("127.0.0.2"), w.certificate("127.0.0.3"))
			w.start(w.settings(line.TCP, line.TCP))
			w.phase(line.OnPrimary)
			c, id := w.ring(server.Backup)
			w.post(line.Answer{Call: id})
			w.answered(c)
			if got := w.call(id, line.Talking); got.Server != line.Backup {
				t.Errorf("the call came through the %s", got.Server)
			}
			w.sound()
			w.hungUp(c)
			w.call(id, line.Ended)
			c, id = w.ring(server.Backup)
			w.post(line.Answer{Call: id})
			w.answered(c)
			w.post(line.HangUp{Call: id})
			w.peerOver()
			if got := w.requests(server.Backup, "BYE"); len(got) != 2 || got[1].Transport != "TCP" {
				t.Errorf("%d BYEs at the backup\n%s", len(got), w.story())
			}
			w.wantDialled(w.at(server.Backup, line.TCP), 1)
			w.tell(func() {
				shown := map[line.Slot]int{}
				for _, m := range w.traced {
					shown[m.Slot]++
					if want := map[bool]line.Slot{true: line.Primary, false: line.Backup}[strings.HasPrefix(m.Remote, "127.0.0.2:")]; m.Slot != want {
						t.Errorf("%s of %s is shown as that of %s", m.Start(), m.Remote, m.Slot)
					}
				}
				if shown[line.Primary] == 0 || shown[line.Backup] == 0 || len(shown) != 2 {
					t.Errorf("messages by server: %v", shown)
				}
			})
		})
	}
}

// Without a port of its own the line is reached over its connection; a caller who gives up is told so there (487).
func TestCalledOverTheConnection(t *testing.T) {
	for _, transport := range reliable {
		t.Run(string(transport), func(t *testing.T) {
			w := newWired(t)
			w.start(w.settings(transport, transport), func(c *sip.Config) { c.Listen = nil })
			w.phase(line.OnPrimary)
			c, id := w.ring(server.Primary)
			w.until("1002 hears it ring", func() bool {
				return slices.ContainsFunc(w.served, func(m served) bool { return m.name == "1002" && !m.Sent && m.Status == 180 })
			})
			w.hungUp(c)
			if got := w.call(id, line.Ended); got.End.By != line.ByPeer {
				t.Errorf("%+v", got.End)
			}
			if info := c.Info(); info.End.Status != 487 {
				t.Errorf("%+v", info.End)
			}
			c, id = w.ring(server.Primary)
			w.post(line.Reject{Call: id, Code: 486})
			if err := c.Answered(w.patient()); err == nil || !strings.Contains(err.Error(), "486") {
				t.Errorf("answered with %v", err)
			}
			w.call(id, line.Ended)
			registers := w.out("REGISTER")
			if len(registers) == 0 {
				t.Error("no REGISTER was sent")
			}
			for _, m := range registers {
				if contact := after(string(m.Raw), "Contact: <sip:1001@"); contact != m.Local {
					t.Errorf("Contact %s of a REGISTER from %s", contact, m.Local)
				}
			}
			if c := w.lab.Primary.Counts(); c.Connections != 1 {
				t.Errorf("%d connections", c.Connections)
			}
		})
	}
}

// FO-39: a BYE that is rewritten for the backup names it by its own transport; FO-38: as it is, it keeps the primary's names.
func TestByeToAnotherTransport(t *testing.T) {
	for _, mode := range []string{line.Preserve, line.Rewrite} {
		t.Run(mode, func(t *testing.T) {
			w := newWired(t)
			w.start(w.settings(line.TLS, line.TCP, "in_dialog_failover="+mode, "enable_failback=0"))
			w.phase(line.OnPrimary)
			w.post(line.Dial{Call: "1", To: "1002"})
			w.call("1", line.Talking)
			w.behave(server.Primary, server.Behaviour{Mode: server.Status, Status: 503, Methods: []string{"BYE"}})
			w.post(line.HangUp{Call: "1"})
			w.peerOver()
			byes := w.out("BYE")
			if len(byes) != 2 || byes[0].Transport != line.TLS || byes[1].Transport != line.TCP {
				t.Fatalf("%d BYEs\n%s", len(byes), w.story())
			}
			first, second := datagram{raw: string(byes[0].Raw)}, datagram{raw: string(byes[1].Raw)}
			if first.header("CSeq") != second.header("CSeq") || first.branch() == second.branch() || first.uri() != second.uri() {
				t.Errorf("%s\n%s", first.raw, second.raw)
			}
			route := second.headers("Route")
			want := "@" + w.at(server.Primary, line.TLS).String() + ";transport=tls;lr>"
			if mode == line.Rewrite {
				want = "@" + w.at(server.Backup, line.TCP).String()
			}
			if len(route) != 2 || !strings.Contains(route[0], want) || mode == line.Rewrite && !strings.Contains(route[0], "transport=tcp") {
				t.Errorf("Route %q, want %s", route, want)
			}
		})
	}
}

// IPv6 over every transport: registered, calling and called, with brackets where they belong (RFC 3261 25.1).
func TestIPv6OverEveryTransport(t *testing.T) {
	for _, transport := range []line.Transport{line.UDP, line.TCP, line.TLS} {
		t.Run(string(transport), func(t *testing.T) {
			w := newWires(t)
			w.v6 = true
			w.authority, w.caFile = authority(t)
			w.serve(server.LabConfig{}, w.certificate("::1"), w.certificate("::1"))
			at := w.at(server.Primary, transport)
			if !at.Addr().Is6() {
				t.Fatalf("this machine has no IPv6: the server is at %s", at)
			}
			w.startAt("[::1]:0", w.settings(transport, transport))
			w.phase(line.OnPrimary)
			w.post(line.Dial{Call: "1", To: "1002"})
			w.call("1", line.Talking)
			w.sound()
			w.post(line.HangUp{Call: "1"})
			w.peerOver()
			c, id := w.ring(server.Primary)
			w.post(line.Answer{Call: id})
			w.answered(c)
			w.sound()
			w.hungUp(c)
			w.call(id, line.Ended)
			if transport == line.TCP { // a server without a connection finds the port
				c, id = w.ring(server.Backup)
				w.post(line.Answer{Call: id})
				w.answered(c)
				w.hungUp(c)
				w.call(id, line.Ended)
			}
			w.behave(server.Primary, refuse)
			w.post(line.Register{})
			w.phase(line.OnBackup)
			w.end()
			sent := map[string]int{}
			for _, m := range w.out("") {
				d := datagram{raw: string(m.Raw)}
				if d.status() != 0 {
					continue
				}
				sent[d.method()]++
				if m.Slot == line.Primary && d.method() == "REGISTER" && d.uri() != "sip:"+at.String() {
					t.Errorf("%s", d.start())
				}
				if via := d.header("Via"); !strings.HasPrefix(via, "SIP/2.0/"+strings.ToUpper(string(transport))+" [::1]:") {
					t.Errorf("Via %s", via)
				}
				if contact := d.header("Contact"); contact != "" && !strings.HasPrefix(contact, "<sip:1001@[::1]:") {
					t.Errorf("Contact %s", contact)
				}
				if d.method() == "INVITE" && !strings.Contains(d.body(), "c=IN IP6 ::1\r\n") {
					t.Errorf("SDP %s", d.body())
				}
			}
			for _, method := range []string{"REGISTER", "INVITE", "ACK", "BYE"} {
				if sent[method] == 0 {
					t.Errorf("no %s was sent", method)
				}
			}
		})
	}
}

// WR-21 in the other direction: an INVITE of more than 1300 octets comes to a line of UDP by TCP, at the port of the same number, and is answered
// there; the call goes on by either.
func TestLongInviteToALineOfUDP(t *testing.T) {
	w := newWired(t)
	w.start(w.settings(line.UDP, line.UDP, "accept_from=servers"))
	w.phase(line.OnPrimary)
	c := w.connectFrom(wiredPrimary.String())
	message := func(method, to, more string) string {
		return fmt.Sprintf("%s sip:1001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bK%s\r\nFrom: <sip:1002@127.0.0.2>;tag=a\r\nTo: <sip:1001@127.0.0.2>%s\r\nCall-ID: long\r\nCSeq: %d %s\r\n%sContent-Length: 0\r\n\r\n",
			method, c.LocalAddr(), method, to, map[string]int{"INVITE": 1, "ACK": 1, "BYE": 2}[method], method, more)
	}
	c.write(message("INVITE", "", "Contact: <sip:1002@"+c.LocalAddr().String()+";transport=tcp>\r\nX-Long: "+strings.Repeat("x", 3000)+"\r\n"))
	ringing := c.expect(180)
	w.call("in1", line.Ringing)
	w.post(line.Answer{Call: "in1"})
	ok := c.expect(200)
	if contact := ok.header("Contact"); contact != "<sip:1001@"+w.line.Snapshot().Local.String()+";transport=tcp>" || ok.header("To") != ringing.header("To") {
		t.Errorf("the 200 is\n%s", ok.raw)
	}
	c.write(message("ACK", ";tag="+ok.tag("To"), ""))
	c.write(message("BYE", ";tag="+ok.tag("To"), ""))
	c.expect(200)
	w.call("in1", line.Ended)
}
