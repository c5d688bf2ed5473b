package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Mode is how a server treats what it receives.
type Mode string

const (
	Serve  Mode = "serve"  // an ordinary registrar and proxy
	Silent Mode = "silent" // receives, takes connections and shakes hands, and never answers
	Refuse Mode = "refuse" // all ports are closed: senders get ICMP port unreachable or RST, connections are reset
	Hang   Mode = "hang"   // answers 100 Trying and then nothing
	Close  Mode = "close"  // ends the connection of every message without an answer; over UDP silent
	Status Mode = "status" // answers every request but ACK with Behaviour.Status
)

// Behaviour is what a server does with the messages it receives. The zero value of every field but Mode changes
// nothing; the zero Mode is Serve.
type Behaviour struct {
	Mode       Mode
	Status     int           // answer of mode status, 300 to 699
	RetryAfter time.Duration // Retry-After of that answer, whole seconds; 0 sends none
	Delay      time.Duration // every matching request is handled this much later, by the behaviour at its arrival
	Drop       float64       // share of matching messages lost, 0 to 1
	DropFirst  int           // the first so many matching messages are lost, counted from SetBehaviour
	Seed       uint64        // of Drop: the same seed loses the same messages
	MinExpires time.Duration // a shorter registration is answered 423 with this Min-Expires; 0 takes any
	MaxExpires time.Duration // the longest registration granted; 0 is one hour
	CloseAfter int           // the n-th matching message since SetBehaviour ends its connection unanswered, once; over UDP it is lost; 0 none
	Then       Mode          // the mode after the first 2xx to a REGISTER; the other fields stay; "" changes nothing
	Methods    []string      // only these methods (a response counts by its CSeq); empty is all. The Expires limits and Then always hold

	NoHandshake  bool // new TLS connections are taken, and the handshake is never answered
	BadHandshake bool // new TLS connections get a fatal alert for their handshake
}

// FieldError says which field of a Behaviour or a Config is wrong, by its JSON name.
type FieldError struct {
	Field   string
	Message string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Message }

func wrong(field, format string, args ...any) error {
	return &FieldError{Field: field, Message: fmt.Sprintf(format, args...)}
}

// Check reports the first field that cannot be meant, as a *FieldError.
func (b Behaviour) Check() error {
	if err := b.checkMode("behaviour", b.Mode); err != nil {
		return err
	}
	if err := b.checkMode("then", b.Then); err != nil {
		return err
	}
	if b.Status != 0 && (b.Status < 300 || b.Status > 699) {
		return wrong("status", "%d is not in 300..699", b.Status)
	}
	if !(b.Drop >= 0 && b.Drop <= 1) {
		return wrong("drop", "%v is not in 0..1", b.Drop)
	}
	if b.DropFirst < 0 {
		return wrong("drop_first", "%d is negative", b.DropFirst)
	}
	if b.CloseAfter < 0 {
		return wrong("close_after", "%d is negative", b.CloseAfter)
	}
	if b.NoHandshake && b.BadHandshake {
		return wrong("bad_handshake", "cannot be had together with no_handshake")
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{
		{"retry_after_s", b.RetryAfter}, {"delay_ms", b.Delay},
		{"min_expires_s", b.MinExpires}, {"max_expires_s", b.MaxExpires},
	} {
		if d.value < 0 {
			return wrong(d.field, "%v is negative", d.value)
		}
	}
	for _, m := range b.Methods {
		if m == "" || m != strings.ToUpper(m) || strings.ContainsAny(m, " \t\r\n") {
			return wrong("methods", "%q is not a method", m)
		}
	}
	return nil
}

func (b Behaviour) checkMode(field string, mode Mode) error {
	switch mode {
	case "", Serve, Silent, Hang, Close:
	case Refuse:
		if len(b.Methods) > 0 {
			return wrong("methods", "refuse closes all ports and cannot be limited to methods")
		}
	case Status:
		if b.Status < 300 || b.Status > 699 {
			return wrong("status", "%d is not in 300..699", b.Status)
		}
	default:
		return wrong(field, "%q is not one of serve, silent, refuse, hang, status, close", string(mode))
	}
	return nil
}

// mute tells whether the server has fallen silent altogether: then its retransmissions stop too.
func (b Behaviour) mute() bool { return b.Mode == Silent && len(b.Methods) == 0 }

// covers tells whether the behaviour is meant for this method.
func (b Behaviour) covers(method string) bool {
	return len(b.Methods) == 0 || slices.Contains(b.Methods, method)
}

// behaviourJSON has the names of the bench's files and of /lab/servers.
type behaviourJSON struct {
	Behaviour  Mode     `json:"behaviour"`
	Status     int      `json:"status,omitempty"`
	RetryAfter float64  `json:"retry_after_s"`
	Delay      float64  `json:"delay_ms"`
	Drop       float64  `json:"drop"`
	DropFirst  int      `json:"drop_first,omitempty"`
	Seed       uint64   `json:"seed,omitempty"`
	MinExpires float64  `json:"min_expires_s,omitempty"`
	MaxExpires float64  `json:"max_expires_s,omitempty"`
	CloseAfter int      `json:"close_after,omitempty"`
	Then       Mode     `json:"then,omitempty"`
	Methods    []string `json:"methods,omitempty"`

	NoHandshake  bool `json:"no_handshake,omitempty"`
	BadHandshake bool `json:"bad_handshake,omitempty"`
}

// MarshalJSON writes the names behaviour, retry_after_s, delay_ms, drop, and the others where they are set.
func (b Behaviour) MarshalJSON() ([]byte, error) {
	mode := b.Mode
	if mode == "" {
		mode = Serve
	}
	return json.Marshal(behaviourJSON{
		Behaviour: mode, Status: b.Status, RetryAfter: b.RetryAfter.Seconds(),
		Delay: float64(b.Delay) / float64(time.Millisecond), Drop: b.Drop, DropFirst: b.DropFirst, Seed: b.Seed,
		MinExpires: b.MinExpires.Seconds(), MaxExpires: b.MaxExpires.Seconds(),
		CloseAfter: b.CloseAfter, Then: b.Then, Methods: b.Methods, NoHandshake: b.NoHandshake, BadHandshake: b.BadHandshake,
	})
}

// UnmarshalJSON reads what MarshalJSON writes; every name may be missing.
func (b *Behaviour) UnmarshalJSON(data []byte) error {
	var j behaviourJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	const longest = 1e9 // seconds; far beyond any use, far below overflow
	for _, d := range []struct {
		field string
		value float64
	}{
		{"retry_after_s", j.RetryAfter}, {"delay_ms", j.Delay / 1000},
		{"min_expires_s", j.MinExpires}, {"max_expires_s", j.MaxExpires},
	} {
		if d.value < -longest || d.value > longest {
			return wrong(d.field, "%v is out of range", d.value)
		}
	}
	span := func(v float64, unit time.Duration) time.Duration { return time.Duration(v * float64(unit)) }
	*b = Behaviour{
		Mode: j.Behaviour, Status: j.Status, RetryAfter: span(j.RetryAfter, time.Second),
		Delay: span(j.Delay, time.Millisecond), Drop: j.Drop, DropFirst: j.DropFirst, Seed: j.Seed,
		MinExpires: span(j.MinExpires, time.Second), MaxExpires: span(j.MaxExpires, time.Second),
		CloseAfter: j.CloseAfter, Then: j.Then, Methods: j.Methods, NoHandshake: j.NoHandshake, BadHandshake: j.BadHandshake,
	}
	return b.Check()
}
