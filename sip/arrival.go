package sip

import (
	"net"
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
	"hilphone/sip/wire"
)

// arrivalWindow is how many messages may have been read and not yet been handled by the line. Further ones wait in the kernel, so that a
// flood costs no memory.
const arrivalWindow = 256

// arrival is a message that was read, with the way it came.
type arrival struct {
	msg    *wire.Message
	from   netip.AddrPort
	conn   *stream // nil: the UDP socket
	refuse int     // answer a request with this status without looking further; 0: handle it
	reason string
}

// arrived reads a message and puts it in the line's inbox. It is called by the reader of the socket and by those of connections, each in
// the order in which its messages came; it waits while the line has arrivalWindow messages to handle.
func (l *Line) arrived(raw []byte, from net.Addr, conn *stream) {
	l.arrivedWith(raw, from, conn, 0, "")
}

func (l *Line) arrivedWith(raw []byte, from net.Addr, conn *stream, refuse int, reason string) {
	transport, local := line.UDP, l.socket.LocalAddr()
	if conn != nil {
		transport, local = conn.transport, conn.LocalAddr()
		conn.last.Store(int64(l.now()))
	}
	msg, err := wire.Read(raw)
	if err != nil {
		l.socket.trace(false, transport, local, from, raw, err.Error())
		l.malformed.count(addrPort(from), transport, len(raw), err)
		return
	}
	fault := ""
	if len(msg.Faults) > 0 {
		fault = msg.Faults[0].String()
	}
	l.socket.trace(false, transport, local, from, raw, fault)
	select {
	case l.window <- struct{}{}:
		l.inbox.put(arrival{msg, addrPort(from), conn, refuse, reason})
	case <-l.serving.Done():
	}
}

// receive handles a message. Requests and responses of one peer come here in the order of their arrival (WR-30).
func (l *Line) receive(a arrival) {
	<-l.window
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
