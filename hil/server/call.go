package server

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// CallState is how far a call has come.
type CallState string

const (
	CallRinging CallState = "ringing" // not answered yet, in either direction
	CallUp      CallState = "up"      // answered
	CallOver    CallState = "over"
)

// End says how a call ended.
type End struct {
	By     string // "peer", "phone", or "server" for an answer that may be anybody's
	Method string // BYE, CANCEL, INVITE (refused) or ACK (missing)
	Status int    // of a refused INVITE
	Lost   bool   // our BYE found no answer
}

// CallInfo is what is known of a call.
type CallInfo struct {
	CallID   string
	Incoming bool
	Remote   string         // user at the other end
	Via      netip.AddrPort // the server it came from or went to
	State    CallState
	Started  time.Time
	Answered time.Time
	Ended    time.Time
	End      End
}

// Call is one call of a Phone. Fields below info are the loop's own.
type Call struct {
	phone    *Phone
	info     CallInfo      // guarded by phone.mu
	answered chan struct{} // closed when up or over
	ended    chan struct{} // closed when over

	localTag  string
	local     sip.Uri // our and their address of record
	remote    sip.Uri
	remoteTag string
	target    sip.Uri // their Contact
	routes    []sip.Uri
	cseq      uint32
	version   uint64 // of our SDP
	invite    *sip.Request
	inviteTx  *clientTx
	okCSeq    uint32 // of the INVITE whose 2xx waits for its ACK
	okRepeat  *appointment
	okEnd     *appointment
	hangUp    *appointment
	referrer  *Call // the call in which this one was asked for (RFC 3515); nil: nobody did
	cancel    bool
	leaving   bool   // BYE sent
	ack       []byte // of the 2xx to our INVITE; empty: none is sent
	sdp       string // of our INVITE, see behaviour.SDPs
	ackSDP    string // of its ACK, see behaviour.Request
}

// Info tells the state of the call.
func (c *Call) Info() CallInfo {
	c.phone.mu.Lock()
	defer c.phone.mu.Unlock()
	return c.info
}

// Ended is closed when the call is over.
func (c *Call) Ended() <-chan struct{} { return c.ended }

func (p *Phone) newCall(callID, localTag, remote string, via netip.AddrPort, incoming bool) *Call {
	c := &Call{phone: p, localTag: localTag, answered: make(chan struct{}), ended: make(chan struct{}),
		info: CallInfo{CallID: callID, Incoming: incoming, Remote: remote, Via: via, State: CallRinging, Started: time.Now()}}
	p.dialogs[dialogKey(callID, localTag)] = c
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls = append(p.calls, c); len(p.calls) > 1000 {
		p.calls = slices.Clone(p.calls[1:])
	}
	return c
}

func (c *Call) up() {
	c.phone.mu.Lock()
	c.info.State, c.info.Answered = CallUp, time.Now()
	hangUp := c.phone.answering.HangUpAfter
	incoming := c.info.Incoming
	c.phone.mu.Unlock()
	close(c.answered)
	c.tell(200, true)
	if incoming && hangUp > 0 {
		c.hangUp = c.phone.station.agenda.after(hangUp, c.bye)
	}
}

func (c *Call) over(end End) {
	p := c.phone
	p.mu.Lock()
	before := c.info.State
	if before != CallOver {
		c.info.State, c.info.Ended, c.info.End = CallOver, time.Now(), end
	}
	p.mu.Unlock()
	if before == CallOver {
		return
	}
	delete(p.dialogs, dialogKey(c.info.CallID, c.localTag))
	for _, a := range []*appointment{c.okRepeat, c.okEnd, c.hangUp} {
		a.cancel()
	}
	if before == CallRinging {
		c.tell(cmp.Or(end.Status, 487), true)
		close(c.answered)
	}
	close(c.ended)
}

func (c *Call) state() CallState { return c.Info().State }

// bye hangs up a call that is up.
func (c *Call) bye() {
	if c.state() != CallUp || c.leaving {
		return
	}
	c.leaving = true
	c.okRepeat.cancel()
	c.okEnd.cancel()
	c.phone.ask(c.inside(sip.BYE), c.info.Via, func(res *sip.Response) {
		if !res.IsProvisional() {
			c.over(End{By: "phone", Method: "BYE", Status: res.StatusCode})
		}
	}, func() { c.over(End{By: "phone", Method: "BYE", Lost: true}) })
}

// inside makes a request within the call, to its Route set.
func (c *Call) inside(method sip.RequestMethod) *sip.Request {
	p := c.phone
	if method != sip.ACK {
		c.cseq++
	}
	req := sip.NewRequest(method, c.target)
	req.AppendHeader(viaOf(overUDP, p.station.at, newBranch()))
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	for _, r := range c.routes {
		req.AppendHeader(&sip.RouteHeader{Address: r})
	}
	from, to := &sip.FromHeader{Address: plainURI(c.local)}, &sip.ToHeader{Address: plainURI(c.remote)}
	from.Params.Add("tag", c.localTag)
	if c.remoteTag != "" {
		to.Params.Add("tag", c.remoteTag)
	}
	req.AppendHeader(from)
	req.AppendHeader(to)
	callID := sip.CallIDHeader(c.info.CallID)
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: c.cseq, MethodName: method})
	req.SetBody(nil)
	return req
}

func plainURI(uri sip.Uri) sip.Uri { return *uri.Clone() }

func newBranch() string { return "z9hG4bK" + strings.ToLower(randomText()) }
