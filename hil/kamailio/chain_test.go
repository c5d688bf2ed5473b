//go:build rig

package kamailio

import (
	"errors"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// startChain starts a pair with a chain that ends with the test: caller and callee are registered at its primary.
func startChain(t *testing.T, o Options) lab {
	t.Helper()
	o.Chain = true
	p, err := StartWith(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { must(t, p.Stop()) })
	return register(t, p)
}

// chainEnd is the last proxy as a server for the caller.
func chainEnd(p *Pair) *Server {
	return &Server{node: newNode(p, "end of the chain", p.Chain[len(p.Chain)-1].Addr.Addr())}
}

var routeHost = regexp.MustCompile(`sip:([0-9.]+)`)

// through returns the hosts of a route set, each once.
func through(routes []string) string {
	var hosts []string
	for _, r := range routes {
		host := routeHost.FindStringSubmatch(r)[1]
		if len(hosts) == 0 || hosts[len(hosts)-1] != host { // a proxy that changes the transport records two routes
			hosts = append(hosts, host)
		}
	}
	return strings.Join(hosts, " ")
}

// TestChain makes calls in both directions. What arrives, in the call too, is longer than UDP should carry (RFC 3261 18.1.1), has passed all
// proxies, and has a branch that differs from that of the request before.
func TestChain(t *testing.T) {
	for name, o := range map[string]Options{"usual": {}, "no TCP": {NoTCP: true}, "strict routers": {StrictRouters: true}, "long realm": {Realm: strings.Repeat("realm ", 100)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := startChain(t, o)
			outward := PrimaryAddress + " " + strings.Join(chain[:], " ")
			inward := ChainEnd + " " + chain[2] + " " + chain[1] + " " + chain[0] + " " + PrimaryAddress
			for _, c := range []struct {
				server *Server
				route  string
			}{{l.Primary, outward}, {chainEnd(l.Pair), inward}} {
				call := l.call(t, c.server)
				want(t, "route set of a call through the "+c.server.Name, through(call.routes), c.route)
				want(t, "hang up", l.caller.hangUp(c.server, call), 200)
				want(t, "seen by the callee", l.callee.seen(call.id), "INVITE ACK BYE")
				for _, method := range []string{"INVITE", "BYE"} {
					m := l.callee.request(method)
					want(t, "Vias of the "+method, len(m.headers("Via")), 6)
					if len(m) <= 1300 {
						t.Errorf("the %s has %d octets, want more than 1300:\n%s", method, len(m), m)
					}
				}
				if b := l.callee.request("BYE").parameter("Via", "branch"); b == l.callee.request("INVITE").parameter("Via", "branch") {
					t.Errorf("INVITE and BYE have the branch %s", b)
				}
			}
		})
	}
}

// TestChainFailover: the first proxy takes the backup for a primary that does not answer, for calls and in them.
func TestChainFailover(t *testing.T) {
	l := startChain(t, Options{})
	end := chainEnd(l.Pair)
	call := l.call(t, end)
	must(t, l.Primary.Kill())
	l.caller.wait = 2 * backupAfter
	want(t, "hang up without the primary", l.caller.hangUp(end, call), 200)
	want(t, "seen by the callee", l.callee.seen(call.id), "INVITE ACK BYE")
	call = l.call(t, end)
	want(t, "route set without the primary", through(call.routes), ChainEnd+" "+chain[2]+" "+chain[1]+" "+chain[0]+" "+BackupAddress)
}

// TestNoTCP: a TCP connection is refused, by the servers and by the proxies.
func TestNoTCP(t *testing.T) {
	l := startChain(t, Options{NoTCP: true})
	for _, n := range l.nodes() {
		if _, err := l.DialContext(t.Context(), "tcp4", n.Addr.String()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("TCP to the %s: %v, want connection refused", n.Name, err)
		}
	}
}
