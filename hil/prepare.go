package hil

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
	"hilphone/hil/server"
)

const (
	lockTime    = time.Minute      // of the phone's lock, renewed in half of it
	settleTime  = 10 * time.Second // for a line to come to its primary
	quietTime   = 10 * time.Second // for requests that are on their way
	displayTime = 50 * time.Millisecond
)

// prepare brings phone and servers to where a scenario begins: nobody calls, both servers serve, the line is with its primary.
func (r *run) prepare(ctx context.Context) error {
	if r.phone == nil {
		return r.prepareBare(ctx)
	}
	info, err := r.clock.tie(ctx, r.phone)
	if err != nil {
		return err
	}
	r.report.ClockOffset, r.report.ClockUncertainty = r.clock.offset, r.clock.uncertainty
	r.report.Versions["phone"] = fmt.Sprintf("%s %s", info.Model, info.SoftwareVersion)
	if err := r.lock(ctx); err != nil {
		return err
	}
	r.openRig()
	if err := r.phone.Get(ctx, r.bench.path("sip"), &r.report.Settings); err != nil {
		return err
	}
	r.feed = &feed{phone: r.phone, clock: r.clock, sight: r.sight, folder: r.folder, step: func() int { return int(r.step.Load()) }}
	if err := r.feed.begin(ctx, info.LastEvent); err != nil {
		return err
	}
	r.behind(r.feed.run)
	if err := r.look(ctx); err != nil {
		return err
	}
	if err := r.bench.open(ctx, r); err != nil {
		return err
	}
	r.report.Servers = r.servers.String()
	r.after(r.restore)
	values := maps.Clone(r.bench.Place.Settings)
	if values == nil {
		values = map[string]any{}
	}
	maps.Copy(values, r.servers.Settings())
	if err := r.set(ctx, r.bench.line(), values); err != nil {
		return err
	}
	r.after(r.calm)
	if err := r.calm(ctx); err != nil {
		return err
	}
	return r.home(ctx)
}

// lock takes the phone for the run, where phones can be taken.
func (r *run) lock(ctx context.Context) error {
	var before struct {
		Locked, Mine bool
	}
	err := r.phone.Get(ctx, "lock", &before)
	if status(err) == http.StatusNotFound {
		return nil
	} else if err != nil {
		return err
	}
	host, _ := os.Hostname()
	body := map[string]any{"owner": "hilphone bench " + host, "ttl_s": int(lockTime.Seconds())}
	if before.Locked && before.Mine {
		return nil // a script that has the phone plays scenarios
	}
	if err := r.phone.Do(ctx, "POST", "lock", body, nil); err != nil {
		return err
	}
	r.after(func(ctx context.Context) error { return r.phone.Do(ctx, "DELETE", "lock", nil, nil) })
	r.behind(func(ctx context.Context) {
		for pause(ctx, lockTime/2); ctx.Err() == nil; pause(ctx, lockTime/2) {
			if err := r.phone.Do(ctx, "POST", "lock", body, nil); err != nil && ctx.Err() == nil {
				r.entry(evidence.LogKind, evidence.FromBench, "the lock was not renewed: "+err.Error(), nil)
			}
		}
	})
	return nil
}

// face is the state of the phone.
type face struct {
	Hook    string            `json:"hook"`
	Handset string            `json:"handset"` // empty of a phone that does not tell it from the loudspeaker
	State   string            `json:"state"`
	Display []string          `json:"display"`
	Lamps   map[string]string `json:"lamps"`
	Ringer  string            `json:"ringer"`
}

// lineStatus is where a line stands.
type lineStatus struct {
	State  string `json:"state"`
	Active string `json:"active"`
	Phase  string `json:"phase"`
}

// look enters the state that the run begins with.
func (r *run) look(ctx context.Context) error {
	var f face
	if err := r.phone.Get(ctx, "phone", &f); err != nil {
		return err
	}
	var all []scenario.Observation
	see := func(what scenario.What, name, value string) {
		all = append(all, scenario.Observation{At: 0, What: what, Name: name, Value: value})
	}
	see(scenario.HookState, "", f.Hook)
	see(scenario.PhoneIs, "", f.State)
	see(scenario.Ringer, "", f.Ringer)
	for _, name := range slices.Sorted(maps.Keys(f.Lamps)) {
		see(scenario.Lamp, name, f.Lamps[name])
	}
	for _, o := range all {
		if o.What != scenario.PhoneIs {
			name := string(o.What)
			if o.Name != "" {
				name += " " + o.Name
			}
			r.folder.Level(evidence.Level{At: 0, Name: name, Value: o.Value})
		}
	}
	for _, n := range r.lines() {
		var s lineStatus
		if err := r.phone.Get(ctx, fmt.Sprintf("lines/%d/status", n), &s); err != nil {
			return err
		}
		all = append(all, lineObservation(0, strconv.Itoa(n), s.State, s.Active, s.Phase))
	}
	r.sight.add(all...)
	return nil
}

// lines are those that the scenario looks at.
func (r *run) lines() []int {
	lines := []int{r.bench.line()}
	for _, step := range r.scenario.Steps {
		if e, ok := step.Do.(scenario.Expect); ok && e.What == scenario.LineState && e.Name != "" {
			if n, err := strconv.Atoi(e.Name); err == nil && !slices.Contains(lines, n) {
				lines = append(lines, n)
			}
		}
	}
	return lines
}

// set changes settings of a line and remembers what they were.
func (r *run) set(ctx context.Context, n int, values map[string]any) error {
	path := fmt.Sprintf("lines/%d/sip", n)
	var now map[string]any
	if err := r.phone.Get(ctx, path, &now); err != nil {
		return err
	}
	if r.had[n] == nil {
		r.had[n] = map[string]any{}
	}
	for name := range values {
		if _, known := r.had[n][name]; !known {
			old, ok := now[name]
			if !ok {
				return fmt.Errorf("the phone has no setting %s", name)
			}
			r.had[n][name] = old
		}
	}
	if len(values) > 0 {
		if err := r.phone.Do(ctx, "PATCH", path, values, &now); err != nil {
			return err
		}
	}
	if ms, ok := now["t1_ms"].(float64); ok && n == r.bench.line() {
		r.t1 = time.Duration(ms) * time.Millisecond
	}
	return nil
}

// restore gives every line its settings back.
func (r *run) restore(ctx context.Context) error {
	var errs []error
	for n, values := range r.had {
		if len(values) > 0 {
			errs = append(errs, r.phone.Do(ctx, "PATCH", fmt.Sprintf("lines/%d/sip", n), values, nil))
		}
	}
	r.quiet(ctx) // it takes its leave of the servers it had
	return errors.Join(errs...)
}

// calm ends all calls and lets both servers serve.
func (r *run) calm(ctx context.Context) error {
	var errs []error
	for _, name := range []string{server.Primary, server.Backup} {
		do := scenario.Server{Names: []string{name}, Behaviour: server.Behaviour{Mode: server.Serve}}
		r.entry(evidence.ServerKind, name, "server "+name+" serve", nil)
		errs = append(errs, r.servers.Set(ctx, name, do))
	}
	if r.peer != nil {
		errs = append(errs, r.peer.Do(ctx, scenario.Peer{Do: "answering", Answering: server.Answering{Mode: server.Answer, After: 200 * time.Millisecond}}, ""))
	}
	errs = append(errs, r.putBack(ctx))
	if r.phone == nil {
		return errors.Join(errs...)
	}
	var f face
	if err := r.phone.Get(ctx, "phone", &f); err != nil {
		return errors.Join(append(errs, err)...)
	}
	if cmp.Or(f.Handset, f.Hook) == "off" { // {release} below ends what the loudspeaker holds
		errs = append(errs, r.phone.Do(ctx, "PUT", "phone/hook", map[string]string{"state": "on"}, nil))
	}
	var calls []phoneCall
	errs = append(errs, r.phone.Get(ctx, "calls", &calls))
	for _, c := range calls {
		if err := r.phone.Do(ctx, "DELETE", "calls/"+c.ID, nil, nil); status(err) != http.StatusNotFound && status(err) != http.StatusConflict {
			errs = append(errs, err) // otherwise it has ended meanwhile
		}
	}
	if err := r.phone.Get(ctx, "phone", &f); err == nil && f.State != "idle" {
		errs = append(errs, r.phone.slowly(ctx, "POST", "phone/keys", map[string]any{"keys": "{release}"}, time.Second))
	}
	r.quiet(ctx)
	errs = append(errs, r.hangUpPeer(ctx))
	if r.tidying && len(r.servers.Settings()) == 0 && r.lost() == nil {
		errs = append(errs, r.home(ctx)) // for whoever comes next
	}
	return errors.Join(errs...)
}

// hangUpPeer ends the calls that the peer still has when the phone has ended its own. The phone sends no BYE before its 200 is acknowledged (RFC
// 3261 15): where the peer sends no ACK, the phone would repeat the 200 up to 64*T1 into the next scenario, which would count it as its own.
func (r *run) hangUpPeer(ctx context.Context) error {
	if r.peer == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, quietTime)
	defer cancel()
	for {
		switch err := r.peer.Do(ctx, scenario.Peer{Do: "hangup"}, ""); {
		case errors.Is(err, errNoCall), ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
	}
}

// quiet waits until no request of the phone is on its way and no call is left that could send one: what comes late would come to the servers of
// the next scenario.
func (r *run) quiet(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, quietTime)
	defer cancel()
	for r.feed.fence(ctx) == nil {
		r.sight.mu.Lock()
		open, changed := map[string]bool{}, r.sight.changed
		for _, o := range r.sight.seen {
			switch {
			case o.What == scenario.Event && o.Name == "attempt_start":
				open[o.Fields["branch"]] = true
			case o.What == scenario.Event && o.Name == "attempt_end":
				delete(open, o.Fields["branch"])
			case o.What == scenario.CallState && o.Value == "ended":
				delete(open, "call "+o.Fields["call"])
			case o.What == scenario.CallState:
				open["call "+o.Fields["call"]] = true
			}
		}
		r.sight.mu.Unlock()
		if len(open) == 0 {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// home brings the line to its primary, if it can be: what a scenario needs it expects.
func (r *run) home(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	asked := false
	for {
		var s lineStatus
		if err := r.phone.Get(limited, r.bench.path("status"), &s); err != nil {
			if ctx.Err() == nil && limited.Err() != nil {
				return nil
			}
			return err
		}
		if s.Phase == "on_primary" || s.State == "unapplied" {
			return nil
		}
		if !asked && s.Phase != "try_primary" {
			asked = true
			if err := r.phone.Do(ctx, "POST", r.bench.path("register"), nil, nil); err != nil {
				return err
			}
		}
		if pause(limited, displayTime); limited.Err() != nil {
			return nil
		}
	}
}

// phoneCall is a call of the phone.
type phoneCall struct {
	ID    string `json:"id"`
	State string `json:"state"`
}
