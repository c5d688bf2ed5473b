package line

import (
	"time"

	"hilphone/db/journal/event"
)

// Plan is what a line's settings mean in time: when a request is sent to a silent primary, when the backup is asked, and when the user is
// told if the backup is silent too. It is not worked out by formula: a Machine runs against servers that do not answer. All times are
// in milliseconds from the first datagram, or from what the user did.
type Plan struct {
	REGISTER *MethodPlan `json:"REGISTER"`
	INVITE   *MethodPlan `json:"INVITE"`
	BYE      *MethodPlan `json:"BYE"`
	CANCEL   *MethodPlan `json:"CANCEL"`
	OPTIONS  *MethodPlan `json:"OPTIONS"` // null while OPTIONS keep-alive is off
	Probe    *ProbePlan  `json:"probe"`   // null where the line never goes back by itself
	// RefreshS is how long after a registration it is renewed if the server grants what is asked for; RetryS how long the line waits
	// when every server failed. Seconds.
	RefreshS map[Slot]float64 `json:"refresh_s"`
	RetryS   float64          `json:"retry_s"`
	// Proxies are the ways to servers behind outbound proxies; absent where there is none.
	Proxies map[Slot]PlanProxy `json:"proxies,omitempty"`
}

// PlanProxy is the outbound proxy by which alone a server is reached: what is sent to the server is sent there.
type PlanProxy struct {
	Server    string    `json:"server"`
	Proxy     string    `json:"proxy"`
	Transport Transport `json:"transport"`
}

// MethodPlan is the plan of one method.
type MethodPlan struct {
	Sends    []int64 `json:"sends_ms"`    // datagrams to the silent primary, or to the only server
	Failover *int64  `json:"failover_ms"` // when the backup is asked first; null where there is none
	Backup   []int64 `json:"backup_ms"`   // datagrams to a silent backup
	Told     *int64  `json:"told_ms"`     // when the user is told that no server answered
}

// ProbePlan is the plan of the failback probe while the primary stays silent, counted from the registration with the backup.
type ProbePlan struct {
	First int64   `json:"first_ms"`
	Sends []int64 `json:"sends_ms"` // of one probe, from its first datagram
	Next  int64   `json:"next_ms"`  // the second probe
}

// NewPlan makes the plan of valid settings. It is nil for a line that cannot register.
func NewPlan(s Settings) *Plan {
	s.FailoverJitter, s.FailbackJitter = 0, 0 // the plan shows the earliest instants
	s.Enabled = true
	if !s.Usable() {
		return nil
	}
	p := &Plan{Proxies: make(map[Slot]PlanProxy), RefreshS: make(map[Slot]float64), RetryS: float64(s.RegFailInterval)}
	for _, slot := range s.Slots() {
		v := s.Server(slot)
		if v.Proxy.Addr != "" {
			p.Proxies[slot] = PlanProxy{v.String(), v.Proxy.String(), v.Transport}
		}
		p.RefreshS[slot] = refreshAfter(v.TTL).Seconds()
	}
	p.REGISTER = planOf(s, REGISTER)
	p.INVITE = planOf(s, INVITE)
	p.BYE = planOf(s, BYE)
	p.CANCEL = planOf(s, CANCEL)
	if s.OptionsKeepalive {
		p.OPTIONS = planOf(s, OPTIONS)
	}
	p.Probe = planProbe(s)
	return p
}

// world is a machine on a clock of its own and two servers that serve or are silent.
type world struct {
	m      *Machine
	alarms Alarms[Timer]
	now    time.Duration
	zero   time.Duration
	silent map[Slot]bool
	rings  bool // INVITE is answered 180 and no more
	sends  map[Slot][]int64
	method Method // the sends that count: of this method, and of the REGISTERs it causes
	told   *int64
	queue  []Event
	events int
}

func newWorld(s Settings, m Method, silent ...Slot) *world {
	w := &world{m: New(1, s), silent: make(map[Slot]bool), sends: make(map[Slot][]int64), method: m, rings: m == CANCEL}
	w.fail(silent...)
	return w
}

func (w *world) fail(slots ...Slot) {
	for _, slot := range slots {
		w.silent[slot] = true
	}
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
}

func (w *world) carryOut(a Action) {
	switch a := a.(type) {
	case Set:
		w.alarms.Set(a.Timer, a.At)
	case Stop:
		w.alarms.Stop(a.Timer)
	case Send:
		w.sent(a)
	case Resolve:
		w.queue = append(w.queue, Resolved{Slot: a.Slot, Targets: 1})
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
	switch {
	case w.silent[s.Slot]:
	case s.Method == INVITE && w.rings:
		w.queue = append(w.queue, Response{Tx: s.Tx, Code: 180})
	default:
		w.queue = append(w.queue, Response{Tx: s.Tx, Code: 200, Tag: "peer"})
	}
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

// planOf is the plan of one method: first with the primary silent, then with both servers silent.
func planOf(s Settings, m Method) *MethodPlan {
	p := &MethodPlan{}
	first := s.Slots()[0]
	w := failing(s, m, s.Slots()...)
	p.Sends, p.Told = w.sends[first], w.told
	if len(s.Slots()) > 1 {
		p.Backup = w.sends[Backup]
		if len(p.Backup) > 0 {
			p.Failover = &p.Backup[0]
		}
	}
	return p
}

// failing lets the given servers fall silent and then does what makes the line send the method.
func failing(s Settings, m Method, silent ...Slot) *world {
	w := newWorld(s, m)
	if m != REGISTER {
		w.step(Start{})
	}
	if m == BYE || m == CANCEL {
		w.step(Dial{Call: "1", To: "1"})
	}
	w.fail(silent...)
	w.begin()
	switch m {
	case REGISTER:
		w.step(Start{})
	case INVITE:
		w.step(Dial{Call: "1", To: "1"})
	case OPTIONS:
		w.run(func() bool { return len(w.sends) > 0 })
		w.zero, w.sends = w.now, map[Slot][]int64{s.Slots()[0]: {0}}
	default:
		w.step(HangUp{"1"})
	}
	w.run(func() bool { return w.told != nil })
	return w
}

// planProbe registers with the backup and watches two probes of a silent primary.
func planProbe(s Settings) *ProbePlan {
	if len(s.Slots()) < 2 || !failbackOn(s) {
		return nil
	}
	w := newWorld(s, REGISTER, Primary)
	w.step(Start{})
	w.run(func() bool { return w.m.phase == OnBackup })
	w.begin()
	probe := func() int64 {
		before := w.m.failback.tx
		w.run(func() bool { return w.m.failback.tx != 0 && w.m.failback.tx != before })
		return w.since()
	}
	p := &ProbePlan{First: probe()}
	w.sends = map[Slot][]int64{Primary: {p.First}}
	w.run(func() bool { return w.m.failback.tx == 0 })
	for _, at := range w.sends[Primary] {
		p.Sends = append(p.Sends, at-p.First)
	}
	p.Next = probe()
	return p
}
