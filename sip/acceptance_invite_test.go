package sip_test

import (
	"strings"
	"testing"
	"time"

	"hilphone/hil/memnet"
	"hilphone/hil/server"
	"hilphone/sip/line"
)

// T35, FO-24, FO-25, FO-28: the call passes through a REGISTER at the backup, and the INVITE there is the same but for its branch and,
// without a domain, the server's name in its URIs.
func TestInviteFailsOver(t *testing.T) {
	for _, domain := range []string{"", "example.test"} {
		t.Run("domain "+domain, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x, "domain="+domain)
				x.behave("primary", silent)
				x.dial("1", "1002")
				x.wantCall("1", "calling")
				x.until(50 * time.Second)
				p, b := x.want("INVITE 0 500 1500 3500", "REGISTER 7500, INVITE 7500, ACK 7500")
				first, again := p[0], b[1]
				x.differ(first, again)
				expect := strings.Replace(first.raw, first.branch(), again.branch(), 1)
				if domain == "" {
					expect = strings.NewReplacer("1002@127.0.0.2", "1002@127.0.0.3", "1001@127.0.0.2", "1001@127.0.0.3").Replace(expect)
				}
				if again.raw != expect {
					t.Errorf("the INVITE changed from\n%s\nto\n%s", first.raw, again.raw)
				}
				if host := "sip:1002@" + map[string]string{"": "127.0.0.2", "example.test": "example.test"}[domain]; first.uri() != host {
					t.Errorf("Request-URI %s", first.uri())
				}
				if c := x.wantCall("1", "talking"); c.Server != line.Backup || c.SIPCallID != first.header("Call-ID") {
					t.Errorf("the call is %+v", c)
				}
				x.phase(line.OnBackup)
				x.wantPeer(server.CallUp)
				x.wantEvents("failover", "7500")
			})
		})
	}
}

// T36, FO-26: 503 is acknowledged at the primary before the backup hears anything, and again each time it is repeated.
func TestInvite503(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.behave("primary", status(503, "INVITE"))
		lost := 0
		x.net.Filter(func(p memnet.Packet, fate *memnet.Fate) {
			if p.To == primaryAddr && strings.HasPrefix(string(p.Payload), "ACK ") && lost < 3 {
				lost++
				fate.Drop = true
			}
		})
		x.dial("1", "1002")
		x.until(40 * time.Second)
		x.want("INVITE 0, ACK 0 500 1500 3500", "REGISTER 0, INVITE 0, ACK 0")
		if all := x.sent(noAddr); all[1].method() != "ACK" || all[1].to != primaryAddr {
			t.Errorf("the backup was asked before the ACK:\n%s", x.story())
		}
		x.wantCall("1", "talking")
		x.phase(line.OnBackup)
	})
}

// What a single answer of the primary's does to a call. FO-29, FAILOVER 3.3.
func TestInviteAnswers(t *testing.T) {
	const elsewhere = "REGISTER 0, INVITE 0, ACK 0"
	for _, c := range []struct {
		name      string
		primary   server.Behaviour
		settings  string
		atPrimary string
		atBackup  string
		call      string
	}{
		{"T37 500, the primary registers the line: WR-57", status(500, "INVITE"), "", "INVITE 0, ACK 0, REGISTER 0", "", "ended server 500"},
		{"500 to everything: WR-57", status(500), "", "INVITE 0, ACK 0, REGISTER 0", elsewhere, "talking"},
		{"500, not verified: WR-57", status(500), "verify_500=0", "INVITE 0, ACK 0", "", "ended server 500"},
		{"500, one server: WR-57", status(500), "backup_addr=", "INVITE 0, ACK 0", "", "ended server 500"},
		{"500 where the codes say so", status(500, "INVITE"), "request_failover_codes=5??", "INVITE 0, ACK 0", elsewhere, "talking"},
		{"503 where they do not", status(503, "INVITE"), "request_failover_codes=504", "INVITE 0, ACK 0", "", "ended server 503"},
		{"T38 486", status(486, "INVITE"), "", "INVITE 0, ACK 0", "", "ended peer 486"},
		{"T38 603", status(603, "INVITE"), "", "INVITE 0, ACK 0", "", "ended peer 603"},
		{"T38 404", status(404, "INVITE"), "", "INVITE 0, ACK 0", "", "ended peer 404"},
		{"408 received", status(408, "INVITE"), "", "INVITE 0, ACK 0", "", "ended peer 408"},
		{"302 is shown", status(302, "INVITE"), "", "INVITE 0, ACK 0", "", "ended peer 302"},
		{"T39 closed port: FO-05", refuse, "", "INVITE 0", elsewhere, "talking"},
		{"T40 100 and then nothing: FO-04", server.Behaviour{Mode: server.Hang, Methods: []string{"INVITE"}}, "", "INVITE 0", "", "calling"},
		{"an answer to the fourth datagram: FO-04", server.Behaviour{DropFirst: 3, Methods: []string{"INVITE"}}, "",
			"INVITE 0 500 1500 3500, ACK 3500", "", "talking"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x, strings.Fields(c.settings)...)
				x.behave("primary", c.primary)
				x.dial("1", "1002")
				x.until(100 * time.Second)
				x.want(c.atPrimary, c.atBackup)
				x.wantCall("1", c.call)
			})
		})
	}
}

// What becomes of a call that was answered by the other phone through the primary. T38.
func TestCalleeRefuses(t *testing.T) {
	for mode, want := range map[server.AnswerMode]string{server.Busy: "ended peer 486", server.Decline: "ended peer 603", server.Ring: "ringback"} {
		run(t, open, func(x *stack) {
			x.answering(server.Answering{Mode: mode, After: 2 * time.Second})
			registered(x)
			x.dial("1", "1002")
			x.wantCall("1", "ringback")
			x.until(60 * time.Second)
			x.wantCall("1", want)
			if mode == server.Ring {
				x.want("INVITE 0", "")
			} else {
				x.want("INVITE 0, ACK 2000", "")
			}
		})
	}
}

// T41, T42, FO-28, FO-29, FO-31, FO-50, FO-51, FO-53: a call that no server takes.
func TestInviteFails(t *testing.T) {
	const eleven = "REGISTER 7500 8000 9000 11000 15000 19000 23000 27000 31000 35000 39000"
	for _, c := range []struct {
		name      string
		primary   server.Behaviour
		backup    server.Behaviour
		wait      time.Duration
		atPrimary string
		atBackup  string
		code      int
		elapsed   time.Duration
	}{
		{"T41 both silent", silent, silent, 71 * time.Second, "INVITE 0 500 1500 3500", eleven, 0, 39500 * time.Millisecond},
		{"T42 the backup says 403", silent, status(403), 39 * time.Second, "INVITE 0 500 1500 3500", "REGISTER 7500", 403, 7500 * time.Millisecond},
		{"both refuse", refuse, refuse, 31 * time.Second, "INVITE 0", "REGISTER 0", 0, 0},
		// The backup takes the REGISTER and not the INVITE: 64*T1 there, and then FO-12.
		{"silent to INVITE", silent, server.Behaviour{Mode: server.Silent, Methods: []string{"INVITE"}}, 47 * time.Second,
			"INVITE 0 500 1500 3500, REGISTER 39500 40000 41000 43000",
			"REGISTER 7500, INVITE 7500 8000 9000 11000 15000 23000 39000, REGISTER 47000", 0, 39500 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				x.behave("primary", c.primary)
				x.behave("backup", c.backup)
				x.dial("1", "1002")
				if c.elapsed > 0 {
					x.until(c.elapsed - time.Millisecond)
					x.wantCall("1", "calling")
				}
				x.until(c.wait)
				x.want(c.atPrimary, c.atBackup)
				if end := x.call("1").End; end.Elapsed != c.elapsed || end.Code != c.code || (end.By == line.ByPhone) != (c.code == 0) {
					t.Errorf("the user was told %+v, want %d after %v", end, c.code, c.elapsed)
				}
			})
		})
	}
}

// T45, FO-31: on the backup a call goes straight there, with the full 64*T1.
func TestInviteOnBackup(t *testing.T) {
	run(t, open, func(x *stack) {
		onBackup(x)
		x.dial("1", "1002")
		x.until(60 * time.Second)
		x.want("", "INVITE 0, ACK 0")
		x.wantCall("1", "talking")
	})
	run(t, open, func(x *stack) {
		onBackup(x)
		x.behave("backup", silent)
		x.dial("1", "1002")
		x.until(33 * time.Second)
		// Its timeout starts registration failover at the primary, whose port is closed; the backup is the last target again.
		x.want("REGISTER 32000", "INVITE 0 500 1500 3500 7500 15500 31500, REGISTER 32000 32500")
		x.wantCall("1", "ended phone")
	})
}

// FO-53: with all servers failed, a call begins at the primary at once.
func TestInviteWithAllFailed(t *testing.T) {
	run(t, open, func(x *stack) {
		x.behave("primary", refuse)
		x.behave("backup", refuse)
		x.start()
		x.phase(line.AllFailed)
		x.behave("backup", serve)
		x.until(10 * time.Second)
		x.zero()
		x.dial("1", "1002")
		x.until(10 * time.Second)
		x.want("INVITE 0", "REGISTER 0, INVITE 0, ACK 0")
		x.wantCall("1", "talking")
		x.phase(line.OnBackup)
	})
}

// FO-32: calls share one REGISTER at the backup, each INVITE runs its own budget to the end, and their order stays.
func TestCallsShareTheRegister(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.behave("primary", silent)
		x.behave("backup", server.Behaviour{Delay: time.Second, Methods: []string{"REGISTER"}})
		x.dial("1", "1002")
		x.until(500 * time.Millisecond)
		x.dial("2", "1002")
		x.until(3 * time.Second)
		x.dial("3", "1002")
		x.until(30 * time.Second)
		p, b := x.want("INVITE 0 500 500 1000 1500 2000 3000 3500 3500 4000 4500 6500",
			"REGISTER 7500 8000, INVITE 8500 8500, ACK 8500 8500, INVITE 10500, ACK 10500")
		if b[2].header("Call-ID") != p[0].header("Call-ID") {
			t.Error("the second call overtook the first")
		}
		for _, id := range []line.CallID{"1", "2", "3"} {
			x.wantCall(id, "talking")
		}
	})
}

// FO-35: the ACK is sent again for each 2xx that comes again, to the dialog server.
func TestAckIsRepeated(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.Filter(memnet.DropFirst(2, func(p memnet.Packet) bool { return p.To == primaryAddr && strings.HasPrefix(string(p.Payload), "ACK ") }))
		x.dial("1", "1002")
		x.until(60 * time.Second)
		p, _ := x.want("INVITE 0, ACK 0 500 1500", "")
		x.differ(p[0], p[1])
		x.wantPeer(server.CallUp)
	})
}
