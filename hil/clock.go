package hil

import (
	"context"
	"fmt"
	"time"

	"hilphone/hil/scenario"
)

// clock is the bench's, which begins with the run, and how the phone's is tied to it.
type clock struct {
	zero        time.Time
	offset      time.Duration // the phone's clock at zero
	uncertainty time.Duration // plus or minus
	started     time.Time     // of the phone
}

// instant is a time since the run began, and the clock that it was read from.
type instant struct {
	at    time.Duration
	clock scenario.Clock
	order int64 // as scenario.Observation.Order
}

// now is the time since the run began.
func (c *clock) now() time.Duration { return time.Since(c.zero) }

// at is an instant of the bench's.
func (c *clock) at(t time.Time) time.Duration { return t.Sub(c.zero) }

// phone is an instant of the phone's clock, in microseconds, on that of the bench.
func (c *clock) phone(us int64) time.Duration { return time.Duration(us)*time.Microsecond - c.offset }

// clockSlip is how far a clock of the phone may be from where it was tied to, and still be that of the same start.
const clockSlip = time.Second

// restarted asks the phone whether its clock has begun again since it was tied.
func (c *clock) restarted(ctx context.Context, p *Phone) (bool, error) {
	var i information
	began := c.now()
	if err := p.news(ctx, "system/information", &i, 0); err != nil {
		return false, fmt.Errorf("asking the phone for its time: %w", err)
	}
	return c.phone(i.MonoUS) < began-c.uncertainty-clockSlip, nil
}

// information is what the bench wants to know of a phone.
type information struct {
	Model           string    `json:"model"`
	SoftwareVersion string    `json:"software_version"`
	Commit          string    `json:"commit"`
	HardwareVersion string    `json:"hardware_version"`
	Started         time.Time `json:"started"`
	MonoUS          int64     `json:"mono_us"`
	LastEvent       int64     `json:"last_event"`
}

// ties is how often the phone is asked for its time: the quickest answer says it best.
const ties = 9

// tie asks the phone for its time. The answer was made at some instant between question and answer.
func (c *clock) tie(ctx context.Context, p *Phone) (info information, err error) {
	best := time.Duration(-1)
	for range ties {
		var i information
		began := c.now()
		if err := p.news(ctx, "system/information", &i, 0); err != nil {
			return info, fmt.Errorf("asking the phone for its time: %w", err)
		}
		took := c.now() - began
		if best < 0 || took < best {
			best, info = took, i
			c.offset, c.uncertainty = time.Duration(i.MonoUS)*time.Microsecond-(began+took/2), took/2
		}
	}
	c.started = info.Started
	return info, nil
}
