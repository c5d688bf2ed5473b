//go:build rig

package kamailio

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// startEdge starts two outbound proxies before a registrar, which end with the test: the callee is registered at the registrar itself.
func startEdge(t *testing.T, o Options) lab {
	t.Helper()
	o.Edge = true
	p, err := StartWith(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { must(t, p.Stop()) })
	l := lab{p, newCaller(t, p, "1001"), newCallee(t, p, "1002")}
	want(t, "the callee registers", l.caller.register(p.Registrar, "1002", Password("1002"), l.callee.contact()), 200)
	return l
}

func (l lab) paths(t *testing.T, user string) map[string]netip.Addr {
	t.Helper()
	paths, err := l.Registrar.Paths(t.Context(), user)
	must(t, err)
	return paths
}

// TestEdge registers by either proxy, and makes calls: a call goes by the proxy it is sent to, and what was by a proxy that is gone goes on by the
// other one. The path is that of the last REGISTER.
func TestEdge(t *testing.T) {
	l := startEdge(t, Options{})
	for _, s := range []*Server{l.Primary, l.Backup} {
		want(t, "REGISTER by the "+s.Name, l.register(s), 200)
		want(t, "paths", fmt.Sprint(l.paths(t, "1001")), fmt.Sprint(map[string]netip.Addr{"sip:1001@" + l.caller.conn.LocalAddr().String(): s.Addr.Addr()}))
		out := l.call(t, s)
		want(t, "route set of a call out", through(out.routes), s.Addr.Addr().String()+" "+RegistrarAddress)
		want(t, "hang up", l.caller.hangUp(s, out), 200)
		want(t, "seen by the callee", l.callee.seen(out.id), "INVITE ACK BYE")
	}
	call := l.call(t, l.Primary)
	must(t, l.Primary.Kill())
	want(t, "hang up by the dead proxy", l.caller.hangUp(l.Primary, call), 0)
	want(t, "hang up by the other one", l.caller.hangUp(l.Backup, call), 200)
	want(t, "seen by the callee", l.callee.seen(call.id), "INVITE ACK BYE")
	must(t, l.Primary.Restore(t.Context()))
	l.talk(t, l.Primary)
	for _, s := range []*Server{l.Primary, l.Backup} {
		must(t, s.Mute(t.Context()))
		want(t, "REGISTER by a mute "+s.Name, l.register(s), 0)
		must(t, s.Restore(t.Context()))
		want(t, "REGISTER by the "+s.Name, l.register(s), 200)
	}
}

// TestEdgeApart: the route of one proxy is not the other's, so the other one sends a request to the dead proxy unless its Route says otherwise.
func TestEdgeApart(t *testing.T) {
	l := startEdge(t, Options{Apart: true})
	call := l.call(t, l.Primary)
	must(t, l.Primary.Kill())
	want(t, "hang up by the other proxy, which obeys the Route", l.caller.hangUp(l.Backup, call), 0)
	call.routes = slices.Clone(call.routes)
	call.routes[0] = strings.Replace(call.routes[0], PrimaryAddress, BackupAddress, 1)
	want(t, "hang up by the other proxy, which is in the Route", l.caller.hangUp(l.Backup, call), 200)
}

// TestEdgeAccount: the proxies ask for a password of their own.
func TestEdgeAccount(t *testing.T) {
	l := startEdge(t, Options{Account: true})
	want(t, "REGISTER without the account of the edge", l.register(l.Primary), 407)
	must(t, l.Primary.Answer(t.Context(), 503, 0))
	want(t, "REGISTER by a proxy that refuses", l.register(l.Primary), 503)
	want(t, "paths to a phone beside the registrar", fmt.Sprint(l.paths(t, "1002")), fmt.Sprint(map[string]netip.Addr{l.callee.contact(): {}}))
}
