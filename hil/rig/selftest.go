package rig

import (
	"context"
	"time"
)

const (
	pulseTime = 150 * time.Millisecond // of an output in a self-test
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

// SelfTest closes every output for a moment, one after the other, keys that dial nothing first, and looks at the sensors meanwhile. Nobody else may use
// the rig. It ends early only with ctx.
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
	for i, u := range r.uses {
		if !u.Output {
			continue
		}
		p, err := r.pulse(ctx, i)
		pulses = append(pulses, p)
		if err != nil {
			return pulses, sensors, err
		}
	}
	return pulses, sensors, nil
}

func (r *Rig) pulse(ctx context.Context, use int) (p Pulse, err error) {
	p.Use = r.uses[use]
	before := r.levels()
	began := time.Now()
	if p.Err = r.set([]int{use}, true); p.Err != nil {
		return p, nil
	}
	seen := map[int]bool{}
	for err == nil && time.Since(began) < pulseTime {
		err = pause(ctx, pulseLook)
		for i, now := range r.levels() {
			if now != before[i] && !seen[i] {
				seen[i] = true
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
