package hil

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"hilphone/hal/press"
	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
)

// do carries a step out; what is expected is awaited.
func (r *run) do(ctx context.Context, step scenario.Step, s *evidence.Step) error {
	began := r.clock.now()
	if step.Acts() {
		r.acted, r.action = began, step
		if step.Label != "" {
			r.labels[step.Label] = instant{at: began}
		}
	}
	switch do := step.Do.(type) {
	case scenario.Press:
		return r.press(ctx, do)
	case scenario.Hook:
		if canLift(r.bench.Rig) {
			return r.bench.Rig.Hook(ctx, do.Off, r.moved)
		}
		return r.phone.Do(ctx, "PUT", "phone/hook", map[string]string{"state": map[bool]string{true: "off", false: "on"}[do.Off]}, nil)
	case scenario.Call:
		return r.call(ctx, do)
	case scenario.Line:
		n := do.Number
		if n == 0 {
			n = r.bench.line()
		}
		return r.phone.Do(ctx, "POST", fmt.Sprintf("lines/%d/%s", n, map[bool]string{true: "register", false: "unregister"}[do.Register]), nil, nil)
	case scenario.Peer:
		if err := r.tellPeer(ctx, do); err != nil || do.Do != "register" {
			return err
		}
		took := r.clock.now() - began // until the last was taken
		s.Measured = &took
		return nil
	case scenario.Server:
		for _, name := range do.Names {
			r.entry(evidence.ServerKind, name, strings.Replace(do.String(), "server both", "server "+name, 1), nil)
			if err := r.servers.Set(ctx, name, do); err != nil {
				return err
			}
		}
		return nil
	case scenario.Setting:
		return r.setting(ctx, do)
	case scenario.Wait:
		return r.wait(ctx, do.For.At(r.t1))
	case scenario.Note:
		r.entry(evidence.NoteKind, evidence.FromBench, do.Text, nil)
		return nil
	case scenario.Expect:
		return r.expect(ctx, do, step, s)
	}
	return fmt.Errorf("%s cannot be played", step)
}

func (r *run) press(ctx context.Context, do scenario.Press) error {
	if keys := do.Names(); canPress(r.bench.Rig, keys) {
		return r.bench.Rig.Press(ctx, keys, do.Hold, 0, r.moved)
	}
	hold := do.Hold
	if hold == 0 {
		hold = press.Usual
	}
	takes := time.Duration(len(do.Keys)) * (hold + press.Usual)
	body := map[string]any{"keys": do.Keys, "press_ms": hold.Milliseconds(), "gap_ms": press.Usual.Milliseconds()}
	return r.phone.slowly(ctx, "POST", "phone/keys", body, takes)
}

func (r *run) call(ctx context.Context, do scenario.Call) error {
	if do.Do == "dial" {
		n := do.Line
		if n == 0 {
			n = r.bench.line()
		}
		to := do.To
		if to == scenario.Far && r.peer != nil {
			to = r.peer.Number()
		}
		return r.phone.Do(ctx, "POST", "calls", map[string]any{"line": n, "to": to}, nil)
	}
	var calls []phoneCall
	if err := r.phone.Get(ctx, "calls", &calls); err != nil {
		return err
	}
	id := ""
	for _, c := range calls {
		if id == "" || c.State == "ringing" || do.Do != "answer" && do.Do != "reject" {
			id = c.ID
		}
	}
	if id == "" {
		return errors.New("the phone has no call")
	}
	path := "calls/" + url.PathEscape(id)
	switch do.Do {
	case "hangup":
		return r.phone.Do(ctx, "DELETE", path, nil, nil)
	case "reject":
		var body any
		if do.Code != 0 {
			body = map[string]int{"code": do.Code}
		}
		return r.phone.Do(ctx, "POST", path+"/reject", body, nil)
	case "digits":
		return r.phone.Do(ctx, "POST", path+"/dtmf", map[string]string{"digits": do.Digits}, nil)
	case "mute", "unmute":
		return r.phone.Do(ctx, "POST", path+"/mute", map[string]bool{"muted": do.Do == "mute"}, nil)
	}
	return r.phone.Do(ctx, "POST", path+"/"+do.Do, nil, nil) // answer, hold, resume
}

func (r *run) tellPeer(ctx context.Context, do scenario.Peer) error {
	if r.peer == nil {
		return errors.New("there is no phone at the far end that can be told")
	}
	number := ""
	if do.Do == "call" || do.Do == "send" {
		var err error
		if number, err = r.number(ctx); err != nil {
			return err
		}
	}
	r.entry(evidence.ServerKind, evidence.FromPeer, do.String(), nil)
	return r.peer.Do(ctx, do, number)
}

func (r *run) setting(ctx context.Context, do scenario.Setting) error {
	n := do.Line
	if n == 0 {
		n = r.bench.line()
	}
	var has map[string]any
	if err := r.phone.Get(ctx, fmt.Sprintf("lines/%d/sip", n), &has); err != nil {
		return err
	}
	value, err := settingValue(has, do)
	if err != nil {
		return err
	}
	return r.set(ctx, n, map[string]any{do.Name: value})
}

// wait waits, and ends early only if the run does.
func (r *run) wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		r.sight.mu.Lock()
		changed, lost := r.sight.changed, r.sight.lost
		r.sight.mu.Unlock()
		if lost != nil {
			return lost
		}
		select {
		case <-t.C:
			return nil
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// expect waits until an expectation is settled.
func (r *run) expect(ctx context.Context, e scenario.Expect, step scenario.Step, s *evidence.Step) error {
	anchor, since := instant{at: r.acted}, fmt.Sprintf("line %d, `%s`", r.action.Line, r.action.Text)
	if e.After != "" {
		anchor, since = r.labels[e.After], ""
	}
	frame := scenario.Frame{T1: r.t1, Line: r.bench.line(), Slack: r.clock.uncertainty, Anchor: anchor.at, Clock: anchor.clock, Order: anchor.order, Since: since, Messages: r.messages}
	frame.By = r.bench.eyes(e)
	_, to := e.Bounds(frame)
	for {
		if e.What == scenario.Display {
			if err := r.readDisplay(ctx); err != nil {
				return err
			}
		}
		j, changed, lost := r.sight.judge(e, frame)
		if j.Settled {
			at := instant{at: r.clock.now()}
			if j.Came {
				took := max(j.At-anchor.at, 0)
				s.Measured, at = &took, instant{j.At, j.Clock, j.Order}
			}
			if step.Label != "" {
				r.labels[step.Label], r.messages[step.Label] = at, j.Raw
			}
			r.saw(e, frame.By, at.at)
			if !j.Met {
				return errors.New(j.Cause)
			}
			return nil
		}
		if lost != nil {
			return lost
		}
		if frame.By == scenario.ByRig && r.clock.now() > to { // whether it blinks is not known yet
			select {
			case <-changed:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		if r.clock.now() > to { // all there is by now has to be in sight before it is too late
			if err := r.feed.fence(ctx); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if gone := (*GoneError)(nil); !errors.As(err, &gone) {
					return err
				}
				pause(ctx, askAgain) // the feed tells when it is gone for good
			}
			continue
		}
		next := to - r.clock.now() + time.Millisecond
		if e.What == scenario.Display {
			next = min(next, displayTime)
		}
		t := time.NewTimer(next)
		select {
		case <-changed:
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
		t.Stop()
	}
}

// readDisplay enters what the display says, which comes with no event.
func (r *run) readDisplay(ctx context.Context) error {
	var f face
	if err := r.phone.news(ctx, "phone", &f, 0); err != nil {
		return err
	}
	r.sight.add(scenario.Observation{At: r.clock.now(), What: scenario.Display, Value: strings.Join(f.Display, "\n")})
	return nil
}
