package sip_test

import (
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/sip/line"
)

// byTCP opens a connection to the phone from an address and sends a message. What comes back is read and dropped.
func (x *stack) byTCP(from netip.Addr, raw string) {
	x.t.Helper()
	c, err := x.net.Dial(x.t.Context(), from, phoneAddr)
	if err != nil {
		x.t.Fatal(err)
	}
	x.ends = append(x.ends, func() { c.Close() })
	x.tasks.Go(func() { io.Copy(io.Discard, c) })
	if _, err := c.Write([]byte(raw)); err != nil {
		x.t.Fatal(err)
	}
	synctest.Wait()
}

// FO-67, FO-61: the dialog server of an incoming call is the server whose address and transport it came from, or which its Record-Route names, whatever is
// active. Two servers at one address and port are told apart by the transport; a server that calls by another transport than its own is that server
// all the same; over TCP a server connects from any port. The BYE goes to the server by its own transport.
func TestServerOfACallByTransport(t *testing.T) {
	const tcpBackup = "backup_transport=tcp"
	one := []string{tcpBackup, "backup_addr=127.0.0.2"}
	tcp, udp := line.TCP, line.UDP
	for _, c := range []struct {
		name     string
		settings []string
		from     string // with a port by UDP
		route    string // topmost Record-Route
		want     line.Slot
		bye      line.Transport
		byeTo    string
	}{
		{"the primary by UDP", []string{tcpBackup}, "127.0.0.2:5060", "", line.Primary, udp, "127.0.0.2:5060"},
		{"the backup of TCP by UDP", []string{tcpBackup}, "127.0.0.3:5060", "", line.Backup, tcp, "127.0.0.3:5060"},
		{"the backup of TCP by TCP", []string{tcpBackup}, "127.0.0.3", "", line.Backup, tcp, "127.0.0.3:5060"},
		{"the backup of UDP by TCP", nil, "127.0.0.3", "", line.Backup, udp, "127.0.0.3:5060"},
		{"the backup of TCP by UDP from another port", []string{tcpBackup}, "127.0.0.3:5062", "", line.Primary, udp, "127.0.0.3:5062"},
		{"one address, by UDP", one, "127.0.0.2:5060", "", line.Primary, udp, "127.0.0.2:5060"},
		{"one address, by TCP", one, "127.0.0.2", "", line.Backup, tcp, "127.0.0.2:5060"},
		{"one address, the other way round, by UDP", []string{"transport=tcp", "backup_addr=127.0.0.2"}, "127.0.0.2:5060", "", line.Backup, udp, "127.0.0.2:5060"},
		{"one address, the other way round, by TCP", []string{"transport=tcp", "backup_addr=127.0.0.2"}, "127.0.0.2", "", line.Primary, tcp, "127.0.0.2:5060"},
		{"one address, routed, from elsewhere by TCP", one, "127.0.0.9", "<sip:127.0.0.2:5060;transport=tcp;lr>", line.Backup, tcp, "127.0.0.2:5060"},
		{"one address, routed, from elsewhere by UDP", one, "127.0.0.9:5060", "<sip:127.0.0.2:5060;lr>", line.Primary, udp, "127.0.0.2:5060"},
		{"one host, two ports, by TCP", []string{"transport=tcp", tcpBackup, "backup_addr=127.0.0.2", "backup_port=5062"}, "127.0.0.2", "", line.Primary, tcp, "127.0.0.2:5060"},
		{"one host, two ports, routed by the backup", []string{"transport=tcp", tcpBackup, "backup_addr=127.0.0.2", "backup_port=5062"}, "127.0.0.2",
			"<sip:127.0.0.2:5062;transport=tcp;lr>", line.Backup, tcp, "127.0.0.2:5062"},
		{"a stranger by TCP", []string{tcpBackup}, "127.0.0.9", "", line.Primary, udp, "127.0.0.2:5060"},
		{"a stranger by UDP", []string{tcpBackup}, "127.0.0.9:5060", "", line.Primary, udp, "127.0.0.9:5060"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.unruled = true // the rules are those of datagrams alone
				x.listen = x.net.Listen
				x.pipes(func(d datagram) []string {
					if d.method() == "REGISTER" {
						return []string{grant(d, 3600)}
					}
					return []string{reply(d, "200 OK")}
				})
				for _, at := range []string{"127.0.0.9:5060", "127.0.0.3:5062"} {
					x.net.BlackHole(netip.MustParseAddrPort(at))
				}
				x.start(c.settings...)
				x.wait(time.Second)
				x.phase(line.OnPrimary)
				var more []string
				if c.route != "" {
					more = []string{"Record-Route: " + c.route}
				}
				raw := invite("call-1", "sip:1002@127.0.0.4:5060", more...)
				if from, err := netip.ParseAddr(c.from); err == nil {
					x.byTCP(from, strings.Replace(raw, "UDP 127.0.0.2:5062", "TCP "+c.from, 1))
				} else {
					at := netip.MustParseAddrPort(c.from)
					if at == primaryAddr || at == backupAddr {
						x.behave(map[netip.AddrPort]string{primaryAddr: "primary", backupAddr: "backup"}[at], refuse) // its port is needed here
					}
					x.inject(at, strings.Replace(raw, "127.0.0.2:5062", c.from, 1))
				}
				if got := x.wantCall("in1", "ringing"); got.Server != c.want {
					t.Errorf("the call is %s's, want %s's", got.Server, c.want)
				}
				x.post(line.Answer{Call: "in1"})
				x.post(line.HangUp{Call: "in1"})
				x.wait(40 * time.Second) // without an ACK the BYE leaves after 32 s (FO-68)
				x.mu.Lock()
				defer x.mu.Unlock()
				byes := 0
				for _, m := range x.traced {
					if m.Out && strings.HasPrefix(m.Start(), "BYE ") {
						if byes++; byes == 1 && (m.Transport != c.bye || m.Remote != c.byeTo) {
							t.Errorf("the BYE goes to %s by %s, want %s by %s", m.Remote, m.Transport, c.byeTo, c.bye)
						}
					}
				}
				if byes == 0 {
					t.Error("no BYE")
				}
			})
		})
	}
}
