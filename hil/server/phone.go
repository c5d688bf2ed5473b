package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// PhoneConfig says what a Phone is.
type PhoneConfig struct {
	User        string                         // for example "1002"
	Password    string                         // for servers that ask
	Listen      func() (net.PacketConn, error) // opens the SIP socket; not a wildcard address
	ListenMedia func() (net.PacketConn, error) // opens the RTP socket; nil: a phone without sound
	Answering   Answering
	Tap         func(Message)
	Log         *slog.Logger
}

// Phone answers calls, echoes their sound and places calls. It answers every request to where it came from, and sends
// requests within a call to where the call came from or went to. Create it with NewPhone, then Run it. The methods are
// safe for concurrent use; those with a context need a running phone.
type Phone struct {
	station        *station
	echo           *echo
	user, password string

	mu        sync.Mutex
	answering Answering
	calls     []*Call

	dialogs map[string]*Call // by Call-ID and local tag; the loop's own
}

// NewPhone opens the phone's ports.
func NewPhone(c PhoneConfig) (*Phone, error) {
	if c.User == "" {
		return nil, wrong("user", "missing")
	}
	if err := c.Answering.Check(); err != nil {
		return nil, err
	}
	if c.Listen == nil {
		return nil, wrong("listen", "missing")
	}
	st, err := newStation(c.Log, c.Tap, []*port{packetPort(c.Listen)}, []string{"listen"})
	if err != nil {
		return nil, err
	}
	p := &Phone{station: st, user: c.User, password: c.Password, answering: c.Answering, dialogs: map[string]*Call{}}
	if c.ListenMedia != nil {
		if p.echo, err = newEcho(c.ListenMedia); err != nil {
			st.close()
			return nil, err
		}
	}
	st.accept = func(msg sip.Message) (func(), time.Duration) { return func() { p.handle(msg) }, 0 }
	return p, nil
}

// Run serves until ctx ends or Close is called. Calls that are up are left without a word, as by a power cut.
func (p *Phone) Run(ctx context.Context) error {
	var media sync.WaitGroup
	if p.echo != nil {
		media.Go(p.echo.run)
	}
	err := p.station.run(ctx)
	p.Close()
	media.Wait()
	return err
}

// Close frees the ports and ends Run. It is needed only where Run is not.
func (p *Phone) Close() {
	p.station.close()
	if p.echo != nil {
		p.echo.conn.Close()
	}
}

// Addr is the address of the SIP socket.
func (p *Phone) Addr() netip.AddrPort { return p.station.at }

// Contact is the URI where the phone is reached, for Registrations.Bind.
func (p *Phone) Contact() string {
	uri := uriAt(p.user, p.station.at)
	return uri.String()
}

// Answering is how it treats calls.
func (p *Phone) Answering() Answering {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answering
}

// SetAnswering takes effect for the next call.
func (p *Phone) SetAnswering(a Answering) error {
	if err := a.Check(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answering = a
	return nil
}

// Calls gives every call since NewPhone, the last 1000 at most, in order.
func (p *Phone) Calls() []*Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// Media is what has passed the RTP socket.
func (p *Phone) Media() Media {
	if p.echo == nil {
		return Media{}
	}
	return p.echo.media()
}

// Messages gives the last SIP messages received and sent, oldest first, 2000 at most.
func (p *Phone) Messages() []Message { return p.station.record.messages() }

// Counts are the totals of SIP messages since NewPhone.
func (p *Phone) Counts() Counts { return p.station.record.totals() }

// Register registers the phone at a server for some time, once: it is not refreshed. Zero life removes the registration.
func (p *Phone) Register(ctx context.Context, server netip.AddrPort, life time.Duration) error {
	done := make(chan error, 1)
	err := p.station.do(ctx, func() {
		req := p.outside(sip.REGISTER, server, "", p.user)
		self := uriAt(p.user, p.station.at)
		req.AppendHeader(&sip.ContactHeader{Address: self})
		req.AppendHeader(sip.NewHeader("Expires", seconds(life)))
		p.ask(req, server, func(res *sip.Response) {
			switch {
			case res.IsProvisional():
			case res.IsSuccess():
				done <- nil
			default:
				done <- &StatusError{Method: "REGISTER", Status: res.StatusCode, Reason: res.Reason}
			}
		}, func() { done <- fmt.Errorf("REGISTER at %s: no answer in %v", server, giveUpAt) })
	})
	if err != nil {
		return fmt.Errorf("REGISTER at %s: %w", server, err)
	}
	select {
	case err := <-done:
		return err
	case <-p.station.ended:
		return fmt.Errorf("REGISTER at %s: %w", server, net.ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("REGISTER at %s: %w", server, ctx.Err())
	}
}

// StatusError is a request that was refused.
type StatusError struct {
	Method string
	Status int
	Reason string
}

func (e *StatusError) Error() string { return fmt.Sprintf("%s: %d %s", e.Method, e.Status, e.Reason) }

func (p *Phone) handle(msg sip.Message) {
	switch m := msg.(type) {
	case *sip.Response:
		p.station.responded(m)
	case *sip.Request:
		if !p.station.repeated(m) {
			p.request(m)
		}
	}
}

func (p *Phone) request(req *sip.Request) {
	call := p.dialogs[dialogKey(req.CallID().Value(), toTag(req))]
	switch req.Method {
	case sip.INVITE:
		switch {
		case toTag(req) == "":
			p.ringing(req)
		case call == nil:
			p.station.answer(req, respond(req, 481, ""))
		default:
			call.reinvited(req)
		}
	case sip.ACK:
		if call != nil {
			call.acked(req)
		}
	case sip.BYE:
		if call == nil {
			p.station.answer(req, respond(req, 481, ""))
			return
		}
		call.over(End{By: "peer", Method: "BYE"}) // before the answer, so that who sees the answer finds the call over
		p.station.answer(req, respond(req, 200, ""))
	case sip.CANCEL:
		p.cancelled(req)
	case sip.OPTIONS:
		res := respond(req, 200, "")
		res.AppendHeader(sip.NewHeader("Allow", allowed))
		p.station.answer(req, res)
	case sip.REFER:
		if call == nil || call.state() != CallUp {
			p.station.answer(req, respond(req, 481, ""))
			return
		}
		call.referred(req)
	case sip.INFO:
		code := 200
		if call == nil {
			code = 481
		}
		p.station.answer(req, respond(req, code, ""))
	default:
		res := respond(req, 405, "")
		res.AppendHeader(sip.NewHeader("Allow", allowed))
		p.station.answer(req, res)
	}
}

const allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, REFER"

func dialogKey(callID, localTag string) string { return callID + " " + localTag }
