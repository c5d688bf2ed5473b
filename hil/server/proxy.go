package server

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// proxy forwards a request (RFC 3261 16.6, 16.11): the next Route, else the place where the user of a Request-URI of
// ours is registered, else the Request-URI itself. It keeps no state, so
// retransmissions pass through; only where it answers 100 it repeats the INVITE itself.
func (s *Server) proxy(req *sip.Request, b Behaviour) {
	s.unstrict(req)
	onward := s.strip(req)
	if hops := req.MaxForwards(); hops == nil {
		first := sip.MaxForwardsHeader(70)
		req.AppendHeader(&first)
	} else if *hops == 0 {
		s.reject(req, 483)
		return
	} else {
		*hops--
	}
	branch, lap := s.branch(req)
	for _, h := range req.GetHeaders("Via") {
		via, ok := h.(*sip.ViaHeader)
		if ok && s.own(via) && strings.HasSuffix(via.Params.GetOr("branch", ""), lap) {
			s.reject(req, 482)
			return
		}
	}
	to, code := s.target(req, onward)
	if code == 0 && to.transport != overUDP && s.station.connect(to) == nil {
		code = 480
	}
	if code != 0 {
		s.reject(req, code)
		return
	}
	s.stampVia(req)
	for !s.registrar.IsValid() && req.RemoveHeader("Proxy-Authorization") { // meant for us
	}
	if s.routed && (req.IsInvite() || req.Method == sip.SUBSCRIBE || req.Method == sip.REFER) {
		s.stay(req, to)
	}
	via := viaOf(to.transport, s.station.port(to.transport).at, branch)
	if f := s.station.flow(origin(req)); f != nil {
		via.Params.Add(flowToken, strconv.Itoa(f.number)) // comes back with the answers
	}
	upstream := req.Clone()
	req.PrependHeader(via)
	if s.trying && req.Method == sip.CANCEL && s.abandon(upstream, branch) {
		return
	}
	data := []byte(req.String())
	switch begins := req.IsInvite() && toTag(req) == "" && !s.exempts(to.at); {
	case begins && b.Cancel:
		s.station.sendTogether(to, data, []byte(follow(req, sip.CANCEL).String()))
	default:
		s.station.send(to, data)
		if begins && b.Fork {
			s.fork(req, to)
		}
	}
	if s.trying && req.IsInvite() {
		s.pursue(upstream, branch, to, data)
	}
}

// target decides where a request goes, or the status that says why nowhere. onward is the connection its Route named.
func (s *Server) target(req *sip.Request, onward *flow) (to hop, code int) {
	if onward != nil {
		return onward.hop, 0
	}
	if route := req.Route(); route != nil {
		return s.way(route.Address, nil)
	}
	if s.registrar.IsValid() && origin(req).at != s.registrar {
		return udp(s.registrar), 0
	}
	if !s.mine(req.Recipient) {
		return s.way(req.Recipient, s.registrations.over(req.Recipient))
	}
	user := req.Recipient.User
	for _, b := range s.registrations.Bindings(user) {
		if s.mine(b.uri) {
			continue
		}
		if to, code := s.way(b.uri, b.over); code == 0 {
			req.Recipient = *b.uri.Clone()
			return to, 0
		}
	}
	if user != "" && (s.auth != nil && s.auth.knows(user) || s.registrations.seen(user)) {
		return to, 480
	}
	return to, 404
}

// way is how a URI is reached: over the connection it was registered over while that is open, else by its own address
// over the transport it names or was registered over. A phone cannot be called by TLS but over a connection that it made, so what it registered over
// TLS with the other server of the pair goes there (as from one edge proxy to another in RFC 5626 5.3). The status says why not.
func (s *Server) way(uri sip.Uri, over *flow) (to hop, code int) {
	fallback := overUDP
	if over != nil {
		if s.station.flow(over.hop) == over {
			return over.hop, 0
		}
		if over.transport == overTLS {
			if at, ok := s.holder(over); ok {
				return udp(at), 0
			}
		}
		fallback = over.transport
	}
	to, ok := hopOf(uri, fallback)
	switch {
	case !ok:
		return to, 404
	case !s.station.reaches(to):
		return to, 480
	}
	return to, 0
}

// holder is the UDP address of the other server of the pair, if that has this connection and it is open.
func (s *Server) holder(over *flow) (at netip.AddrPort, ok bool) {
	s.mu.Lock()
	other := s.other
	s.mu.Unlock()
	if other == nil || other.station.port(overUDP) == nil || s.station.port(overUDP) == nil || other.station.flow(over.hop) != over {
		return at, false
	}
	return other.station.port(overUDP).at, true
}

// reject answers a request that cannot be forwarded; an ACK is never answered.
func (s *Server) reject(req *sip.Request, code int) {
	if !req.IsAck() {
		s.station.answer(req, respond(req, code, ""))
	}
}

// relay passes a response on to the next Via (RFC 3261 16.7, 18.2.2), if the top one is ours.
func (s *Server) relay(res *sip.Response) {
	via := res.Via()
	if !s.own(via) {
		return
	}
	if s.forked(res) {
		return
	}
	if res.CSeq().MethodName == sip.INVITE {
		s.heard(via.Params.GetOr("branch", ""), res)
	}
	res.RemoveHeader("Via")
	next := res.Via()
	if next == nil || s.trying && res.StatusCode == 100 {
		return
	}
	if text, ok := via.Params.Get(flowToken); ok {
		number, _ := strconv.Atoi(text)
		if f := s.station.numbered(number); f != nil {
			s.station.send(f.hop, []byte(res.String()))
		}
		return // an answer goes over the connection of its request, or not at all
	}
	host, port := next.Params.GetOr("received", next.Host), next.Port
	if text := next.Params.GetOr("rport", ""); text != "" {
		port, _ = strconv.Atoi(text)
	}
	if to, ok := address(sip.Uri{Host: host, Port: port}); ok {
		s.station.send(udp(to), []byte(res.String()))
	}
}

// stampVia notes where the request really came from (RFC 3261 18.2.1, RFC 3581 4).
func (s *Server) stampVia(req *sip.Request) {
	from, via := origin(req).at, req.Via()
	if via.Params.Has("rport") {
		via.Params.Add("rport", strconv.Itoa(int(from.Port())))
		via.Params.Add("received", from.Addr().String())
	} else if strings.Trim(via.Host, "[]") != from.Addr().String() {
		via.Params.Add("received", from.Addr().String())
	}
}

// branch names the forwarded transaction so that a retransmission, the CANCEL and the ACK of a non-2xx answer get the
// same (16.11). lap, its end, is equal when the same request comes round again (16.6 step 8).
func (s *Server) branch(req *sip.Request) (branch, lap string) {
	via := req.Via()
	cseq := strconv.FormatUint(uint64(req.CSeq().SeqNo), 10)
	lap = "." + digestOf(req.CallID().Value(), fromTag(req), cseq, req.Recipient.String())
	received := via.Params.GetOr("branch", "")
	return "z9hG4bK" + digestOf(received, via.Host, strconv.Itoa(via.Port), req.CallID().Value(), cseq) + lap, lap
}

// own tells whether we put this Via there.
func (s *Server) own(via *sip.ViaHeader) bool {
	at, ok := address(sip.Uri{Host: via.Host, Port: via.Port})
	return ok && slices.ContainsFunc(s.station.ports, func(p *port) bool { return p.at == at })
}

// mine tells whether a URI names this server or the other one of its pair. Names are always ours, since nothing here
// resolves them; an address without a port is ours whatever our port.
func (s *Server) mine(uri sip.Uri) bool {
	ip, err := netip.ParseAddr(strings.Trim(uri.Host, "[]"))
	if err != nil {
		return true
	}
	for _, at := range s.names() {
		if at.Addr() == ip.Unmap() && (uri.Port == 0 || uri.Port == int(at.Port())) {
			return true
		}
	}
	return false
}
