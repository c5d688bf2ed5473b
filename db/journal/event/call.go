package event

// Call is the data of "call".
type Call struct {
	ID         string   `json:"id"`
	State      string   `json:"state" doc:"calling, ringback, ringing, talking, held or ended"`
	Direction  string   `json:"direction" doc:"outgoing or incoming"`
	Remote     string   `json:"remote" doc:"number or address of the other side"`
	RemoteName string   `json:"remote_name,omitempty" doc:"the name that the other side gave"`
	Server     string   `json:"server" doc:"primary, backup or none"`
	SIPCallID  string   `json:"sip_call_id"`
	End        *CallEnd `json:"end,omitempty"`
}

// CallEnd is why and when a call ended.
type CallEnd struct {
	By      string `json:"by"`
	Cause   string `json:"cause"`
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	Elapsed int64  `json:"elapsed_ms"`
}

// Hold is the data of "hold".
type Hold struct {
	By string `json:"by" doc:"user or peer"`
	On bool   `json:"on"`
}

// HoldFailed is the data of "hold_failed".
type HoldFailed struct {
	Code   int    `json:"code" doc:"0: no response was received"`
	Reason string `json:"reason"`
	Cause  string `json:"cause"`
}

// Transfer is the data of "transfer".
type Transfer struct {
	State  string `json:"state"`
	To     string `json:"to"`
	Code   int    `json:"code" doc:"0: no response was received"`
	Reason string `json:"reason"`
	Cause  string `json:"cause,omitempty" doc:"of a failure"`
}

// Mute is the data of "mute".
type Mute struct {
	On bool `json:"on"`
}

// Media is the data of "media".
type Media struct {
	State     string `json:"state" doc:"rtp or no_rtp"`
	Direction string `json:"direction" doc:"in or out"`
	Reason    string `json:"reason,omitempty"`
}

// DTMF is the data of "dtmf": a digit that the other side sent (RS-13).
type DTMF struct {
	Digit    string `json:"digit" doc:"0 to 9, *, #, A to D"`
	How      string `json:"how" doc:"rfc4733 or info"`
	Duration int64  `json:"duration_ms" doc:"0: not known"`
}

func (Call) EventType() string       { return "call" }
func (Hold) EventType() string       { return "hold" }
func (HoldFailed) EventType() string { return "hold_failed" }
func (Transfer) EventType() string   { return "transfer" }
func (Mute) EventType() string       { return "mute" }
func (Media) EventType() string      { return "media" }
func (DTMF) EventType() string       { return "dtmf" }
