package sip_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"hilphone/sip/line"
)

// FO-10: what goes wrong on this side is no failure of the server: the call fails at once, the line stays where it is.
func TestLocalFaults(t *testing.T) {
	for _, c := range []struct{ name, dialled string }{
		{"nothing dialled", ""},
		{"no address", "bob@"},
		{"another message in the number", "bob@h\r\nX: y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				x.dial("1", c.dialled)
				x.until(60 * time.Second)
				x.want("", "")
				if call := x.wantCall("1", "ended phone"); call.End.Cause != line.CauseLocal || call.End.Elapsed != 0 || call.End.Reason == "" {
					t.Errorf("the call ended %+v", call.End)
				}
				x.phase(line.OnPrimary)
				x.wantEvents("all_failed", "")
			})
		})
	}
}

// WR-21: the longest request that goes by UDP at once has 1300 octets (RFC 3261 18.1.1).
func TestLargestMessage(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.dial("1", "1")
		x.wait(time.Millisecond)
		p := x.sent(primaryAddr)
		// The number stands in the Request-URI and in To; the SDP's random session number makes a few octets of difference.
		spare := (1300 - len(p[0].raw)) / 2
		for id, more := range map[line.CallID]int{"2": spare - 10, "3": spare + 10} {
			x.dial(id, "1"+strings.Repeat("1", more))
		}
		x.wait(time.Millisecond)
		if n := x.dials[primaryAddr]; n != 1 {
			t.Errorf("%d TCP connections for requests of about 1280 and 1320 octets, want 1", n)
		}
	})
}

// FO-10: no route to the server is the server's failure, no buffers are not.
func TestSendErrors(t *testing.T) {
	for err, want := range map[error]string{
		syscall.ENETUNREACH: "REGISTER 0", syscall.EHOSTUNREACH: "REGISTER 0",
		syscall.ENOBUFS: "", syscall.EMFILE: "", syscall.EPERM: "", syscall.EMSGSIZE: "",
	} {
		run(t, open, func(x *stack) {
			x.net.SendError(primaryAddr, err)
			x.start()
			x.until(20 * time.Second)
			x.want("", want)
			if want == "" {
				x.phase(line.AllFailed)
			} else {
				x.phase(line.OnBackup)
			}
			if t.Failed() {
				x.t.Fatal(err)
			}
			// Once that is over the next attempt succeeds (FO-52).
			x.net.Restore(primaryAddr)
			x.until(40 * time.Second)
			if want == "" {
				x.want("REGISTER 32000", "")
			}
		})
	}
}

// Every URI, Via and Contact of an IPv6 line is written with brackets (RFC 3261 25.1), and its grant is found.
func TestIPv6(t *testing.T) {
	run(t, open, func(x *stack) {
		x.script(primary6, func(d datagram) []string {
			if d.method() == "REGISTER" {
				return []string{grant(d, 60)}
			}
			return []string{accept(d, "Contact: <sip:1002@[::2]:5060>", "Record-Route: <sip:[::2]:5060;lr>")}
		})
		x.startLine(1, phone6, "register_addr=::2", "backup_addr=::3")
		x.until(45 * time.Second)
		x.dial("1", "1002")
		x.wantCall("1", "talking")
		x.post(line.HangUp{Call: "1"})
		x.wait(time.Second)
		all := x.sentBy(phone6)
		var names []string
		for _, d := range all {
			names = append(names, d.name()+" "+d.uri()+" "+millis(d.at))
		}
		const want = "REGISTER sip:[::2] 0\nREGISTER sip:[::2] 30000\nINVITE sip:1002@[::2] 45000\nACK sip:1002@[::2]:5060 45000\nBYE sip:1002@[::2]:5060 45000"
		if got := strings.Join(names, "\n"); got != want {
			t.Errorf("sent\n%s\nwant\n%s", got, want)
		}
		for _, d := range all {
			if !strings.HasPrefix(d.header("Via"), "SIP/2.0/UDP [::1]:5070;") || d.method() == "REGISTER" && d.header("Contact") != "<sip:1001@[::1]:5070>" ||
				d.method() == "BYE" && d.header("Route") != "<sip:[::2]:5060;lr>" || d.method() == "INVITE" && !strings.Contains(d.body(), "IN IP6 ::1") {
				t.Errorf("%s", d.raw)
			}
		}
	})
}
