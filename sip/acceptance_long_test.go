package sip_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/sip/line"
	"hilphone/sip/wire"
)

// routes are n long Record-Route header fields of the primary.
func routes(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("Record-Route: <sip:127.0.0.2:5060;lr;ftag=%s;did=%d>", strings.Repeat("f", 160), i))
	}
	return list
}

// longNonce has the primary challenge each REGISTER with a nonce that makes the answer longer than 1300 octets.
func longNonce(x *stack) {
	x.script(primaryAddr, func(d datagram) []string {
		if d.header("Authorization") == "" {
			return []string{reply(d, "401 Unauthorized", `WWW-Authenticate: Digest realm="r", nonce="`+strings.Repeat("n", 900)+`"`)}
		}
		return []string{grant(d, 3600)}
	})
}

// hanging never connects.
func hanging(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// WR-20: a response leaves whatever its size, up to what a datagram holds.
func TestLongResponse(t *testing.T) {
	for _, size := range []int{200, 1000, 8000, 60000} {
		run(t, open, func(x *stack) {
			registered(x)
			x.net.BlackHole(stranger)
			x.inject(stranger, inviteOf("z9hG4bKlong", "Record-Route: <sip:127.0.0.66:6000;lr>\r\nRecord-Route: <sip:127.0.0.2;lr;x="+strings.Repeat("x", size)+">"))
			x.post(line.Answer{Call: "in1"})
			x.wait(time.Second)
			codes, ok := answers(x, 0)
			if codes != "180 200 200" || len(ok.headers("Record-Route")) != 2 || len(ok.raw) < size {
				t.Errorf("%d octets: the phone sent %s", size, codes)
			}
			x.post(line.HangUp{Call: "in1"})
		})
	}
}

// WR-21: a long request goes by TCP first; where that is refused by UDP at once, where it does not connect by UDP after 2*T1, within one budget.
func TestLongRequest(t *testing.T) {
	for _, c := range []struct {
		name string
		tcp  func(context.Context, netip.AddrPort) (net.Conn, error)
		want string
	}{
		{"refused", nil, "REGISTER 0 0"},
		{"no connection", hanging, "REGISTER 0 1000"},
		{"no route by TCP", func(context.Context, netip.AddrPort) (net.Conn, error) { return nil, syscall.EHOSTUNREACH }, "REGISTER 0 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.tcp = c.tcp
				longNonce(x)
				x.start()
				x.until(10 * time.Second)
				p, _ := x.want(c.want, "")
				x.phase(line.OnPrimary)
				if n := x.dials[primaryAddr]; n != 1 || !strings.HasPrefix(p[1].header("Via"), "SIP/2.0/UDP ") || len(p[1].raw) < 1300 {
					t.Errorf("%d connections, then\n%s", n, p[1].raw)
				}
			})
		})
	}
}

// WR-21: a server that is silent by both has one budget: TCP from 0, UDP at 1000, 1500, 2500 and 4500, the backup at 7500.
func TestLongRequestToSilentServer(t *testing.T) {
	for name, c := range map[string]struct {
		tcp  func(context.Context, netip.AddrPort) (net.Conn, error)
		want string
	}{
		"silent":  {hanging, "REGISTER 0 1000 1500 2500 4500"},
		"refused": {nil, "REGISTER 0 0 500 1500 3500"},
	} {
		run(t, open, func(x *stack) {
			x.tcp = c.tcp
			first := true
			x.script(primaryAddr, func(d datagram) []string {
				if first {
					first = false
					return []string{reply(d, "401 Unauthorized", `WWW-Authenticate: Digest realm="r", nonce="`+strings.Repeat("n", 900)+`"`)}
				}
				return nil
			})
			x.start()
			x.until(20 * time.Second)
			x.want(c.want, "REGISTER 7500")
			x.phase(line.OnBackup)
			if t.Failed() {
				t.Fatal(name)
			}
		})
	}
}

// pipes are TCP connections to the primary, whose messages are handed to f.
func (x *stack) pipes(f func(d datagram) []string) {
	x.tcp = func(_ context.Context, to netip.AddrPort) (net.Conn, error) {
		near, far := net.Pipe()
		x.tasks.Go(func() {
			defer far.Close()
			r := wire.NewStreamReader(bufio.NewReader(far), nil)
			for {
				raw, err := r.Next()
				if err != nil {
					return
				}
				for _, answer := range f(datagram{raw: string(raw), to: to}) {
					if _, err := far.Write([]byte(answer)); err != nil {
						return
					}
				}
			}
		})
		return &addressed{near, to}, nil
	}
}

type addressed struct {
	net.Conn
	to netip.AddrPort
}

func (a *addressed) LocalAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(phoneAddr.Addr(), 40000))
}
func (a *addressed) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(a.to) }

// WR-21: where the target takes TCP all of a long request's transaction goes there: its answers, the ACK and the BYE of a call with a long route set;
// short requests stay with UDP, and the Contact names the UDP port.
func TestLongRequestByTCP(t *testing.T) {
	run(t, open, func(x *stack) {
		var carried []string
		serve := func(d datagram) []string {
			carried = append(carried, d.method())
			switch d.method() {
			case "REGISTER":
				return []string{grant(d, 3600)}
			case "INVITE":
				return []string{accept(d, append(routes(8), "Contact: <sip:1002@127.0.0.2:5060>")...)}
			case "ACK":
				return nil
			}
			return []string{reply(d, "200 OK")}
		}
		var tcp []datagram
		x.script(primaryAddr, serve)
		x.pipes(func(d datagram) []string { tcp = append(tcp, d); return serve(d) })
		x.start()
		x.dial("1", "1002")
		x.wantCall("1", "talking")
		x.post(line.Hold{Call: "1"})
		x.wait(100 * time.Millisecond)
		x.wantCall("1", "held")
		x.post(line.HangUp{Call: "1"})
		x.wait(100 * time.Millisecond)
		var names []string
		for _, d := range tcp {
			names = append(names, d.method())
			if via := d.header("Via"); !strings.HasPrefix(via, "SIP/2.0/TCP 127.0.0.1:") || d.method() != "ACK" && !strings.Contains(via, ":40000;") || len(d.raw) <= 1300 {
				t.Errorf("%d octets with Via %s", len(d.raw), d.header("Via"))
			}
			if c := d.header("Contact"); d.method() == "INVITE" && c != "<sip:1001@127.0.0.1:5070>" {
				t.Errorf("Contact %s", c)
			}
		}
		if got := strings.Join(names, " "); got != "ACK INVITE ACK BYE" {
			t.Errorf("by TCP went %s, in all %v", got, carried)
		}
		if want := []string{"REGISTER", "INVITE", "ACK", "INVITE", "ACK", "BYE"}; !slices.Equal(carried, want) {
			t.Errorf("%v, want %v", carried, want)
		}
		x.wantEvents("bye_lost", "")
	})
}

// WR-21: a connection that ends before the answer has come is no dead server either: the same request goes on by UDP.
func TestLongRequestOnConnectionThatEnds(t *testing.T) {
	run(t, open, func(x *stack) {
		longNonce(x)
		x.tcp = func(_ context.Context, to netip.AddrPort) (net.Conn, error) {
			near, far := net.Pipe()
			x.tasks.Go(func() {
				_, _ = far.Read(make([]byte, 4096))
				far.Close()
			})
			return &addressed{near, to}, nil
		}
		x.start()
		x.until(10 * time.Second)
		x.want("REGISTER 0 0", "")
		x.phase(line.OnPrimary)
	})
}

// WR-23: in front of a strict router its URI is the Request-URI, less what none may have, and the peer's is the last Route.
func TestStrictRoute(t *testing.T) {
	for recordRoute, want := range map[string][]string{
		"<sip:127.0.0.2:5060>":                                         {"BYE sip:127.0.0.2:5060 SIP/2.0", "<sip:1002@127.0.0.4:5060>"},
		"<sip:127.0.0.2:5060;method=BYE;x=y>":                          {"BYE sip:127.0.0.2:5060;x=y SIP/2.0", "<sip:1002@127.0.0.4:5060>"},
		"<sip:127.0.0.9:5060;lr>, <sip:127.0.0.2:5060;transport=udp>":  {"BYE sip:127.0.0.2:5060;transport=udp SIP/2.0", "<sip:127.0.0.9:5060;lr>", "<sip:1002@127.0.0.4:5060>"},
		"<sip:127.0.0.9:5060>, <sip:127.0.0.2:5060;lr>;param=\"kept\"": {"BYE sip:1002@127.0.0.4:5060 SIP/2.0", "<sip:127.0.0.2:5060;lr>;param=\"kept\"", "<sip:127.0.0.9:5060>"},
	} {
		run(t, open, func(x *stack) {
			x.script(primaryAddr, func(d datagram) []string {
				switch d.method() {
				case "REGISTER":
					return []string{grant(d, 3600)}
				case "INVITE":
					return []string{accept(d, "Record-Route: "+recordRoute, "Contact: <sip:1002@127.0.0.4:5060>")}
				}
				return []string{reply(d, "200 OK")}
			})
			x.start()
			x.dial("1", "1002")
			x.post(line.HangUp{Call: "1"})
			x.wait(time.Second)
			p := x.sent(primaryAddr)
			bye := p[len(p)-1]
			if got := append([]string{bye.start()}, bye.headers("Route")...); !slices.Equal(got, want) {
				t.Errorf("%s:\n%q, want\n%q", recordRoute, got, want)
			}
		})
	}
}

// WR-23: a route may name a host, which is looked up, and a transport.
func TestRouteToHost(t *testing.T) {
	for name, c := range map[string]struct {
		route string
		by    string // how the BYE goes
	}{
		"a host":                   {"<sip:proxy.example.com:5080;lr>", "UDP 127.0.0.9:5080"},
		"a host and TCP":           {"<sip:proxy.example.com:5080;transport=tcp;lr>", "TCP 127.0.0.9:5080"},
		"an address and TCP":       {"<sip:127.0.0.9:5080;lr;transport=TCP>", "TCP 127.0.0.9:5080"},
		"a host without addresses": {"<sip:nowhere.example.com;lr>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				var by []string
				note := func(kind string) func(d datagram) []string {
					return func(d datagram) []string {
						if d.method() == "BYE" {
							by = append(by, kind+" "+d.to.String())
						}
						return []string{reply(d, "200 OK")}
					}
				}
				x.script(netip.MustParseAddrPort("127.0.0.9:5080"), note("UDP"))
				x.pipes(note("TCP"))
				x.names.hosts = map[string][]string{"proxy.example.com": {"127.0.0.9"}}
				x.script(primaryAddr, func(d datagram) []string {
					switch d.method() {
					case "REGISTER":
						return []string{grant(d, 3600)}
					case "INVITE":
						return []string{accept(d, "Record-Route: "+c.route, "Contact: <sip:1002@127.0.0.4:5060>")}
					}
					return []string{reply(d, "200 OK")}
				})
				x.start()
				x.dial("1", "1002")
				x.wait(time.Second)
				x.post(line.HangUp{Call: "1"})
				x.wait(40 * time.Second)
				synctest.Wait()
				if got := strings.Join(by, ", "); got != c.by {
					t.Errorf("BYE went %q, want %q\n%s", got, c.by, x.story())
				}
				x.wantEvents("bye_lost", map[bool]string{true: "1000", false: ""}[c.by == ""])
			})
		})
	}
}
