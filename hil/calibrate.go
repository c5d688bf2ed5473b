package hil

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"hilphone/hil/rig"
	"hilphone/hil/scenario"
)

const (
	// calibrateTime is how long a phone may take to tell of a key: a bounce, a scan and the way to the bench are a tenth of it.
	calibrateTime = time.Second
	// eyesTime is how long the eyes look at lamps that do not change.
	eyesTime = 4 * time.Second
)

// Calibration holds the wires of a rig against what a phone says of itself.
type Calibration struct {
	Phone *Phone
	Rig   *rig.Rig

	clock *clock
	last  int64 // event that has been seen
	looks *looks
}

// Finding is what came of one wire.
type Finding struct {
	Part  string        // "key 1", "hook", "lamp line1"
	Took  time.Duration // from the contact to the phone's event, or from the phone's lamp to the sensor
	Timed bool          // Took counts
	Note  string
	Fault string // empty: it is well
}

// Run presses every key, lifts the handset, and looks at every lamp. An error is a phone or a rig that cannot be asked; what is wrong with a
// wire is a finding. The phone must be at rest, and is so again at the end.
func (c *Calibration) Run(ctx context.Context) (found []Finding, err error) {
	c.clock, c.looks = &clock{zero: time.Now()}, &looks{now: map[string]string{}}
	info, err := c.clock.tie(ctx, c.Phone)
	if err != nil {
		return nil, err
	}
	c.last = info.LastEvent
	var at face
	if err := c.Phone.Get(ctx, "phone", &at); err != nil {
		return nil, err
	}
	if at.State != "idle" || at.Hook != "on" {
		return nil, fmt.Errorf("the phone is not at rest: %s, hook %s", at.State, at.Hook)
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	watching, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- c.Rig.Watch(watching, c.looks) }()
	found, err = c.all(ctx)
	stop()
	if broken := <-ended; err == nil && broken != nil {
		err = fmt.Errorf("the rig: %w", broken)
	}
	return found, err
}

// lock keeps other scripts from the phone meanwhile, where phones can be taken.
func (c *Calibration) lock(ctx context.Context) (unlock func(), err error) {
	body := map[string]any{"owner": "hilphone bench rig", "ttl_s": 600}
	err = c.Phone.Do(ctx, "POST", "lock", body, nil)
	if status(err) == http.StatusNotFound {
		return func() {}, nil
	}
	return func() {
		_ = c.Phone.Do(context.WithoutCancel(ctx), "DELETE", "lock", nil, nil) // or it ends by itself
	}, err
}

func (c *Calibration) all(ctx context.Context) (found []Finding, err error) {
	pressed := map[string]string{}
	for _, key := range c.Rig.Config().AllKeys() {
		f, heard, err := c.key(ctx, key)
		if err != nil {
			return found, err
		}
		if heard != "" && heard != key {
			pressed[key] = heard
		}
		found = append(found, f)
	}
	for i, f := range found { // two that are exchanged are told as that
		key := strings.TrimPrefix(f.Part, "key ")
		if other := pressed[key]; other != "" && pressed[other] == key {
			found[i].Fault += ": crossed with " + other
		}
	}
	more, err := c.lamps(ctx, "at rest")
	if found = append(found, more...); err != nil || !c.Rig.CanLift() {
		return found, err
	}
	return c.hook(ctx, found)
}

// key presses a key and waits for the phone's word.
func (c *Calibration) key(ctx context.Context, key string) (f Finding, heard string, err error) {
	f.Part = "key " + key
	began := c.clock.now()
	if err := c.Rig.Press(ctx, []string{key}, 0, 0, func(time.Time, string, string) {}); err != nil {
		return f, "", err
	}
	down, err := c.await(ctx, func(e event) bool { return e.Type == "key" && e.flat()["state"] == "down" })
	if err != nil {
		return f, "", err
	}
	if down == nil {
		f.Fault = fmt.Sprintf("the phone does not notice it within %s", calibrateTime)
		return f, "", c.calm(ctx)
	}
	heard = down.flat()["key"]
	f.Took, f.Timed = max(c.clock.phone(down.MonoUS)-began, 0), true
	if heard != key {
		f.Fault = "the phone notices key " + heard
	}
	up, err := c.await(ctx, func(e event) bool { return e.Type == "key" && e.flat()["state"] == "up" && e.flat()["key"] == heard })
	if err == nil && up == nil {
		f.Fault = strings.TrimPrefix(f.Fault+"; ", "; ") + "the phone does not notice that it is let go"
	}
	if err != nil {
		return f, heard, err
	}
	return f, heard, c.calm(ctx)
}

// hook lifts the handset and puts it back.
func (c *Calibration) hook(ctx context.Context, found []Finding) ([]Finding, error) {
	for _, off := range []bool{true, false} {
		state := map[bool]string{true: "off", false: "on"}[off]
		f := Finding{Part: "hook " + state}
		began := c.clock.now()
		if err := c.Rig.Hook(ctx, off, func(time.Time, string, string) {}); err != nil {
			return found, err
		}
		e, err := c.await(ctx, func(e event) bool { return e.Type == "hook" })
		if err != nil {
			return found, err
		}
		switch {
		case e == nil:
			f.Fault = fmt.Sprintf("the phone does not notice it within %s", calibrateTime)
		case e.flat()["state"] != state:
			f.Fault = "the phone notices hook " + e.flat()["state"] + ": its active level is the other one"
		default:
			f.Took, f.Timed = max(c.clock.phone(e.MonoUS)-began, 0), true
		}
		found = append(found, f)
		if off {
			more, err := c.lamps(ctx, "off-hook")
			if found = append(found, more...); err != nil {
				return found, err
			}
		}
	}
	return found, c.calm(ctx)
}

// lamps holds what the sensors see against what the phone shows.
func (c *Calibration) lamps(ctx context.Context, when string) (found []Finding, err error) {
	parts := slices.DeleteFunc(c.Rig.Config().Uses(), func(u rig.Use) bool { return u.Output })
	if len(parts) == 0 {
		return nil, nil
	}
	if pause(ctx, eyesTime); ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var at face
	if err := c.Phone.Get(ctx, "phone", &at); err != nil {
		return nil, err
	}
	for _, u := range parts {
		shows, f := at.Ringer, Finding{Part: u.Part}
		if name, ok := lampPart(u.Part); ok {
			if shows, ok = at.Lamps[name]; !ok {
				shows = "off"
			}
		}
		sees := c.looks.at(u.Part)
		if f.Note = fmt.Sprintf("%s, %s", sees, when); sees != shows {
			f.Fault = fmt.Sprintf("%s: the sensor sees %s, the phone shows %s", when, sees, shows)
		}
		found = append(found, f)
	}
	return found, nil
}

// await waits for an event of the phone; nil: it did not come.
func (c *Calibration) await(ctx context.Context, wanted func(event) bool) (*event, error) {
	until := time.Now().Add(calibrateTime)
	for {
		left := max(time.Until(until), 0)
		var raw []json.RawMessage
		if err := c.Phone.news(ctx, fmt.Sprintf("events?since=%d&wait_s=%g", c.last, left.Seconds()), &raw, left); err != nil {
			return nil, err
		}
		for _, r := range raw {
			var e event
			if err := json.Unmarshal(r, &e); err != nil {
				return nil, fmt.Errorf("an event of the phone cannot be read: %w", err)
			}
			if c.last = max(c.last, e.Seq); wanted(e) {
				return &e, nil
			}
		}
		if left == 0 {
			return nil, nil
		}
	}
}

// calm brings the phone to rest after a key: a line key or hands-free has opened a line, # may have dialled.
func (c *Calibration) calm(ctx context.Context) error {
	var at face
	if err := c.Phone.Get(ctx, "phone", &at); err != nil {
		return err
	}
	if at.State != "idle" {
		keys := scenario.Press{Keys: "{release}"}
		if err := c.Phone.slowly(ctx, "POST", "phone/keys", map[string]string{"keys": keys.Keys}, time.Second); err != nil {
			return err
		}
	}
	_, err := c.await(ctx, func(event) bool { return false }) // what that made happen is over
	return err
}
