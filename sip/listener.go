package sip

import (
	"context"
	"errors"
	"net"
	"time"

	"hilphone/sip/line"
)

const (
	mostCallers = 64          // connections that servers have made to one line at a time
	acceptAgain = time.Second // after a fault
)

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
	l.tasks.Go(func() { l.accept(listener) })
}

// listens says whether the Contact names our own port, and not the connection to the server.
func (l *Line) listens(t line.Transport) bool {
	return t == line.UDP || t == line.TCP && l.listener != nil
}

// accept serves connections until the listener is closed. More than so many at a time are turned away.
func (l *Line) accept(listener net.Listener) {
	callers := make(chan struct{}, mostCallers)
	for {
		c, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // no descriptors left, or a connection that ended before it was taken
			l.log.Warn("a connection was not accepted", "err", err)
			select {
			case <-time.After(acceptAgain):
				continue
			case <-l.serving.Done():
				return
			}
		}
		select {
		case callers <- struct{}{}:
			l.tasks.Go(func() {
				defer func() { <-callers }()
				l.serveStream(c)
			})
		default:
			_ = c.Close()
		}
	}
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
