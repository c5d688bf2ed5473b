package server

import "github.com/emiago/sipgo/sip"

// forkToken is the parameter of the Via of a second copy.
const forkToken = "fork"

// fork sends an INVITE that was sent already a second time, with another branch: to the phone it is a merged request (RFC 3261 8.2.2.2).
func (s *Server) fork(req *sip.Request, to hop) {
	second := req.Clone()
	via := second.Via()
	branch := via.Params.GetOr("branch", "") + "." + forkToken
	via.Params.Add("branch", branch)
	via.Params.Add(forkToken, "2")
	s.forks[branch] = second
	s.station.agenda.after(giveUpAt, func() { delete(s.forks, branch) })
	s.station.send(to, []byte(second.String()))
}

// forked takes the answers to second copies: who sent the INVITE has the answers to the first. A refusal gets its ACK.
func (s *Server) forked(res *sip.Response) bool {
	via := res.Via()
	if !via.Params.Has(forkToken) {
		return false
	}
	req := s.forks[via.Params.GetOr("branch", "")]
	if req != nil && res.StatusCode >= 300 && res.CSeq().MethodName == sip.INVITE {
		s.station.send(origin(res), []byte(ackOf(req, res).String()))
	}
	return true
}
