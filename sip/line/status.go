package line

import "time"

// State is the vendor's word for a line on the page System > Information.
type State string

// The vendor's states of a line.
const (
	StateRegistered State = "registered"
	StateUnapplied  State = "unapplied" // switched off or not configured
	StateTrying     State = "trying"
	StateTimeout    State = "timeout" // every server failed; tried again after the registration failure interval
)

// Phase is the line's place in the redundancy procedure (FAILOVER 3.0).
type Phase string

// The phases of a line.
const (
	Unregistered Phase = "unregistered"
	TryPrimary   Phase = "try_primary"
	OnPrimary    Phase = "on_primary"
	TryBackup    Phase = "try_backup"
	OnBackup     Phase = "on_backup"
	AllFailed    Phase = "all_failed"
)

// Failback is the sub-state of a line on its backup.
type Failback string

// The failback sub-states.
const (
	FailbackIdle    Failback = "idle"
	FailbackWaiting Failback = "waiting"
	FailbackProbing Failback = "probing"
)

// Status is a line at one instant. Instants are of the line's monotonic clock; zero means never.
type Status struct {
	Phase    Phase
	Active   Slot
	Failback Failback
	// NextProbe is when the primary is probed next, while Failback is waiting.
	NextProbe time.Duration
	Servers   map[Slot]ServerStatus
	// FailedBy is the server that ended the last registration procedure, and NextTry when the next one begins, where the phase is all_failed.
	FailedBy Slot
	NextTry  time.Duration
	// LastFailover and LastFailback are the last changes of the active server in each direction.
	LastFailover, LastFailback *Failover
}

// ServerStatus is what is known of one server.
type ServerStatus struct {
	LastResult       string // of REGISTER and OPTIONS: "200", "no response", ...; empty if it was never asked
	LastCause        Cause
	InCall           Result // of the last request of a call
	RegisteredUntil  time.Duration
	QuarantinedUntil time.Duration
	Register         RegisterResult
	Addresses        int // that the name of the next hop has; 0 while that is not known
}

// Result is how a request ended.
type Result struct {
	Method Method // empty: there was none
	Text   string // as LastResult
	Cause  Cause
}

// Failover is a change of the active server, in either direction.
type Failover struct {
	At      time.Duration
	From    Slot
	To      Slot
	Method  Method
	Trigger string // boot, manual, refresh, invite, bye, cancel, probe, settings
	Cause   Cause
	Reason  string        // of sip/netfault, why there was no answer; empty where the cause says as much
	Elapsed time.Duration // from the trigger to the registration
}

// State returns the vendor's word for the status.
func (s Status) State() State {
	switch s.Phase {
	case OnPrimary, OnBackup:
		return StateRegistered
	case TryPrimary, TryBackup:
		if s.Active != None {
			return StateRegistered // being renewed; the binding still holds
		}
		return StateTrying
	case AllFailed:
		return StateTimeout
	}
	return StateUnapplied
}

// Cause is how an attempt ended.
type Cause string

// The causes, as the event attempt_end names them.
const (
	CauseResponse   Cause = "response"
	CauseNoResponse Cause = "no_response"
	CauseICMP       Cause = "icmp"
	CauseConnect    Cause = "connect"
	CauseTLS        Cause = "tls"
	CauseDNS        Cause = "dns"
	CauseLocal      Cause = "local"
	CauseAborted    Cause = "aborted"
)

// Method is a SIP method this phone sends.
type Method string

// The methods.
const (
	REGISTER Method = "REGISTER"
	INVITE   Method = "INVITE"
	ACK      Method = "ACK"
	BYE      Method = "BYE"
	CANCEL   Method = "CANCEL"
	REFER    Method = "REFER"
	OPTIONS  Method = "OPTIONS"
)
