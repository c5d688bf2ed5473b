package evidence

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// timeline is the drawing on top of the report: all lanes stand on one time axis, from the beginning of the run to its end.
type timeline struct {
	Ticks []tick
	Flags []flag
	Lanes []lane
	Still string // names of what did not change
}

type tick struct{ X, Label, Class string }

// flag is a line through all lanes.
type flag struct {
	X, Label, Class string
	Labelled        string // class of its label: "wide" where only a wide screen has room for it, "none" where none has
	at              float64
}

// lane is something that has one value at a time.
type lane struct {
	Name   string
	Begins bool   // the first of its sort
	Told   string // for who cannot see it
	Parts  []part
}

// part is a time in which a lane has a value other than its rest.
type part struct {
	X, Width  string // percent of the run, Width with its unit
	Y, Height int
	Class     string
	Title     string
	Text      string // inside, if there is room
}

// toldParts is how many values of a lane are read out.
const toldParts = 24

func newTimeline(r Run, entries []Entry) timeline {
	length := r.Duration
	for _, e := range entries {
		length = max(length, e.At)
	}
	s := scale{max(length, time.Millisecond)}
	t := timeline{Ticks: s.ticks()}
	for _, e := range entries {
		if change := e.change(); change != "" {
			t.Flags = append(t.Flags, s.flag(e.At, change, "b"))
		}
	}
	steps := lane{Name: "steps"}
	for _, step := range r.Steps {
		if step.Verdict == NotRun {
			continue
		}
		p := s.part(step.Began, step.Ended, fmt.Sprintf("%d: %s", step.Number, step.Text), fmt.Sprint(step.Number))
		if p.Class = "st"; step.Verdict != Passed {
			p.Class = "f"
			t.Flags = append(t.Flags, s.flag(step.Ended, step.Verdict.words(), "f"))
		}
		steps.Parts = append(steps.Parts, p)
	}
	placeLabels(t.Flags)
	steps.Told = fmt.Sprintf("%d steps", len(steps.Parts))
	moving, still := lanes(s, entries)
	t.Lanes, t.Still = append([]lane{steps}, moving...), grouped(still)
	return t
}

// grouped lists names by their nouns: "hook; lamp line2, line3".
func grouped(names []string) string {
	var nouns []string
	which := map[string][]string{}
	for _, name := range names {
		noun, one, _ := strings.Cut(name, " ")
		if _, known := which[noun]; !known {
			nouns = append(nouns, noun)
		}
		which[noun] = append(which[noun], one)
	}
	for i, noun := range nouns {
		slices.SortFunc(which[noun], func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
		nouns[i] = strings.TrimSpace(noun + " " + strings.Join(which[noun], ", "))
	}
	return strings.Join(nouns, "; ")
}

// scale turns times of a run into percent of its length.
type scale struct{ length time.Duration }

func (s scale) x(at time.Duration) float64 {
	return 100 * min(1, max(0, at.Seconds()/s.length.Seconds()))
}

func (s scale) percent(at time.Duration) string { return fmt.Sprintf("%.3f", s.x(at)) }

// narrow is the width in percent below which a part is drawn two pixels wide.
const narrow = .2

func (s scale) part(from, to time.Duration, title, text string) part {
	width := s.x(to) - s.x(from)
	p := part{X: s.percent(from), Width: fmt.Sprintf("%.3f%%", width), Y: 2, Height: 14, Title: fmt.Sprintf("%s, %s to %s s", title, seconds(from), seconds(to))}
	if width < narrow {
		p.Width = "2"
	}
	if width > 0.9*float64(len(text)+1) {
		p.Text = text
	}
	return p
}

func (s scale) flag(at time.Duration, label, class string) flag {
	f := flag{X: s.percent(at), Label: label, Class: class, at: s.x(at)}
	if f.at > endsAt {
		f.Class += " e"
	}
	return f
}

// Of the labels of flags: from where on, in percent, they end at their flag; how wide a letter is, in pixels, rather too much than too little; and
// how wide the drawing is on the narrowest screen and on the narrowest that shows class "wide".
const (
	endsAt        = 75
	letterWidth   = 8
	narrowDrawing = 260
	wideDrawing   = 440
)

// placeLabels leaves out labels that would lie over another (UX-25). That of a step that failed goes before the others, the earlier before the later.
func placeLabels(flags []flag) {
	order := make([]int, len(flags))
	for i := range order {
		order[i] = i
	}
	failed := func(f flag) int {
		if strings.HasPrefix(f.Class, "f") {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(failed(flags[a])-failed(flags[b]), cmp.Compare(flags[a].at, flags[b].at))
	})
	var narrow, wide [][2]float64
	for _, i := range order {
		switch f := &flags[i]; {
		case !f.hasRoom(&wide, wideDrawing):
			f.Labelled = "none"
		case !f.hasRoom(&narrow, narrowDrawing):
			f.Labelled = "wide"
		}
	}
}

// hasRoom takes the room of the label in a drawing that is so many pixels wide, if it is free.
func (f flag) hasRoom(taken *[][2]float64, pixels float64) bool {
	width := 100 * letterWidth * float64(len([]rune(f.Label))+1) / pixels
	from, to := f.at, f.at+width
	if f.at > endsAt {
		from, to = f.at-width, f.at
	}
	for _, t := range *taken {
		if from < t[1] && t[0] < to {
			return false
		}
	}
	*taken = append(*taken, [2]float64{from, to})
	return true
}

// ticks are round seconds, ten at most.
func (s scale) ticks() (all []tick) {
	step := math.Pow(10, math.Floor(math.Log10(s.length.Seconds()/20)))
	for _, times := range []float64{1, 2, 5, 10, 20} {
		if s.length.Seconds()/(step*times) <= 10 {
			step *= times
			break
		}
	}
	for i := 0; float64(i)*step <= s.length.Seconds(); i++ {
		at := float64(i) * step
		k := tick{X: fmt.Sprintf("%.3f", 100*at/s.length.Seconds()), Label: fmt.Sprintf("%.6g", at), Class: "m"}
		switch {
		case i == 0:
			k.Class = ""
		case at > .98*s.length.Seconds():
			k.Class = "e"
		case i%2 == 1:
			k.Class += " wide"
		}
		all = append(all, k)
	}
	return all
}

// sorts are the nouns of levels, in the order in which they stand below each other; those of others follow.
var sorts = []string{"server", "line", "call", "peer", "display", "hook", "key", "lamp", "ringer"}

// resting are values of each noun that are not drawn, beside those of all.
var resting = map[string][]string{
	"":     {"", "0", "off", "idle", "none", "unregistered", "released", "ended"},
	"hook": {"on"}, "server": {"serve"}, "key": {"up"}, "rig": {"up"}, "peer": {"over"},
}

func sortOf(name string) (noun string, rank int) {
	noun, _, _ = strings.Cut(name, " ")
	if rank = slices.Index(sorts, noun); rank < 0 {
		rank = len(sorts)
	}
	return noun, rank
}

// lanes draws the levels: one lane for each name, the keys on one. What was at rest all the time is only named.
func lanes(s scale, entries []Entry) (all []lane, still []string) {
	levels, names, _ := levelsOf(entries)
	changes := map[string][]Level{}
	for _, l := range levels {
		changes[l.Name] = append(changes[l.Name], l)
	}
	slices.SortStableFunc(names, func(a, b string) int {
		_, x := sortOf(a)
		_, y := sortOf(b)
		return x - y
	})
	before := ""
	for _, name := range names {
		noun, _ := sortOf(name)
		drawn := levelLane(s, name, changes[name])
		if len(drawn.Parts) == 0 {
			still = append(still, name)
			continue
		}
		if (noun == "key" || noun == "rig") && before == noun {
			keys := &all[len(all)-1]
			keys.Parts, keys.Told = append(keys.Parts, drawn.Parts...), keys.Told+"; "+drawn.Told
			continue
		}
		if drawn.Begins = noun != before; noun == "key" {
			drawn.Name = "keys"
		} else if noun == "rig" { // rig key 1: what its hands press
			drawn.Name = "rig keys"
		}
		before = noun
		all = append(all, drawn)
	}
	return all, still
}

func levelLane(s scale, name string, changes []Level) lane {
	noun, _ := sortOf(name)
	drawn := lane{Name: name}
	var told []string
	for i, l := range changes {
		until := s.length
		if i+1 < len(changes) {
			until = changes[i+1].At
		}
		if len(told) < toldParts {
			told = append(told, l.Value+" at "+seconds(l.At))
		}
		class := levelClass(noun, l.Value)
		if class == "" {
			continue
		}
		text := l.Value
		if _, key, ok := strings.Cut(name, "key "); ok && (noun == "key" || noun == "rig") {
			text = key
		}
		p := s.part(l.At, until, name+" "+l.Value, text)
		p.Class = class
		if noun == "lamp" || noun == "ringer" {
			switch p.Text = ""; l.Value {
			case "slow":
				p.Y, p.Height = 9, 7
			case "fast":
				p.Y, p.Height = 13, 3
			}
		}
		drawn.Parts = append(drawn.Parts, p)
	}
	if drawn.Told = strings.Join(told, ", "); len(changes) > toldParts {
		drawn.Told += fmt.Sprintf(" and %d more", len(changes)-toldParts)
	}
	return drawn
}

// levelClass is how a value is drawn; empty: it is at rest.
func levelClass(noun, value string) string {
	switch {
	case noun == "hook" && value == "off":
		return "p"
	case slices.Contains(resting[""], value), slices.Contains(resting[noun], value):
		return ""
	case noun == "server":
		return "f"
	case strings.Contains(value, "backup"):
		return "hatch"
	case noun == "lamp":
		return "g"
	}
	return "p"
}
