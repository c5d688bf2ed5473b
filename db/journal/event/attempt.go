package event

// AttemptStart is the data of "attempt_start".
type AttemptStart struct {
	Method string `json:"method"`
	Slot   string `json:"slot" doc:"primary or backup"`
	Target string `json:"target" doc:"address and port"`
	Proxy  string `json:"proxy,omitempty" doc:"as it is configured, where the target is an outbound proxy"`
	Branch string `json:"branch" doc:"of the Via; the other events of the attempt name it"`
	Budget int64  `json:"budget_ms" doc:"the attempt is given up after that"`
	// Connect is FO-08: what of the budget the connection may take.
	Connect int64 `json:"connect_ms,omitempty" doc:"over TCP and TLS: it is given up after that already where the connection, handshake included, is not there"`
	Last    bool  `json:"last" doc:"there is no other server after this one"`
}

// Send is the data of "send".
type Send struct {
	Branch string `json:"branch"`
	K      int    `json:"k"`
}

// Response is the data of "response".
type Response struct {
	Branch     string `json:"branch"`
	Code       int    `json:"code"`
	Reason     string `json:"reason" doc:"the reason phrase"`
	RetryAfter int    `json:"retry_after_s"`
}

// ICMP is the data of "icmp" (FO-05).
type ICMP struct {
	Branch string `json:"branch"`
	Type   int    `json:"type" doc:"of ICMPv4; an ICMPv6 error is given as the ICMPv4 error that says the same (RFC 7915 5.2)"`
	Code   int    `json:"code"`
	Name   string `json:"name,omitempty" doc:"of type and code: port unreachable"`
	From   string `json:"from,omitempty" doc:"address of the router or host that sent it; absent where that is not known"`
	To     string `json:"to,omitempty" doc:"address and port that the datagram was sent to"`
	Quoted int    `json:"quoted,omitempty" doc:"octets of the datagram that it returns, after the UDP header"`
}

// AttemptEnd is the data of "attempt_end".
type AttemptEnd struct {
	Branch  string `json:"branch"`
	Cause   string `json:"cause" doc:"response, no_response, icmp, connect, tls, dns, local or aborted"`
	Elapsed int64  `json:"elapsed_ms"`
	Method  string `json:"method"`
	Slot    string `json:"slot"`
	Code    int    `json:"code,omitempty" doc:"of the response"`
	Reason  string `json:"reason,omitempty" doc:"why there was no response, in a word: unknown_authority, certificate_expired, certificate_name, connection_refused, connection_reset, connection_closed, connect_timeout, name_unknown, dns_timeout, port_unreachable and so on; absent where only silence is known"`
	Detail  string `json:"detail,omitempty" doc:"what is known beyond the reason, such as the names in the certificate"`
}

// LookupFailed is the data of "lookup_failed" (FO-63, UX-05).
type LookupFailed struct {
	Slot   string `json:"slot" doc:"primary or backup"`
	Name   string `json:"name" doc:"that was looked up"`
	Reason string `json:"reason" doc:"name_unknown, dns_timeout, dns_failure, no_address, srv_not_offered or other"`
	Detail string `json:"detail,omitempty"`
}

// ConnectionLost is the data of "connection_lost" (FO-07, UX-05).
type ConnectionLost struct {
	Slot      string `json:"slot" doc:"primary or backup"`
	Transport string `json:"transport" doc:"tcp or tls"`
	Local     string `json:"local" doc:"address and port of the phone"`
	Remote    string `json:"remote" doc:"address and port of the server"`
	By        string `json:"by" doc:"who ended it: server, phone or network"`
	Reason    string `json:"reason" doc:"connection_reset, connection_closed, connect_timeout, no_route, not_reading, unframed, tls_alert and so on, as in attempt_end"`
	Detail    string `json:"detail,omitempty"`
}

// ChallengeRefused is the data of "challenge_refused" (WR-52, SE-01).
type ChallengeRefused struct {
	Method    string `json:"method"`
	Target    string `json:"target"`
	Realm     string `json:"realm"`
	Algorithm string `json:"algorithm"`
	Reason    string `json:"reason" doc:"one of the words of line.RefusalReasons"`
}

// LateResponse is the data of "late_response" (FO-23, FO-27).
type LateResponse struct {
	Method string `json:"method"`
	Slot   string `json:"slot"`
	Code   int    `json:"code"`
}

// ByeLost is the data of "bye_lost": no server accepted the BYE (FO-43), or it could not be built or sent (WR-22).
type ByeLost struct {
	Cause   string `json:"cause"`
	Elapsed int64  `json:"elapsed_ms"`
}

// Malformed is the data of "malformed".
type Malformed struct {
	From      string `json:"from"`
	Transport string `json:"transport"`
	Size      int    `json:"size" doc:"octets"`
	Reason    string `json:"reason"`
	LeftOut   uint64 `json:"left_out,omitempty" doc:"events like this that were not recorded since the one before"`
}

// Refused is the data of "refused" (SE-04).
type Refused struct {
	From    string `json:"from"`
	Method  string `json:"method"`
	Setting string `json:"setting" doc:"that decided it"`
	LeftOut uint64 `json:"left_out,omitempty" doc:"refusals that were not recorded since the one before"`
}

// ICMPIgnored is the data of "icmp_ignored" (SE-08).
type ICMPIgnored struct {
	To      string `json:"to"`
	Type    int    `json:"type"`
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	LeftOut uint64 `json:"left_out,omitempty" doc:"events like this that were not recorded since the one before"`
}

func (AttemptStart) EventType() string     { return "attempt_start" }
func (Send) EventType() string             { return "send" }
func (Response) EventType() string         { return "response" }
func (ICMP) EventType() string             { return "icmp" }
func (AttemptEnd) EventType() string       { return "attempt_end" }
func (LookupFailed) EventType() string     { return "lookup_failed" }
func (ConnectionLost) EventType() string   { return "connection_lost" }
func (ChallengeRefused) EventType() string { return "challenge_refused" }
func (LateResponse) EventType() string     { return "late_response" }
func (ByeLost) EventType() string          { return "bye_lost" }
func (Malformed) EventType() string        { return "malformed" }
func (Refused) EventType() string          { return "refused" }
func (ICMPIgnored) EventType() string      { return "icmp_ignored" }
