package main

import (
	"bytes"
	"maps"
	"slices"
	"sync"
	"time"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/emulator/phone"
	"hilphone/hal"
	"hilphone/hal/virtual"
)

// maxWaves is how many changes of the front are kept; what was before is forgotten, except how it left things.
const maxWaves = 1 << 14

// waves are the inputs and outputs of the phone's front over time, and what the phone was doing, as its events told it: so a waveform and
// the events never disagree. An input that several boards have is at the level that the phone knows.
type waves struct {
	journal *journal.Journal
	ring    hal.Cadence // in which the ringer sounds

	mu      sync.Mutex
	changes []change          // since from, a ring of maxWaves when it is full
	oldest  int               // in a ring that is full
	from    int64             // where the first of them follows on, microseconds since start
	before  map[string]change // by name, what held until then
	now     map[string]change
}

// change is something on the front that became another: the hook and keys are "0" or "1", lamps have their pattern, the ringer is "on" or
// "off", and stateName is the phone's state.
type change struct {
	at   int64
	name string
	to   string
}

// stateName is what the phone is doing, among the names of the front.
const stateName = "state"

func newWaves(j *journal.Journal, ring hal.Cadence) *waves {
	w := &waves{journal: j, ring: ring, before: map[string]change{}}
	for _, n := range virtual.New().Names() {
		to := "0"
		if n.Output {
			to = string(hal.Off)
		}
		w.before[n.Name] = change{0, n.Name, to}
	}
	w.before[stateName] = change{0, stateName, string(phone.Idle)}
	w.now = maps.Clone(w.before)
	return w
}

// record records an event, and what it says of the front. It never blocks for long.
func (w *waves) record(at time.Time, n int, call string, data event.Data) {
	w.mu.Lock() // the changes are in the order of the events
	defer w.mu.Unlock()
	w.note(w.journal.RecordAt(at, n, call, data))
}

func (w *waves) note(e journal.Event) {
	c, ok := changeOf(e)
	if !ok {
		return
	}
	last, known := w.now[c.name]
	if !known || last.to == c.to {
		return
	}
	c.at = max(c.at, last.at) // the parts of two boards may be reported in another order than they moved in
	w.now[c.name] = c
	if len(w.changes) < maxWaves {
		w.changes = append(w.changes, c)
		return
	}
	gone := w.changes[w.oldest]
	w.from, w.before[gone.name] = max(w.from, gone.at), gone
	w.changes[w.oldest] = c
	w.oldest = (w.oldest + 1) % maxWaves
}

// changeOf reads an event of the front.
func changeOf(e journal.Event) (change, bool) {
	c := change{at: e.MonoUS}
	switch d := e.Data.(type) {
	case event.Hook:
		c.name, c.to = virtual.HookName, zeroOne(d.State == "off")
	case event.Key:
		c.name, c.to = virtual.KeyName(hal.Key(d.Key)), zeroOne(d.State == "down")
	case event.Lamp:
		c.name, c.to = virtual.LampName(hal.Lamp(d.Name)), d.Pattern
	case event.Ringer:
		c.name, c.to = virtual.RingerName, d.State
	case event.Phone:
		c.name, c.to = stateName, d.State
	default:
		return c, false
	}
	return c, true
}

func zeroOne(one bool) string {
	if one {
		return "1"
	}
	return "0"
}

// level is that of an input or output at this instant; there is none of stateName.
func (w *waves) level(name string) int {
	_, now := w.journal.Clock()
	w.mu.Lock()
	c := w.now[name]
	w.mu.Unlock()
	if on, _ := w.levelAt(c, now); on {
		return 1
	}
	return 0
}

// lifted reports whether a handset is lifted.
func (w *waves) lifted() bool { return w.level(virtual.HookName) == 1 }

// levelAt is the level at an instant of what has changed before, and how long it will stay so; 0 is until the next change.
func (w *waves) levelAt(c change, at int64) (on bool, rest time.Duration) {
	return w.rhythm(c).Level(time.Duration(max(at-c.at, 0)) * time.Microsecond)
}

// rhythm is how something shines or sounds from a change on.
func (w *waves) rhythm(c change) hal.Cadence {
	switch {
	case c.to == "1":
		return hal.On.Cadence()
	case c.name == virtual.RingerName && c.to == "on":
		return w.ring
	}
	return hal.Pattern(c.to).Cadence()
}

// kept are all changes that are known, in order, and those that held before them.
func (w *waves) kept() (from int64, before map[string]change, changes []change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.from, maps.Clone(w.before), slices.Concat(w.changes[w.oldest:], w.changes[:w.oldest])
}

// VCD is what has happened on the front since the start, or since an instant in microseconds since start, as a Value Change Dump.
func (w *waves) VCD(since int64) ([]byte, error) {
	var out bytes.Buffer
	_, now := w.journal.Clock()
	f := newWaveform(w, now)
	f.begin(since)
	err := f.write(&out)
	return out.Bytes(), err
}
