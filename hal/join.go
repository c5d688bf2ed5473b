package hal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// How a joined board treats one that fails.
const (
	firstRetry = time.Second // doubled with each failure
	lastRetry  = 30 * time.Second
	backAfter  = time.Second // a board that has run for so long has been opened
)

// errEnded is the fault of a board that stops without being told to and without saying why.
var errEnded = errors.New("the board has ended by itself")

// Join makes one board of several, as several telephones share one line: each hand moves the phone, each lamp shines and each bell
// rings on all of them. A key is down while it is down on any of them, and the phone is off-hook while any handset is lifted.
//
// A board that cannot go on is a fault of the device that its Kind names, and is run again after a second, then less and less often,
// up to every 30 s; the others go on. Its keys are let go; its handset counts as lifted until the board is back and knows better, so
// that a cable that is loose for a moment ends no call.
func Join(boards ...Board) *Joined { return &Joined{boards: boards} }

// Joined is a Board of several.
type Joined struct {
	boards []Board
	moving atomic.Pointer[hands] // nil before Run
}

// Kind names the boards: "virtual+rpi".
func (j *Joined) Kind() string {
	kinds := make([]string, len(j.boards))
	for i, b := range j.boards {
		kinds[i] = b.Kind()
	}
	return strings.Join(kinds, "+")
}

func (j *Joined) SetLamp(l Lamp, p Pattern) {
	for _, b := range j.boards {
		b.SetLamp(l, p)
	}
}

func (j *Joined) Ring(c Cadence) {
	for _, b := range j.boards {
		b.Ring(c)
	}
}

// LiftedBeside reports whether a handset is lifted on another board than b: as long as it is, the phone stays off-hook whatever is done to
// that of b. A board that has failed may count as such, see Join. It must not be called from within a report.
func (j *Joined) LiftedBeside(b Board) bool {
	hands := j.moving.Load()
	if hands == nil {
		return false
	}
	hands.mu.Lock()
	defer hands.mu.Unlock()
	for _, h := range hands.all {
		if h.board != b && h.off {
			return true
		}
	}
	return false
}

// Run returns nil when ctx is done and every board has ended.
func (j *Joined) Run(ctx context.Context, report func(Event)) error {
	hands := &hands{report: report}
	for _, b := range j.boards {
		hands.all = append(hands.all, &hand{of: hands, board: b, down: map[Key]bool{}, faults: map[string]string{}})
	}
	j.moving.Store(hands)
	var running sync.WaitGroup
	for _, h := range hands.all {
		running.Go(func() { h.run(ctx) })
	}
	running.Wait()
	<-ctx.Done()
	return nil
}

// hands are all that move the phone.
type hands struct {
	mu     sync.Mutex // held while a movement is reported: they reach the phone in order
	report func(Event)
	all    []*hand
}

// down reports whether any board has the key down.
func (h *hands) down(k Key) bool {
	for _, one := range h.all {
		if one.down[k] {
			return true
		}
	}
	return false
}

func (h *hands) off() bool {
	for _, one := range h.all {
		if one.off {
			return true
		}
	}
	return false
}

// hand is one board and what it moves. Its fields are guarded by hands.mu.
type hand struct {
	of     *hands
	board  Board
	down   map[Key]bool
	off    bool
	stale  bool              // off is of the time before the board failed
	faults map[string]string // by device, as the board has told
	fault  string            // why the board does not run
}

// run keeps the board running until ctx is done.
func (h *hand) run(ctx context.Context) {
	for retry := firstRetry; ; retry = min(2*retry, lastRetry) {
		ended := make(chan error, 1)
		go func() { ended <- h.board.Run(ctx, h.moved) }()
		opened := time.NewTimer(backAfter)
		var err error
		select {
		case err = <-ended:
		case <-opened.C:
			h.back()
			err = <-ended
			retry = firstRetry
		}
		opened.Stop()
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errEnded
		}
		h.failed(err)
		wait := time.NewTimer(retry)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
	}
}

// moved is what the board reports.
func (h *hand) moved(e Event) {
	h.of.mu.Lock()
	defer h.of.mu.Unlock()
	switch e.Kind {
	case KeyMoved:
		h.key(e)
	case HookMoved:
		h.hook(e)
	case FaultRaised:
		if h.faults[e.Fault.Device] = e.Fault.Message; e.Fault.Message == "" {
			delete(h.faults, e.Fault.Device)
		}
		h.of.report(e)
	default:
		h.of.report(e)
	}
}

// key reports a key that is the first to go down or the last to be let go.
func (h *hand) key(e Event) {
	before := h.of.down(e.Key)
	if e.Down {
		h.down[e.Key] = true
	} else {
		delete(h.down, e.Key)
	}
	if h.of.down(e.Key) != before {
		h.of.report(e)
	}
}

// hook reports the first handset that is lifted, and the last that is put back.
func (h *hand) hook(e Event) {
	before := h.of.off()
	h.off, h.stale = e.Off, false
	if h.of.off() != before {
		h.of.report(e)
	}
}

// back ends the fault of a board that runs again. A handset that it has not found lifted has been put back meanwhile.
func (h *hand) back() {
	h.of.mu.Lock()
	defer h.of.mu.Unlock()
	if h.fault != "" {
		h.fault = ""
		h.tell(Fault{Device: h.board.Kind()})
	}
	if h.stale {
		h.hook(Event{At: time.Now(), Kind: HookMoved, Source: FromBoard})
	}
}

// failed lets go of what the board held and tells its fault, unless that is told already.
func (h *hand) failed(err error) {
	h.of.mu.Lock()
	defer h.of.mu.Unlock()
	for _, k := range Keys() {
		if h.down[k] {
			h.key(Event{At: time.Now(), Kind: KeyMoved, Key: k, Source: FromBoard})
		}
	}
	h.stale = h.off
	for _, device := range slices.Sorted(maps.Keys(h.faults)) {
		h.tell(Fault{Device: device})
	}
	clear(h.faults)
	if why := fmt.Sprint(err); why != h.fault {
		h.fault = why
		h.tell(Fault{Device: h.board.Kind(), Message: why})
	}
}

func (h *hand) tell(f Fault) {
	h.of.report(Event{At: time.Now(), Kind: FaultRaised, Fault: f, Source: FromBoard})
}
