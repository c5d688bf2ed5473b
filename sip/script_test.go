package sip_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing/synctest"
)

// script puts a server at an address that does only what f says: it is given each request and returns datagrams for its sender. The
// lab's own server there is switched off.
func (x *stack) script(at netip.AddrPort, f func(d datagram) []string) {
	x.t.Helper()
	switch at {
	case primaryAddr:
		x.behave("primary", refuse)
	case backupAddr:
		x.behave("backup", refuse)
	}
	c, err := x.net.ListenPacket("udp", at.String())
	if err != nil {
		x.t.Fatal(err)
	}
	x.ends = append(x.ends, func() { c.Close() })
	x.tasks.Go(func() {
		b := make([]byte, 65535)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			for _, answer := range f(datagram{raw: string(b[:n]), to: at}) {
				if _, err := c.WriteTo([]byte(answer), from); err != nil {
					x.t.Error(err)
				}
			}
		}
	})
}

// reply answers a request; more are header fields, and after an empty one the body. Answers above 100 get the tag "peer".
func reply(d datagram, line string, more ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %s\r\n", line)
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		for _, v := range d.headers(name) {
			if name == "To" && d.tag("To") == "" && !strings.HasPrefix(line, "100") {
				v += ";tag=peer"
			}
			fmt.Fprintf(&b, "%s: %s\r\n", name, v)
		}
	}
	body := ""
	for i, h := range more {
		if h == "" {
			body = strings.Join(more[i+1:], "\r\n") + "\r\n"
			break
		}
		b.WriteString(h + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

// answerSDP accepts whatever the phone offers; its sound goes to the phone 1002.
var answerSDP = []string{"v=0", "o=- 1 1 IN IP4 127.0.0.4", "s=-", "c=IN IP4 127.0.0.4", "t=0 0", "m=audio 4000 RTP/AVP 0"}

// accept is a 200 to INVITE with an answer in it.
func accept(d datagram, more ...string) string {
	more = append(append(more, "Content-Type: application/sdp", ""), answerSDP...)
	return reply(d, "200 OK", more...)
}

// grant is a 200 to REGISTER.
func grant(d datagram, seconds int) string {
	return reply(d, "200 OK", fmt.Sprintf("Contact: %s;expires=%d", d.header("Contact"), seconds))
}

// inject sends a datagram to the phone from any address.
func (x *stack) inject(from netip.AddrPort, raw string) {
	x.t.Helper()
	c, err := x.net.ListenPacket("udp", from.String())
	if err != nil {
		x.t.Fatal(err)
	}
	if _, err := c.WriteTo([]byte(raw), net.UDPAddrFromAddrPort(phoneAddr)); err != nil {
		x.t.Fatal(err)
	}
	synctest.Wait()
	if err := c.Close(); err != nil {
		x.t.Fatal(err)
	}
}

// tagged gives an answer another To tag.
func tagged(answer, tag string) string { return strings.Replace(answer, ";tag=peer", ";tag="+tag, 1) }
