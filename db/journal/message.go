package journal

import (
	"encoding/json"
	"time"
	"unicode/utf8"
)

// Message is one SIP message as it was sent or received, retransmissions included, or what came instead of one. Its secrets are masked already.
type Message struct {
	Seq       int64 // of messages alone: grows from message to message, over every start of the phone
	Time      time.Time
	MonoUS    int64 // microseconds since the phone was started
	Began     int64 // number of the first message since the phone was started: the same for all of one start
	Event     int64 // number of the newest event before it, however long ago
	Line      int   // 1 to 20; 0: of no line
	Out       bool  // sent
	Slot      string
	Proxy     bool // the other end is the outbound proxy of that server
	Transport string
	Local     string // ADDRESS:PORT
	Remote    string // ADDRESS:PORT
	CallID    string // the Call-ID header field
	Start     string // request or status line; empty: no SIP message
	Raw       []byte
	Fault     string // why it, or a part of it, could not be read; empty: all could
}

// Size is about how many octets the message takes, in memory and stored, beside what every message takes.
func (m Message) Size() int { return len(m.Raw) + len(m.Start) + len(m.CallID) + len(m.Fault) }

// MarshalJSON writes {"seq","time","mono_us","after_event","line","direction","slot","transport","local","remote","call_id","start","raw"}; raw is a
// string, in which octets that are not UTF-8 read as U+FFFD: then raw_base64 has all of them. Where there is a fault, so is "fault", and "proxy" is true
// where the other end is an outbound proxy.
func (m Message) MarshalJSON() ([]byte, error) {
	direction := "received"
	if m.Out {
		direction = "sent"
	}
	var octets []byte
	if !utf8.Valid(m.Raw) {
		octets = m.Raw
	}
	return json.Marshal(struct {
		Seq       int64  `json:"seq"`
		Time      string `json:"time"`
		MonoUS    int64  `json:"mono_us"`
		Event     int64  `json:"after_event"`
		Line      *int   `json:"line"`
		Direction string `json:"direction"`
		Slot      string `json:"slot"`
		Proxy     bool   `json:"proxy,omitempty"`
		Transport string `json:"transport"`
		Local     string `json:"local"`
		Remote    string `json:"remote"`
		CallID    string `json:"call_id"`
		Start     string `json:"start"`
		Raw       string `json:"raw"`
		Octets    []byte `json:"raw_base64,omitempty"`
		Fault     string `json:"fault,omitempty"`
	}{m.Seq, m.Time.UTC().Format(timeFormat), m.MonoUS, m.Event, orNull(m.Line), direction, m.Slot, m.Proxy, m.Transport, m.Local, m.Remote, m.CallID, m.Start,
		string(m.Raw), octets, m.Fault})
}
