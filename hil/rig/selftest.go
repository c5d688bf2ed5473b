package rig

import (
	"context"
	"errors"
	"time"
)

const (
	pulseTime = 150 * time.Millisecond // of an output in a self-test
	liftTime  = time.Second            // of the handset: less is a key of some phones
	pulseLook = time.Millisecond
)

// Pulse is what a self-test found at one output.
type Pulse struct {
	Use     Use
	Err     error
	Touched []Touch // sensors that changed while it was closed
}

// Touch is a sensor that changed, so much later.
type Touch struct {
	Part  string
	Level string // on or off
	After time.Duration
}

// Level is a sensor at rest.
type Level struct {
	Use   Use
	Level string // on or off; empty: Err
	Err   error
}

// SelfTest closes every output for a moment, one after the other, and looks at the sensors meanwhile: the handset first, digits last. What they have
// dialled is taken back by the key release or by the handset. Nobody else may use the rig. It ends early only with ctx.
func (r *Rig) SelfTest(ctx context.Context) (pulses []Pulse, sensors []Level, err error) {
	for i, u := range r.uses {
		if !u.Output {
			l := Level{Use: u}
			high, err := r.lines.High(i)
			if l.Err = err; err == nil {
				l.Level = word(high == u.High)
			}
			sensors = append(sensors, l)
		}
	}
	order := r.config.usesOf(hookPart)
	for i, u := range r.uses {
		if u.Output && u.Part != hookPart {
			order = append(order, i)
		}
	}
	for _, i := range order {
		p, err := r.pulse(ctx, i)
		pulses = append(pulses, p)
		if err != nil {
			return pulses, sensors, err
		}
	}
	return pulses, sensors, r.clear(ctx)
}

// clear takes back what has been dialled.
func (r *Rig) clear(ctx context.Context) error {
	nobody := func(time.Time, string, string) {}
	switch {
	case r.Can("release"):
		return r.Press(ctx, []string{"release"}, 0, 0, nobody)
	case !r.CanLift():
		return nil
	}
	err := r.Hook(ctx, true, nobody)
	if err == nil {
		err = pause(ctx, liftTime)
	}
	return errors.Join(err, r.Hook(ctx, false, nobody))
}

func (r *Rig) pulse(ctx context.Context, use int) (p Pulse, err error) {
	p.Use = r.uses[use]
	length := pulseTime
	if p.Use.Part == hookPart {
		length = liftTime
	}
	before := r.levels()
	began := time.Now()
	if p.Err = r.set([]int{use}, true); p.Err != nil {
		return p, nil
	}
	seen := map[int]bool{}
	for err == nil && time.Since(began) < length {
		err = pause(ctx, pulseLook)
		for i, now := range r.levels() {
			if now != before[i] && !seen[i] {
				seen[i] = true // the first time
				p.Touched = append(p.Touched, Touch{r.uses[i].Part, word(now == r.uses[i].High), time.Since(began)})
			}
		}
	}
	if p.Err = r.set([]int{use}, false); err == nil {
		err = pause(ctx, r.config.Gap)
	}
	return p, err
}

// levels are those of the sensors that can be read, by use.
func (r *Rig) levels() map[int]bool {
	all := map[int]bool{}
	for i, u := range r.uses {
		if u.Output {
			continue
		}
		if high, err := r.lines.High(i); err == nil {
			all[i] = high
		}
	}
	return all
}
