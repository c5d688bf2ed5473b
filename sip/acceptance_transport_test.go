package sip_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hilphone/sip/line"
)

// carried are the requests that a primary gets by UDP and by TCP.
type carried struct {
	mu   sync.Mutex
	list []string
}

func (c *carried) add(by string, d datagram, at time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, by+" "+d.method()+" "+millis(at))
}

// took returns what has come since it was called last.
func (c *carried) took() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.list
	c.list = nil
	return strings.Join(list, ", ")
}

// primaryBy scripts a primary that takes both transports. It grants registrations and accepts the call with the header fields; what comes in the
// call it leaves to answer, nil for no answer.
func (x *stack) primaryBy(answer func(d datagram) []string, more ...string) *carried {
	seen := new(carried)
	serve := func(by string) func(d datagram) []string {
		return func(d datagram) []string {
			if d.method() == "REGISTER" {
				return []string{grant(d, 3600)}
			}
			if d.tag("To") == "" {
				return []string{accept(d, append(more, "Contact: <sip:1002@127.0.0.4:5060>")...)}
			}
			seen.add(by, d, time.Since(x.mark))
			if via, _, _ := strings.Cut(d.header("Via"), " "); via != "SIP/2.0/"+by {
				x.t.Errorf("%s by %s has the Via %s", d.method(), by, d.header("Via"))
			}
			if c := d.header("Contact"); d.method() == "INVITE" && by == "TCP" && c != "<sip:1001@127.0.0.1:5070>" {
				x.t.Errorf("Contact %s, want the UDP port", c)
			}
			if answer == nil {
				return nil
			}
			return answer(d)
		}
	}
	x.script(primaryAddr, serve("UDP"))
	x.pipes(serve("TCP"))
	return seen
}

// WR-23: a request that a route sends by another transport than the server's keeps the rules of that transport: over a connection it is not sent
// again, by UDP it is. The budget is the server's. The Contact of a line of UDP names the UDP port over a connection too.
func TestRouteByOtherTransport(t *testing.T) {
	for _, c := range []struct {
		name, route, transport string
		do                     line.Event
		want                   string
	}{
		{"BYE by TCP", "tcp", "udp", line.HangUp{Call: "1"}, "TCP BYE 0"},
		{"BYE by UDP", "udp", "tcp", line.HangUp{Call: "1"}, "UDP BYE 0, UDP BYE 500, UDP BYE 1500, UDP BYE 3500"},
		{"re-INVITE by TCP", "tcp", "udp", line.Hold{Call: "1"}, "TCP INVITE 0, TCP BYE 32000"},
		{"re-INVITE by UDP", "udp", "tcp", line.Hold{Call: "1"}, "UDP INVITE 0, UDP INVITE 500, UDP INVITE 1500, UDP INVITE 3500, UDP INVITE 7500, UDP INVITE 15500, UDP INVITE 31500, UDP BYE 32000, " +
			"UDP BYE 32500, UDP BYE 33500, UDP BYE 35500"},
		{"BYE by the server's own", "udp", "udp", line.HangUp{Call: "1"}, "UDP BYE 0, UDP BYE 500, UDP BYE 1500, UDP BYE 3500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				seen := x.primaryBy(nil, "Record-Route: <sip:127.0.0.2:5060;lr;transport="+c.route+">")
				x.start("transport=" + c.transport)
				x.dial("1", "1002")
				x.wait(time.Second)
				x.zero()
				seen.took()
				x.post(c.do)
				x.until(50 * time.Second)
				if got := seen.took(); got != c.want {
					t.Errorf("the primary got %s\nwant %s", got, c.want)
				}
				x.phase(line.OnBackup)
			})
		})
	}
}

// WR-21: the ACK of a 2xx is a request too. A long one goes by TCP, by UDP at once where that is refused, and by UDP where the 2xx comes again.
func TestLongACK(t *testing.T) {
	const again = 700 * time.Millisecond
	for name, c := range map[string]struct {
		tcp  func(context.Context, netip.AddrPort) (net.Conn, error) // nil: the primary takes TCP
		want string
	}{
		"by TCP":        {nil, "TCP ACK 0, UDP ACK 700"},
		"refused":       {refusing, "UDP ACK 0, UDP ACK 700"},
		"no connection": {hanging, "UDP ACK 700"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				seen := x.primaryBy(nil, routes(8)...)
				if c.tcp != nil {
					x.tcp = c.tcp
				}
				x.start()
				x.zero()
				x.dial("1", "1002")
				x.wantCall("1", "talking")
				x.until(again)
				for _, d := range x.sentBy(primaryAddr) {
					if d.status() == 200 && d.method() == "INVITE" {
						x.inject(stranger, d.raw)
					}
				}
				x.wait(time.Millisecond)
				if got := seen.took(); got != c.want {
					t.Errorf("the primary got %s, want %s", got, c.want)
				}
				x.wantCall("1", "talking")
			})
		})
	}
}

func refusing(context.Context, netip.AddrPort) (net.Conn, error) { return nil, syscall.ECONNREFUSED }

// WR-21: a dial that has come to nothing within 2*T1 ends, and the next long request dials again: it need not wait for a SYN to be repeated.
func TestLongRequestDialsAgain(t *testing.T) {
	run(t, open, func(x *stack) {
		var seen carried
		x.pipes(func(d datagram) []string {
			seen.add("TCP", d, time.Since(x.mark))
			return []string{grant(d, 3600)}
		})
		connecting := x.tcp
		x.tcp = hanging
		longNonce(x)
		x.start()
		x.until(2 * time.Second)
		x.want("REGISTER 0 1000", "")
		x.phase(line.OnPrimary)
		x.tcp = connecting
		x.post(line.Register{})
		x.until(3 * time.Second)
		if got := seen.took(); got != "TCP REGISTER 2000" {
			t.Errorf("by TCP went %s", got)
		}
		if n := x.dials[primaryAddr]; n != 2 {
			t.Errorf("%d dials, want 2", n)
		}
	})
}
