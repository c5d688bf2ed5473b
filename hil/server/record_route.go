package server

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// stay puts the server into the path of the dialog (RFC 3261 16.6 step 4): by one Record-Route between UDP and UDP, else
// by one for each side (RFC 5658), so that both sides find back over their transport. The user part of a connection's is
// its number (a flow token, RFC 5626 5.2), so that requests to that side take this very connection.
func (s *Server) stay(req *sip.Request, to hop) {
	from := origin(req)
	near, far := s.station.flow(from), s.station.flow(to)
	req.PrependHeader(s.recordRoute(from, near))
	if near != nil || far != nil {
		req.PrependHeader(s.recordRoute(to, far))
	}
}

const flowToken = "flow"

func (s *Server) recordRoute(side hop, f *flow) *sip.RecordRouteHeader {
	here := uriAt("", s.station.at)
	if p := s.station.port(side.transport); p != nil {
		here = uriAt("", p.at)
	}
	if side.transport != overUDP {
		here.UriParams.Add("transport", strings.ToLower(side.transport))
	}
	if f != nil {
		here.User = flowToken + strconv.Itoa(f.number)
	}
	here.UriParams.Add("lr", "")
	return &sip.RecordRouteHeader{Address: here}
}

// strip takes the Routes that name us or the other server of the pair off a request (16.4). It gives the connection the
// last of ours names, unless the request came from there: the one before it names the sender's, which may have come anew.
func (s *Server) strip(req *sip.Request) (onward *flow) {
	for {
		route := req.Route()
		if route == nil || !s.mine(route.Address) {
			return onward
		}
		onward = nil
		at, _ := hopOf(route.Address, overUDP)
		text, token := strings.CutPrefix(route.Address.User, flowToken)
		if p := s.station.port(at.transport); token && p != nil && p.at == at.at {
			number, _ := strconv.Atoi(text)
			if f := s.station.numbered(number); f != nil && f.hop != origin(req) {
				onward = f
			}
		}
		req.RemoveHeader("Route")
	}
}

// unstrict takes back what a phone does for a strict router: the Request-URI is that of the server's Record-Route, and the last Route is where
// the request goes (RFC 3261 16.4).
func (s *Server) unstrict(req *sip.Request) {
	routes := req.GetHeaders("Route")
	user := req.Recipient.User
	if len(routes) == 0 || toTag(req) == "" || user != "" && !strings.HasPrefix(user, flowToken) || !s.mine(req.Recipient) {
		return
	}
	last, ok := routes[len(routes)-1].(*sip.RouteHeader)
	if !ok {
		return
	}
	req.Recipient = *last.Address.Clone()
	for req.RemoveHeader("Route") {
	}
	for _, h := range routes[:len(routes)-1] {
		req.AppendHeader(h)
	}
}
