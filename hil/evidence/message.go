package evidence

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hilphone/sip/ladder"
)

// Message is a SIP message as one of those who sent or received it saw it. The same message may have been seen by two.
type Message struct {
	At        time.Duration // since the run began
	Seen      string        // who saw it: FromPhone, FromPrimary, FromBackup, FromPeer
	Out       bool          // it was sent by who saw it
	Line      int           // the phone's line; 0: none
	Slot      string        // primary, backup, or empty for a stranger: the server at the other end
	Proxy     bool          // the other end is the outbound proxy of that server
	Transport string        // udp, tcp, tls
	Local     string        // ADDRESS:PORT of who saw it
	Remote    string        // ADDRESS:PORT
	CallID    string
	Start     string // request or status line; empty: no SIP message
	Raw       []byte // the whole message; secrets in it are masked when it is taken
}

// messageLine is a Message as the data of an entry.
type messageLine struct {
	Seen      string `json:"seen"`
	Direction string `json:"direction"` // sent, received
	Line      int    `json:"line,omitempty"`
	Slot      string `json:"slot,omitempty"`
	Proxy     bool   `json:"proxy,omitempty"`
	Transport string `json:"transport,omitempty"`
	Local     string `json:"local,omitempty"`
	Remote    string `json:"remote,omitempty"`
	CallID    string `json:"call_id,omitempty"`
	Start     string `json:"start"`
	Raw       string `json:"raw,omitempty"`
	Bytes     []byte `json:"raw_base64,omitempty"` // beside raw, where that is no UTF-8
}

// MarshalJSON writes {"seen","direction","line","slot","transport","local","remote","call_id","start","raw"}; of a message that is not UTF-8
// raw is what can be read of it, and raw_base64 has its octets, as in the phone's trace.
func (m Message) MarshalJSON() ([]byte, error) {
	l := messageLine{Seen: m.Seen, Direction: "received", Line: m.Line, Slot: m.Slot, Proxy: m.Proxy, Transport: m.Transport, Local: m.Local, Remote: m.Remote,
		CallID: m.CallID, Start: m.Start}
	if m.Out {
		l.Direction = "sent"
	}
	if l.Raw = string(m.Raw); !utf8.Valid(m.Raw) {
		l.Bytes = m.Raw
	}
	return json.Marshal(l)
}

// UnmarshalJSON reads what MarshalJSON wrote; At is not part of it.
func (m *Message) UnmarshalJSON(b []byte) error {
	var l messageLine
	if err := json.Unmarshal(b, &l); err != nil {
		return err
	}
	*m = Message{At: m.At, Seen: l.Seen, Out: l.Direction == "sent", Line: l.Line, Slot: l.Slot, Proxy: l.Proxy, Transport: l.Transport, Local: l.Local, Remote: l.Remote,
		CallID: l.CallID, Start: l.Start, Raw: []byte(l.Raw)}
	if l.Bytes != nil {
		m.Raw = l.Bytes
		if first, _, _ := bytes.Cut(m.Raw, []byte("\n")); l.Start != "" && !utf8.Valid(first) { // JSON could not hold it
			m.Start = strings.TrimSpace(string(first))
		}
	}
	return nil
}

// what is the message in a line.
func (m Message) what() string {
	return cmp.Or(ladder.Visible(m.Start), fmt.Sprintf("no SIP, %d octets", len(m.Raw)))
}

// entry is a Message among the entries.
func (m Message) entry() Entry {
	data, _ := json.Marshal(m) // strings
	return Entry{At: m.At, Kind: MessageKind, From: m.Seen, Text: m.what(), Data: data}
}
