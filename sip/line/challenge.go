package line

import (
	"cmp"

	"hilphone/db/journal/event"
)

// maxChallenges bounds how many challenges to one request are answered. It leaves room for several realms that ask one after the other, and
// for nonces that are too old; a server that always asks once more is left there (WR-50, WR-51).
const maxChallenges = 8

// repeats is why a request was sent again to the same server, counted over all its transactions: it bounds them.
type repeats struct {
	adjusted   bool // Expires follows a 423 (RFC 3261 10.2.8)
	hops       int  // redirections followed
	challenges int  // answered
	noted      bool // a challenge that is not answered has been noted
}

// challenged decides whether a challenge is answered by sending the request again, and notes once for each request that one is not. Which
// credentials answer it, and whether a server refused the nonce or the password, package sip knows.
func (m *Machine) challenged(tx *transaction, so *repeats, r Response) bool {
	refusal := r.Refusal
	again := false
	switch {
	case tx.Method == CANCEL:
		refusal.Reason = RefusedCancel
	case r.Challenge != FreshChallenge:
		refusal.Reason = cmp.Or(refusal.Reason, RefusedMalformed)
	case so.challenges >= maxChallenges:
		refusal.Reason = RefusedNonces
	default:
		again = true
		so.challenges++
	}
	if !again {
		tx.refusal = refusal.Reason
	}
	if refusal.Reason != "" && !so.noted {
		so.noted = true
		m.note(tx.Call, event.ChallengeRefused{Method: string(tx.Method), Target: refusal.Target, Realm: refusal.Realm, Algorithm: refusal.Algorithm, Reason: string(refusal.Reason)})
	}
	return again
}

// continued is the request of a transaction as it is sent again to the same server: with the credentials that it had.
func (tx *transaction) continued() Send {
	s := tx.Send
	if s.Auth != 0 {
		s.Auth = tx.Tx
	}
	return s
}
