package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"hilphone/db/limit"
	"hilphone/hil/behaviour"
)

// CallAges is a call of a Phone as REST tells it. How long ago something was needs no common clock.
type CallAges struct {
	CallID      string    `json:"call_id"`
	Direction   string    `json:"direction"` // incoming or outgoing
	Remote      string    `json:"remote"`
	State       CallState `json:"state"`
	BeganAgo    int64     `json:"began_ago_us"`              // microseconds
	AnsweredAgo *int64    `json:"answered_ago_us,omitempty"` // missing: not answered
	EndedAgo    *int64    `json:"ended_ago_us,omitempty"`    // missing: not over
	EndStatus   int       `json:"end_status,omitempty"`      // of an INVITE that was refused
}

// mostAges is how many calls Ages gives.
const mostAges = 50

// Ages gives the last calls, the oldest first.
func (p *Phone) Ages() []CallAges {
	calls := p.Calls()
	all := make([]CallAges, 0, mostAges)
	for _, c := range calls[max(0, len(calls)-mostAges):] {
		i, now := c.Info(), time.Now()
		ago := func(t time.Time) *int64 {
			if t.IsZero() {
				return nil
			}
			us := now.Sub(t).Microseconds()
			return &us
		}
		a := CallAges{CallID: i.CallID, Direction: "outgoing", Remote: i.Remote, State: i.State, BeganAgo: *ago(i.Started), AnsweredAgo: ago(i.Answered), EndedAgo: ago(i.Ended)}
		if i.Incoming {
			a.Direction = "incoming"
		}
		if i.Answered.IsZero() {
			a.EndStatus = i.End.Status
		}
		all = append(all, a)
	}
	return all
}

// ErrNoCall is what there is to hang up when nobody calls.
var ErrNoCall = errors.New("there is no call")

// byeTime is how long HangUpLast waits for the other end.
const byeTime = 100 * time.Millisecond

// HangUpLast hangs the latest call up that is not over. A far end that does not answer is not waited for.
func (p *Phone) HangUpLast(ctx context.Context) error {
	for _, c := range slices.Backward(p.Calls()) {
		if c.Info().State == CallOver {
			continue
		}
		short, cancel := context.WithTimeout(ctx, byeTime)
		defer cancel()
		if err := c.HangUp(short); err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
			return err // otherwise it goes its way behind
		}
		return nil
	}
	return ErrNoCall
}

// at is the address of the server of this name, the primary's where there is none.
func (l *Lab) at(via string) (netip.AddrPort, error) {
	s, err := l.Server(cmp.Or(via, Primary))
	if err != nil {
		return netip.AddrPort{}, wrong("via", "%q is not one of primary, backup", via)
	}
	return s.Addr(), nil
}

// Call has the phone 1002 call and does not wait for an answer. A request that is wrong is a *FieldError.
func (l *Lab) Call(ctx context.Context, r behaviour.Request) error {
	r.Method = ""
	if err := r.Check(); err != nil {
		return err
	}
	at, err := l.at(r.Via)
	if err == nil {
		_, err = l.Phone.Start(ctx, at, r)
	}
	return err
}

// Send has the phone 1002 send a request that begins no call: within the call that is up, else to a number by way of a server. It does not wait
// for an answer.
func (l *Lab) Send(ctx context.Context, r behaviour.Request) error {
	if err := r.Check(); err != nil {
		return err
	}
	at, err := l.at(r.Via)
	if err == nil {
		err = l.Phone.Send(ctx, at, r)
	}
	return err
}

// handlePhone adds the phone 1002: GET and PUT /lab/phone with an Answering; /lab/phone/calls, where GET lists, POST calls with a Request and
// DELETE hangs up; and POST /lab/phone/requests, which sends one.
func (l *Lab) handlePhone(mux *http.ServeMux) {
	const base = "/api/v1/lab/phone"
	mux.HandleFunc("GET "+base, func(w http.ResponseWriter, _ *http.Request) { answer(w, l.Phone.Answering(), nil) })
	mux.HandleFunc("PUT "+base, func(w http.ResponseWriter, r *http.Request) {
		var a Answering
		err := read(w, r, &a)
		if err == nil {
			err = l.Phone.SetAnswering(a)
		}
		answer(w, a, err)
	})
	mux.HandleFunc("GET "+base+"/calls", func(w http.ResponseWriter, _ *http.Request) { answer(w, l.Phone.Ages(), nil) })
	mux.HandleFunc("POST "+base+"/calls", func(w http.ResponseWriter, r *http.Request) {
		err := l.demand(w, r, behaviour.ReadCall, l.Call)
		answer(w, l.Phone.Ages(), err)
	})
	mux.HandleFunc("POST "+base+"/requests", func(w http.ResponseWriter, r *http.Request) {
		err := l.demand(w, r, behaviour.ReadRequest, l.Send)
		answer(w, l.Phone.Ages(), err)
	})
	mux.HandleFunc("DELETE "+base+"/calls", func(w http.ResponseWriter, r *http.Request) {
		answer(w, l.Phone.Ages(), l.Phone.HangUpLast(r.Context()))
	})
}

// demand reads a request of the phone 1002 from a body and carries it out.
func (l *Lab) demand(w http.ResponseWriter, r *http.Request, parse func([]byte) (behaviour.Request, error), do func(context.Context, behaviour.Request) error) error {
	var body json.RawMessage
	err := read(w, r, &body)
	if err != nil {
		return err
	}
	request, err := parse(body)
	if err != nil {
		return err
	}
	return do(r.Context(), request)
}

// read reads a body of JSON.
func read(w http.ResponseWriter, r *http.Request, into any) error {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if err == nil {
		err = limit.DecodeJSON("body", text, mostBody, into)
	}
	if err != nil {
		if field := (*FieldError)(nil); errors.As(err, &field) {
			return field
		}
		return fmt.Errorf("the body: %w", err)
	}
	return nil
}
