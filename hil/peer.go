package hil

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"hilphone/hil/behaviour"
	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
	"hilphone/hil/server"
)

// Peer is the phone at the far end.
type Peer interface {
	// Do makes it do something; number is that of the phone under test.
	Do(ctx context.Context, do scenario.Peer, number string) error
	// Calls are its last calls.
	Calls(ctx context.Context) ([]server.CallAges, error)
	// Number is where it is called.
	Number() string
	// Moved gives something when there may be news of a call; nil where nobody tells.
	Moved() <-chan struct{}
}

// errNoCall is a peer that has nothing to hang up.
var errNoCall = errors.New("the peer has no call")

// within is a peer that runs inside the bench.
type within struct {
	phone  *server.Phone
	number string
	dial   func(ctx context.Context, r behaviour.Request) error
	send   func(ctx context.Context, r behaviour.Request) error
	at     func(via string) netip.AddrPort // the servers
	moved  chan struct{}
}

func (w *within) Number() string { return w.number }

// stir notes that there may be news of a call; it does not wait.
func (w *within) stir() {
	select {
	case w.moved <- struct{}{}:
	default:
	}
}

func (w *within) Do(ctx context.Context, do scenario.Peer, number string) error {
	switch do.Do {
	case "answering":
		return w.phone.SetAnswering(do.Answering)
	case "call", "send":
		r := do.Request
		r.To = number
		if do.Do == "call" {
			return w.dial(ctx, r)
		}
		return w.send(ctx, r)
	case "register":
		return w.storm(ctx, do.Request.Via, do.Count)
	}
	err := w.phone.HangUpLast(ctx)
	if errors.Is(err, server.ErrNoCall) {
		return errNoCall
	}
	return err
}

// storm registers so often at the same time, and fails if one of them is not taken.
func (w *within) storm(ctx context.Context, via string, n int) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = w.phone.Register(ctx, w.at(via), peerLife) })
	}
	all.Wait()
	failed := slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d registrations were not taken, the first because %w", len(failed), n, failed[0])
	}
	return nil
}

func (w *within) Calls(context.Context) ([]server.CallAges, error) { return w.phone.Ages(), nil }

func (w *within) Moved() <-chan struct{} { return w.moved }

// labPeer is the phone 1002 of a lab, by REST.
type labPeer struct{ lab *Phone }

func (l labPeer) Do(ctx context.Context, do scenario.Peer, number string) error {
	switch do.Do {
	case "answering":
		return l.lab.Do(ctx, "PUT", "lab/phone", do.Answering, nil)
	case "call", "send":
		r := do.Request
		r.To = number
		path := map[string]string{"call": "lab/phone/calls", "send": "lab/phone/requests"}[do.Do]
		return l.lab.Do(ctx, "POST", path, r, nil)
	}
	if do.Do == "register" {
		return errors.New("the phone of a lab cannot be told to register")
	}
	err := l.lab.Do(ctx, "DELETE", "lab/phone/calls", nil, nil)
	if status(err) == http.StatusConflict {
		return errNoCall
	}
	return err
}

func (l labPeer) Number() string { return server.Callee }

func (l labPeer) Calls(ctx context.Context) (calls []server.CallAges, err error) {
	err = l.lab.news(ctx, "lab/phone/calls", &calls, 0)
	return calls, err
}

func (l labPeer) Moved() <-chan struct{} { return nil }

// peerOf is the phone of a lab, nil where it has none, and notes to leave it answering as it does.
func (r *run) peerOf(ctx context.Context, lab *Phone) (Peer, error) {
	var before server.Answering
	err := lab.Get(ctx, "lab/phone", &before)
	if status(err) == http.StatusNotFound {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("asking for the phone of the lab: %w", err)
	}
	r.after(func(ctx context.Context) error { return lab.Do(ctx, "PUT", "lab/phone", before, nil) })
	return labPeer{lab}, nil
}

const (
	peerEvery = 100 * time.Millisecond // how often a peer is looked at
	labEvery  = time.Second            // how often a lab elsewhere is asked whether it is there
)

// peerView brings the calls of the peer into sight, each state once.
type peerView struct {
	peer Peer
	run  *run
	turn sync.Mutex
	told map[[2]string]bool // call, state
	base bool               // the calls from before the run are known
}

// look brings what is new into sight.
func (v *peerView) look(ctx context.Context) error {
	v.turn.Lock()
	defer v.turn.Unlock()
	calls, err := v.peer.Calls(ctx)
	if err != nil {
		return err
	}
	now := v.run.clock.now()
	for _, c := range calls {
		for _, s := range []struct {
			state server.CallState
			ago   *int64
		}{{server.CallRinging, &c.BeganAgo}, {server.CallUp, c.AnsweredAgo}, {server.CallOver, c.EndedAgo}} {
			key := [2]string{c.Direction + c.CallID, string(s.state)}
			if s.ago == nil || v.told[key] {
				continue
			}
			v.told[key] = true
			if v.base {
				v.tell(max(now-time.Duration(*s.ago)*time.Microsecond, 0), c, string(s.state))
			}
		}
	}
	v.base = true
	return nil
}

func (v *peerView) tell(at time.Duration, c server.CallAges, state string) {
	r := v.run
	r.folder.Level(evidence.Level{At: at, Name: "peer", Value: state})
	if state == string(server.CallOver) && c.EndStatus >= 300 && c.Direction == "outgoing" {
		r.folder.Entry(evidence.Entry{At: at, Kind: evidence.LogKind, From: evidence.FromPeer, Step: int(r.step.Load()),
			Text: fmt.Sprintf("the call of the peer was refused: %d", c.EndStatus)})
	}
	r.sight.add(scenario.Observation{At: at, What: scenario.PeerState, Value: state})
}

// watchPeer looks at the peer until the run ends, and whenever all has to be in sight.
func (r *run) watchPeer(ctx context.Context) error {
	v := &peerView{peer: r.peer, run: r, told: map[[2]string]bool{}}
	if err := v.look(ctx); err != nil {
		return err
	}
	r.feed.beside = v.look
	r.behind(func(ctx context.Context) {
		t := time.NewTicker(peerEvery)
		defer t.Stop()
		r.feed.keep(ctx, func(ctx context.Context) error {
			select {
			case <-t.C:
			case <-r.peer.Moved():
			case <-ctx.Done():
				return nil
			}
			return v.look(ctx)
		})
	})
	return nil
}

// watchLab notices when a lab elsewhere is gone.
func (r *run) watchLab(lab *Phone) {
	r.behind(func(ctx context.Context) {
		r.feed.keep(ctx, func(ctx context.Context) error {
			pause(ctx, labEvery)
			if err := lab.news(ctx, "lab/servers/primary", nil, 0); err != nil && ctx.Err() == nil {
				return fmt.Errorf("the servers: %w", err)
			}
			return nil
		})
	})
}
