package sip

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
	"hilphone/sip/netfault"
)

// flow is the connection to one server over TCP or TLS. A flow belongs to its address, transport and server name, so no request is ever
// written on another server's connection.
type flow struct {
	hop
	stream  *stream // nil while it is being dialled
	waiting []*transaction
	later   []unsent // messages that belong to no transaction: ACK for 2xx
	stop    context.CancelFunc
	used    bool // it has carried a request
	dropped bool // given up by the line
}

// unsent is a message that waits for a connection.
type unsent struct {
	bytes    []byte
	datagram []byte // what goes by UDP if there will be none; nil: nothing
}

// connection and lost bring what becomes of a connection back to the line's goroutine.
type (
	connection struct {
		f     *flow
		conn  net.Conn
		cause line.Cause
		fault netfault.Fault
		err   error
	}
	lost struct {
		f   *flow
		err error
	}
)

// flowTo is the connection to a hop, dialled where there is none.
func (l *Line) flowTo(h hop) *flow {
	if f := l.flows[h]; f != nil {
		return f
	}
	return l.dial(h)
}

// freshFlowTo is a connection on which nothing has been sent yet. One that was there before stays for what may still come on it.
func (l *Line) freshFlowTo(h hop) *flow {
	if f := l.flows[h]; f != nil && f.stream == nil {
		return f
	}
	return l.dial(h)
}

// dial connects away from the line's goroutine. How long it may take is the machine's decision; the time limit here ends later than any budget, so that the
// cause of the end is the machine's too.
func (l *Line) dial(h hop) *flow {
	f := &flow{hop: h}
	l.flows[h] = f
	l.open[f] = true
	ctx, stop := context.WithTimeout(l.serving, l.longest()+time.Second)
	f.stop = stop
	l.tasks.Go(func() {
		conn, cause, why, err := l.connect(ctx, h)
		stop()
		l.inbox.put(connection{f, conn, cause, why, err})
	})
	return f
}

// longest is 64*T1, the longest that anybody waits for a server.
func (l *Line) longest() time.Duration { return 64 * time.Duration(l.settings.T1) * time.Millisecond }

func (l *Line) connect(ctx context.Context, k hop) (net.Conn, line.Cause, netfault.Fault, error) {
	var config *tls.Config
	if k.transport == line.TLS {
		var err error
		if config, err = l.tlsConfig(k); err != nil {
			return nil, line.CauseTLS, netfault.File(err), err
		}
	}
	dial := l.cfg.Dial
	if dial == nil {
		dial = l.dialer().DialContext
	}
	conn, err := dial(ctx, "tcp", k.to.String())
	if err != nil {
		return nil, line.CauseConnect, netfault.Of(err), err
	}
	if config == nil {
		return conn, "", netfault.Fault{}, nil
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, line.CauseTLS, netfault.Handshake(err), fmt.Errorf("TLS with %s: %w", k.to, err)
	}
	return secure, "", netfault.Fault{}, nil
}

// dialer connects from the address the line was given, if it was given one.
func (l *Line) dialer() *net.Dialer {
	if l.local.Addr().IsUnspecified() {
		return new(net.Dialer)
	}
	return &net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(l.local.Addr(), 0))}
}

// tlsConfig verifies the chain and the name of the configured server; there is no way to skip that (FO-09). No file is read here (SE-02).
func (l *Line) tlsConfig(k hop) (*tls.Config, error) {
	c := &tls.Config{ServerName: k.name, MinVersion: tls.VersionTLS12}
	if k.ca == "" {
		return c, nil
	}
	roots, err := l.cfg.Roots(k.ca)
	if err != nil {
		return nil, fmt.Errorf("tls_ca_file: %w", err)
	}
	c.RootCAs = roots
	return c, nil
}

// overFlow sends a transaction's request on its server's connection, at once or when there is one. A probe opens a connection of its own:
// an old one may be a dead one, and says nothing about who could connect now (FB-06).
func (l *Line) overFlow(tx *transaction) {
	if tx.Probe && tx.Auth == 0 {
		tx.flow = l.freshFlowTo(tx.hop)
	} else {
		tx.flow = l.flowTo(tx.hop)
	}
	f := tx.flow
	tx.reused = f.used
	if f.stream == nil {
		f.waiting = append(f.waiting, tx)
		return
	}
	l.onFlow(f, tx)
}

// onFlow builds the request, now that the connection's local address is known, and writes it.
func (l *Line) onFlow(f *flow, tx *transaction) {
	if l.txs[tx.Tx] != tx || tx.over || tx.flow != f {
		return // given up in the meantime
	}
	if err := l.build(tx); err != nil {
		l.failLater(tx, localCause(err), err)
		return
	}
	l.branches[key(tx.branch, string(tx.Method))] = tx
	f.used = true
	l.record(tx.Call, event.Send{Branch: tx.branch, K: tx.K})
	if err := f.stream.send(tx.bytes); err != nil {
		l.log.Warn("request not sent", "method", tx.Method, "server", tx.Slot, "err", err)
		l.drop(f)
		l.inbox.put(line.Failed{Tx: tx.Tx, Cause: line.CauseConnect, Fault: lossFault(err), Reused: tx.reused})
		return
	}
	l.inbox.put(line.Connected{Tx: tx.Tx})
}

func (l *Line) connected(d connection) {
	f := d.f
	waiting, later := f.waiting, f.later
	f.waiting, f.later = nil, nil
	if d.err != nil || f.dropped {
		l.undial(f)
		if d.conn != nil {
			_ = d.conn.Close()
		}
		for _, tx := range waiting {
			if l.txs[tx.Tx] == tx && !tx.over && tx.flow == f {
				l.log.Warn("no connection", "method", tx.Method, "server", tx.Slot, "err", d.err)
				l.step(line.Failed{Tx: tx.Tx, Cause: cmp.Or(d.cause, line.CauseConnect), Fault: d.fault})
			}
		}
		l.laterByUDP(f, later)
		return
	}
	f.stream = l.newStream(d.conn, f.transport)
	s := f.stream
	l.tasks.Go(func() { l.inbox.put(lost{f, s.run()}) })
	for _, m := range later {
		_ = s.send(m.bytes)
	}
	for _, tx := range waiting {
		l.onFlow(f, tx)
	}
}

// laterByUDP sends by UDP what was to go over a connection that did not come about.
func (l *Line) laterByUDP(f *flow, later []unsent) {
	for _, m := range later {
		if m.datagram == nil {
			continue
		}
		if err := l.socket.send(m.datagram, f.to); err != nil {
			l.log.Warn("ACK not sent", "to", f.to, "err", err)
		}
	}
}

// write sends a message that belongs to no transaction of ours: an ACK. Where it waits for a connection that does not come about, the datagram
// is sent by UDP.
func (l *Line) write(h hop, b, datagram []byte) error {
	if !h.reliable() {
		return l.socket.send(b, h.to)
	}
	f := l.flowTo(h)
	if f.stream == nil {
		f.later = append(f.later, unsent{b, datagram})
		return nil
	}
	return f.stream.send(b)
}
