package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// answeringJSON is an Answering as REST writes it.
type answeringJSON struct {
	Answering   AnswerMode `json:"answering"`
	After       float64    `json:"after_ms"`
	Status      int        `json:"status,omitempty"`
	HangUpAfter float64    `json:"hang_up_after_ms"`
}

// MarshalJSON writes answering, after_ms, status where it is set, and hang_up_after_ms.
func (a Answering) MarshalJSON() ([]byte, error) {
	if a.Mode == "" {
		a.Mode = Answer
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return json.Marshal(answeringJSON{a.Mode, ms(a.After), a.Status, ms(a.HangUpAfter)})
}

// UnmarshalJSON reads what MarshalJSON writes; every name may be missing. A bad value is a *FieldError by the name in JSON.
func (a *Answering) UnmarshalJSON(data []byte) error {
	var j answeringJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	const longest = 24 * 60 * 60 * 1000 // milliseconds
	for field, ms := range map[string]float64{"after_ms": j.After, "hang_up_after_ms": j.HangUpAfter} {
		if !(ms >= 0 && ms <= longest) {
			return wrong(field, "%v is not in 0..%d", ms, longest)
		}
	}
	span := func(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
	*a = Answering{Mode: j.Answering, After: span(j.After), Status: j.Status, HangUpAfter: span(j.HangUpAfter)}
	err := a.Check()
	if field := (*FieldError)(nil); errors.As(err, &field) && field.Field == "mode" {
		return wrong("answering", "%s", field.Message)
	}
	return err
}

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

// Call has the phone 1002 call a user by way of a server, "primary" or "backup", and does not wait for an answer.
func (l *Lab) Call(ctx context.Context, via, user string) error {
	if via == "" {
		via = Primary
	}
	s, err := l.Server(via)
	if err != nil {
		return wrong("via", "%q is not one of primary, backup", via)
	}
	if !isNumber(user) {
		return wrong("to", "%q is no number: letters, digits and + - _ . only, 64 at most", user)
	}
	_, err = l.Phone.Dial(ctx, s.Addr(), user)
	return err
}

// isNumber tells whether a user can stand in a URI as it is.
func isNumber(user string) bool {
	for _, r := range user {
		if !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '+' || r == '-' || r == '_' || r == '.') {
			return false
		}
	}
	return user != "" && len(user) <= 64
}

// handlePhone adds the phone 1002: GET and PUT /lab/phone with an Answering, and /lab/phone/calls, where GET lists, POST calls {"to","via"} and
// DELETE hangs up.
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
		var call struct{ To, Via string }
		err := read(w, r, &call)
		if err == nil {
			err = l.Call(r.Context(), call.Via, call.To)
		}
		answer(w, l.Phone.Ages(), err)
	})
	mux.HandleFunc("DELETE "+base+"/calls", func(w http.ResponseWriter, r *http.Request) {
		answer(w, l.Phone.Ages(), l.Phone.HangUpLast(r.Context()))
	})
}

// read reads a body of JSON.
func read(w http.ResponseWriter, r *http.Request, into any) error {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody)).Decode(into); err != nil {
		if field := (*FieldError)(nil); errors.As(err, &field) {
			return field
		}
		return fmt.Errorf("the body: %w", err)
	}
	return nil
}
