package line

import (
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/netfault"
)

// Action is something the line wants done. Package sip carries actions out in the order in which Step returned them.
type Action interface{ action() }

// Dialog names a dialog of a call. One INVITE can make several: by forking, or because an answer came after the phone had given up.
type Dialog struct {
	Call   CallID
	Invite TxID   // 0: the peer called
	Tag    string // the peer's tag, where this phone called
}

type (
	// Send puts a request on the wire. K is 0 for the first datagram of a transaction, which is built then with a new branch; each
	// later one is the same bytes again.
	Send struct {
		Tx     TxID
		K      int
		Method Method
		Slot   Slot
		Target int // which of the server's addresses; 0 is the first, or the one that holds the registration
		CSeq   int
		Budget time.Duration // from the first datagram until the line gives up; 0: none
		// Connect is the part of Budget within which the connection has to be there, over TCP and TLS (FO-08); 0 by UDP.
		Connect time.Duration
		Last    bool // last target: the full 64*T1
		// Datagram: the request is too long for UDP, and no TCP connection was to be had: it goes by UDP all the same, from K 0 on.
		Datagram bool
		Auth     TxID // with the credentials of this transaction and what answers its challenge; 0: of none

		Follow TxID // REGISTER: go where the answer to this transaction pointed

		Series  int  // REGISTER: which registration dialog (Call-ID, From tag); a new number is a new one
		Expires int  // REGISTER: seconds asked for; 0 takes the binding away
		Probe   bool // REGISTER: this one probes the primary

		Call   CallID // INVITE, BYE, CANCEL and REFER
		To     string // INVITE and REFER: the number
		Renew  bool   // INVITE: with a new Call-ID and From tag (482 to a re-sent INVITE)
		Dialog Dialog // BYE, REFER, and INVITE within a call
		Hold   bool   // INVITE within a call: hold it
		Of     TxID   // CANCEL: the INVITE
	}
	// Ack acknowledges a final answer other than 2xx, on the INVITE's own branch (RFC 3261 17.1.1.3).
	Ack struct{ Tx TxID }
	// Confirm acknowledges a 2xx (RFC 3261 13.2.2.4) to an INVITE.
	Confirm struct {
		Dialog Dialog
		Tx     TxID // the INVITE; another one than the dialog's changes a call that is up
	}
	// Respond answers the peer's newest INVITE of a call. K counts the repeats of a 2xx.
	Respond struct {
		Call CallID
		Code int
		K    int
	}
	// Resolve looks the addresses of a server's name up.
	Resolve struct{ Slot Slot }
	// Set arms a timer for an instant of the line's clock; a timer that is set already moves.
	Set struct {
		Timer Timer
		At    time.Duration
	}
	// Stop disarms a timer.
	Stop struct{ Timer Timer }
	// Done says how a transaction ended. Answers to it may still come.
	Done struct {
		Tx      TxID
		Cause   Cause
		Code    int
		Elapsed time.Duration
		Fault   netfault.Fault // of what was not answered
	}
	// Forget says that nothing more is expected of a transaction.
	Forget struct{ Tx TxID }
	// CallChanged reports a call to the user.
	CallChanged struct{ Call Call }
	// CallDropped says that nothing more will be said of an ended call.
	CallDropped struct{ Call CallID }
	// Note is an event for the event stream.
	Note struct {
		Call CallID // empty: none
		Data event.Data
	}
	// Finished ends the line: everything that Shutdown asked for is done.
	Finished struct{}
)

func (Send) action()        {}
func (Ack) action()         {}
func (Confirm) action()     {}
func (Respond) action()     {}
func (Resolve) action()     {}
func (Set) action()         {}
func (Stop) action()        {}
func (Done) action()        {}
func (Forget) action()      {}
func (CallChanged) action() {}
func (CallDropped) action() {}
func (Note) action()        {}
func (Finished) action()    {}

// Timer names one timer of a line.
type Timer struct {
	Name TimerName
	Tx   TxID
	Call CallID
}

// TimerName is what a timer is for.
type TimerName string

// The timers of a line.
const (
	Retransmit  TimerName = "retransmit"  // Timer A or E
	GiveUp      TimerName = "give up"     // the budget: Timer B or F, or the retry count
	NoTCP       TimerName = "no tcp"      // no TCP connection for a request too long for UDP within 2*T1
	Linger      TimerName = "linger"      // Timer D, K or M, and the wait for late answers (FO-23, FO-27)
	Refresh     TimerName = "refresh"     // FO-16
	Retry       TimerName = "retry"       // Reg Fail Interval (FO-52)
	Probe       TimerName = "probe"       // Failback Interval (FB-01)
	Reprobe     TimerName = "reprobe"     // FB-14, FB-15
	AnswerAgain TimerName = "answer"      // repeat of a 2xx (RFC 3261 13.3.1.4)
	AnswerLost  TimerName = "answer lost" // no ACK within 64*T1 (FO-68)
	KeepAlive   TimerName = "keep-alive"  // UDPUpdate TTL (FO-17)
	Jitter      TimerName = "jitter"      // before the backup is asked
	LookUp      TimerName = "look up"     // the resolver's budget (FO-63)
	HoldAgain   TimerName = "hold again"  // after 491 (RFC 3261 14.1)
	Quit        TimerName = "quit"        // CF-04

	TransferLost TimerName = "transfer lost" // no NOTIFY after a REFER
)
