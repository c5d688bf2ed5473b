package sip

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"hilphone/sip/line"
)

const (
	mostPicks   = 8           // of a port
	acceptAgain = time.Second // after a fault
)

// openPorts opens the socket for UDP and the port of the same number for TCP. A number that was picked by the system for UDP may be taken for
// TCP; then another one is picked.
func (l *Line) openPorts() (Socket, error) {
	for try := 1; ; try++ {
		socket, err := l.cfg.Open()
		if err != nil {
			return nil, err
		}
		before := l.local
		l.local = addrPort(socket.LocalAddr())
		if err = l.listen(); err == nil || try == mostPicks || l.local == before || !errors.Is(err, syscall.EADDRINUSE) {
			l.unheard(err)
			return socket, nil
		}
		if err := socket.Close(); err != nil {
			return nil, err
		}
	}
}

// listen opens the port that servers call us at over TCP, the one that the Contact of a line with a server of TCP names. Without it that Contact
// is the connection to the server, as it is over TLS. A line of UDP has the port too: requests to it of more than 1300 octets come by TCP (RFC
// 3261 18.1.1).
func (l *Line) listen() (err error) {
	if l.listener == nil && l.cfg.Listen != nil && (l.uses(line.TCP) || l.uses(line.UDP)) {
		l.listener, err = l.cfg.Listen("tcp", l.local.String())
	}
	return err
}

func (l *Line) unheard(err error) {
	if err != nil {
		l.log.Warn("no TCP port for incoming calls", "err", err)
	}
}

// acceptCalls takes connections from servers, if there is a port for them.
func (l *Line) acceptCalls() {
	if listener := l.listener; listener != nil && !l.accepting {
		l.accepting = true
		l.tasks.Go(func() { l.accept(listener) })
	}
}

// listens says whether the Contact names our own port, and not the connection to the server.
func (l *Line) listens(t line.Transport) bool {
	return t == line.UDP || t == line.TCP && l.listener != nil
}

// accept serves connections until the listener is closed. Each has to be let in.
func (l *Line) accept(listener net.Listener) {
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
		from := addrPort(c.RemoteAddr()).Addr()
		server := l.socket.isServer(from)
		leave, ok := l.callers.enter(from, server)
		if !ok {
			_ = c.Close()
			continue
		}
		l.tasks.Go(func() {
			defer leave()
			l.serveStream(c, server)
		})
	}
}

// serveStream reads a connection that a server, or somebody else, has made.
func (l *Line) serveStream(c net.Conn, server bool) {
	s := l.newStream(c, line.TCP)
	s.stranger = !server
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
