package sip

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
	"hilphone/sip/media"
	"hilphone/sip/wire"
)

// entityOf is the body of a message.
func entityOf(m *wire.Message) entity {
	e := entity{contentType: m.Value("Content-Type"), disposition: m.Value("Content-Disposition"), encoding: strings.Join(m.Values("Content-Encoding"), ",")}
	if m.Request != nil {
		e.body = m.Request.Body()
	} else {
		e.body = m.Response.Body()
	}
	return e
}

// offerIn reads the offer of an INVITE; sdp is nil where there is none. An INVITE with a body that cannot be used has been refused where ok
// is false. check says whether a description can be used.
func (l *Line) offerIn(r request, check func(sdp []byte) (media.Description, error)) (sdp []byte, remote media.Description, ok bool) {
	sdp, no := sessionDescription(entityOf(r.msg))
	if sdp != nil {
		var err error
		if remote, err = check(sdp); err != nil {
			local, _ := l.reached(r)
			no = unacceptable(err, local.Addr())
		}
	}
	switch {
	case no == nil:
		return sdp, remote, true
	case no.field == "":
		l.answer(r, no.code, no.reason)
	default:
		l.answer(r, no.code, no.reason, sip.NewHeader(no.field, no.value))
	}
	return nil, media.Description{}, false
}

// unacceptable refuses an offer that cannot be used and says why (RFC 3261 13.3.1.3, 20.43).
func unacceptable(why error, agent netip.Addr) *refusal {
	code := 304 // media type not available
	switch {
	case errors.Is(why, media.ErrNoCodec):
		code = 305 // incompatible media format
	case errors.Is(why, media.ErrIPVersion):
		code = 301 // incompatible network address formats
	}
	text := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(why.Error())
	return &refusal{code: 488, reason: reasons[488], field: "Warning", value: fmt.Sprintf(`%d %s "%s"`, code, bracketed(agent.String()), text)}
}

// checkOffer reads an offer of the peer's within the call.
func (c *call) checkOffer(sdp []byte) (media.Description, error) {
	if c.media == nil {
		return media.Parse(sdp, netip.Addr{})
	}
	return c.media.Check(sdp)
}

// answerSession puts the SDP of a 2xx together: the answer to the offer of the INVITE, or an offer. With an answer the sound starts.
func (l *Line) answerSession(c *call, in *invited, res *sip.Response) {
	if err := l.openMedia(c, c.dialogs[line.Dialog{Call: c.ID}].orAny(c).target); err != nil {
		l.noSound(c, err)
		return
	}
	var body []byte
	if in.sdp != nil {
		answer, remote, err := c.media.Answer(in.sdp, direction(c.held))
		if err != nil {
			l.noSound(c, err)
			return
		}
		l.startMedia(c, remote)
		l.supervise(c)
		body = answer
	} else {
		body = c.media.Offer(direction(c.held))
	}
	res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	res.SetBody(body)
}

// sessionAcked takes the answer in the ACK to the offer of our 2xx. An ACK without a usable answer leaves the session as it is.
func (l *Line) sessionAcked(c *call, r request) (answer, held bool) {
	if c.media == nil {
		return false, false
	}
	remote, err := l.acceptAnswer(c, r.msg)
	switch {
	case err == nil:
		l.startMedia(c, remote)
		l.supervise(c)
	case c.supervised:
		l.log.Warn("the session was not changed", "call", c.ID, "err", err)
	default:
		l.noSound(c, err)
	}
	return err == nil, err == nil && remote.Held()
}

// acceptAnswer takes the answer to our offer that a message has.
func (l *Line) acceptAnswer(c *call, m *wire.Message) (media.Description, error) {
	sdp, refused := sessionDescription(entityOf(m))
	switch {
	case refused != nil:
		return media.Description{}, errors.New("the answer to our offer is no SDP")
	case sdp == nil:
		return media.Description{}, errors.New("no answer to our offer")
	}
	return c.media.Accept(sdp)
}

// sessionAnswered takes the SDP in a response to an INVITE. Before the call is answered, the early media of the newest early dialog is
// played: a proxy that tries one phone after the other has given up the one before.
func (l *Line) sessionAnswered(tx *transaction, res response, tag string) (answer, held bool) {
	c := l.calls[tx.Call]
	switch {
	case c == nil || c.media == nil || tx.over || res.StatusCode <= 100:
		return false, false
	case res.StatusCode >= 300: // the early media of a server that refuses ends; the INVITE may go to another one
		if len(c.answers) > 0 {
			c.answers = nil
			c.media.Block(res.Reason)
		}
		return false, false
	}
	final := res.StatusCode >= 200
	remote, first, err := l.firstAnswer(c, line.Dialog{Call: tx.Call, Invite: tx.Tx, Tag: tag}, res)
	if err == nil && (first || final) { // another fork may be heard now
		l.startMedia(c, remote)
	}
	switch {
	case !final:
		return false, false
	case err != nil:
		l.noSound(c, err)
		return false, false
	}
	l.supervise(c)
	return true, remote.Held()
}

// firstAnswer is the answer to our offer in a dialog, and whether it is the response that brings it. The first SDP is the answer, in whichever
// response it comes, and later ones are ignored (RFC 3261 13.2.1); one that cannot be used is not counted, so that a 183 without sound does
// not spoil the 200. Each fork has its own.
func (l *Line) firstAnswer(c *call, id line.Dialog, res response) (remote media.Description, first bool, err error) {
	if remote, known := c.answers[id]; known {
		return remote, false, nil
	}
	remote, err = l.acceptAnswer(c, res.msg)
	final := res.StatusCode >= 200
	if untagged, ok := c.answers[line.Dialog{Call: id.Call, Invite: id.Invite}]; err != nil && final && ok {
		return untagged, false, nil // of a provisional response without a tag: there is one dialog
	}
	if err == nil && !final && remote.Off() {
		err = errors.New("no audio yet")
	}
	if err != nil {
		return media.Description{}, false, err
	}
	if c.answers == nil {
		c.answers = make(map[line.Dialog]media.Description)
	}
	if len(c.answers) < maxForks {
		c.answers[id] = remote
	}
	return remote, true, nil
}

// maxForks bounds the early dialogs of an INVITE whose answers are kept.
const maxForks = 32

// sessionChanged takes the answer to a re-INVITE's offer: the first SDP that came, once the 2xx is there.
func (l *Line) sessionChanged(tx *transaction, res response) (answer, held bool) {
	c := l.calls[tx.Call]
	if c == nil || c.media == nil || res.StatusCode <= 100 || res.StatusCode >= 300 || tx.changed {
		return false, false
	}
	if tx.sdp == nil {
		tx.sdp, _ = sessionDescription(entityOf(res.msg))
	}
	if res.StatusCode < 200 {
		return false, false
	}
	tx.changed = true
	remote, err := c.media.Accept(tx.sdp)
	if err != nil {
		l.log.Warn("the session was not changed", "call", c.ID, "err", err)
		return false, false
	}
	c.held = tx.Hold
	l.startMedia(c, remote)
	return !tx.Hold, remote.Held() // the answer to a hold says nothing else
}

// startMedia sends to the other side, once its name is resolved where it gave one. A name that was resolved for this call keeps its address.
func (l *Line) startMedia(c *call, remote media.Description) {
	c.stopLookUp()
	if remote.Host != "" && remote.Host == c.host {
		remote = remote.At(c.hostAddr)
	}
	c.media.Start(remote)
	if remote.Host == "" || remote.Addr.Addr().IsValid() {
		return
	}
	ctx, cancel := context.WithTimeout(l.serving, lookUpTimeout)
	c.lookUp = cancel
	l.tasks.Go(func() {
		addrs, err := l.cfg.Resolver.LookupNetIP(ctx, "ip", remote.Host)
		l.inbox.put(func() {
			if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) { // else there is another description, or no sound any more
				l.mediaResolved(c, remote, addrs, err)
			}
			cancel()
		})
	})
}

// mediaResolved takes the first address of the IP version of the call.
func (l *Line) mediaResolved(c *call, remote media.Description, addrs []netip.Addr, err error) {
	if c.media == nil {
		return
	}
	for _, a := range addrs {
		if a = a.Unmap(); a.Is4() == c.media.Local().Addr().Is4() && !a.IsUnspecified() && !a.IsMulticast() {
			c.host, c.hostAddr = remote.Host, a
			c.media.Start(remote.At(a))
			return
		}
	}
	l.log.Warn("a name was not resolved", "call", c.ID, "name", remote.Host, "err", err)
	c.media.Block(remote.Host + " cannot be resolved")
}

// stopLookUp ends a look-up whose result is of no use any more.
func (c *call) stopLookUp() {
	if c.lookUp != nil {
		c.lookUp()
		c.lookUp = nil
	}
}

func (l *Line) noteFlow(id line.CallID, f media.Flow) {
	data := event.Media{State: "rtp", Direction: string(f.Way), Reason: f.Reason}
	if f.Lost {
		data.State = "no_rtp"
	}
	l.record(id, data)
}

// supervise reports from now on where no RTP flows in the call.
func (l *Line) supervise(c *call) {
	if c.supervised {
		return
	}
	c.supervised = true
	c.media.Supervise(func(f media.Flow) {
		l.inbox.put(func() {
			if c.State != line.Ended {
				l.noteFlow(c.ID, f)
			}
		})
	})
}

// noSound lets a call go on that has no usable session: the signalling is what is being tested. It is reported as any other call without RTP.
func (l *Line) noSound(c *call, why error) {
	l.log.Warn("no sound in this call", "call", c.ID, "err", why)
	if c.media != nil {
		c.media.Block(why.Error())
		l.supervise(c)
		return
	}
	for _, way := range []media.Way{media.In, media.Out} {
		l.noteFlow(c.ID, media.Flow{Way: way, Lost: true, Reason: why.Error()})
	}
}
