package limit

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// addressed is one end of a pipe whose other end has an address.
type addressed struct {
	net.Conn
	from   *net.TCPAddr
	mu     sync.Mutex
	closed bool
}

func (a *addressed) RemoteAddr() net.Addr { return a.from }

func (a *addressed) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	return a.Conn.Close()
}

func (a *addressed) isClosed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.closed
}

// queued is a listener of connections that are there already.
type queued struct {
	net.Listener
	next []*addressed
}

func (q *queued) Accept() (net.Conn, error) {
	if len(q.next) == 0 {
		return nil, net.ErrClosed
	}
	c := q.next[0]
	q.next = q.next[1:]
	return c, nil
}

func from(address string) *addressed {
	c, _ := net.Pipe()
	return &addressed{Conn: c, from: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 40000))}
}

// accept takes connections from these addresses, a second apart.
func accept(t *testing.T, l *Connections, addresses ...string) (raw []*addressed, taken []*Conn) {
	t.Helper()
	for _, a := range addresses {
		c := from(a)
		raw = append(raw, c)
		got, err := l.Listener(&queued{next: []*addressed{c}}).Accept()
		switch {
		case err == nil:
			taken = append(taken, got.(*Conn))
		case errors.Is(err, net.ErrClosed):
			taken = append(taken, nil)
		default:
			t.Fatal(err)
		}
		<-time.After(time.Second) // in a bubble
	}
	return raw, taken
}

func closed(all []*addressed) (which []int) {
	for i, c := range all {
		if c.isClosed() {
			which = append(which, i)
		}
	}
	return which
}

// SE-03: beyond the bound of a network its own connection that has waited longest is closed, never another's.
func TestConnectionsOfANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewConnections(100, 3)
		// One /64 is one network; so is an IPv4 address, however it is written.
		raw, taken := accept(t, l, "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "2001:db8::3", "192.0.2.1", "::ffff:192.0.2.1", "2001:db8::4")
		if got := closed(raw); len(got) != 1 || got[0] != 0 || l.Len() != 6 {
			t.Errorf("closed are %v, %d are held", got, l.Len())
		}
		// One at work stays; the others of its network make room.
		taken[1].setBusy(true)
		more, _ := accept(t, l, "2001:db8::5", "2001:db8::6", "2001:db8::7")
		if got := closed(raw); len(got) != 3 || raw[1].isClosed() || raw[2].isClosed() || raw[4].isClosed() || more[2].isClosed() {
			t.Errorf("closed are %v", got)
		}
		taken[1].setBusy(false) // waits from now on: the last to be closed
		more, _ = accept(t, l, "2001:db8::8")
		if raw[1].isClosed() || more[0].isClosed() {
			t.Error("a connection that has been waiting for less was closed")
		}
	})
}

// SE-03: beyond the bound of all the network with most connections makes room. Connections at work are not closed, but the new one is.
func TestConnectionsInAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewConnections(4, 3)
		raw, taken := accept(t, l, "192.0.2.9", "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2")
		if got := closed(raw); len(got) != 1 || got[0] != 1 {
			t.Errorf("closed are %v, want the first of 192.0.2.1", got)
		}
		for _, i := range []int{0, 2, 3, 4} {
			taken[i].setBusy(true)
		}
		more, refused := accept(t, l, "192.0.2.3")
		if refused[0] != nil || !more[0].isClosed() || l.Len() != 4 {
			t.Errorf("one too many: %v, %d are held", refused[0], l.Len())
		}
		for range 2 { // the second time counts nothing
			if err := taken[0].Close(); err != nil {
				t.Fatal(err)
			}
		}
		if l.Len() != 3 || len(l.of) != 2 {
			t.Errorf("%d are held after one was closed, of %d networks", l.Len(), len(l.of))
		}
	})
}

func TestNetwork(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.1": "192.0.2.1/32", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
		"127.0.0.1": "127.0.0.1/32", "::1": "::/64", "": "invalid Prefix", "no address": "invalid Prefix",
	} {
		if got := NetworkOf(text).String(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
