package line

import "time"

// CallID names a call of the phone, on whatever line: "1", "2" and so on since the phone was started.
type CallID string

// CallState is how far a call has got.
type CallState string

// The states of a call.
const (
	Calling  CallState = "calling"  // INVITE sent, nothing heard of the other phone yet
	Ringback CallState = "ringback" // the other phone rings
	Ringing  CallState = "ringing"  // this phone rings
	Talking  CallState = "talking"
	Held     CallState = "held"
	Ended    CallState = "ended"
)

// Direction of a call, seen from this phone.
type Direction string

// The directions of a call.
const (
	Outgoing Direction = "outgoing"
	Incoming Direction = "incoming"
)

// Call is one call as the user and the scripts see it. A line reports a new value at each change.
type Call struct {
	ID        CallID
	Line      int
	Direction Direction
	Remote    string // the number called or calling
	// RemoteName and Digits are added by the wire: the display name that the other side gave, and the newest DTMF digits that it sent.
	RemoteName, Digits string
	State              CallState
	// Which side holds the call. HeldByUser is true from when the user wants it: the re-INVITE may be under way.
	HeldByUser, HeldByPeer bool
	Server                 Slot // the dialog server: through which the call is or is being set up
	SIPCallID              string
	End                    End // why it is over; zero until then
}

// Ended-by values of End.
const (
	ByUser   = "user"
	ByPeer   = "peer"
	ByServer = "server"
	ByPhone  = "phone" // no server could be reached, a timer ran out, the line was switched off
)

// End says who ended a call and why, for the user, the call log and the scripts.
type End struct {
	By      string
	Cause   Cause
	Code    int // SIP status, 0 if none was received
	Reason  string
	Elapsed time.Duration // from the user's action until the end was known
}
