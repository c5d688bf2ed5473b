package sip_test

import (
	"fmt"
	"testing"
	"time"

	"hilphone/sip/line"
)

// SE-04: only the line's servers, both, and what accept_from lists may call and ask; a stranger is refused, and told of once in a while.
func TestAcceptFrom(t *testing.T) {
	for _, c := range []struct{ setting, stranger, primary, backup string }{
		{"servers", "403", "180", "180"}, {"anyone", "180", "180", "180"}, {"127.0.0.66", "180", "403", "403"}, {"servers,127.0.0.64/29", "180", "180", "180"}, {"192.0.2.0/24", "403", "403", "403"},
	} {
		run(t, open, func(x *stack) {
			registered(x, "accept_from="+c.setting)
			x.behave("primary", silent)
			x.behave("backup", silent)
			n := 0
			for from, want := range map[string]string{"127.0.0.66:6000": c.stranger, "127.0.0.2:6000": c.primary, "127.0.0.3:6000": c.backup} {
				at := addrPortOf(from)
				x.net.BlackHole(at)
				n++
				via := fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%d", from, n)
				x.inject(at, inviteOf(fmt.Sprintf("z9hG4bK%d", n), via))
				for _, method := range []string{"OPTIONS", "NOTIFY"} {
					x.inject(at, asked(method, fmt.Sprintf("z9hG4bK%s%d", method, n), fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%s%d", from, method, n), "Event: check-sync"))
				}
				var codes []string
				for _, d := range x.sent(at) {
					codes = append(codes, d.name())
				}
				other := map[bool]string{true: "403", false: "200"}[want == "403"]
				if got := fmt.Sprint(codes); got != fmt.Sprint([]string{want, other, other}) {
					t.Errorf("accept_from %s, from %s: %s, want %s", c.setting, from, got, want)
				}
			}
			for id, call := range x.calls {
				if call.State == line.Ringing {
					x.post(line.Reject{Call: id})
				}
			}
		})
	}
}

// SE-04: a flood of refused calls rings no phone, begins no transaction and is a few events.
func TestRefusedFlood(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x, "accept_from=servers")
		x.net.BlackHole(stranger)
		for i := range 2000 {
			x.inject(stranger, inviteOf(fmt.Sprintf("z9hG4bK%d", i)))
		}
		x.wait(time.Second)
		if n := len(x.calls); n != 0 {
			t.Errorf("%d calls", n)
		}
		refused := 0
		for _, e := range x.events {
			switch e.kind {
			case "refused":
				refused++
			case "call":
				t.Errorf("event %+v", e)
			}
		}
		if refused != 10 {
			t.Errorf("%d events, want 10", refused)
		}
		if n := len(x.sent(stranger)); n != 2000 {
			t.Errorf("%d answers, none of them repeated", n)
		}
		if n := len(x.traced); n != 202 {
			t.Errorf("%d messages are in the trace, want 200 of 4000 and those of the registration", n)
		}
		if n := x.lines[1].Snapshot().Refused; n != 2000 {
			t.Errorf("%d are counted", n)
		}
	})
}

// SE-04: requests of a call that is up are taken from wherever they come: their dialog identifies them.
func TestStrangerInCall(t *testing.T) {
	run(t, open, func(x *stack) {
		inCall(x, 1)
		x.inject(stranger, x.inDialog("ACK", 1, "z9hG4bKack"))
		x.change("accept_from=servers")
		known := len(x.sent(stranger))
		x.inject(stranger, x.inDialog("BYE", 2, "z9hG4bKbye"))
		if codes, _ := answers(x, known); codes != "200" {
			t.Errorf("BYE: %s", codes)
		}
		x.wantCall("in1", "ended peer")
	})
}

// SE-04: servers are every address that their names resolve to, also those that no request goes to.
func TestAcceptFromEveryAddressOfTheServer(t *testing.T) {
	run(t, open, func(x *stack) {
		x.names.hosts = map[string][]string{"p.example.test": {"127.0.0.2", "127.0.0.66", "127.0.0.67", "127.0.0.68", "127.0.0.69", "127.0.0.70"}}
		registered(x, "accept_from=servers", "register_addr=p.example.test", "dns_expand=0")
		for from, want := range map[string]string{"127.0.0.66:6000": "200", "127.0.0.70:5060": "200", "127.0.0.71:5060": "403"} {
			at := addrPortOf(from)
			x.net.BlackHole(at)
			x.inject(at, asked("OPTIONS", "z9hG4bK"+from, "Via: SIP/2.0/UDP "+from+";branch=z9hG4bK"+from))
			if d := x.sent(at); len(d) != 1 || d[0].name() != want {
				t.Errorf("%s: %v, want %s", from, d, want)
			}
		}
	})
}
