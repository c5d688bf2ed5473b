package server

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

const longestRegistration = time.Hour

// register answers a REGISTER (RFC 3261 10.3); admitted tells that its credentials have been looked at.
func (s *Server) register(req *sip.Request, b Behaviour, admitted bool) {
	user := req.To().Address.User
	if !admitted && !s.admit(req, user, 401) {
		return
	}
	if user == "" || s.auth != nil && !s.auth.knows(user) {
		s.station.answer(req, respond(req, 404, ""))
		return
	}
	wishes, all, code := s.wishes(req, b)
	if code == 423 {
		res := respond(req, 423, "")
		res.AppendHeader(sip.NewHeader("Min-Expires", seconds(b.MinExpires)))
		s.station.answer(req, res)
		return
	}
	if code != 0 {
		s.station.answer(req, respond(req, code, ""))
		return
	}
	var err error
	callID, cseq := req.CallID().Value(), req.CSeq().SeqNo
	if all {
		err = s.registrations.clear(user, callID, cseq)
	} else {
		err = s.registrations.apply(user, callID, cseq, wishes)
	}
	if errors.Is(err, errOutOfOrder) {
		s.station.answer(req, respond(req, 400, "CSeq Out Of Order"))
		return
	}
	res := respond(req, 200, "")
	now := time.Now()
	for _, binding := range s.registrations.Bindings(user) {
		contact := &sip.ContactHeader{Address: binding.uri}
		contact.Params.Add("expires", seconds(binding.Expires.Sub(now).Round(time.Second)))
		res.AppendHeader(contact)
	}
	s.station.answer(req, res)
	s.turn(origin(req))
}

// wishes reads the Contacts of a REGISTER. code is the answer to one that cannot be carried out, else 0.
func (s *Server) wishes(req *sip.Request, b Behaviour) (list []wish, all bool, code int) {
	longest := longestRegistration
	if b.MaxExpires > 0 {
		longest = b.MaxExpires
	}
	whole := longest
	if h := req.GetHeader("Expires"); h != nil {
		var ok bool
		if whole, ok = lifetime(h.Value()); !ok {
			return nil, false, 400
		}
	}
	contacts, over := req.GetHeaders("Contact"), s.station.flow(origin(req))
	for _, h := range contacts {
		contact, ok := h.(*sip.ContactHeader)
		if !ok {
			return nil, false, 400
		}
		if contact.Address.Wildcard {
			if len(contacts) > 1 || req.GetHeader("Expires") == nil || whole != 0 {
				return nil, false, 400
			}
			return nil, true, 0
		}
		life := whole
		if own, has := contact.Params.Get("expires"); has {
			if life, ok = lifetime(own); !ok {
				return nil, false, 400
			}
		}
		if _, numeric := address(contact.Address); !numeric && life > 0 {
			return nil, false, 400 // nothing here resolves names
		}
		if life > 0 && life < b.MinExpires {
			return nil, false, 423
		}
		list = append(list, wish{uri: contact.Address, life: min(life, max(longest, b.MinExpires)), over: over})
	}
	return list, false, 0
}

// lifetime reads delta-seconds; more than fits 32 bits is the most that fits (RFC 3261 20.19).
func lifetime(text string) (time.Duration, bool) {
	text = strings.Trim(text, "\" \t")
	n, err := strconv.ParseUint(text, 10, 32)
	if errors.Is(err, strconv.ErrRange) {
		n, err = 1<<32-1, nil
	}
	return time.Duration(n) * time.Second, err == nil
}
