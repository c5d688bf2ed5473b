package sip

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"os"

	"hilphone/sip/line"
)

// flow is the connection to one server over TCP or TLS. A flow belongs to its address, transport and server name, so no request is ever
// written on another server's connection.
type flow struct {
	key     flowKey
	stream  *stream // nil while it is being dialled
	waiting []*transaction
	later   [][]byte // messages that belong to no transaction: ACK for 2xx
	stop    context.CancelFunc
	used    bool // it has carried a request
}

type flowKey struct {
	to        netip.AddrPort
	transport line.Transport
	name      string // TLS: whom the certificate must name
	ca        string
}

// connection and lost bring what becomes of a connection back to the line's goroutine.
type (
	connection struct {
		f     *flow
		conn  net.Conn
		cause line.Cause
		err   error
	}
	lost struct {
		f   *flow
		err error
	}
)

func (t *target) reliable() bool { return t.config.Transport != line.UDP }

func (l *Line) flowTo(t *target, to netip.AddrPort) *flow {
	k := flowKey{to: to, transport: t.config.Transport}
	if k.transport == line.TLS {
		k.name, k.ca = t.config.Addr, t.caFile
	}
	f := l.flows[k]
	if f == nil {
		f = &flow{key: k}
		l.flows[k] = f
		l.dial(f)
	}
	return f
}

// dial connects away from the line's goroutine. How long it may take is the machine's decision: when nobody waits any more it is stopped.
func (l *Line) dial(f *flow) {
	ctx, stop := context.WithTimeout(context.Background(), handshakeTime)
	f.stop = stop
	l.tasks.Go(func() {
		conn, cause, err := l.connect(ctx, f.key)
		stop()
		l.inbox.put(connection{f, conn, cause, err})
	})
}

func (l *Line) connect(ctx context.Context, k flowKey) (net.Conn, line.Cause, error) {
	conn, err := l.cfg.Dial(ctx, "tcp", k.to.String())
	if err != nil {
		return nil, line.CauseConnect, err
	}
	if k.transport != line.TLS {
		return conn, "", nil
	}
	config, err := tlsConfig(k)
	if err == nil {
		secure := tls.Client(conn, config)
		if err = secure.HandshakeContext(ctx); err == nil {
			return secure, "", nil
		}
	}
	_ = conn.Close()
	return nil, line.CauseTLS, fmt.Errorf("TLS with %s: %w", k.to, err)
}

// tlsConfig verifies the chain and the name of the configured server; there is no way to skip that (FO-09).
func tlsConfig(k flowKey) (*tls.Config, error) {
	c := &tls.Config{ServerName: k.name, MinVersion: tls.VersionTLS12}
	if k.ca == "" {
		return c, nil
	}
	pem, err := os.ReadFile(k.ca)
	if err != nil {
		return nil, fmt.Errorf("tls_ca_file: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("tls_ca_file: %s holds no certificate in PEM", k.ca)
	}
	return c, nil
}

// overFlow sends a transaction's request on its server's connection, at once or when there is one.
func (l *Line) overFlow(tx *transaction) {
	f := l.flowTo(tx.target, tx.to)
	tx.flow, tx.reused = f, f.used
	if f.stream == nil {
		f.waiting = append(f.waiting, tx)
		return
	}
	l.onFlow(f, tx)
}

// onFlow builds the request, now that the connection's local address is known, and writes it.
func (l *Line) onFlow(f *flow, tx *transaction) {
	if l.txs[tx.Tx] != tx || tx.over {
		return // given up in the meantime
	}
	if err := l.build(tx); err != nil {
		l.failLater(tx, line.CauseLocal, err)
		return
	}
	l.branches[key(tx.branch, string(tx.Method))] = tx
	f.used = true
	l.record("send", tx.Call, sent{tx.branch, tx.K})
	if err := f.stream.send(tx.bytes); err != nil {
		l.failLater(tx, line.CauseConnect, err)
		return
	}
	l.inbox.put(line.Connected{Tx: tx.Tx})
}

func (l *Line) connected(d connection) {
	f := d.f
	waiting, later := f.waiting, f.later
	f.waiting, f.later = nil, nil
	if d.err != nil || l.flows[f.key] != f {
		if l.flows[f.key] == f {
			delete(l.flows, f.key)
		}
		if d.conn != nil {
			_ = d.conn.Close()
		}
		for _, tx := range waiting {
			if l.txs[tx.Tx] == tx && !tx.over {
				l.log.Warn("no connection", "method", tx.Method, "server", tx.Slot, "err", d.err)
				l.step(line.Failed{Tx: tx.Tx, Cause: d.cause, Reason: errorText(d.err)})
			}
		}
		return
	}
	f.stream = l.newStream(d.conn, f.key.transport)
	s := f.stream
	l.tasks.Go(func() { l.inbox.put(lost{f, s.run()}) })
	for _, tx := range waiting {
		l.onFlow(f, tx)
	}
	for _, b := range later {
		_ = s.send(b)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// lost: every request that waits for an answer on a connection that has ended has failed (FO-07).
func (l *Line) lost(e lost) {
	if l.flows[e.f.key] == e.f {
		delete(l.flows, e.f.key)
	}
	var waiting []*transaction
	for _, tx := range l.txs {
		if tx.flow == e.f && !tx.over {
			waiting = append(waiting, tx)
		}
	}
	for _, tx := range waiting {
		l.step(line.Failed{Tx: tx.Tx, Cause: line.CauseConnect, Reason: errorText(e.err), Reused: tx.reused})
	}
	// Over TLS the Contact is the connection's own address: without it nobody reaches us (CL-04).
	if s := l.machine.Status(); e.f.key.transport == line.TLS && !l.done && s.Active != line.None && l.target(s.Active).addr == e.f.key.to {
		l.step(line.Moved{})
	}
}

// drop gives a connection up on which a request found no answer: a frozen connection must not be used again.
func (l *Line) drop(f *flow) {
	if l.flows[f.key] == f {
		delete(l.flows, f.key)
	}
	if f.stop != nil {
		f.stop()
	}
	if f.stream != nil {
		f.stream.close()
	}
}

// write sends a message that belongs to no transaction of ours: an ACK.
func (l *Line) write(t *target, to netip.AddrPort, b []byte) error {
	if !t.reliable() {
		_, err := l.socket.WriteTo(b, udpAddr(to))
		return err
	}
	f := l.flowTo(t, to)
	if f.stream == nil {
		f.later = append(f.later, b)
		return nil
	}
	return f.stream.send(b)
}

// listen takes connections from servers that call us over TCP, at the port our Contact names. Without that port the Contact is the
// connection to the server, as it is over TLS.
func (l *Line) listen() {
	if l.listener != nil || l.cfg.Listen == nil || !l.uses(line.TCP) {
		return
	}
	listener, err := l.cfg.Listen("tcp", l.local.String())
	if err != nil {
		l.log.Warn("no TCP port for incoming calls", "err", err)
		return
	}
	l.listener = listener
	l.tasks.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			l.tasks.Go(func() { l.serveStream(c) })
		}
	})
}

// serveStream reads a connection that a server has made.
func (l *Line) serveStream(c net.Conn) {
	s := l.newStream(c, line.TCP)
	stop := context.AfterFunc(l.serving, s.close)
	defer stop()
	_ = s.run()
}

func (l *Line) uses(t line.Transport) bool {
	for _, slot := range l.settings.Slots() {
		if l.settings.Server(slot).Transport == t {
			return true
		}
	}
	return false
}
