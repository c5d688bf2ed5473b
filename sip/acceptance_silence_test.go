package sip_test

import (
	"testing"
	"time"

	"hilphone/sip/line"
)

// WR-56, FO-19, FO-32: a primary that was silent to an INVITE or a BYE for its whole budget is silent to the REGISTER that began meanwhile, too: the
// backup is asked after 7.5 s, not after 14.5 s.
func TestSilenceEndsRegister(t *testing.T) {
	t.Run("INVITE and refresh", func(t *testing.T) {
		run(t, open, func(x *stack) {
			registered(x, "register_ttl=14") // refreshed after 7 s
			x.behave("primary", silent)
			x.dial("1", "1002")
			x.until(60 * time.Second)
			x.want("INVITE 0 500 1500 3500, REGISTER 6999 7499", "REGISTER 7500, INVITE 7500, ACK 7500")
			x.wantCall("1", "talking")
			x.phase(line.OnBackup)
			x.wantEvents("failover", "7500")
		})
	})
	t.Run("BYE and manual registration", func(t *testing.T) {
		run(t, open, func(x *stack) {
			id := talking(x, false)
			x.behave("primary", silent)
			x.post(line.HangUp{Call: id})
			x.until(4 * time.Second)
			x.post(line.Register{})
			x.until(60 * time.Second)
			x.want("BYE 0 500 1500 3500, REGISTER 4000 4500 5500", "REGISTER 7500, BYE 7500")
			x.wantEvents("bye_lost", "")
		})
	})
}

// WR-56: the REGISTER has had an answer: it has its own time.
func TestSilenceBesideAnsweredRegister(t *testing.T) {
	for name, c := range map[string]struct {
		answer              string
		atPrimary, atBackup string
	}{
		"100": {"100 Trying", "INVITE 0 500 1500 3500, REGISTER 7000 7500 11500 15500 19500 23500 27500 31500 35500", "REGISTER 39000, INVITE 39000, ACK 39000"},
		"401": {"401 Unauthorized", "INVITE 0 500 1500 3500, REGISTER 7000 7000 7500 8500 10500", "REGISTER 14500, INVITE 14500, ACK 14500"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				answered := false
				x.script(primaryAddr, func(d datagram) []string {
					switch {
					case d.method() != "REGISTER":
						return nil
					case d.cseq() == 1:
						return []string{grant(d, 3600)}
					case answered:
						return nil
					}
					answered = true
					return []string{reply(d, c.answer, `WWW-Authenticate: Digest realm="x", nonce="n"`)}
				})
				x.start()
				x.wait(time.Millisecond)
				x.phase(line.OnPrimary)
				x.zero()
				x.dial("1", "1002")
				x.until(7 * time.Second)
				x.post(line.Register{})
				x.until(60 * time.Second)
				x.want(c.atPrimary, c.atBackup)
				x.wantCall("1", "talking")
			})
		})
	}
}

// WR-56, FO-62, FO-64: the silence is that of one address. The name has another one by the time of the refresh: it is asked.
func TestSilenceOfAnotherAddress(t *testing.T) {
	for name, c := range map[string]struct {
		hosts []string
		want  lists
	}{
		"the same": {[]string{"127.0.0.2"}, lists{primaryAddr: "INVITE 0 500 1500 3500, REGISTER 6999 7499", backupAddr: "REGISTER 7500, INVITE 7500, ACK 7500"}},
		"another": {[]string{"127.0.0.9"}, lists{primaryAddr: "INVITE 0 500 1500 3500", thirdAddr: "REGISTER 6999 7499 8499 10499",
			backupAddr: "REGISTER 14499, INVITE 14499, ACK 14499"}},
		"the same and another": {[]string{"127.0.0.9", "127.0.0.2"}, lists{primaryAddr: "INVITE 0 500 1500 3500, REGISTER 6999 7499",
			backupAddr: "REGISTER 7500, INVITE 7500, ACK 7500"}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				hosts := map[string][]string{"p.example.test": {"127.0.0.2"}}
				x.names.hosts = hosts
				x.net.BlackHole(thirdAddr)
				registered(x, "register_addr=p.example.test", "register_ttl=14")
				x.names.set(func() { hosts["p.example.test"] = c.hosts })
				x.behave("primary", silent)
				x.dial("1", "1002")
				x.until(60 * time.Second)
				x.traffic(c.want)
				x.wantCall("1", "talking")
			})
		})
	}
}
