package sip

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
)

const allow = "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, INFO"

// build makes a transaction's request: every attempt is built anew, with a branch of its own (RFC 3261 8.1.2, FO-25).
func (l *Line) build(tx *transaction) error {
	var req *sip.Request
	var err error
	switch tx.Method {
	case line.REGISTER:
		req, err = l.register(tx)
	case line.INVITE:
		req, err = l.invite(tx)
	case line.CANCEL:
		req, err = l.cancel(tx)
	case line.BYE:
		req, err = l.bye(tx)
	case line.REFER:
		req, err = l.refer(tx)
	case line.OPTIONS:
		req, err = l.options(tx)
	default:
		err = fmt.Errorf("no way to build %s", tx.Method)
	}
	if err != nil {
		return fmt.Errorf("building %s: %w", tx.Method, err)
	}
	l.authorize(tx, req)
	if len(req.Body()) == 0 {
		req.SetBody(nil)
		length := sip.ContentLengthHeader(0)
		req.ReplaceHeader(&length)
	}
	tx.request = req
	tx.bytes = []byte(req.String())
	return nil
}

func newBranch() string { return "z9hG4bK" + token(12) }

// heads adds what every request begins with: Via, Max-Forwards, User-Agent.
func (l *Line) heads(tx *transaction, req *sip.Request) error {
	local, err := l.via(tx)
	if err != nil {
		return err
	}
	params := sip.NewParams()
	params.Add("branch", tx.branch)
	params.Add("rport", "")
	req.AppendHeader(&sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: strings.ToUpper(string(tx.transport)),
		Host: bracketed(local.Addr().String()), Port: int(local.Port()), Params: params,
	})
	forwards := sip.MaxForwardsHeader(70)
	req.AppendHeader(&forwards)
	if l.cfg.UserAgent != "" {
		req.AppendHeader(sip.NewHeader("User-Agent", l.cfg.UserAgent))
	}
	return nil
}

func fromTo(req *sip.Request, name string, from sip.Uri, fromTag string, to sip.Uri, toTag string) {
	f := &sip.FromHeader{DisplayName: quotedName(name), Address: from, Params: sip.NewParams()}
	f.Params.Add("tag", fromTag)
	t := &sip.ToHeader{Address: to, Params: sip.NewParams()}
	if toTag != "" {
		t.Params.Add("tag", toTag)
	}
	req.AppendHeader(f)
	req.AppendHeader(t)
}

// quotedName makes a display name safe inside the quotes that it is written in (RFC 3261 25.1, quoted-string).
func quotedName(name string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)
}

func ids(req *sip.Request, callID string, cseq int, method sip.RequestMethod) {
	id := sip.CallIDHeader(callID)
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: uint32(cseq), MethodName: method})
}

// via is where the server of a request reaches this line: the port we listen at, else the request's own connection. It is the sent-by of
// the Via too: answers that do not find their connection any more come there (RFC 3261 18.2.2).
func (l *Line) via(tx *transaction) (netip.AddrPort, error) {
	if f := tx.flow; f != nil && f.stream != nil && !l.listens(f.transport) {
		return addrPort(f.stream.LocalAddr()), nil
	}
	return l.localFor(&target{addr: tx.to})
}

// contact is this line as the server of a request reaches it. A request to a server of UDP names the UDP port, also where it goes by TCP because
// of its size or because a route says so: the connection does not last as long as the dialog.
func (l *Line) contact(tx *transaction, s line.Settings) *sip.ContactHeader {
	if tx.long || tx.target.config.Transport == line.UDP {
		local, _ := l.localFor(&target{addr: tx.to}) // the Via has said what is wrong
		return contactAt(local, line.UDP, s.PhoneNumber)
	}
	local, _ := l.via(tx)
	return contactAt(local, tx.target.config.Transport, s.PhoneNumber)
}

func contactAt(local netip.AddrPort, t line.Transport, user string) *sip.ContactHeader {
	uri := sip.Uri{Scheme: "sip", User: user, Host: bracketed(local.Addr().String()), Port: int(local.Port())}
	if t != line.UDP {
		uri.UriParams = sip.NewParams()
		uri.UriParams.Add("transport", string(t))
	}
	return &sip.ContactHeader{Address: uri, Params: sip.NewParams()}
}

// cancel is the INVITE's request line, Via, From, To, Call-ID and CSeq number, to the same place (RFC 3261 9.1).
func (l *Line) cancel(tx *transaction) (*sip.Request, error) {
	invite := l.txs[tx.Of]
	if invite == nil || invite.request == nil {
		return nil, fmt.Errorf("its INVITE is gone")
	}
	req := sip.NewRequest(sip.CANCEL, invite.request.Recipient)
	l.sameAs(req, invite.request, sip.CANCEL)
	sip.CopyHeaders("To", invite.request, req)
	return req, nil
}

// sameAs copies what a CANCEL or an ACK for a non-2xx answer shares with its INVITE.
func (l *Line) sameAs(req, invite *sip.Request, method sip.RequestMethod) {
	req.AppendHeader(invite.Via().Clone())
	for _, name := range []string{"Route", "Max-Forwards", "User-Agent", "From", "Call-ID"} {
		sip.CopyHeaders(name, invite, req)
	}
	req.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: method})
}

// ack acknowledges a final answer other than 2xx on the INVITE's branch, to the same place (RFC 3261 17.1.1.3).
func (l *Line) ack(id line.TxID) {
	tx := l.txs[id]
	if tx == nil || tx.final == nil {
		return
	}
	if tx.ack == nil {
		req := sip.NewRequest(sip.ACK, tx.request.Recipient)
		l.sameAs(req, tx.request, sip.ACK)
		sip.CopyHeaders("To", tx.final, req)
		length := sip.ContentLengthHeader(0)
		req.AppendHeader(&length)
		tx.ack = []byte(req.String())
	}
	if err := l.write(tx.hop, tx.ack, nil); err != nil {
		l.log.Warn("ACK not sent", "server", tx.Slot, "err", err)
	}
}

func (l *Line) newCallID(t *target) string {
	id := token(16)
	if local, err := l.localFor(t); err == nil {
		return id + "@" + local.Addr().String()
	}
	return id
}

func newTag() string { return token(8) }

// token is n random bytes in hexadecimal.
func token(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (Go 1.24)
	return hex.EncodeToString(b)
}
