package webui

import (
	"math"

	"hilphone/sip/line"
)

// planDrawing shows on one time axis what is sent to whom: first with the primary silent, then with both servers.
type planDrawing struct {
	Label  string
	Height int
	Shapes []shape
}

// shape is a part of a drawing: X and W in percent of the width, Y and H in pixels.
type shape struct {
	Kind  string // tick, bar, line, dot, text
	Class string
	X, W  float64
	Y, H  int
	Text  string
	Bold  string // before Text
}

// X2 is where a line ends.
func (s shape) X2() float64 { return percent(s.X + s.W) }

// Bottom is where an upright line ends.
func (s shape) Bottom() int { return s.Y + s.H }

const (
	planLeft, planSpan = 2, 94 // percent: the axis
	laneHeight         = 88
	axisHeight         = 24
)

func percent(x float64) float64 { return math.Round(x*100) / 100 }

// drawPlan draws a registration; nil if there is no end to it.
func drawPlan(l language, m *line.MethodPlan) *planDrawing {
	if m.Told == nil || *m.Told <= 0 {
		return nil
	}
	end := *m.Told
	x := func(ms int64) float64 { return percent(planLeft + planSpan*float64(ms)/float64(end)) }
	d := &planDrawing{}
	ticks := func(class string, y int, at []int64) {
		for _, ms := range at {
			d.add(shape{Kind: "tick", Class: class, X: x(ms), Y: y, H: 16})
		}
	}
	tried := func(top int, until int64) { // the primary, until its time is over
		d.add(shape{Kind: "bar", Class: "p", X: planLeft, W: percent(x(until) - planLeft), Y: top + 30, H: 2})
		ticks("p", top+16, m.Sends)
	}
	lanes := 2
	if m.Failover == nil {
		lanes = 1
	}
	d.Height = lanes*laneHeight + axisHeight
	d.axis(l, end, x)
	if lanes == 1 {
		d.Label = l.say("plan.label.one", l.brief(end))
		d.add(shape{Kind: "text", Class: "k", Y: 12, Text: l.say("plan.lane.one")})
		tried(12, end)
		d.told(l, 12, x(end), l.brief(end))
		return d
	}
	over := *m.Failover
	d.Label = l.say("plan.label", l.brief(over), l.brief(end))
	d.add(shape{Kind: "text", Class: "k", Y: 12, Text: l.say("plan.lane.primary")})
	tried(12, over)
	d.add(shape{Kind: "tick", Class: "b", X: x(over), Y: 28, H: 32}, shape{Kind: "dot", Class: "b", X: x(over), Y: 60})
	beside, side := x(over)+2.5, ""
	if x(over) > 50 {
		beside, side = x(over)-2, " e"
	}
	d.add(shape{Kind: "text", Class: "k" + side, X: percent(beside), Y: 42, Text: l.brief(over)},
		shape{Kind: "text", Class: "t" + side, X: percent(beside), Y: 64, Text: l.say("plan.lane.backup")})

	const top = laneHeight + 12
	d.add(shape{Kind: "text", Class: "k", Y: top, Text: l.say("plan.lane.both")})
	tried(top, over)
	d.add(shape{Kind: "line", Class: "b", X: x(over), W: percent(x(end) - x(over)), Y: top + 55})
	ticks("b", top+40, m.Backup)
	d.told(l, top, x(end), l.brief(end))
	return d
}

func (d *planDrawing) add(s ...shape) { d.Shapes = append(d.Shapes, s...) }

// told marks the end of waiting.
func (d *planDrawing) told(l language, top int, x float64, at string) {
	d.add(shape{Kind: "tick", Class: "f", X: x, Y: top + 16, H: 56}, shape{Kind: "text", Class: "e", X: percent(x - 1.5), Y: top + 70, Bold: at, Text: l.say("plan.lane.told")})
}

// axis draws the grid of seconds: five lines or fewer.
func (d *planDrawing) axis(l language, end int64, x func(int64) float64) {
	step := planStep(end)
	for ms := int64(0); ms <= end; ms += step {
		label := plainSeconds(ms)
		if ms+step > end {
			label = l.brief(ms)
		}
		d.add(shape{Kind: "line", Class: "grid", X: x(ms), Y: 20, H: d.Height - axisHeight - 20}, shape{Kind: "text", Class: "d m", X: x(ms), Y: d.Height - 6, Text: label})
	}
}

// planStep is a round number of milliseconds of which at most five make up the end.
func planStep(end int64) int64 {
	for step := int64(1); ; step *= 10 {
		for _, n := range []int64{1, 2, 5} {
			if end/(n*step) < 5 {
				return n * step
			}
		}
	}
}
