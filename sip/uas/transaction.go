// Package uas is the server side of SIP transactions (RFC 3261 17.2 with RFC 6026): what is sent again, and for how long. It is
// pure: a Transaction takes one Event at one instant and answers with Actions; its owner has the socket, the clock and the messages.
package uas

import "time"

// Timers are the timer values of RFC 3261 17.1.1.1 and table 4.
type Timers struct{ T1, T2, T4 time.Duration }

// State is a state of RFC 3261 17.2.1 and 17.2.2, or of RFC 6026.
type State string

// The states of a server transaction.
const (
	Trying     State = "trying" // not INVITE: no response yet
	Proceeding State = "proceeding"
	Accepted   State = "accepted" // INVITE: a 2xx was sent (RFC 6026 7.1)
	Completed  State = "completed"
	Confirmed  State = "confirmed" // INVITE: the ACK for a final response other than 2xx came
	Terminated State = "terminated"
)

// Timer is a timer of a server transaction, by its letter in RFC 3261 and RFC 6026.
type Timer string

// The timers of server transactions.
const (
	TimerG Timer = "G" // the response to an INVITE is sent again
	TimerH Timer = "H" // wait for the ACK
	TimerI Timer = "I" // wait for repeated ACKs
	TimerJ Timer = "J" // wait for repeated requests other than INVITE
	TimerL Timer = "L" // wait for repeated INVITEs and ACKs after a 2xx
)

// Event is something that happened to a server transaction.
type Event interface{ event() }

type (
	// Repeated is the request again, with the same branch.
	Repeated struct{}
	// Acknowledged is an ACK on the INVITE's branch.
	Acknowledged struct{}
	// Respond is a response from the transaction user, 100 to 699.
	Respond struct{ Code int }
	// Expired is a timer that was Set.
	Expired struct{ Timer Timer }
	// Failed says that a response could not be sent.
	Failed struct{}
)

func (Repeated) event()     {}
func (Acknowledged) event() {}
func (Respond) event()      {}
func (Expired) event()      {}
func (Failed) event()       {}

// Action is something that a server transaction wants done.
type Action interface{ action() }

type (
	// Send sends the newest response, for the first time or again.
	Send struct{}
	// Set arms a timer for an instant of the owner's clock.
	Set struct {
		Timer Timer
		At    time.Duration
	}
	// Stop disarms a timer.
	Stop struct{ Timer Timer }
	// PassACK gives an ACK for a 2xx to the transaction user (RFC 6026 7.1).
	PassACK struct{}
	// End says that nothing more is expected of the transaction. Confirmed is false where a final response to an INVITE other than 2xx was
	// never acknowledged.
	End struct{ Confirmed bool }
)

func (Send) action()    {}
func (Set) action()     {}
func (Stop) action()    {}
func (PassACK) action() {}
func (End) action()     {}

// Transaction is one server transaction.
type Transaction struct {
	invite   bool
	reliable bool
	timers   Timers
	state    State
	interval time.Duration // of Timer G: the one that runs
	due      time.Duration // when it ends; intervals count from there, so that no delay adds up
}

// New begins a server transaction. reliable says that its transport is TCP or TLS.
func New(invite, reliable bool, t Timers) *Transaction {
	s := &Transaction{invite: invite, reliable: reliable, timers: t, state: Trying}
	if invite {
		s.state = Proceeding
	}
	return s
}

// State returns the state the transaction is in.
func (s *Transaction) State() State { return s.state }

// Step takes one event and returns what is to be done, in order.
func (s *Transaction) Step(now time.Duration, e Event) []Action {
	if s.state == Terminated {
		return nil
	}
	switch e := e.(type) {
	case Repeated:
		return s.repeated()
	case Acknowledged:
		return s.acknowledged(now)
	case Respond:
		return s.respond(now, e.Code)
	case Expired:
		return s.expired(e.Timer)
	case Failed:
		return s.end(true) // RFC 3261 17.2.4
	}
	return nil
}

// repeated sends the newest response again. In Trying there is none; in Accepted the transaction user repeats the 2xx (RFC 6026 7.1).
func (s *Transaction) repeated() []Action {
	if s.state == Proceeding || s.state == Completed {
		return []Action{Send{}}
	}
	return nil
}

func (s *Transaction) acknowledged(now time.Duration) []Action {
	switch {
	case s.invite && s.state == Accepted:
		return []Action{PassACK{}}
	case !s.invite || s.state != Completed:
		return nil
	case s.reliable: // Timer I is zero
		return append([]Action{Stop{TimerH}}, s.end(true)...)
	}
	s.state = Confirmed
	return []Action{Stop{TimerG}, Stop{TimerH}, Set{TimerI, now + s.timers.T4}}
}

// respond takes a response of the transaction user. After the final one there is no other, but a 2xx to an INVITE, which the transaction
// user sends again itself.
func (s *Transaction) respond(now time.Duration, code int) []Action {
	switch {
	case s.state == Accepted && code/100 == 2:
		return []Action{Send{}}
	case s.state != Trying && s.state != Proceeding:
		return nil
	case code < 200:
		s.state = Proceeding
		return []Action{Send{}}
	case s.invite && code < 300:
		s.state = Accepted
		return []Action{Send{}, Set{TimerL, now + 64*s.timers.T1}}
	case s.invite:
		s.state = Completed
		done := []Action{Send{}, Set{TimerH, now + 64*s.timers.T1}}
		if !s.reliable {
			s.interval, s.due = s.timers.T1, now+s.timers.T1
			done = append(done, Set{TimerG, s.due})
		}
		return done
	case s.reliable: // Timer J is zero
		return append([]Action{Send{}}, s.end(true)...)
	}
	s.state = Completed
	return []Action{Send{}, Set{TimerJ, now + 64*s.timers.T1}}
}

func (s *Transaction) expired(t Timer) []Action {
	switch {
	case t == TimerG && s.state == Completed && s.invite:
		s.interval = min(2*s.interval, s.timers.T2)
		s.due += s.interval
		return []Action{Send{}, Set{TimerG, s.due}}
	case t == TimerH && s.state == Completed && s.invite:
		return s.end(false)
	case t == TimerI && s.state == Confirmed, t == TimerJ && s.state == Completed && !s.invite, t == TimerL && s.state == Accepted:
		return s.end(true)
	}
	return nil
}

func (s *Transaction) end(confirmed bool) []Action {
	s.state = Terminated
	return []Action{End{confirmed}}
}
