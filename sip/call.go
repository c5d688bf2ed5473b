package sip

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/emiago/sipgo/sip"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
	"hilphone/sip/media"
)

// call is what the wire keeps of a call: its names in SIP, its sound, its dialogs.
type call struct {
	line.Call
	callID  string
	tag     string // ours
	media   *media.Session
	dialogs map[line.Dialog]*dialog
	invited *invited // the INVITE of the peer's that a 2xx is or will be sent to
	asked   *invited // a re-INVITE of the peer's that has no answer yet
	held    bool     // by this side
	pending int      // transactions that may still hear something
	dropped bool

	answers  map[line.Dialog]media.Description // the peer's, where this phone offered: the forks of an INVITE
	lookUp   context.CancelFunc                // of the name in the peer's SDP
	host     string                            // the name looked up last, and its address
	hostAddr netip.Addr

	supervised bool // the event media is reported

	remoteName string // that the other side gave
	digits     string // received, the newest maxDigits
	digitLimit eventLimit
}

func newCall(callID, tag string) *call {
	return &call{callID: callID, tag: tag, dialogs: make(map[line.Dialog]*dialog), digitLimit: eventLimit{burst: digitBurst, every: digitEvery}}
}

// callChanged reports a call and starts or stops its sound. The sound ends with the user's call, not with the BYE (FO-37).
func (l *Line) callChanged(v line.Call) {
	c := l.calls[v.ID]
	if c == nil {
		c = newCall(l.newCallID(l.target(line.Primary)), newTag())
		l.calls[v.ID] = c
	}
	v.SIPCallID, v.RemoteName, v.Digits = c.callID, c.remoteName, c.digits
	before := c.Call
	before.HeldByUser, before.HeldByPeer = v.HeldByUser, v.HeldByPeer
	c.Call = v
	if v.State == line.Ended {
		c.stopMedia()
	}
	data := event.Call{ID: string(v.ID), State: string(v.State), Direction: string(v.Direction), Remote: v.Remote, RemoteName: v.RemoteName, Server: string(v.Server), SIPCallID: v.SIPCallID}
	if v.State == line.Ended {
		data.End = &event.CallEnd{By: v.End.By, Cause: string(v.End.Cause), Code: v.End.Code, Reason: v.End.Reason, Elapsed: v.End.Elapsed.Milliseconds()}
	}
	if l.cfg.KeepCall != nil {
		l.cfg.KeepCall(l.at, v)
	}
	if v != before { // which side holds it is in the events "hold"
		l.record(v.ID, data)
	}
	l.cfg.CallChanged(v)
}

// openMedia gives a call its RTP port, at the address that routes to the peer.
func (l *Line) openMedia(c *call, t *target) error {
	if c.media != nil {
		return nil
	}
	local, err := l.localFor(t)
	if err != nil {
		return err
	}
	m, err := media.Open(l.cfg.Media, local.Addr().String())
	if err != nil {
		return fmt.Errorf("opening an RTP port: %w", err)
	}
	// A quiet tone shows the other side, and a test, that the path is there.
	m.Say(media.NewTone(425, -20))
	c.media = m
	l.hearDigits(c, m)
	id := c.ID
	l.tasks.Go(func() {
		if err := m.Run(context.Background()); err != nil {
			l.log.Warn("the sound of a call failed", "call", id, "err", err)
		}
	})
	return nil
}

func (c *call) stopMedia() {
	c.stopLookUp()
	if c.media != nil {
		c.media.Stop()
		c.media = nil
	}
}

func (l *Line) callDropped(id line.CallID) {
	if c := l.calls[id]; c != nil {
		c.dropped = true
		l.dropCall(c)
	}
}

func (l *Line) dropCall(c *call) {
	if c.dropped && c.pending <= 0 {
		c.stopMedia()
		delete(l.calls, c.ID)
	}
}

// invite builds an INVITE. Sent again to another server it is the same call: Call-ID, From tag, CSeq and SDP stay (FO-25).
func (l *Line) invite(tx *transaction) (*sip.Request, error) {
	c := l.calls[tx.Call]
	if c == nil {
		return nil, fmt.Errorf("call %s is gone", tx.Call)
	}
	if tx.Dialog != (line.Dialog{}) {
		return l.reinvite(tx, c)
	}
	if tx.Renew {
		c.callID, c.tag = l.newCallID(tx.target), newTag()
	}
	if err := l.openMedia(c, tx.target); err != nil {
		return nil, err
	}
	name, port := host(l.settings, tx.Slot)
	to, err := dialled(tx.To, name, port)
	if err != nil {
		return nil, err
	}
	own := sip.Uri{Scheme: "sip", User: l.settings.PhoneNumber, Host: name, Port: port}
	req := sip.NewRequest(sip.INVITE, to)
	if err := l.heads(tx, req); err != nil {
		return nil, err
	}
	l.preload(tx, req)
	fromTo(req, l.settings.DisplayName, own, c.tag, to, "")
	ids(req, c.callID, tx.CSeq, sip.INVITE)
	req.AppendHeader(l.contact(tx, l.settings))
	req.AppendHeader(sip.NewHeader("Allow", allow))
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody(c.media.Offer(media.SendRecv))
	return req, nil
}

// dialled makes a URI of what the user dialled: a number of the line's own domain, or an address of its own.
func dialled(to, name string, port int) (sip.Uri, error) {
	if user, rest, ok := strings.Cut(to, "@"); ok {
		var u sip.Uri
		err := sip.ParseUri("sip:"+escaped(strings.TrimPrefix(user, "sip:"))+"@"+rest, &u)
		if err != nil || u.Host == "" || strings.ContainsFunc(rest, notInHost) {
			return u, fmt.Errorf("%q is no SIP address", to)
		}
		return u, nil
	}
	if to == "" {
		return sip.Uri{}, fmt.Errorf("no number was dialled")
	}
	return sip.Uri{Scheme: "sip", User: escaped(to), Host: name, Port: port}, nil
}

// escaped writes characters that a user part cannot hold, # among them, as %23 and so on (RFC 3261 25.1).
func escaped(user string) string {
	return strings.NewReplacer("%2A", "*", ":", "%3A").Replace(url.PathEscape(user))
}

// notInHost finds what would end the address, or the line of the message, and begin something else.
func notInHost(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>"@?,\`, r) }

// reinvite builds an INVITE within a call: the session as it is, in another direction (RFC 3264 8.4).
func (l *Line) reinvite(tx *transaction, c *call) (*sip.Request, error) {
	d := l.dialog(tx.Dialog)
	if d == nil || c.media == nil {
		return nil, fmt.Errorf("its session is gone")
	}
	req, err := l.inDialog(tx, d, sip.INVITE)
	if err != nil {
		return nil, err
	}
	req.AppendHeader(l.contact(tx, l.settings))
	req.AppendHeader(sip.NewHeader("Allow", allow))
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody(c.media.Offer(direction(tx.Hold)))
	return req, nil
}

func direction(held bool) media.Direction {
	if held {
		return media.SendOnly
	}
	return media.SendRecv
}
