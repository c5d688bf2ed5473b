package line

import (
	"net/netip"
	"time"

	"hilphone/sip/netfault"
)

// Event is something that happened to the line. The wire, the phone and the web pages make them; Machine.Step takes them one at a time.
type Event interface{ event() }

// TxID numbers the client transactions of a line, from 1.
type TxID int

// Challenge says what can be made of a 401 or 407.
type Challenge string

// The kinds of challenge.
const (
	NoChallenge      Challenge = ""
	FreshChallenge   Challenge = "fresh"   // sent again, the request will carry credentials that it did not carry before
	RefusedChallenge Challenge = "refused" // it is not answered
)

// Refusal names a challenge, and with a Reason says that it is not answered. With a FreshChallenge the Reason is about another realm of the
// same response.
type Refusal struct {
	Target    string // the address that the request went to
	Realm     string
	Algorithm string // the ones offered in the realm, separated by commas
	Reason    RefusalReason
}

// RefusalReason is why a challenge is not answered.
type RefusalReason string

// The reasons; the empty one is none.
const (
	RefusedTarget    RefusalReason = "not_a_server"         // the request went to an address that is none of the line's servers (SE-01)
	RefusedSource    RefusalReason = "other_source"         // the response came from another address than was asked (SE-01)
	RefusedMalformed RefusalReason = "no_challenge"         // no digest challenge that is well formed
	RefusedRealm     RefusalReason = "unknown_realm"        // the challenge names none
	RefusedRealms    RefusalReason = "too_many_realms"      // of one request
	RefusedAlgorithm RefusalReason = "unknown_algorithm"    // or quality of protection
	RefusedLogin     RefusalReason = "credentials_rejected" // user or password is wrong
	RefusedNonces    RefusalReason = "too_many_challenges"  // the server keeps asking
	RefusedPassword  RefusalReason = "no_password"          // none is set
	RefusedCancel    RefusalReason = "cancel"               // a CANCEL cannot be sent again (RFC 3261 22.1)
)

// RefusalReasons are all of them.
var RefusalReasons = []RefusalReason{
	RefusedTarget, RefusedSource, RefusedMalformed, RefusedRealm, RefusedRealms, RefusedAlgorithm, RefusedLogin, RefusedNonces, RefusedPassword, RefusedCancel,
}

type (
	// Start begins the line's life (boot).
	Start struct{}
	// Register is a manual registration: a failover trigger (FO-12).
	Register struct{}
	// Unregister takes the line off its servers until the next Register, Start or Reconfigured.
	Unregister struct{}
	// Reconfigured gives the line new settings, already validated.
	Reconfigured struct{ Settings Settings }
	// TrustChanged says that the file that tls_ca_file names has other certificates than before.
	TrustChanged struct{}
	// Moved says that the local address has changed: the Contact is no longer right (CL-04).
	Moved struct{}
	// Resumed says that the machine was suspended: the wall clock went on more than 30 s while the monotonic one stood (CL-02).
	Resumed struct{}
	// Shutdown ends calls and registrations; Finished is the last action.
	Shutdown struct{}
	// Expired is a timer that was Set.
	Expired struct{ Timer Timer }

	// Response is an answer to one of the line's requests, retransmitted answers included.
	Response struct {
		Tx         TxID
		Code       int
		Reason     string
		Tag        string        // To tag
		Expires    int           // seconds granted to our Contact; 0 where the answer does not say
		MinExpires int           // seconds, of a 423
		RetryAfter time.Duration // 0 where the answer does not say
		Challenge  Challenge
		Refusal    Refusal
		Redirect   bool // 3xx with a Contact that can be followed
		Elsewhere  bool // 2xx to INVITE: the dialog's next hop is not the server (FO-40)
		Answer     bool // 2xx to INVITE: an SDP answer to an offer to send and receive
		Held       bool // and by it the peer wants to hear nothing
	}
	// ICMP is an error message that quotes one of the line's requests. IPv6 types are given as their IPv4 twins.
	ICMP struct {
		Tx         TxID
		Type, Code int
	}
	// Failed says that a request could not be sent or that its connection broke.
	Failed struct {
		Tx     TxID
		Cause  Cause // connect, tls, dns or local
		Fault  netfault.Fault
		Reused bool // the connection was there before this request
	}
	// TooLong says that a request is too long for UDP and is being sent by TCP first (RFC 3261 18.1.1).
	TooLong struct{ Tx TxID }
	// Carried says that a route of a dialog sends a request over TCP or TLS (Reliable) though its server's transport is UDP, or the other way round.
	Carried struct {
		Tx       TxID
		Reliable bool
	}
	// Resolved answers Resolve: how many addresses the server's name has, in their order; 0 where it could not be found out.
	Resolved struct {
		Slot    Slot
		Targets int
		// NotOffered: DNS has answered that the service is not there (RFC 2782). What was found before counts no more.
		NotOffered bool
		// Fault is why no address was found.
		Fault netfault.Fault
	}
	// Routed says to which address a request goes, for REGISTER, BYE and the INVITE of a new call: it depends on the server's name, on the
	// address that holds the registration, and on the dialog.
	Routed struct {
		Tx TxID
		To netip.AddrPort
	}
	// Connected says that a request has been written to its connection, over TCP or TLS.
	Connected struct{ Tx TxID }

	// Dial is the user placing a call.
	Dial struct {
		Call CallID
		To   string
	}
	// HangUp is the user ending a call in whatever state it is.
	HangUp struct{ Call CallID }
	// Answer is the user taking an incoming call.
	Answer struct{ Call CallID }
	// Reject is the user or the phone refusing an incoming call.
	Reject struct {
		Call CallID
		Code int // 300 to 699; 0 is 603
	}
	// Invited is an incoming call.
	Invited struct {
		Call   CallID
		Remote string
		Slot   Slot // the dialog server (FO-67)
		// Elsewhere: the dialog's next hop is not the server (FO-40).
		Elsewhere bool
		Offer     bool // it has an SDP offer; without one the 2xx makes the offer and the ACK has the answer
	}
	// Reinvited is the peer changing the session of a call that is up, in a way that this phone can have.
	Reinvited struct {
		Call  CallID
		Held  bool // by its offer the peer wants to hear nothing
		Offer bool // it has an SDP offer, as in Invited
	}
	// Hold is the user putting the other side on hold; Resume takes it back.
	Hold   struct{ Call CallID }
	Resume struct{ Call CallID }
	// Transfer is the user having the other side call somebody else.
	Transfer struct {
		Call CallID
		To   string
	}
	// Notified is the other side telling how that call goes; the wire has answered the NOTIFY.
	Notified struct {
		Call   CallID
		Code   int // SIP status of the new call
		Reason string
		Over   bool // nothing more will be told
	}
	// Acked is the ACK for the last 2xx the line sent in a call.
	Acked struct {
		Call   CallID
		Held   bool // by its answer the peer wants to hear nothing
		Answer bool // it has the SDP answer to the offer of the 2xx
	}
	// Cancelled is the caller giving up before the call was answered.
	Cancelled struct{ Call CallID }
	// PeerHungUp is a BYE from the peer; the wire has answered it.
	PeerHungUp struct{ Call CallID }
)

func (Start) event()        {}
func (Register) event()     {}
func (Unregister) event()   {}
func (Reconfigured) event() {}
func (TrustChanged) event() {}
func (Moved) event()        {}
func (Resumed) event()      {}
func (Shutdown) event()     {}
func (Expired) event()      {}
func (Response) event()     {}
func (ICMP) event()         {}
func (Failed) event()       {}
func (Carried) event()      {}
func (Connected) event()    {}
func (Resolved) event()     {}
func (TooLong) event()      {}
func (Routed) event()       {}
func (Dial) event()         {}
func (HangUp) event()       {}
func (Answer) event()       {}
func (Reject) event()       {}
func (Invited) event()      {}
func (Reinvited) event()    {}
func (Hold) event()         {}
func (Resume) event()       {}
func (Transfer) event()     {}
func (Notified) event()     {}
func (Acked) event()        {}
func (Cancelled) event()    {}
func (PeerHungUp) event()   {}
