package sip

import (
	"bytes"
	"net"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
	"hilphone/sip/netfault"
	"hilphone/sip/wire"
)

// unreachable is an ICMP message from the wire.
type unreachable struct {
	to        netip.AddrPort // where the datagram went that it quotes
	from      net.Addr       // who sent it; nil: not known
	typ, code int
	quotation []byte // of that datagram's UDP payload, as far as the message has it
}

func (l *Line) readICMP() {
	buf := make([]byte, 2048)
	for {
		n, to, from, typ, code, err := l.socket.ReadICMP(buf)
		if err != nil {
			return
		}
		l.inbox.put(unreachable{addrPort(to), from, typ, code, bytes.Clone(buf[:n])})
	}
}

// icmpReceived ends the attempt whose datagram an ICMP message quotes (FO-05): by its branch, or where the quotation ends before that, each one
// to the address that begins like it. A message without such a quotation can come from anybody and is ignored, but not silently (SE-08).
func (l *Line) icmpReceived(e unreachable) {
	branch, method := quoted(e.quotation)
	var hit []line.TxID
	if tx := l.branches[key(branch, method)]; tx != nil {
		hit = append(hit, tx.Tx)
	} else if method == "" && len(e.quotation) > 0 {
		for id, tx := range l.txs {
			if tx.to == e.to && !tx.reliable() && bytes.HasPrefix(tx.bytes, e.quotation) {
				hit = append(hit, id)
			}
		}
	}
	for _, id := range hit {
		l.record(l.txs[id].Call, e.event(l.txs[id].branch))
		l.step(line.ICMP{Tx: id, Type: e.typ, Code: e.code})
	}
	if len(hit) > 0 || method == string(sip.ACK) || bytes.HasPrefix(e.quotation, []byte(wire.Version)) {
		return // no attempt is concerned where it quotes a response or an ACK
	}
	if leftOut, ok := l.icmpIgnored.take(time.Now()); ok {
		l.record("", event.ICMPIgnored{To: e.to.String(), Type: e.typ, Code: e.code, Reason: ignoredBecause(e, method), LeftOut: leftOut})
	}
}

func (e unreachable) event(branch string) event.ICMP {
	data := event.ICMP{Branch: branch, Type: e.typ, Code: e.code, Name: netfault.ICMPName(e.typ, e.code), To: e.to.String(), Quoted: len(e.quotation)}
	if e.from != nil {
		data.From = e.from.String()
	}
	return data
}

func ignoredBecause(e unreachable, method string) string {
	switch {
	case len(e.quotation) == 0:
		return "it quotes nothing of the datagram"
	case method == "":
		return "it quotes no datagram of a request to that address"
	}
	return "it quotes a request that is not under way"
}

// quoted finds the Via branch and the method in as much of a request as an ICMP message gave back.
func quoted(datagram []byte) (branch, method string) {
	verb, rest, ok := bytes.Cut(datagram, []byte(" "))
	if !ok {
		return "", ""
	}
	i := bytes.Index(rest, []byte("branch="))
	if i < 0 {
		return "", ""
	}
	rest = rest[i+len("branch="):]
	end := bytes.IndexAny(rest, ";,\r\n \t")
	if end < 0 {
		return "", "" // cut off in the middle
	}
	return string(rest[:end]), string(verb)
}
