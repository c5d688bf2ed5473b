// Package server is the far end of the line: SIP servers and an answering phone that do their work properly until they
// are told to misbehave, so that a phone's failover and failback can be seen, repeated and measured.
//
// A Server is a registrar and a stateless proxy over UDP, TCP and TLS; a Phone answers and places calls; a Lab is a
// primary, a backup and the phone 1002 together. In each, one goroutine decides everything, over real
// sockets as over the network in memory.
package server

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Config says what a Server is.
type Config struct {
	// Listen, ListenTCP and ListenTLS open the server's ports; at least one is needed. Each gives the same address
	// whenever it is called, which is again when the port is opened after Refuse. A wildcard address is an error, because
	// it cannot stand in a Via. What ListenTLS accepts are *tls.Conn; closed listeners give net.ErrClosed.
	Listen        func() (net.PacketConn, error)
	ListenTCP     func() (net.Listener, error)
	ListenTLS     func() (net.Listener, error)
	Registrations *Registrations   // default: a store of its own
	Auth          *Auth            // default: no passwords, anybody may register
	Aliases       []netip.AddrPort // addresses of the other servers of the pair, whose dialogs this one serves too
	Registrar     netip.AddrPort   // makes this an outbound proxy: what phones send, REGISTER too, goes on to this UDP address
	NoRecordRoute bool             // do not stay in the path of a dialog
	Trying        bool             // answer INVITE with 100 at once and repeat it towards the callee
	Behaviour     Behaviour        // at the start
	Tap           func(Message)    // sees every message, in order; must not block nor call the server
	Log           *slog.Logger     // default: none
}

// Server is a registrar and proxy that misbehaves on request. Create it with New, then Run it. The methods are safe
// for concurrent use.
type Server struct {
	station       *station
	registrations *Registrations
	auth          *gate
	registrar     netip.AddrPort // behind this outbound proxy; zero: it is none
	routed        bool           // stays in the path of dialogs
	trying        bool
	mood          mood

	mu      sync.Mutex // orders SetBehaviour; guards aliases, exempt and other
	aliases []netip.AddrPort
	exempt  []netip.AddrPort // see Exempt
	other   *Server          // of the pair; nil without one

	pursuits map[string]*pursuit     // by branch of the forwarded INVITE; the loop's own
	forks    map[string]*sip.Request // second copies of INVITEs, by branch; the loop's own
	asking   *challenger             // the loop's own
}

// New opens the server's ports; Run serves them. The errors are those of Listen, and *FieldError.
func New(c Config) (*Server, error) {
	if err := c.Behaviour.Check(); err != nil {
		return nil, err
	}
	auth, err := newGate(c.Auth)
	if err != nil {
		return nil, err
	}
	st, err := c.station()
	if err != nil {
		return nil, err
	}
	s := &Server{station: st, registrations: c.Registrations, auth: auth, registrar: c.Registrar, routed: !c.NoRecordRoute, trying: c.Trying,
		pursuits: map[string]*pursuit{}, forks: map[string]*sip.Request{}, asking: newChallenger()}
	if s.registrations == nil {
		s.registrations = NewRegistrations()
	}
	s.SetAliases(c.Aliases...)
	st.accept, st.greet, st.lost = s.accept, s.mood.greet, s.lost
	st.normalise, st.respell = s.restore, s.respell
	if err := s.SetBehaviour(c.Behaviour); err != nil {
		st.close()
		return nil, err
	}
	return s, nil
}

// station opens the ports.
func (c Config) station() (*station, error) {
	var ports []*port
	var fields []string
	if c.Listen != nil {
		ports, fields = append(ports, packetPort(c.Listen)), append(fields, "listen")
	}
	if c.ListenTCP != nil {
		ports, fields = append(ports, streamPort(overTCP, c.ListenTCP)), append(fields, "listen_tcp")
	}
	if c.ListenTLS != nil {
		ports, fields = append(ports, streamPort(overTLS, c.ListenTLS)), append(fields, "listen_tls")
	}
	return newStation(c.Log, c.Tap, ports, fields)
}

// Run serves until ctx ends or Close is called, and returns when all of the server's goroutines have ended. The error
// is that of a socket that cannot be read any more.
func (s *Server) Run(ctx context.Context) error { return s.station.run(ctx) }

// Close frees the ports and ends Run. It is needed only where Run is not.
func (s *Server) Close() { s.station.close() }

// Addr is the server's UDP address, also while the port is closed; that of TCP, then TLS, where there is no UDP.
func (s *Server) Addr() netip.AddrPort { return s.station.at }

// AddrTCP is the address of the TCP listener, the zero AddrPort without one.
func (s *Server) AddrTCP() netip.AddrPort { return s.addr(overTCP) }

// AddrTLS is the address of the TLS listener, the zero AddrPort without one.
func (s *Server) AddrTLS() netip.AddrPort { return s.addr(overTLS) }

func (s *Server) addrs() (list []netip.AddrPort) {
	for _, p := range s.station.ports {
		list = append(list, p.at)
	}
	return list
}

func (s *Server) addr(transport string) netip.AddrPort {
	if p := s.station.port(transport); p != nil {
		return p.at
	}
	return netip.AddrPort{}
}

// Registrations is the server's location store.
func (s *Server) Registrations() *Registrations { return s.registrations }

// SetAliases names the other servers of the pair: their addresses of every transport.
func (s *Server) SetAliases(others ...netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliases = slices.Clone(others)
}

// join makes the other server of the pair known.
func (s *Server) join(other *Server) {
	s.SetAliases(other.addrs()...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.other = other
}

func (s *Server) names() []netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(s.addrs(), s.aliases...)
}

// Behaviour is the behaviour in force.
func (s *Server) Behaviour() Behaviour { return s.mood.get() }

// SetBehaviour takes effect for the next message received; when it returns from Refuse the ports are closed and the
// connections reset, and when it returns from leaving Refuse the ports are open. A bad behaviour is a *FieldError; the
// other errors are those of opening the ports. After an error the old behaviour stays.
func (s *Server) SetBehaviour(b Behaviour) error {
	if err := b.Check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.mood.get()
	s.mood.set(b)
	if err := s.enforce(b); err != nil {
		s.mood.set(before)
		return err
	}
	if after := s.mood.get().Mode; after != before.Mode && before.Mode != "" {
		s.station.log.Info("behaviour", "from", string(before.Mode), "to", string(after), "status", b.Status)
	}
	return nil
}

// enforce makes the ports agree with a behaviour.
func (s *Server) enforce(b Behaviour) error {
	if b.Mode == Refuse {
		s.station.shut()
		s.station.mute.Store(b.Mute())
		return nil
	}
	if b.Pad > 0 {
		s.station.padded.Store(true) // for good: a dialog keeps its long Routes
	}
	var shut []string
	if b.NoTCP {
		shut = []string{overTCP}
	}
	if err := s.station.open(shut...); err != nil {
		return err
	}
	s.station.mute.Store(b.Mute())
	return nil
}

// turn takes the step to Behaviour.Then once the 2xx to this hop is on its way.
func (s *Server) turn(to hop) {
	if !s.mood.turn() {
		return
	}
	s.station.log.Info("behaviour", "then", string(s.mood.get().Mode))
	s.station.afterwards(to, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := s.enforce(s.mood.get()); err != nil {
			s.station.log.Error("behaviour", "err", err)
		}
	})
}

// Messages gives the last messages received and sent, oldest first, 2000 at most.
func (s *Server) Messages() []Message { return s.station.record.messages() }

// Received gives the messages among Messages that came in, lost and malformed ones too.
func (s *Server) Received() []Message {
	return slices.DeleteFunc(s.Messages(), func(m Message) bool { return m.Sent })
}

// Counts are the totals since New.
func (s *Server) Counts() Counts { return s.station.record.totals() }

// accept is called by the station's loop with every message.
func (s *Server) accept(msg sip.Message) (handle func(), wait time.Duration) {
	b, fate := s.mood.judge(string(msg.CSeq().MethodName))
	if fate == closed {
		s.station.hangUp(origin(msg))
	}
	if fate != taken {
		return nil, 0
	}
	switch m := msg.(type) {
	case *sip.Request:
		return func() { s.request(m, b) }, b.Delay
	case *sip.Response:
		return func() {
			if b.Mode != Hang {
				s.relay(m)
			}
		}, 0
	}
	return nil, 0
}

func (s *Server) request(req *sip.Request, b Behaviour) {
	if b.Mode == Hang {
		if !req.IsAck() {
			s.station.send(origin(req), []byte(respond(req, 100, "").String()))
		}
		return
	}
	if s.station.repeated(req) {
		return
	}
	if b.Mode == Status && !req.IsAck() {
		res := respond(req, b.Status, "")
		if b.RetryAfter > 0 {
			res.AppendHeader(sip.NewHeader("Retry-After", seconds(b.RetryAfter)))
		}
		s.station.answer(req, res)
		return
	}
	challenged := len(b.Challenges) > 0 && !s.exempts(origin(req).at)
	switch {
	case challenged && s.ask(req, b):
	case s.registrar.IsValid():
		s.proxy(req, b)
	case req.Method == sip.REGISTER:
		s.register(req, b, challenged)
	case req.Method == sip.OPTIONS && toTag(req) == "" && s.mine(req.Recipient) && slices.Contains([]string{"", req.From().Address.User}, req.Recipient.User):
		s.station.answer(req, respond(req, 200, ""))
	case !challenged && req.IsInvite() && toTag(req) == "" && s.auth != nil && s.auth.Calls && !s.admit(req, "", 407):
	default:
		s.proxy(req, b)
	}
}
