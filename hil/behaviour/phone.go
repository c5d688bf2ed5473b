package behaviour

import "time"

// AnswerMode is what a phone does with a call that comes in.
type AnswerMode string

// The modes.
const (
	Answer  AnswerMode = "answer"
	Busy    AnswerMode = "busy"
	Decline AnswerMode = "decline"
	Ring    AnswerMode = "ring"
	Ignore  AnswerMode = "ignore"
	Reject  AnswerMode = "status"
)

// AnswerModes are all of them.
var AnswerModes = []Choice{
	{string(Answer), "rings and answers: 180, then 200"},
	{string(Busy), "486"},
	{string(Decline), "603"},
	{string(Ring), "rings and no more: 180"},
	{string(Ignore), "does nothing at all"},
	{string(Reject), "answers with the status"},
}

// Answering is how a phone treats calls. The zero Mode is Answer.
type Answering struct {
	Mode        AnswerMode
	After       time.Duration // rings so long before it answers or refuses
	Status      int           // of Reject, 300 to 699
	HangUpAfter time.Duration // hangs up so long after the answer; 0 never
	Early       int           // the provisional answer, with an ordinary SDP answer in it; 0: 180 without one
	SDP         string        // of the 2xx; see SDPs
}

const mostMS = 24 * 60 * 60 * 1000

// AnsweringFields are the properties of an Answering; the first is its mode.
var AnsweringFields = []Field[Answering]{
	{Name: "answering", Choices: AnswerModes, Always: true, Doc: "what the phone does with a call", At: func(a *Answering) any { return (*string)(&a.Mode) }},
	{Name: "after_ms", Word: "after", Max: mostMS, Unit: time.Millisecond, Always: true, Doc: "rings so long before it answers or refuses", At: func(a *Answering) any { return &a.After }},
	{Name: "status", Min: 300, Max: 699, Default: 480, Doc: "the SIP status of answering status", At: func(a *Answering) any { return &a.Status }},
	{Name: "hang_up_after_ms", Word: "hangup", Max: mostMS, Unit: time.Millisecond, Always: true, Doc: "hangs up so long after it has answered; 0: never",
		At: func(a *Answering) any { return &a.HangUpAfter }},
	{Name: "early", Word: "early", Odd: true, Min: 180, Max: 199, Doc: "the provisional answer, with an ordinary SDP answer in it; 0: 180 without one", At: func(a *Answering) any { return &a.Early }},
	{Name: "sdp", Word: "sdp", Odd: true, Choices: SDPs, Doc: "the session that the 200 describes, besides the ordinary one", At: func(a *Answering) any { return &a.SDP }},
}

// Check reports the first property that is out of range, as a *FieldError.
func (a Answering) Check() error {
	if err := check(AnsweringFields, &a); err != nil {
		return err
	}
	if a.Mode == Reject && a.Status == 0 {
		return Wrong("status", "%d is not in 300..699", a.Status)
	}
	return nil
}

// Clean leaves out what the mode does not use.
func (a Answering) Clean() Answering {
	if a.Mode == "" {
		a.Mode = Answer
	}
	if a.Mode != Reject {
		a.Status = 0
	}
	return a
}

// WithDefaults fills in the status of Reject where there is none.
func (a Answering) WithDefaults() Answering {
	if f, ok := Find(AnsweringFields, "status"); ok && a.Status == 0 && a.Mode == Reject {
		a.Status = int(f.Default)
	}
	return a
}

// MarshalJSON writes the names of AnsweringFields.
func (a Answering) MarshalJSON() ([]byte, error) {
	if a.Mode == "" {
		a.Mode = Answer
	}
	return Marshal(AnsweringFields, a)
}

// UnmarshalJSON reads what MarshalJSON writes; every name may be missing. A bad value is a *FieldError by the name in JSON.
func (a *Answering) UnmarshalJSON(data []byte) error {
	var next Answering
	if err := Unmarshal(AnsweringFields, data, &next); err != nil {
		return err
	}
	if next = next.WithDefaults(); next.Check() != nil {
		return next.Check()
	}
	*a = next
	return nil
}

// Request is a request that the phone 1002 sends: the INVITE of a call, or a request in the call that is up, or outside of one.
type Request struct {
	Method string   // of what is no call
	To     string   // number; of a request in a call nothing
	Via    string   // primary or backup; empty: primary, or in a call the server of the call
	SDP    string   // of INVITE and UPDATE; see SDPs
	ACK    string   // of INVITE: "missing", or the session that it describes; empty: an answer if the 2xx had the offer
	Again  bool     // a call: Call-ID and From tag of the call before, the next CSeq
	Event  string   // of NOTIFY and SUBSCRIBE
	CSeq   string   // of a request in a call; see CSeqs
	Add    []string // header lines
}

// Properties of a Request.
var (
	requestMethod = Field[Request]{Name: "method", Choices: Methods, Doc: "the method", At: func(r *Request) any { return &r.Method }}
	requestTo     = Field[Request]{Name: "to", Pattern: numberPattern, PatternText: numberText, Doc: "number", At: func(r *Request) any { return &r.To }}
	requestVia    = Field[Request]{Name: "via", Word: "via", Choices: Slots, Doc: "server that it is sent through", At: func(r *Request) any { return &r.Via }}
	requestSDP    = Field[Request]{Name: "sdp", Word: "sdp", Odd: true, Choices: SDPs, Doc: "the session that it offers, besides the ordinary one", At: func(r *Request) any { return &r.SDP }}
	requestACK    = Field[Request]{Name: "ack", Word: "ack", Odd: true, Choices: append([]Choice{missingACK}, SDPs...), Doc: "the session that the ACK of an INVITE describes, or that none comes",
		At: func(r *Request) any { return &r.ACK }}
	requestAdd = Field[Request]{Name: "add", Word: "add", Odd: true, Lines: true, Most: 16, Pattern: linePattern, PatternText: lineText, Doc: "header lines besides, as Require: foo", At: func(r *Request) any { return &r.Add }}
)

// Slots are the servers of a lab.
var Slots = []Choice{{"primary", "the primary server"}, {"backup", "the backup server"}}

// CallFields are the properties of a Request that begins a call.
var CallFields = []Field[Request]{requestTo, requestVia, requestSDP, requestACK,
	{Name: "again", Word: "again", Odd: true, Doc: "with Call-ID and From tag of the call before, and the next CSeq", At: func(r *Request) any { return &r.Again }}, requestAdd}

// RequestFields are the properties of any other Request.
var RequestFields = []Field[Request]{requestMethod, requestTo, requestVia, requestSDP, requestACK,
	{Name: "event", Word: "event", Odd: true, Pattern: numberPattern, PatternText: "the name of an event package", Doc: "Event of NOTIFY and SUBSCRIBE", At: func(r *Request) any { return &r.Event }},
	{Name: "cseq", Word: "cseq", Odd: true, Choices: CSeqs, Doc: "the CSeq in a call, instead of the next", At: func(r *Request) any { return &r.CSeq }}, requestAdd}

// numberPattern is that of what can stand in a URI as it is.
const (
	numberPattern = "^[A-Za-z0-9+._-]{1,64}$"
	numberText    = "a number: letters, digits and + - _ . only, 64 at most"
)

// fields are those that the request uses.
func (r Request) fields() []Field[Request] {
	if r.Method == "" {
		return CallFields
	}
	return RequestFields
}

// Check reports the first property that is out of range, as a *FieldError.
func (r Request) Check() error {
	if err := check(r.fields(), &r); err != nil {
		return err
	}
	if r.To == "" && r.Method == "" {
		return Wrong("to", "is missing")
	}
	return nil
}

// MarshalJSON writes the names of CallFields or RequestFields.
func (r Request) MarshalJSON() ([]byte, error) { return Marshal(r.fields(), r) }

// ReadCall reads the JSON of a call, ReadRequest that of any other request. What is wrong is a *FieldError.
func ReadCall(data []byte) (r Request, err error) {
	if err = Unmarshal(CallFields, data, &r); err == nil {
		err = r.Check()
	}
	return r, err
}

// ReadRequest reads the JSON of a request that begins no call; to and method are needed.
func ReadRequest(data []byte) (r Request, err error) {
	if err = Unmarshal(RequestFields, data, &r); err == nil && r.Method == "" {
		err = Wrong("method", "is missing")
	}
	if err == nil {
		err = r.Check()
	}
	return r, err
}
