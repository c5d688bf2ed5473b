package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

const (
	mostPicks   = 8           // of a port
	acceptAgain = time.Second // after a fault
	// relistenAfter is how long a line waits that cannot open its TCP port: the program that has it may end.
	relistenAfter = 10 * time.Second
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
			l.noListener = err
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

// listened notes whether the TCP port could be opened: with an event and in the status where it could not, and again when it is (UX-03). The line
// serves by UDP, and by the connections that it makes, meanwhile.
func (l *Line) listened(err error) {
	was := l.noListener
	l.noListener = err
	if err != nil {
		l.listenAt = l.now() + relistenAfter
	}
	device := fmt.Sprintf("line %d TCP", l.cfg.Number)
	switch {
	case err != nil && (was == nil || was.Error() != err.Error()):
		l.log.Warn("no TCP port for incoming calls; it is tried again", "every", relistenAfter, "err", err)
		l.record("", event.Fault{Device: device, Message: "no TCP port for incoming calls: " + err.Error()})
	case err == nil && was != nil:
		l.log.Info("the TCP port for incoming calls is open")
		l.record("", event.Fault{Device: device})
	}
	l.publish()
}

// listenAgain tries to open the TCP port when it is time.
func (l *Line) listenAgain() {
	if l.noListener != nil && l.now() >= l.listenAt {
		l.listened(l.listen())
		l.acceptCalls()
	}
}

// ListenAgain has a line that could not open its TCP port try again at once. It does not wait.
func (l *Line) ListenAgain() {
	l.inbox.put(func() {
		l.listenAt = 0
		l.listenAgain()
	})
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
