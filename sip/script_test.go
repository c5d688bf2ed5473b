package sip_test

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing/synctest"
)

// script puts a server at an address that does only what f says: it is given each request and returns datagrams for its sender. The
// lab's own server there is switched off. The function that it returns sends a datagram to the phone from that address.
func (x *stack) script(at netip.AddrPort, f func(d datagram) []string) (send func(raw string)) {
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
	return func(raw string) {
		if _, err := c.WriteTo([]byte(raw), net.UDPAddrFromAddrPort(phoneAddr)); err != nil {
			x.t.Error(err)
		}
		synctest.Wait()
	}
}

// challenge is a 401 or 407 to a request, with the header field that belongs to it.
func challenge(d datagram, status int, realm, nonce string, parameters ...string) string {
	line, name := "401 Unauthorized", "WWW-Authenticate"
	if status == 407 {
		line, name = "407 Proxy Authentication Required", "Proxy-Authenticate"
	}
	return reply(d, line, fmt.Sprintf("%s: Digest realm=%q, nonce=%q", name, realm, nonce)+strings.Join(parameters, ""))
}

// credentials are the values of both header fields that carry them.
func (d datagram) credentials() []string {
	return append(d.headers("Authorization"), d.headers("Proxy-Authorization")...)
}

// challenging is a script of a server that challenges in a realm, and serves each request that carries credentials: the INVITE is accepted
// with these header fields. A REGISTER is challenged by 401, all else by 407.
func challenging(realm string, accepted ...string) func(d datagram) []string {
	nonces := 0
	return func(d datagram) []string {
		status := 407
		if d.method() == "REGISTER" {
			status = 401
		}
		nonces++
		switch {
		case d.method() == "ACK" || d.status() != 0:
			return nil
		case !slices.ContainsFunc(d.credentials(), func(c string) bool { return strings.Contains(c, `realm="`+realm+`"`) }):
			return []string{challenge(d, status, realm, fmt.Sprint(realm, nonces))}
		case d.method() == "REGISTER":
			return []string{grant(d, 3600)}
		case d.method() == "INVITE":
			return []string{accept(d, accepted...)}
		case d.method() == "REFER":
			return []string{reply(d, "202 Accepted")}
		}
		return []string{reply(d, "200 OK")}
	}
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
