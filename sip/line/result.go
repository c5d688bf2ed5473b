package line

import (
	"time"

	"hilphone/sip/netfault"
)

// RegisterResult is how the last REGISTER to a server ended, which may have been the probe of a failback. Requests within calls do not
// change it.
type RegisterResult struct {
	Cause   Cause          // empty: there was none
	Code    int            // of the final response
	Phrase  string         // the reason phrase of the response
	Fault   netfault.Fault // what failed, where there was no response
	Refusal RefusalReason
}

// Accepted reports whether the server accepted the registration.
func (r RegisterResult) Accepted() bool { return r.Cause == CauseResponse && r.Code/100 == 2 }

// Failed reports whether there was a REGISTER that the server did not accept.
func (r RegisterResult) Failed() bool { return r.Cause != "" && !r.Accepted() }

// keepResult keeps how a REGISTER to a server ended, for Status.
func (m *Machine) keepResult(tx *transaction, o outcome) {
	if (tx.owner == ofRegistration || tx.owner == ofProbe) && m.current(tx) && o.cause != CauseAborted {
		m.servers[tx.Slot].registered = RegisterResult{Cause: o.cause, Code: o.code, Phrase: o.phrase(), Fault: o.fault, Refusal: tx.refusal}
	}
}

// failedAt returns the server whose answer, or silence, ended the last registration procedure, and when the next one begins.
func (m *Machine) failedAt() (Slot, time.Duration) {
	if m.phase != AllFailed {
		return None, 0
	}
	return m.failedBy, m.retry
}

// saw remembers how a server answered last. REGISTER and OPTIONS say how the server is; what answers a request of a call may be the other phone
// (UX-20).
func (m *Machine) saw(tx *transaction, result string, cause Cause, why netfault.Fault) {
	if !m.current(tx) || tx.owner == ofRemoval || cause == CauseAborted {
		return
	}
	sv := m.servers[tx.Slot]
	sv.cause, sv.fault = cause, why
	if r := (Result{tx.Method, result, cause}); tx.Method == REGISTER || tx.Method == OPTIONS {
		sv.health = r
	} else {
		sv.inCall = r
	}
}

func resultText(c Cause) string {
	if c == CauseNoResponse {
		return "no response"
	}
	return string(c)
}

// reasonAt is the reason of the last failure at a server, if it had that cause.
func (m *Machine) reasonAt(slot Slot, cause Cause) string {
	if sv := m.servers[slot]; sv != nil && sv.cause == cause {
		return string(sv.fault.Reason)
	}
	return ""
}
