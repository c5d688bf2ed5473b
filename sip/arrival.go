package sip

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
	"hilphone/sip/wire"
)

// arrivalWindow is how many octets of messages may have been read and not yet been handled by the line; a message counts as arrivalLeast at
// least. Further ones wait in the kernel, so that a flood costs no memory.
const (
	arrivalWindow = wire.MaxStreamMessage
	arrivalLeast  = 4 << 10
)

// arrival is a message that was read, with the way it came.
type arrival struct {
	msg    *wire.Message
	size   int // octets
	from   netip.AddrPort
	conn   *stream // nil: the UDP socket
	refuse int     // answer a request with this status without looking further; 0: handle it
	reason string
}

// arrived reads a message and puts it in the line's inbox. It is called by the reader of the socket and by those of connections, each in
// the order in which its messages came; it waits while the line has arrivalWindow octets to handle.
func (l *Line) arrived(raw []byte, from net.Addr, conn *stream) {
	msg, err := readMessage(raw)
	if err != nil {
		l.unread(raw, from, conn, err)
		return
	}
	fault := ""
	if len(msg.Faults) > 0 {
		fault = msg.Faults[0].String()
	}
	l.traceArrival(raw, from, conn, fault)
	l.hand(arrival{msg: msg, size: len(raw), from: addrPort(from), conn: conn})
}

// hand puts a message in the line's inbox.
func (l *Line) hand(a arrival) {
	if l.window.Acquire(l.serving, share(a.size)) == nil { // it fails where the line ends
		l.inbox.put(a)
	}
}

// share is what a message takes of the window.
func share(size int) int64 { return int64(min(max(size, arrivalLeast), arrivalWindow)) }

// readMessage reads a message. The error says why it can be neither matched nor answered; it is shown, so secrets in it are masked.
func readMessage(raw []byte) (*wire.Message, error) {
	msg, err := wire.Read(raw)
	if errors.Is(err, wire.ErrNotSIP) {
		return nil, fmt.Errorf("%w: %.40q", wire.ErrNotSIP, Mask(raw[:min(len(raw), 256)]))
	}
	if err != nil {
		return nil, err
	}
	// A response is matched by its topmost Via; with another one that can be read, a request is refused.
	if via, err := msg.TopVia(); via == nil && (msg.Request == nil || msg.Request.Via() == nil) {
		return nil, err
	}
	if req := msg.Request; req != nil && req.IsAck() { // which is never answered
		if reason := unreadable(request{Request: req, arrival: arrival{msg: msg}}); reason != "" {
			return nil, errors.New(reason)
		}
	}
	return msg, nil
}

// unread counts and traces what can be neither matched nor answered.
func (l *Line) unread(raw []byte, from net.Addr, conn *stream, why error) {
	l.traceArrival(raw[:min(len(raw), wire.MaxDatagram)], from, conn, why.Error())
	l.malformed.count(addrPort(from), conn.over(), len(raw), why)
}

func (l *Line) traceArrival(raw []byte, from net.Addr, conn *stream, fault string) {
	local := l.socket.LocalAddr()
	if conn != nil {
		local = conn.LocalAddr()
		conn.last.Store(int64(l.now()))
	}
	l.socket.trace(false, conn.over(), local, from, raw, fault)
}

// over is the transport of a connection, UDP for none.
func (s *stream) over() line.Transport {
	if s == nil {
		return line.UDP
	}
	return s.transport
}

// receive handles a message. Requests and responses of one peer come here in the order of their arrival (WR-30).
func (l *Line) receive(a arrival) {
	l.window.Release(share(a.size))
	if res := a.msg.Response; res != nil {
		res.SetSource(a.from.String())
		l.answered(response{res, a})
		return
	}
	r := request{Request: a.msg.Request, arrival: a}
	if a.refuse != 0 && !r.IsAck() {
		l.answer(r, a.refuse, a.reason)
		return
	}
	l.requested(r)
}

// response is an answer from the wire.
type response struct {
	*sip.Response
	arrival
}

// request is a request from the wire.
type request struct {
	*sip.Request
	arrival
	tx *serverTransaction // nil where it is answered without one
}
