package sip_test

import (
	"fmt"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// WR-54, FO-05: no route to the primary is like an ICMP error: INVITE and BYE go to the backup at once, REGISTER first.
func TestNoRouteFailsOver(t *testing.T) {
	for _, err := range []error{syscall.ENETUNREACH, syscall.EHOSTUNREACH} {
		t.Run("INVITE "+err.Error(), func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				x.net.SendError(primaryAddr, err)
				x.dial("1", "1002")
				x.until(30 * time.Second)
				x.want("", "REGISTER 0, INVITE 0, ACK 0")
				x.wantCall("1", "talking")
				x.phase(line.OnBackup)
			})
		})
		t.Run("BYE "+err.Error(), func(t *testing.T) {
			run(t, open, func(x *stack) {
				id := talking(x, false)
				x.net.SendError(primaryAddr, err)
				x.post(line.HangUp{Call: id})
				x.until(30 * time.Second)
				x.want("", "REGISTER 0, BYE 0")
				x.wantEvents("bye_lost", "")
				x.phase(line.OnBackup)
			})
		})
	}
	t.Run("between two datagrams", func(t *testing.T) {
		run(t, open, func(x *stack) {
			registered(x)
			x.behave("primary", silent)
			x.dial("1", "1002")
			x.until(time.Second)
			x.net.SendError(primaryAddr, syscall.ENETUNREACH)
			x.until(30 * time.Second)
			x.want("INVITE 0 500", "REGISTER 1500, INVITE 1500, ACK 1500")
		})
	})
}

// WR-22: hold and transfer that could not be sent leave the call as it was and are reported; a BYE is lost where the fault is this phone's, and
// goes to the backup where there is no route (WR-54).
func TestRequestInCallNotSent(t *testing.T) {
	for _, c := range []struct {
		err      error
		cause    line.Cause
		atBackup string
		lost     string
	}{
		{syscall.ENOBUFS, line.CauseLocal, "", "3000"},
		{syscall.EPERM, line.CauseLocal, "", "3000"},
		{syscall.ENETUNREACH, line.CauseConnect, "REGISTER 3000, BYE 3000", ""},
	} {
		t.Run(c.err.Error(), func(t *testing.T) {
			run(t, open, func(x *stack) {
				id := talking(x, false)
				x.net.SendError(primaryAddr, c.err)
				x.post(line.Hold{Call: id})
				x.until(time.Second)
				x.wantCall(id, "talking")
				for _, e := range x.wantEvents("hold_failed", "0") {
					if n := e.data.(event.HoldFailed); n.Cause != string(c.cause) || n.Reason == "" || n.Code != 0 {
						t.Errorf("hold_failed %+v", n)
					}
				}
				x.post(line.Transfer{Call: id, To: "1003"})
				x.until(2 * time.Second)
				x.wantCall(id, "talking")
				asked := x.wantEvents("transfer", "1000 1000")
				if n := asked[1].data.(event.Transfer); n.State != string(line.TransferFailed) || n.Cause != string(c.cause) || n.Reason == "" {
					t.Errorf("transfer %+v", n)
				}
				x.net.Restore(primaryAddr)
				x.post(line.Hold{Call: id})
				x.until(3 * time.Second)
				x.wantCall(id, "held")
				x.net.SendError(primaryAddr, c.err)
				x.post(line.HangUp{Call: id})
				x.until(30 * time.Second)
				x.want("INVITE 2000, ACK 2000", c.atBackup)
				x.wantEvents("bye_lost", c.lost)
				x.wantCall(id, "ended user")
			})
		})
	}
}

// WR-58: of several lines only those move whose primary's route has gone away; the others, whose backup it may be, register and call as before.
func TestOneRouteAway(t *testing.T) {
	run(t, open, func(x *stack) {
		x.script(thirdAddr, func(d datagram) []string {
			switch d.method() {
			case "REGISTER":
				return []string{grant(d, 3600)}
			case "INVITE":
				return []string{accept(d, "Contact: <sip:1002@127.0.0.9:5060>")}
			case "ACK":
				return nil
			}
			return []string{reply(d, "200 OK")}
		})
		const lines = 6
		at := func(n int) netip.AddrPort { return netip.AddrPortFrom(phoneAddr.Addr(), phoneAddr.Port()+uint16(n)) }
		for n := range lines {
			primary := [...]string{"127.0.0.2", "127.0.0.9"}[n%2]
			backup := [...]string{"127.0.0.3", "127.0.0.2"}[n%2]
			x.startLine(n+1, at(n+1), "phone_number="+fmt.Sprint(1001+10*n), "register_addr="+primary, "backup_addr="+backup, "register_ttl=120")
		}
		x.until(time.Second)
		x.net.SendError(primaryAddr, syscall.ENETUNREACH)
		x.zero()
		// Lines 1 and 2 have something to send at once, the others at their next refresh.
		x.lines[1].Post(line.Dial{Call: "a", To: "1002"})
		x.lines[2].Post(line.Dial{Call: "b", To: "1002"})
		x.wait(time.Second)
		x.wantCall("a", "talking")
		x.wantCall("b", "talking")
		if s := x.lines[3].Snapshot(); s.Phase != line.OnPrimary {
			t.Errorf("line 3 has moved without a reason: %s", s.Phase)
		}
		x.wait(2 * time.Minute)
		for n := range lines {
			want := [...]line.Phase{line.OnBackup, line.OnPrimary}[n%2]
			if s := x.lines[n+1].Snapshot(); s.Phase != want {
				t.Errorf("line %d is %s, want %s", n+1, s.Phase, want)
			}
		}
		moved := map[int]int{}
		x.mu.Lock()
		for _, e := range x.events {
			if e.kind == "failover" {
				moved[e.line]++
			}
		}
		x.mu.Unlock()
		if fmt.Sprint(moved) != "map[1:1 3:1 5:1]" {
			t.Errorf("failovers by line: %v", moved)
		}
		for _, d := range x.sent(backupAddr) {
			if n := int(d.from.Port() - phoneAddr.Port()); n%2 == 0 {
				t.Errorf("line %d sent %s to the backup of others", n, d.start())
			}
		}
	})
}
