package hil

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/rig"
	"hilphone/hil/scenario"
)

// onHookTime is how long a phone may take to notice that its handset is back: a short press of the cradle is a key of some.
const onHookTime = 2 * time.Second

// canPress tells whether the rig has a hand at each of the keys.
func canPress(g *rig.Rig, keys []string) bool {
	return g != nil && !slices.ContainsFunc(keys, func(k string) bool { return !g.Can(k) })
}

// canLift tells whether the rig lifts the handset.
func canLift(g *rig.Rig) bool { return g != nil && g.CanLift() }

// openRig opens the eyes of the rig, and sees to it that its hands let go in the end.
func (r *run) openRig() {
	g := r.bench.Rig
	if g == nil {
		return
	}
	r.report.Rig = g.String()
	r.after(func(context.Context) error { return g.Release() })
	r.behind(func(ctx context.Context) {
		if err := g.Watch(ctx, witness{r}); err != nil {
			r.sight.lose(fmt.Errorf("the rig: %w", err))
		}
	})
}

// moved puts a movement of the rig's hands into the evidence.
func (r *run) moved(at time.Time, name, value string) {
	if name == "hook" {
		name = "hook rig"
	} else {
		name = "rig " + name
	}
	r.folder.Level(evidence.Level{At: r.clock.at(at), From: evidence.FromRig, Name: name, Value: value})
}

// putBack has the rig let everything go, and waits until the phone knows of its handset.
func (r *run) putBack(ctx context.Context) error {
	g := r.bench.Rig
	if g == nil {
		return nil
	}
	lifted := g.Lifted()
	if err := g.Release(); err != nil || !lifted {
		return err
	}
	r.moved(time.Now(), "hook", "on")
	if r.phone == nil {
		pause(ctx, onHookTime)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, onHookTime)
	defer cancel()
	for {
		var f face
		if err := r.phone.news(ctx, "phone", &f, 0); err != nil || f.Hook == "on" {
			return nil // what cannot be asked is told by what is done next
		}
		if pause(ctx, displayTime); ctx.Err() != nil {
			return nil
		}
	}
}

// witness brings what the sensors see into sight and into the evidence.
type witness struct{ run *run }

// Shows implements rig.Witness.
func (w witness) Shows(at time.Time, part, shows string) {
	r := w.run
	when := max(r.clock.at(at), 0)
	r.folder.Level(evidence.Level{At: when, From: evidence.FromRig, Name: part + " rig", Value: shows})
	o := scenario.Observation{At: when, What: scenario.Ringer, By: scenario.ByRig, Value: shows}
	if name, ok := lampPart(part); ok {
		o.What, o.Name = scenario.Lamp, name
	}
	r.sight.add(o)
}

// Lit implements rig.Witness.
func (w witness) Lit(at time.Time, part, level string) {
	r := w.run
	name := part
	if lamp, ok := lampPart(part); ok {
		name = lamp
	}
	when := max(r.clock.at(at), 0)
	r.folder.Level(evidence.Level{At: when, From: evidence.FromRig, Name: "sensor " + name, Value: level})
	r.sight.add(scenario.Observation{At: when, What: scenario.LevelOf, By: scenario.ByRig, Name: name, Value: level})
}

// Known implements rig.Witness.
func (w witness) Known(until time.Time, part string) {
	w.run.sight.seenBy(part, w.run.clock.at(until))
	w.run.sight.seenBy(levelPart, w.run.clock.now()-levelLag)
}

const (
	levelPart = "level"
	levelLag  = 100 * time.Millisecond // more than a sensor's level takes to be believed
)

// lampPart is the name of the lamp that a part of a rig looks at.
func lampPart(part string) (name string, ok bool) {
	const lamp = "lamp "
	if len(part) > len(lamp) && part[:len(lamp)] == lamp {
		return part[len(lamp):], true
	}
	return "", false
}

// partOf is the part of a rig that sees what is expected; empty: none could.
func partOf(e scenario.Expect) string {
	switch e.What {
	case scenario.Lamp:
		return "lamp " + e.Name
	case scenario.Ringer:
		return "ringer"
	case scenario.LevelOf:
		if e.Name == "ringer" {
			return e.Name
		}
		return "lamp " + e.Name
	}
	return ""
}

// eyes are those that an expectation is judged by: the rig's where it has some, unless the phone is to say it.
func (b *Bench) eyes(e scenario.Expect) scenario.Eyes {
	if part := partOf(e); part != "" && e.By != scenario.ByREST && b.Rig != nil && b.Rig.Sees(part) {
		return scenario.ByRig
	}
	return ""
}

// saw notes who has seen a lamp or a ringer.
func (r *run) saw(e scenario.Expect, by scenario.Eyes, at time.Duration) {
	if r.bench.Rig == nil || partOf(e) == "" {
		return
	}
	from, who := evidence.FromPhone, "as the phone says"
	if by == scenario.ByRig {
		from, who = evidence.FromRig, "as the sensor of the rig sees it"
	}
	r.folder.Entry(evidence.Entry{At: at, Kind: evidence.LogKind, From: from, Step: int(r.step.Load()), Text: fmt.Sprintf("%s %s %s, %s", e.What, e.Name, e.Value, who)})
}

// checkRig says what a scenario wants of the rig that it cannot do.
func (b *Bench) checkRig(s *scenario.Scenario) (problems scenario.Problems) {
	for _, step := range s.Steps {
		e, ok := step.Do.(scenario.Expect)
		if !ok || b.Rig == nil || e.What != scenario.LevelOf && e.By != scenario.ByRig || b.Rig.Sees(partOf(e)) {
			continue
		}
		problems = append(problems, scenario.Problem{File: s.File, Line: step.Line, Field: string(e.What), Message: b.Rig.Config().File + " has no sensor on the " + partOf(e)})
	}
	return problems
}
