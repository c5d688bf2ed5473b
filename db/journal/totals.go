package journal

import (
	"bytes"
	"maps"
	"strconv"
	"strings"
)

// Totals are what has been recorded since the journal was made, also of what is no longer held.
type Totals struct {
	Events   map[EventKind]int64
	Messages map[MessageKind]int64
	Lost     int64 // events that were overwritten before a reader had them
	Unsaved  int64 // messages that were overwritten before they were saved, or were too many to save
}

// EventKind is what events are counted by.
type EventKind struct {
	Type string
	Line int
}

// MessageKind is what messages are counted by.
type MessageKind struct {
	Out    bool
	Method string // of requests, and of the request that a response is to
	Code   int    // of responses; 0: a request
}

// Totals returns the counts as they are now.
func (j *Journal) Totals() Totals {
	j.mu.Lock()
	defer j.mu.Unlock()
	return Totals{maps.Clone(j.totals.Events), maps.Clone(j.totals.Messages), j.totals.Lost, j.totals.Unsaved}
}

// known are the methods of RFC 3261 and its extensions. Whatever else a stranger calls a method is one kind, so that the counts stay few.
var known = map[string]bool{"INVITE": true, "ACK": true, "BYE": true, "CANCEL": true, "REGISTER": true, "OPTIONS": true, "PRACK": true,
	"SUBSCRIBE": true, "NOTIFY": true, "PUBLISH": true, "INFO": true, "REFER": true, "MESSAGE": true, "UPDATE": true}

// kindOf reads what a message is counted by; ok is false for what is no SIP message.
func kindOf(m Message) (k MessageKind, ok bool) {
	if m.Start == "" {
		return k, false
	}
	k = MessageKind{Out: m.Out, Method: "other"}
	method, rest, _ := strings.Cut(m.Start, " ")
	if method == "SIP/2.0" {
		code, _, _ := strings.Cut(rest, " ")
		if n, err := strconv.Atoi(code); err == nil && n >= 100 && n <= 699 {
			k.Code = n
		} else {
			k.Code = 699 // no status there is
		}
		method = methodOf(m.Raw)
	}
	if known[method] {
		k.Method = method
	}
	return k, true
}

// methodOf reads the method in the CSeq header field.
func methodOf(raw []byte) string {
	for len(raw) > 0 {
		var field []byte
		field, raw, _ = bytes.Cut(raw, []byte("\n"))
		if field = bytes.TrimSuffix(field, []byte("\r")); len(field) == 0 {
			break
		}
		name, value, _ := bytes.Cut(field, []byte(":"))
		if !bytes.EqualFold(bytes.TrimSpace(name), []byte("CSeq")) {
			continue
		}
		if words := bytes.Fields(value); len(words) == 2 {
			return string(words[1])
		}
	}
	return ""
}
