package line

import (
	"time"

	"hilphone/db/journal/event"
)

// world is a machine on a clock that it sets itself, and servers that serve or are silent, with the connections to them.
type world struct {
	m      *Machine
	alarms Alarms[Timer]
	now    time.Duration
	zero   time.Duration
	silent map[Slot]bool
	// unconnected: silent servers take no connection.
	unconnected bool
	addresses   map[Slot]int
	up          map[door]bool // connections, that requests use again
	carries     map[TxID]door // requests and their connections
	lost        []door        // connections that have ended, and the line has not noticed yet
	rings       bool          // INVITE is answered 180 and no more
	sends       map[Slot][]int64
	method      Method // the sends that count: of this method, and of the REGISTERs it causes
	told        *int64
	queue       []Event
	events      int
}

// door is an address of a next hop. What goes through one door uses one connection.
type door struct {
	hop    Hop
	target int
}

func newWorld(p planner, m Method) *world {
	return &world{
		m: New(1, p.settings), addresses: p.addresses, silent: make(map[Slot]bool), sends: make(map[Slot][]int64), method: m, rings: m == CANCEL,
		up: make(map[door]bool), carries: make(map[TxID]door),
	}
}

// fail lets servers fall silent. Unconnected, they lose their connections as well.
func (w *world) fail(unconnected bool, slots ...Slot) {
	w.unconnected = unconnected
	for _, slot := range slots {
		w.silent[slot] = true
		for d := range w.up {
			if unconnected && d.hop == w.m.settings.Server(slot).Hop() {
				w.lose(d)
			}
		}
	}
	w.notice()
}

func (w *world) lose(d door) {
	if w.up[d] {
		delete(w.up, d)
		w.lost = append(w.lost, d)
	}
}

// notice registers again where calls come by the connection that has ended (CL-04, OP-12). The wire does so once in 64*T1 at most; in a plan there is
// no second time, as the servers stay silent.
func (w *world) notice() {
	lost := w.lost
	w.lost = nil
	for _, d := range lost {
		if p := w.m.phase; p != OnPrimary && p != OnBackup || w.up[d] || !callsComeBy(w.m.settings.Server(w.m.active), d.hop) {
			continue
		}
		w.step(Moved{})
	}
}

// callsComeBy reports whether calls from a server come by the connections to a hop. Over TCP the Contact names the port at which the line listens,
// which a server uses; an outbound proxy uses the connection of the REGISTER (OP-12).
func callsComeBy(s Server, h Hop) bool {
	return h == s.Hop() && (h.Transport == TLS || h.Transport == TCP && s.Proxy.Addr != "")
}

// planEvents bounds a plan; the longest, a probe on default timers, takes some forty.
const planEvents = 2000

func (w *world) since() int64 { return (w.now - w.zero).Milliseconds() }

// begin makes now the zero of all times.
func (w *world) begin() { w.zero, w.sends, w.told = w.now, make(map[Slot][]int64), nil }

// step lets the machine act on an event, and then on the answers to what it sent.
func (w *world) step(e Event) {
	for w.queue = append(w.queue, e); len(w.queue) > 0; {
		w.events++
		e, w.queue = w.queue[0], w.queue[1:]
		for _, a := range w.m.Step(w.now, e) {
			w.carryOut(a)
		}
	}
	w.notice()
}

func (w *world) carryOut(a Action) {
	switch a := a.(type) {
	case Set:
		w.alarms.Set(a.Timer, a.At)
	case Stop:
		w.alarms.Stop(a.Timer)
	case Send:
		w.sent(a)
	case Done:
		if a.Cause == CauseNoResponse { // a connection on which no answer came is not used again
			w.lose(w.carries[a.Tx])
		}
	case Resolve:
		w.queue = append(w.queue, Resolved{Slot: a.Slot, Targets: w.addresses[a.Slot]})
	case CallChanged:
		if a.Call.State == Ended && a.Call.End.By == ByPhone {
			w.tell()
		}
	case Note:
		_, lost := a.Data.(event.ByeLost)
		all, failed := a.Data.(event.AllFailed)
		if lost || failed && all.Method == string(REGISTER) && w.method != INVITE && w.method != BYE {
			w.tell()
		}
	}
}

func (w *world) tell() {
	if w.told == nil {
		t := w.since()
		w.told = &t
	}
}

func (w *world) sent(s Send) {
	w.sends[s.Slot] = append(w.sends[s.Slot], w.since())
	if w.m.reliable(s.Slot) && !w.connects(s) {
		return
	}
	switch {
	case w.silent[s.Slot]:
	case s.Method == INVITE && w.rings:
		w.queue = append(w.queue, Response{Tx: s.Tx, Code: 180})
	default:
		w.queue = append(w.queue, Response{Tx: s.Tx, Code: 200, Tag: "peer"})
	}
}

// connects puts a request on a connection, and reports whether there is one. A probe makes its own (FB-06).
func (w *world) connects(s Send) bool {
	d := door{w.m.settings.Server(s.Slot).Hop(), s.Target}
	if s.Probe {
		delete(w.up, d)
	}
	if !w.up[d] && w.unconnected && w.silent[s.Slot] {
		return false
	}
	w.up[d], w.carries[s.Tx] = true, d
	w.queue = append(w.queue, Connected{Tx: s.Tx})
	return true
}

// run lets time pass until the condition holds or nothing more can happen.
func (w *world) run(done func() bool) {
	for !done() && w.events < planEvents {
		t, at, ok := w.alarms.Next()
		if !ok {
			return
		}
		w.alarms.Stop(t)
		w.now = max(w.now, at)
		w.step(Expired{t})
	}
}
