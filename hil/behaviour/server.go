package behaviour

import (
	"slices"
	"time"
)

// Mode is how a server treats what it receives.
type Mode string

// The modes.
const (
	Serve  Mode = "serve"
	Silent Mode = "silent"
	Refuse Mode = "refuse"
	Hang   Mode = "hang"
	Close  Mode = "close"
	Status Mode = "status"
)

// Modes are all of them.
var Modes = []Choice{
	{string(Serve), "works as an ordinary registrar and proxy"},
	{string(Silent), "receives, takes connections and shakes hands, and never answers"},
	{string(Refuse), "all ports are closed: senders get ICMP port unreachable or RST, connections are reset"},
	{string(Hang), "answers 100 Trying and then nothing"},
	{string(Close), "ends the connection of every message without an answer; over UDP silent"},
	{string(Status), "answers every request but ACK with the status"},
}

// Server is what a server does with the messages it receives and sends. The zero value of every property but Mode changes nothing; the zero
// Mode is Serve. Those from Spelling on are about what is sent to the phone under test: the lab's own phones and the other server are exempt.
type Server struct {
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
	NoTCP        bool // the TCP port is closed, whatever the others are

	Spelling    []string // how header fields are written; see Spellings
	Pad         int      // octets of long Via, Record-Route and unknown header fields in every message
	Add         []string // header lines that every message gets
	RecordRoute []string // what becomes of the server's Record-Route; see RecordRoutes
	Challenges  []string // how requests are asked for credentials; see Challenges
	Noise       []string // datagrams that are no messages, before each message; see Noises
	Ping        bool     // over TCP and TLS each message comes behind a keep-alive, CRLFCRLF, whose CRLF is awaited for 10 s
	Cut         int      // over TCP and TLS everything is written in pieces of so many octets
	Batch       int      // so many requests are gathered, for a second at most, and written at once
	Cancel      bool     // every INVITE is followed by its CANCEL, in the same segment or the next datagram
	Fork        bool     // every INVITE is sent twice, each time with another branch
}

const (
	day       = 86400     // seconds
	manyTimes = 100000    // messages
	mostPad   = 2_000_000 // octets; more than the longest message that is to be read from a stream
)

// ServerFields are the properties of a Server; the first is its mode.
var ServerFields = []Field[Server]{
	{Name: "behaviour", Choices: Modes, Always: true, Doc: "what the server does with requests", At: func(b *Server) any { return (*string)(&b.Mode) }},
	{Name: "status", Min: 300, Max: 699, Default: 503, Doc: "the SIP status of behaviour status", At: func(b *Server) any { return &b.Status }},
	{Name: "retry_after_s", Word: "retry-after", Max: day, Unit: time.Second, Whole: true, Always: true, Doc: "Retry-After of the status; 0: none",
		At: func(b *Server) any { return &b.RetryAfter }},
	{Name: "delay_ms", Word: "delay", Max: 60000, Unit: time.Millisecond, Always: true, Doc: "how long each answer is held back", At: func(b *Server) any { return &b.Delay }},
	{Name: "drop", Word: "drop", Max: 1, Always: true, Doc: "share of the messages that is lost", At: func(b *Server) any { return &b.Drop }},
	{Name: "drop_first", Word: "drop-first", Max: manyTimes, Doc: "the first so many messages are lost, counted from now", At: func(b *Server) any { return &b.DropFirst }},
	{Name: "seed", Word: "seed", Max: 1<<53 - 1, Doc: "of drop: the same seed loses the same messages", At: func(b *Server) any { return &b.Seed }},
	{Name: "min_expires_s", Word: "min-expires", Max: day, Unit: time.Second, Whole: true, Doc: "a shorter registration is answered 423; 0 takes any",
		At: func(b *Server) any { return &b.MinExpires }},
	{Name: "max_expires_s", Word: "max-expires", Max: day, Unit: time.Second, Whole: true, Doc: "the longest registration granted; 0: one hour",
		At: func(b *Server) any { return &b.MaxExpires }},
	{Name: "close_after", Word: "close-after", Max: manyTimes, Doc: "the n-th message from now ends its connection, once; 0: none", At: func(b *Server) any { return &b.CloseAfter }},
	{Name: "then", Word: "then", Choices: Modes, Doc: "the behaviour after the first registration that was granted", At: func(b *Server) any { return (*string)(&b.Then) }},
	{Name: "methods", Word: "only", Most: 16, Upper: true, Pattern: "^[A-Z]{1,16}$", PatternText: "a method such as REGISTER", Doc: "only messages of these methods are meant, responses by their CSeq; none: all", At: func(b *Server) any { return &b.Methods }},
	{Name: "no_handshake", Word: "no-handshake", Doc: "new TLS connections are taken and the handshake is never answered", At: func(b *Server) any { return &b.NoHandshake }},
	{Name: "bad_handshake", Word: "bad-handshake", Doc: "new TLS connections get a fatal alert", At: func(b *Server) any { return &b.BadHandshake }},
	{Name: "no_tcp", Word: "no-tcp", Odd: true, Doc: "the TCP port is closed, UDP stays open", At: func(b *Server) any { return &b.NoTCP }},
	{Name: "spelling", Word: "spelling", Odd: true, Choices: Spellings, Most: len(Spellings), Doc: "how header fields are written to the phone", At: func(b *Server) any { return &b.Spelling }},
	{Name: "pad", Word: "pad", Odd: true, Max: mostPad, Doc: "octets by which long Via, Record-Route and unknown header fields make each message bigger; as much as fits into a datagram",
		At: func(b *Server) any { return &b.Pad }},
	{Name: "add", Word: "add", Odd: true, Lines: true, Most: 16, Pattern: linePattern, PatternText: lineText, Doc: "header lines that each message gets, as Require: foo", At: func(b *Server) any { return &b.Add }},
	{Name: "record_route", Word: "record-route", Odd: true, Choices: RecordRoutes, Most: len(RecordRoutes), Doc: "what the server's Record-Route is to the phone", At: func(b *Server) any { return &b.RecordRoute }},
	{Name: "challenges", Word: "challenges", Odd: true, Choices: Challenges, Most: len(Challenges), Doc: "how requests are asked for credentials; where the server knows no passwords it takes any digest",
		At: func(b *Server) any { return &b.Challenges }},
	{Name: "noise", Word: "noise", Odd: true, Choices: Noises, Most: len(Noises), Doc: "datagrams before each message that are none themselves", At: func(b *Server) any { return &b.Noise }},
	{Name: "ping", Word: "ping", Odd: true, Doc: "over TCP and TLS each message comes behind a keep-alive; the connection ends if the phone does not answer it within 10 s", At: func(b *Server) any { return &b.Ping }},
	{Name: "cut", Word: "cut", Odd: true, Max: 65535, Doc: "over TCP and TLS everything is written in pieces of so many octets; 0: whole", At: func(b *Server) any { return &b.Cut }},
	{Name: "batch", Word: "batch", Odd: true, Max: 10, Doc: "so many requests are gathered, for a second at most, and written at once; 0: each by itself", At: func(b *Server) any { return &b.Batch }},
	{Name: "cancel", Word: "cancel", Odd: true, Doc: "each INVITE is followed by its CANCEL, in the same segment or the next datagram", At: func(b *Server) any { return &b.Cancel }},
	{Name: "fork", Word: "fork", Odd: true, Doc: "each INVITE is sent twice, with another branch, as by two proxies", At: func(b *Server) any { return &b.Fork }},
}

// linePattern is that of a header line, which may be none that can be read.
const (
	linePattern = `^[^\s][^\r\n\x00]{0,999}$`
	lineText    = "a header line such as Require: foo, 1000 characters at most"
)

// Check reports the first property that is out of range or contradicts another, as a *FieldError.
func (b Server) Check() error {
	if err := check(ServerFields, &b); err != nil {
		return err
	}
	for _, mode := range []Mode{b.Mode, b.Then} {
		switch {
		case mode == Refuse && len(b.Methods) > 0:
			return Wrong("methods", "refuse closes all ports and cannot be limited to methods")
		case mode == Status && b.Status == 0:
			return Wrong("status", "%d is not in 300..699", b.Status)
		}
	}
	if b.NoHandshake && b.BadHandshake {
		return Wrong("bad_handshake", "cannot be had together with no_handshake")
	}
	if err := exclusive("spelling", b.Spelling, []string{"lower-case", "upper-case", "compact"}, []string{"bad-length", "negative-length", "no-length"},
		[]string{"no-branch", "old-branch"}, []string{"tel-uri", "escaped-user"}, []string{"bad-max-forwards", "no-max-forwards"}); err != nil {
		return err
	}
	if err := exclusive("challenges", b.Challenges, []string{"two-realms", "realm-by-realm", "proxy-then-server"}, []string{"md5-sess", "sha-256", "unknown", "no-qop"},
		[]string{"one-time", "same-nonce"}); err != nil {
		return err
	}
	return exclusive("record_route", b.RecordRoute, []string{"none", "strict", "unresolvable"})
}

// exclusive refuses two words of which each does what the other would undo.
func exclusive(field string, words []string, groups ...[]string) error {
	for _, group := range groups {
		var have []string
		for _, w := range words {
			if slices.Contains(group, w) {
				have = append(have, w)
			}
		}
		if len(have) > 1 {
			return Wrong(field, "%s cannot be had together with %s", have[1], have[0])
		}
	}
	return nil
}

// Covers tells whether the behaviour is meant for this method.
func (b Server) Covers(method string) bool {
	return len(b.Methods) == 0 || slices.Contains(b.Methods, method)
}

// Mute tells whether the server answers nothing at all: then its retransmissions stop too.
func (b Server) Mute() bool { return b.Mode == Silent && len(b.Methods) == 0 }

// Counts tells whether messages are counted from the instant the behaviour is set.
func (b Server) Counts() bool { return b.DropFirst > 0 || b.CloseAfter > 0 }

// Clean leaves out what the mode does not use, so that behaviours that do the same are the same.
func (b Server) Clean() Server {
	if b.Mode == "" {
		b.Mode = Serve
	}
	if b.Mode != Status && b.Then != Status {
		b.Status, b.RetryAfter = 0, 0
	}
	return b
}

// WithDefaults fills in the status of behaviour status where there is none.
func (b Server) WithDefaults() Server {
	if f, ok := Find(ServerFields, "status"); ok && b.Status == 0 && (b.Mode == Status || b.Then == Status) {
		b.Status = int(f.Default)
	}
	return b
}

// MarshalJSON writes the names of ServerFields.
func (b Server) MarshalJSON() ([]byte, error) {
	if b.Mode == "" {
		b.Mode = Serve
	}
	return Marshal(ServerFields, b)
}

// UnmarshalJSON reads what MarshalJSON writes; every name may be missing. What is wrong is a *FieldError.
func (b *Server) UnmarshalJSON(data []byte) error {
	var next Server
	if err := Unmarshal(ServerFields, data, &next); err != nil {
		return err
	}
	if err := next.WithDefaults().Check(); err != nil {
		return err
	}
	*b = next.WithDefaults()
	return nil
}
