package server

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// timerC bounds a forwarded INVITE that was answered provisionally (RFC 3261 16.6 step 11).
const timerC = 3 * time.Minute

// pursuit is an INVITE a proxy repeats towards the callee, because its own 100 Trying has silenced the caller.
type pursuit struct {
	upstream *sip.Request
	to       hop
	next     *appointment
	heard    bool // the callee has answered something
}

// pursue answers 100 and, over UDP, repeats the forwarded INVITE as Timer A does, until the callee is heard; 408 after
// 64*T1.
func (s *Server) pursue(upstream *sip.Request, branch string, to hop, data []byte) {
	s.station.send(origin(upstream), []byte(respond(upstream, 100, "").String()))
	if s.pursuits[branch] != nil {
		return
	}
	p := &pursuit{upstream: upstream, to: to}
	s.pursuits[branch] = p
	given := time.Duration(0)
	var repeat func(wait time.Duration) func()
	repeat = func(wait time.Duration) func() {
		return func() {
			if given += wait; given >= giveUpAt {
				delete(s.pursuits, branch)
				s.station.answer(upstream, respond(upstream, 408, ""))
				return
			}
			s.station.send(to, data)
			wait = min(2*wait, giveUpAt-given)
			p.next = s.station.agenda.after(wait, repeat(wait))
		}
	}
	first := t1
	if to.transport != overUDP {
		first = giveUpAt
	}
	p.next = s.station.agenda.after(first, repeat(first))
}

// pursuitOf is the pursuit that a response answers. A behaviour may have given the INVITE another branch, or none: then Call-ID and CSeq decide.
func (s *Server) pursuitOf(branch string, res *sip.Response) (string, *pursuit) {
	if p := s.pursuits[branch]; p != nil {
		return branch, p
	}
	for branch, p := range s.pursuits {
		if p.upstream.CallID().Value() == res.CallID().Value() && p.upstream.CSeq().SeqNo == res.CSeq().SeqNo {
			return branch, p
		}
	}
	return branch, nil
}

// heard stops the repetition: a response to the INVITE of this branch came.
func (s *Server) heard(branch string, res *sip.Response) {
	branch, p := s.pursuitOf(branch, res)
	if p == nil {
		return
	}
	if res.StatusCode >= 200 {
		p.next.cancel()
		delete(s.pursuits, branch)
		return
	}
	if !p.heard {
		p.heard = true
		p.next.cancel()
		p.next = s.station.agenda.after(timerC, func() { delete(s.pursuits, branch) })
	}
}

// abandon ends, on CANCEL, a pursuit the callee never answered. False leaves the CANCEL to the callee.
func (s *Server) abandon(cancel *sip.Request, branch string) bool {
	p := s.pursuits[branch]
	if p == nil || p.heard {
		return false
	}
	p.next.cancel()
	delete(s.pursuits, branch)
	s.station.answer(cancel, respond(cancel, 200, ""))
	s.station.answer(p.upstream, respond(p.upstream, 487, ""))
	return true
}

// lost ends the pursuits over a connection that has ended before the callee was heard.
func (s *Server) lost(to hop) {
	for branch, p := range s.pursuits {
		if p.to == to && !p.heard {
			p.next.cancel()
			delete(s.pursuits, branch)
			s.station.answer(p.upstream, respond(p.upstream, 480, ""))
		}
	}
}
