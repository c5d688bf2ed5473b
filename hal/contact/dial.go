package contact

import (
	"fmt"
	"strconv"
	"time"

	"hilphone/hal"
)

// Coding is how many pulses of a rotary dial make a digit.
type Coding string

// The codings.
const (
	Ten      Coding = "ten"       // n pulses are n, ten are 0: nearly everywhere
	PlusOne  Coding = "plus_one"  // digit n is n+1 pulses: Sweden
	TenMinus Coding = "ten_minus" // digit n is 10-n pulses, 0 is ten: New Zealand
)

// Codings returns every coding.
func Codings() []Coding { return []Coding{Ten, PlusOne, TenMinus} }

const mostPulses = 10

// Digit returns the key of a train of 1 to 10 pulses.
func (c Coding) Digit(pulses int) (hal.Key, bool) {
	if pulses < 1 || pulses > mostPulses {
		return "", false
	}
	switch c {
	case PlusOne:
		pulses--
	case TenMinus:
		pulses = mostPulses - pulses
	}
	return hal.Key(strconv.Itoa(pulses % 10)), true
}

// DialConfig describes a rotary dial.
type DialConfig struct {
	Device    string // names the dial in faults
	Coding    Coding
	OffNormal bool // the dial has a second contact that is closed while it is away from rest

	Debounce time.Duration // of the pulse contact: 5 to 8 ms, as a break of 20 pulses a second is 33 ms long
	MinBreak time.Duration // an interruption is a pulse when it is at least this long
	MaxBreak time.Duration // and at most this
	Gap      time.Duration // without an off-normal contact, a digit ends when the pulse contact has been closed for this long
}

// DialOf returns the usual timings of a dial of 10 or 20 pulses a second. Of a break to make of 60 to 40 or 67 to 33 the breaks
// are 60 to 67 ms and 30 to 33 ms; dials are off by a third.
func DialOf(pulsesPerSecond int) DialConfig {
	const ms = time.Millisecond
	if pulsesPerSecond == 20 {
		return DialConfig{Coding: Ten, Debounce: 5 * ms, MinBreak: 15 * ms, MaxBreak: 60 * ms, Gap: 150 * ms}
	}
	return DialConfig{Coding: Ten, Debounce: 8 * ms, MinBreak: 25 * ms, MaxBreak: 100 * ms, Gap: 200 * ms}
}

// offNormalHold is longer than the debounce of pulses, so that the last pulse is known before the dial is back at rest.
const offNormalHold = 20 * time.Millisecond

// A dial's contact is open for half to 70 % of a period, so it is closed for 0.4 times to as long as the break before. If a pulse is missed
// in between it is at least 1.8 times as long.
const longestMake = 1.7

// cutHold is how long after edges were lost the bounces of the off-normal contact may go on.
const cutHold = 2 * offNormalHold

// breakFault is how long the pulse contact may be open until it is a fault: no dial is that slow.
const breakFault = 2 * time.Second

// Contacts are those of a dial: the pulse contact is closed at rest and opens once for each pulse.
type Contacts struct {
	Open bool // pulse contact
	Away bool // off-normal contact: the dial is away from rest
}

// Dial makes digits of pulses. A train that is not complete, a pulse too long or too short, a pause in which one may be missing, or more
// than ten pulses are no digit: the train is dropped whole and raises a fault that the next good digit ends.
type Dial struct {
	config DialConfig
	pulse  Debounce // closed: the contact is open
	away   Debounce
	pulses int
	spoilt string        // why the train is no digit
	opened time.Time     // the pulse under way
	length time.Duration // of the last pulse
	closed time.Time     // the last pulse ended
	train  bool          // pulses have been seen that are no digit yet
	lost   bool          // the fault has been told
	told   bool          // of this train
	cut    time.Time     // edges were lost before it
	broken bool          // the contact has been open for too long, and that has been told
}

// NewDial returns a dial at rest.
func NewDial(c DialConfig) *Dial {
	return &Dial{config: c, pulse: NewDebounce(c.Debounce), away: NewDebounce(max(offNormalHold, 2*c.Debounce))}
}

// Step tells of the contacts at an instant. A digit is its key pressed and let go.
func (d *Dial) Step(c Contacts, now time.Time) (events []hal.Event, again time.Time) {
	returned := false
	if d.config.OffNormal {
		moved, due := d.away.Step(c.Away, now)
		again = due
		if moved && c.Away && d.away.Since().Sub(d.cut) > cutHold { // otherwise it may have been away before the edges were lost
			d.begin()
		}
		returned = moved && !c.Away
	}
	moved, due := d.pulse.Step(c.Open, now)
	again = sooner(again, due)
	if moved && c.Open {
		d.beginPulse()
	} else if moved {
		events = d.endPulse(events, now)
	}
	events, due = d.watchBreak(events, now)
	again = sooner(again, due)
	switch {
	case returned:
		events = d.endTrain(events, now)
	case d.config.OffNormal || !d.train || d.pulse.Closed() || d.pulse.settling():
	case now.Before(d.closed.Add(d.config.Gap)):
		again = sooner(again, d.closed.Add(d.config.Gap))
	default:
		events = d.endTrain(events, now)
	}
	return events, again
}

func (d *Dial) begin() { d.pulses, d.spoilt, d.train, d.told = 0, "", false, false }

// inMotion reports whether a digit is being dialled.
func (d *Dial) inMotion() bool {
	return d.train || d.pulse.settling() || d.config.OffNormal && (d.away.Closed() || d.away.settling())
}

// Lost tells that edges were lost before an instant. What is dialled around it is no digit: the train goes on until the contact has been
// closed for the gap, or the dial has been at rest, after it.
func (d *Dial) Lost(now time.Time) []hal.Event {
	d.pulse.restart(now)
	d.away.restart(now)
	d.train, d.closed, d.spoilt, d.cut = true, now, lostEdges, now
	if d.told {
		return nil
	}
	return []hal.Event{d.fault(now)}
}

// fault says that the train is no digit.
func (d *Dial) fault(now time.Time) hal.Event {
	d.lost, d.told = true, true
	return faultEvent(d.config.Device, "a digit was lost: "+d.spoilt, now)
}

// beginPulse takes the beginning of an interruption, and judges the pause since the one before.
func (d *Dial) beginPulse() {
	d.train, d.opened = true, d.pulse.Since()
	pause := d.opened.Sub(d.closed)
	if d.pulses > 0 && d.spoilt == "" && pause > time.Duration(longestMake*float64(d.length)) {
		d.spoilt = fmt.Sprintf("a pulse may be missing in the pause of %s after one of %s", pause.Round(time.Millisecond), d.length.Round(time.Millisecond))
	}
}

// endPulse counts an interruption that is over.
func (d *Dial) endPulse(events []hal.Event, now time.Time) []hal.Event {
	d.closed = d.pulse.Since()
	d.pulses++
	d.length = d.closed.Sub(d.opened)
	switch length := d.length; {
	case d.spoilt != "":
	case length < d.config.MinBreak || length > d.config.MaxBreak:
		d.spoilt = fmt.Sprintf("a pulse of %s is not %s to %s long", length.Round(time.Millisecond), d.config.MinBreak, d.config.MaxBreak)
	case d.pulses > mostPulses:
		d.spoilt = fmt.Sprintf("more than %d pulses", mostPulses)
	}
	if d.broken {
		d.broken = false
		events = append(events, faultEvent(d.config.Device+": contact", "", now))
	}
	return events
}

// watchBreak tells of a contact that stays open.
func (d *Dial) watchBreak(events []hal.Event, now time.Time) ([]hal.Event, time.Time) {
	if !d.pulse.Closed() || d.broken {
		return events, time.Time{}
	}
	if due := d.opened.Add(breakFault); now.Before(due) {
		return events, due
	}
	d.broken = true
	return append(events, faultEvent(d.config.Device+": contact", fmt.Sprintf("the pulse contact has been open for %s: is its wire loose?", breakFault), now)), time.Time{}
}

// endTrain tells the digit, or that it was lost.
func (d *Dial) endTrain(events []hal.Event, now time.Time) []hal.Event {
	if d.pulse.Closed() && d.spoilt == "" {
		d.spoilt = "the dial is at rest in the middle of a pulse"
	}
	key, ok := d.config.Coding.Digit(d.pulses)
	switch {
	case d.spoilt != "":
		if !d.told {
			events = append(events, d.fault(now))
		}
	case ok:
		if d.lost {
			d.lost = false
			events = append(events, faultEvent(d.config.Device, "", now))
		}
		events = stroke(events, key, now)
	}
	d.begin()
	return events
}
