package line

// What the notes of a line carry, by the names of the event stream.
type (
	// FailoverNote is the note "failover": the active server changed because one was unavailable.
	FailoverNote struct {
		From    Slot   `json:"from"`
		To      Slot   `json:"to"`
		Trigger string `json:"trigger"`
		Method  Method `json:"method"`
		Cause   Cause  `json:"cause"`
	}
	// RegisteredNote is the note "registered".
	RegisteredNote struct {
		Slot    Slot `json:"slot"`
		Expires int  `json:"expires_s"`
	}
	// RejectedNote is the note "register_rejected": a server that is alive refused the registration (FO-14).
	RejectedNote struct {
		Slot   Slot   `json:"slot"`
		Code   int    `json:"code"`
		Reason string `json:"reason"`
	}
	// FailbackTimerNote is the note "failback_timer".
	FailbackTimerNote struct {
		Armed int64 `json:"armed_ms"`
	}
	// ProbeStartNote is the note "probe_start".
	ProbeStartNote struct {
		Slot Slot `json:"slot"`
	}
	// ProbeEndNote is the note "probe_end"; result is recovered, unavailable, rejected or aborted.
	ProbeEndNote struct {
		Result string `json:"result"`
		Cause  Cause  `json:"cause"`
		Code   int    `json:"code,omitempty"`
	}
	// FailbackNote is the note "failback": the primary serves again.
	FailbackNote struct {
		From Slot `json:"from"`
		To   Slot `json:"to"`
	}
	// AllFailedNote is the note "all_failed": every server was tried in vain for a request.
	AllFailedNote struct {
		Method  Method `json:"method"`
		Cause   Cause  `json:"cause"`
		Elapsed int64  `json:"elapsed_ms"`
	}
	// LateResponseNote is the note "late_response": an answer after the phone had given up (FO-23, FO-27).
	LateResponseNote struct {
		Method Method `json:"method"`
		Slot   Slot   `json:"slot"`
		Code   int    `json:"code"`
	}
	// ChallengeRefusedNote is the note "challenge_refused": a 401 or 407 that is not answered (WR-52, SE-01).
	ChallengeRefusedNote struct {
		Method    Method        `json:"method"`
		Target    string        `json:"target"`
		Realm     string        `json:"realm"`
		Algorithm string        `json:"algorithm"`
		Reason    RefusalReason `json:"reason"`
	}
	// ByeLostNote is the note "bye_lost": no server took the BYE (FO-43), or it could not be built or sent (WR-22).
	ByeLostNote struct {
		Cause   Cause `json:"cause"`
		Elapsed int64 `json:"elapsed_ms"`
	}
	// LineStateNote is the note "line_state".
	LineStateNote struct {
		State  State `json:"state"`
		Active Slot  `json:"active"`
		Phase  Phase `json:"phase"`
		From   Phase `json:"from"`
		Cause  Cause `json:"cause,omitempty"`
	}
	// HoldNote is the note "hold": one side holds the call, or takes it back.
	HoldNote struct {
		By string `json:"by"` // ByUser or ByPeer
		On bool   `json:"on"`
	}
	// HoldFailedNote is the note "hold_failed": the other side refused to change the session, or could not be asked.
	HoldFailedNote struct {
		Code   int    `json:"code"` // 0: none was received
		Reason string `json:"reason"`
		Cause  Cause  `json:"cause"`
	}
	// TransferNote is the note "transfer": how far a call has got on its way to somebody else.
	TransferNote struct {
		State  TransferStep `json:"state"`
		To     string       `json:"to"`
		Code   int          `json:"code"` // 0: none was received
		Reason string       `json:"reason"`
		Cause  Cause        `json:"cause,omitempty"` // of a failure
	}
	// QuarantineNote is the note "quarantine": a server asked to be left alone (FO-45).
	QuarantineNote struct {
		Slot  Slot  `json:"slot"`
		Armed int64 `json:"armed_ms"`
	}
)
