package limit

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Connections bounds the connections of a server: of all clients, and of each network. A connection is waiting while the server
// waits for its client: for a TLS handshake, a request header, a body, or the next request. Beyond a bound the connection that has
// been waiting longest is closed, of the network itself or of the network that has most, so that half-open connections do not keep
// a new one out. Where none is waiting the new connection is closed.
type Connections struct {
	all, each int

	mu   sync.Mutex
	held map[*Conn]struct{}
	of   map[netip.Prefix]int
}

// NewConnections makes a bound of so many connections in all and of each network.
func NewConnections(all, each int) *Connections {
	return &Connections{all: all, each: each, held: map[*Conn]struct{}{}, of: map[netip.Prefix]int{}}
}

// Conn is a connection that is counted until it is closed.
type Conn struct {
	net.Conn
	limits  *Connections
	network netip.Prefix

	// Guarded by limits.mu.
	busy  bool
	since time.Time // waiting since then, while it is not busy
}

// Listener returns a listener whose connections are counted. TLS belongs on top of it: a handshake is counted too.
func (l *Connections) Listener(inner net.Listener) net.Listener { return listener{inner, l} }

type listener struct {
	net.Listener
	limits *Connections
}

// Accept waits for the next connection within the bounds.
func (l listener) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &Conn{Conn: inner, limits: l.limits, network: networkOf(inner)}
		closing := l.limits.add(c)
		if closing != nil {
			_ = closing.Close() // its client has lost it already
		}
		if closing != c {
			return c, nil
		}
	}
}

func networkOf(c net.Conn) netip.Prefix {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return Network(a.AddrPort().Addr())
	}
	return netip.Prefix{}
}

// add counts a connection and returns the one to close for it: none, another, or the new one itself.
func (l *Connections) add(c *Conn) *Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	var closing *Conn
	switch {
	case l.of[c.network] >= l.each:
		closing = l.longest(func(other *Conn) bool { return other.network == c.network })
	case len(l.held) >= l.all:
		closing = l.longest(func(*Conn) bool { return true })
	default:
		l.hold(c)
		return nil
	}
	if closing == nil {
		return c
	}
	l.drop(closing)
	l.hold(c)
	return closing
}

func (l *Connections) hold(c *Conn) {
	c.since = time.Now()
	l.held[c] = struct{}{}
	l.of[c.network]++
}

func (l *Connections) drop(c *Conn) {
	if _, ok := l.held[c]; !ok {
		return
	}
	delete(l.held, c)
	if l.of[c.network]--; l.of[c.network] == 0 {
		delete(l.of, c.network)
	}
}

// longest returns the waiting connection of the network with most connections that has been waiting longest.
func (l *Connections) longest(among func(*Conn) bool) (found *Conn) {
	for c := range l.held {
		if c.busy || !among(c) {
			continue
		}
		if found == nil || l.of[c.network] > l.of[found.network] || l.of[c.network] == l.of[found.network] && c.since.Before(found.since) {
			found = c
		}
	}
	return found
}

// Len returns how many connections there are.
func (l *Connections) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.held)
}

// Close closes the connection. It is not counted any more.
func (c *Conn) Close() error {
	c.limits.mu.Lock()
	c.limits.drop(c)
	c.limits.mu.Unlock()
	return c.Conn.Close()
}

// setBusy marks a connection whose request is being worked on: it is not closed for another.
func (c *Conn) setBusy(busy bool) {
	c.limits.mu.Lock()
	defer c.limits.mu.Unlock()
	c.busy, c.since = busy, time.Now()
}

type connKey struct{}

// ConnContext is for http.Server.ConnContext: Busy finds the connection of a request in its context.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = t.NetConn() // below TLS
	}
	if counted, ok := c.(*Conn); ok {
		return context.WithValue(ctx, connKey{}, counted)
	}
	return ctx
}

// Busy marks the connection of a request: the server works on the request, and no longer waits for its client. Done ends it.
func Busy(ctx context.Context) (done func()) {
	c, ok := ctx.Value(connKey{}).(*Conn)
	if !ok {
		return func() {}
	}
	c.setBusy(true)
	return func() { c.setBusy(false) }
}
