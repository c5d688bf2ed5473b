package sip_test

import (
	"strings"
	"testing"
	"time"

	"hilphone/hil/memnet"
	"hilphone/hil/server"
	"hilphone/sip/line"
)

const (
	fourSends   = "REGISTER 0 500 1500 3500"
	elevenSends = "REGISTER 0 500 1500 3500 7500 11500 15500 19500 23500 27500 31500"
)

// The cases of registration that need a start and some patience only. Every request has a transaction of its own, and nothing reaches
// the primary at or after the instant of failover (FO-01): the lists are complete.
func TestRegistration(t *testing.T) {
	drops := func(n int) server.Behaviour { return server.Behaviour{DropFirst: n} }
	for _, c := range []struct {
		name             string
		settings         string
		primary, backup  server.Behaviour
		wait             time.Duration
		atPrimary        string
		atBackup         string
		phase            line.Phase
		failover, failed string // when these events were seen
	}{
		{"T01 silent primary: FO-01 FO-13", "", silent, serve, 60 * time.Second, fourSends, "REGISTER 7500", line.OnBackup, "7500", ""},
		{"T02 n=0: FO-01", "signal_retry_counts=0", silent, serve, 40 * time.Second, "REGISTER 0", "REGISTER 500", line.OnBackup, "500", ""},
		{"n=1: FO-01", "signal_retry_counts=1", silent, serve, 40 * time.Second, "REGISTER 0 500", "REGISTER 1500", line.OnBackup, "1500", ""},
		{"T03 n=4: FO-01", "signal_retry_counts=4", silent, serve, 40 * time.Second,
			"REGISTER 0 500 1500 3500 7500", "REGISTER 11500", line.OnBackup, "11500", ""},
		{"n=20 is bounded by 64*T1: FO-01", "signal_retry_counts=20", silent, serve, 60 * time.Second,
			elevenSends, "REGISTER 32000", line.OnBackup, "32000", ""},
		{"T05 attempts: FO-01", "signal_retry_semantics=attempts", silent, serve, 40 * time.Second,
			"REGISTER 0 500 1500", "REGISTER 3500", line.OnBackup, "3500", ""},
		{"attempts, n=0 is one: FO-01", "signal_retry_semantics=attempts signal_retry_counts=0", silent, serve, 40 * time.Second,
			"REGISTER 0", "REGISTER 500", line.OnBackup, "500", ""},
		{"T06 period of 5 s: FO-01", "failover_mode=period failover_period_ms=5000", silent, serve, 40 * time.Second,
			fourSends, "REGISTER 5000", line.OnBackup, "5000", ""},
		{"period of 8 s: FO-01", "failover_mode=period failover_period_ms=8000", silent, serve, 40 * time.Second,
			fourSends + " 7500", "REGISTER 8000", line.OnBackup, "8000", ""},
		{"period ending at a retransmission: FO-01", "failover_mode=period failover_period_ms=3500", silent, serve, 40 * time.Second,
			"REGISTER 0 500 1500", "REGISTER 3500", line.OnBackup, "3500", ""},
		{"T08 500: FO-13", "", status(500), serve, 60 * time.Second, "REGISTER 0", "REGISTER 0", line.OnBackup, "0", ""},
		{"T08 503: FO-13 FO-46", "", status(503), serve, 60 * time.Second, "REGISTER 0", "REGISTER 0", line.OnBackup, "0", ""},
		{"T09 403: FO-14 FO-52", "", status(403), serve, 60 * time.Second, "REGISTER 0 32000", "", line.AllFailed, "", ""},
		{"T09 404: FO-14 FO-52", "", status(404), serve, 60 * time.Second, "REGISTER 0 32000", "", line.AllFailed, "", ""},
		{"408 as 403: FO-14", "", status(408), serve, 60 * time.Second, "REGISTER 0 32000", "", line.AllFailed, "", ""},
		{"480 as 403: FO-14", "", status(480), serve, 60 * time.Second, "REGISTER 0 32000", "", line.AllFailed, "", ""},
		{"501 as 403: FO-14", "", status(501), serve, 60 * time.Second, "REGISTER 0 32000", "", line.AllFailed, "", ""},
		{"600 as 403: FO-14", "", status(600), serve, 60 * time.Second, "REGISTER 0 32000", "", line.AllFailed, "", ""},
		{"503 is not a failure where the codes say so: FO-14", "register_failover_codes=500", status(503), serve, 60 * time.Second,
			"REGISTER 0 32000", "", line.AllFailed, "", ""},
		{"5?? makes 501 one", "register_failover_codes=5??", status(501), serve, 30 * time.Second, "REGISTER 0", "REGISTER 0", line.OnBackup, "0", ""},
		{"T11 closed port: FO-05", "", refuse, serve, 60 * time.Second, "REGISTER 0", "REGISTER 0", line.OnBackup, "0", ""},
		{"closed port ignored: icmp_failover=0", "icmp_failover=0", refuse, serve, 40 * time.Second, fourSends, "REGISTER 7500", line.OnBackup, "7500", ""},
		{"T16 three datagrams lost: FO-04", "", drops(3), serve, 60 * time.Second, fourSends, "", line.OnPrimary, "", ""},
		{"T18 all silent: FO-02 FO-50 FO-52", "", silent, silent, 72 * time.Second,
			fourSends + " 71500 72000", "REGISTER 7500 8000 9000 11000 15000 19000 23000 27000 31000 35000 39000", line.TryPrimary, "", "39500"},
		{"both ports closed: FO-06", "", refuse, refuse, 33 * time.Second, "REGISTER 0 32000", "REGISTER 0 32000", line.AllFailed, "", "0 32000"},
		{"T19 no backup: FO-02 FO-03 FO-60", "backup_addr=", silent, serve, 65 * time.Second, elevenSends + " 64000 64500", "", line.TryPrimary, "", "32000"},
		{"T20 backup is primary: FO-03 FO-61", "backup_addr=127.0.0.2", silent, serve, 65 * time.Second,
			elevenSends + " 64000 64500", "", line.TryPrimary, "", "32000"},
		{"no primary: FO-60", "register_addr=", serve, silent, 65 * time.Second, "", elevenSends + " 64000 64500", line.TryBackup, "", "32000"},
		{"switched off: nothing at all", "enabled=0", serve, serve, 60 * time.Second, "", "", line.Unregistered, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.behave("primary", c.primary)
				x.behave("backup", c.backup)
				x.start(strings.Fields(c.settings)...)
				x.until(c.wait)
				x.want(c.atPrimary, c.atBackup)
				x.phase(c.phase)
				x.wantEvents("failover", c.failover)
				x.wantEvents("all_failed", c.failed)
				if armed := x.lines[1].Snapshot().NextProbe != 0; armed != (c.phase == line.OnBackup && c.failover != "") {
					t.Errorf("failback timer armed: %v", armed) // FB-01; T20
				}
			})
		})
	}
}

// T01, FO-15: the backup's registration is one of its own, and named after the backup.
func TestRegistrationsAreApart(t *testing.T) {
	run(t, open, func(x *stack) {
		x.behave("primary", silent)
		x.start("register_ttl=600", "backup_ttl=120", "display_name=Desk \"1\" \\ 座席")
		x.until(40 * time.Second)
		p, b := x.want(fourSends, "REGISTER 7500")
		x.differ(p[0], b[0])
		if p[0].header("Call-ID") == b[0].header("Call-ID") || p[0].tag("From") == b[0].tag("From") {
			t.Error("the backup has the primary's Call-ID or From tag")
		}
		for i, d := range []datagram{p[0], b[0]} {
			host := []string{"127.0.0.2", "127.0.0.3"}[i]
			if d.uri() != "sip:"+host || d.header("To") != "<sip:1001@"+host+">" || !strings.HasPrefix(d.header("From"), `"Desk \"1\" \\ 座席" <sip:1001@`+host+">;tag=") {
				t.Errorf("not named after %s:\n%s", host, d.raw)
			}
			if want := []string{"600", "120"}[i]; d.header("Expires") != want || d.header("Contact") != "<sip:1001@127.0.0.1:5070>" {
				t.Errorf("Expires %s, Contact %s", d.header("Expires"), d.header("Contact"))
			}
		}
		// 120 s are refreshed after 60 s, within the same Call-ID (FO-16, RFC 3261 10.2.4).
		x.until(80 * time.Second)
		_, b = x.want(fourSends, "REGISTER 7500 67500")
		x.same(b[0], b[1], "Call-ID", "From", "To", "Contact", "Expires")
	})
}

// FO-15: a configured domain is the registrar's name at both servers.
func TestDomainIsTheRegistrar(t *testing.T) {
	run(t, open, func(x *stack) {
		x.behave("primary", silent)
		x.start("domain=example.test")
		x.until(10 * time.Second)
		p, b := x.want(fourSends, "REGISTER 7500")
		if p[0].uri() != "sip:example.test" || b[0].uri() != "sip:example.test" || b[0].header("To") != "<sip:1001@example.test>" {
			t.Errorf("%s\n%s", p[0].raw, b[0].raw)
		}
	})
}

// T15, FAILOVER 3.3: 423 is followed, once.
func TestIntervalTooBrief(t *testing.T) {
	run(t, open, func(x *stack) {
		x.behave("primary", server.Behaviour{MinExpires: 2 * time.Hour})
		x.start()
		x.until(60 * time.Second)
		p, _ := x.want("REGISTER 0 0", "")
		if p[0].header("Expires") != "3600" || p[1].header("Expires") != "7200" {
			t.Errorf("Expires %s, then %s", p[0].header("Expires"), p[1].header("Expires"))
		}
		x.same(p[0], p[1], "Call-ID", "From")
		x.phase(line.OnPrimary)
		x.until(7200*time.Second - 61*time.Second)
		x.want("REGISTER 0 0", "")
		x.until(7200 * time.Second) // FO-16: 7200 s are refreshed after 7140 s
		x.want("REGISTER 0 0 7140000 7140000", "")
	})
}

// T21, FO-12, FO-16, FO-20: a refresh that nobody answers fails over, and the grant decides when it is.
func TestRefreshFailsOver(t *testing.T) {
	run(t, open, func(x *stack) {
		x.behave("primary", server.Behaviour{MaxExpires: 100 * time.Second})
		registered(x)
		x.behave("primary", silent)
		x.until(80 * time.Second)
		x.want("REGISTER 49999 50499 51499 53499", "REGISTER 57499")
		x.phase(line.OnBackup)
	})
}

// T22, FO-12, FB-16: a manual registration asks the primary at once.
func TestManualRegistrationOnBackup(t *testing.T) {
	for _, c := range []struct {
		name                string
		primary             server.Behaviour
		atPrimary, atBackup string
		phase               line.Phase
		failback, timers    string
	}{
		{"the primary is back", serve, "REGISTER 0", "", line.OnPrimary, "0", ""},
		// Failure returns to the backup as the last target and arms the timer.
		{"the primary is silent", silent, fourSends, "REGISTER 7500", line.OnBackup, "", "7500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				onBackup(x)
				x.behave("primary", c.primary)
				x.zero()
				x.post(line.Register{})
				x.until(1800 * time.Second) // a probe would have left by now
				x.want(c.atPrimary, c.atBackup)
				x.phase(c.phase)
				x.wantEvents("failback", c.failback)
				x.wantEvents("failback_timer", c.timers)
			})
		})
	}
}

// FO-05: which ICMP messages end the attempt.
func TestICMPCodes(t *testing.T) {
	for _, c := range []struct {
		typ, code int
		settings  string
		dead      bool
	}{
		{3, 0, "", true}, {3, 1, "", true}, {3, 2, "", true}, {3, 3, "", true}, {3, 4, "", false}, {3, 5, "", true}, {3, 6, "", true},
		{3, 7, "", true}, {3, 8, "", true}, {3, 9, "", true}, {3, 10, "", true}, {3, 11, "", true}, {3, 12, "", true}, {3, 13, "", true},
		{3, 14, "", false}, {3, 15, "", false}, {4, 0, "", false}, {11, 0, "", false}, {12, 0, "", true}, {12, 1, "", true},
		{3, 9, "icmp_admin_prohibited=0", false}, {3, 10, "icmp_admin_prohibited=0", false}, {3, 13, "icmp_admin_prohibited=0", false},
		{3, 1, "icmp_admin_prohibited=0", true},
	} {
		run(t, open, func(x *stack) {
			x.net.Unreachable(primaryAddr, c.typ, c.code)
			x.start(strings.Fields(c.settings)...)
			x.until(10 * time.Second)
			if c.dead {
				x.want("REGISTER 0", "REGISTER 0")
			} else {
				x.want(fourSends, "REGISTER 7500")
			}
			if t.Failed() {
				x.t.Fatalf("ICMP %d/%d %s", c.typ, c.code, c.settings)
			}
		})
	}
}

// FO-05: an ICMP message that comes late belongs to a transaction that is over, and changes nothing.
func TestLateICMP(t *testing.T) {
	run(t, open, func(x *stack) {
		x.behave("primary", refuse)
		x.net.Filter(memnet.Late(8*time.Second, memnet.To(primaryAddr)))
		x.start()
		x.until(60 * time.Second)
		x.want(fourSends, "REGISTER 7500")
		x.phase(line.OnBackup)
	})
}
