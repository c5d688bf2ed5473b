package event

// Failover is the data of "failover" (FO-08).
type Failover struct {
	From    string `json:"from" doc:"primary or backup"`
	To      string `json:"to" doc:"primary or backup"`
	Trigger string `json:"trigger" doc:"what the request was for: boot, manual, refresh, invite, bye, cancel, options, probe, settings or address"`
	Method  string `json:"method" doc:"of the request that failed"`
	Cause   string `json:"cause" doc:"response, no_response, icmp, connect, tls, dns, local or aborted"`
	Elapsed int64  `json:"elapsed_ms" doc:"from what made it necessary to the registration with the backup"`
	Reason  string `json:"reason,omitempty" doc:"why, as in attempt_end"`
}

// Failback is the data of "failback".
type Failback struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Elapsed int64  `json:"elapsed_ms" doc:"from the start of the probe, or of what made the line ask the primary, to the registration"`
}

// FailbackTimer is the data of "failback_timer".
type FailbackTimer struct {
	Armed int64 `json:"armed_ms"`
}

// ProbeStart is the data of "probe_start".
type ProbeStart struct {
	Slot string `json:"slot"`
}

// ProbeEnd is the data of "probe_end".
type ProbeEnd struct {
	Result string `json:"result" doc:"recovered, unavailable, rejected or aborted"`
	Cause  string `json:"cause"`
	Code   int    `json:"code,omitempty"`

	Elapsed int64  `json:"elapsed_ms" doc:"from the start of the probe"`
	Reason  string `json:"reason,omitempty" doc:"why there was no response, as in attempt_end"`
}

// AllFailed is the data of "all_failed".
type AllFailed struct {
	Method  string `json:"method"`
	Cause   string `json:"cause"`
	Elapsed int64  `json:"elapsed_ms" doc:"since the first attempt"`
	Reason  string `json:"reason,omitempty" doc:"of the last attempt, as in attempt_end"`
}

// LineState is the data of "line_state".
type LineState struct {
	State  string `json:"state" doc:"registered, unapplied, trying or timeout"`
	Active string `json:"active" doc:"primary, backup or none"`
	Phase  string `json:"phase"`
	From   string `json:"from" doc:"the phase before"`
	Cause  string `json:"cause,omitempty"`
}

// Registered is the data of "registered".
type Registered struct {
	Slot    string `json:"slot"`
	Expires int    `json:"expires_s"`
}

// RegisterRejected is the data of "register_rejected": no failover follows (FO-14).
type RegisterRejected struct {
	Slot   string `json:"slot"`
	Code   int    `json:"code"`
	Reason string `json:"reason" doc:"the reason phrase"`
}

// Quarantine is the data of "quarantine" (FO-45).
type Quarantine struct {
	Slot  string `json:"slot"`
	Armed int64  `json:"armed_ms"`
}

// AddressChange is the data of "ip_change" (CL-04).
type AddressChange struct{}

func (Failover) EventType() string         { return "failover" }
func (Failback) EventType() string         { return "failback" }
func (FailbackTimer) EventType() string    { return "failback_timer" }
func (ProbeStart) EventType() string       { return "probe_start" }
func (ProbeEnd) EventType() string         { return "probe_end" }
func (AllFailed) EventType() string        { return "all_failed" }
func (LineState) EventType() string        { return "line_state" }
func (Registered) EventType() string       { return "registered" }
func (RegisterRejected) EventType() string { return "register_rejected" }
func (Quarantine) EventType() string       { return "quarantine" }
func (AddressChange) EventType() string    { return "ip_change" }
