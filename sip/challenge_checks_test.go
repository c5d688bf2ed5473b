package sip_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// wantRefused checks the challenges that were not answered since zero, as "METHOD target realm algorithm reason", in order.
func (x *stack) wantRefused(want ...string) {
	x.t.Helper()
	var got []string
	x.mu.Lock()
	for _, e := range x.events {
		if n, ok := e.data.(event.ChallengeRefused); ok {
			got = append(got, fmt.Sprintf("%s %s %s %s %s", n.Method, n.Target, n.Realm, n.Algorithm, n.Reason))
		}
	}
	x.mu.Unlock()
	if !slices.Equal(got, want) {
		x.t.Errorf("challenges refused:\n  %s\nwant\n  %s\n%s", strings.Join(got, "\n  "), strings.Join(want, "\n  "), x.story())
	}
}

// challenger is a proxy or server on the way of a request that challenges it: by 407, or by 401.
type challenger struct {
	proxy bool
	realm string
}

func (c challenger) status() int {
	if c.proxy {
		return 407
	}
	return 401
}

// answered reports whether a request has credentials for the challenger.
func (c challenger) answered(r datagram) bool {
	name := "Authorization"
	if c.proxy {
		name = "Proxy-Authorization"
	}
	return slices.ContainsFunc(r.headers(name), func(v string) bool { return strings.Contains(v, fmt.Sprintf("realm=%q", c.realm)) })
}

// behind is a script of a server and of challengers before it, in this order; asked says which methods they challenge.
func behind(asked func(method string) bool, all ...challenger) func(d datagram) []string {
	return func(d datagram) []string {
		if d.method() == "ACK" {
			return nil
		}
		for _, c := range all {
			if asked(d.method()) && !c.answered(d) {
				return []string{challenge(d, c.status(), c.realm, "n")}
			}
		}
		return serves(d)
	}
}

// serves answers a request as a server does that challenges nothing.
func serves(d datagram) []string {
	switch d.method() {
	case "ACK":
		return nil
	case "REGISTER":
		return []string{grant(d, 3600)}
	case "INVITE":
		return []string{accept(d, "Contact: <sip:1002@127.0.0.4>", "Record-Route: <sip:127.0.0.2;lr>")}
	case "REFER":
		return []string{reply(d, "202 Accepted")}
	}
	return []string{reply(d, "200 OK")}
}

// request makes the line send a request of a method at zero.
func (x *stack) request(method string) {
	x.t.Helper()
	switch method {
	case "REGISTER":
		x.start("backup_addr=")
		x.wait(time.Second)
		return
	case "OPTIONS":
		registered(x, "options_keepalive=1", "backup_addr=")
		x.until(29 * time.Second)
		x.zero()
		x.wait(time.Second)
		return
	}
	registered(x, "backup_addr=")
	x.dial("1", "1002")
	x.wait(time.Second)
	if method == "INVITE" {
		return
	}
	x.wantCall("1", "talking")
	x.zero()
	switch method {
	case "re-INVITE":
		x.post(line.Hold{Call: "1"})
	case "REFER":
		x.post(line.Transfer{Call: "1", To: "1003"})
	case "BYE":
		x.post(line.HangUp{Call: "1"})
	}
	x.wait(time.Second)
}
