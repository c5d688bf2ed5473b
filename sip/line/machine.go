package line

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/netfault"
)

// Machine is one line: its registrations, its transactions, its calls. Make one with New, give it events with Step.
// It is not safe for concurrent use; one goroutine owns it.
type Machine struct {
	number   int
	settings Settings
	now      time.Duration
	out      []Action

	phase    Phase
	active   Slot // the server that holds the current registration (FO-11)
	down     bool // unregistered on request, or shutting down
	closing  bool // shutting down
	quitting bool // all that a shutdown has to say is under way

	procedure procedure
	failback  failback
	keepalive keepalive
	failures  int    // of the procedure in a row (RFC 5626 4.5)
	removals  int    // REGISTER that take a binding away and are under way
	repair    TxID   // the removal after which the primary is refreshed (FB-12)
	dice      uint64 // for jitter and back-off
	servers   map[Slot]*server
	config    int // counts the sets of servers and identities the line has had (CF-01)
	series    int // the newest registration dialog
	cseqs     map[int]int

	txs                        map[TxID]*transaction
	nextTx                     TxID
	calls                      map[CallID]*call
	dialled                    int
	lastFailover, lastFailback *Failover

	failedBy Slot          // the server that ended the last registration procedure that failed
	retry    time.Duration // when the next procedure begins after that
}

// server is what the line knows of one slot.
type server struct {
	targets     int            // addresses its name has; 0: not known yet (FO-62)
	series      int            // the registration dialog in use (FO-15)
	holds       bool           // the server may hold a binding of ours
	until       time.Duration  // when that binding ends
	quarantined time.Duration  // no request before this instant (FO-45)
	health      Result         // of REGISTER and OPTIONS
	inCall      Result         // of the other methods
	cause       Cause          // of the newest of both
	fault       netfault.Fault // of the last request that was not answered
	registered  RegisterResult
}

// New makes a line that has done nothing yet. The settings must be valid.
func New(number int, s Settings) *Machine {
	m := &Machine{
		number: number, settings: s, phase: Unregistered, active: None,
		cseqs: make(map[int]int), txs: make(map[TxID]*transaction), calls: make(map[CallID]*call),
	}
	m.servers = map[Slot]*server{Primary: {}, Backup: {}}
	return m
}

// Step takes one event at the instant now, counted from the line's start on a monotonic clock (CL-01), and returns what is to be done, in
// order. The result is valid until the next Step. An instant earlier than that of the step before counts as that one.
func (m *Machine) Step(now time.Duration, e Event) []Action {
	m.now = max(m.now, now)
	m.out = m.out[:0]
	switch e := e.(type) {
	case Expired:
		m.expired(e.Timer)
	case Response:
		m.answered(e)
	case ICMP:
		m.icmp(e)
	case Failed:
		m.failed(e)
	case Routed:
		m.routed(e)
	case Connected:
		m.connected(e.Tx)
	case TooLong:
		m.tooLong(e.Tx)
	case Carried:
		m.carried(e)
	case Resolved:
		m.resolved(e)
	default:
		m.told(e)
	}
	return m.out
}

// told handles what the user, the settings and the peers want.
func (m *Machine) told(e Event) {
	switch e := e.(type) {
	case Start:
		m.begin("boot")
	case Register:
		m.begin("manual")
	case Moved:
		m.moveContact()
	case Resumed:
		if !m.down {
			m.begin("resume")
		}
	case Unregister:
		m.unregister()
	case Reconfigured:
		m.reconfigure(e.Settings)
	case TrustChanged:
		m.remedy([]string{"tls_ca_file"})
	case Shutdown:
		m.shutdown()
	case Dial:
		m.dial(e)
	case HangUp:
		m.hangUp(e.Call)
	case Hold:
		m.hold(m.calls[e.Call], true)
	case Resume:
		m.hold(m.calls[e.Call], false)
	case Transfer:
		m.transferCall(e)
	default:
		m.calledOn(e)
	}
}

func (m *Machine) expired(t Timer) {
	switch t.Name {
	case Retransmit, GiveUp, Linger:
		m.txExpired(t)
	case NoTCP:
		m.byUDP(m.txs[t.Tx])
	case Refresh:
		m.refresh()
	case Retry:
		m.startProcedure("retry", REGISTER)
	case Probe:
		m.probeDue()
	case Reprobe:
		m.reprobe()
	case KeepAlive:
		m.keepAliveDue()
	case Jitter:
		m.askServer()
	case LookUp:
		m.resolved(Resolved{Slot: m.procedure.slot, Fault: netfault.Fault{Reason: netfault.DNSTimeout, Detail: "no answer from DNS in time"}})
	case HoldAgain:
		m.holdAgain(t.Call)
	case TransferLost:
		m.transferLost(t.Call)
	case AnswerAgain, AnswerLost:
		m.answerExpired(t)
	case Quit:
		m.finished()
	}
}

// begin starts or joins the registration procedure at its step (1), as FO-12's triggers do.
func (m *Machine) begin(trigger string) {
	if m.closing {
		return
	}
	m.down = false
	if !m.settings.Usable() {
		m.enter(Unregistered, None, "")
		return
	}
	m.startProcedure(trigger, REGISTER)
}

func (m *Machine) do(a ...Action)               { m.out = append(m.out, a...) }
func (m *Machine) set(t Timer, d time.Duration) { m.do(Set{t, m.now + d}) }
func (m *Machine) stop(name TimerName)          { m.do(Stop{Timer{Name: name}}) }

func (m *Machine) note(call CallID, data event.Data) { m.do(Note{call, data}) }

// enter is the one place where the phase and the active server change.
func (m *Machine) enter(p Phase, active Slot, cause Cause) {
	if m.phase == p && m.active == active {
		return
	}
	from := m.phase
	m.phase, m.active = p, active
	m.note("", event.LineState{State: string(Status{Phase: p, Active: active}.State()), Active: string(active), Phase: string(p), From: string(from), Cause: string(cause)})
}

// Settings returns the settings in force.
func (m *Machine) Settings() Settings { return m.settings }

// Status returns the line as the pages show it.
func (m *Machine) Status() Status {
	s := Status{
		Phase: m.phase, Active: m.active, Failback: m.failback.state(), NextProbe: m.failback.due,
		Servers: make(map[Slot]ServerStatus, 2), LastFailover: m.lastFailover, LastFailback: m.lastFailback,
	}
	for slot, sv := range m.servers {
		st := ServerStatus{LastResult: sv.health.Text, LastCause: sv.health.Cause, InCall: sv.inCall, Register: sv.registered, Addresses: sv.targets}
		if sv.holds && sv.until > m.now {
			st.RegisteredUntil = sv.until
		}
		if sv.quarantined > m.now {
			st.QuarantinedUntil = sv.quarantined
		}
		s.Servers[slot] = st
	}
	s.FailedBy, s.NextTry = m.failedAt()
	return s
}

// Idle reports whether the line has no call.
func (m *Machine) Idle() bool {
	for _, c := range m.calls {
		if c.State != Ended {
			return false
		}
	}
	return true
}

// Calls returns the calls that are not over, in the order in which they began.
func (m *Machine) Calls() []Call {
	var calls []Call
	for _, c := range m.inOrder() {
		if c.State != Ended {
			calls = append(calls, c.Call)
		}
	}
	return calls
}

// inOrder are the calls of which anything is left to be done, in the order in which they began.
func (m *Machine) inOrder() []*call {
	return slices.SortedFunc(maps.Values(m.calls), func(a, b *call) int { return a.order - b.order })
}

// candidates are the servers that a request may go to now, in order; quarantined ones are skipped (FO-45).
func (m *Machine) candidates() []Slot {
	slots := slices.DeleteFunc(m.settings.Slots(), func(s Slot) bool { return m.servers[s].quarantined > m.now })
	if m.settings.Symmetric && m.active == Backup {
		slices.Reverse(slots) // the server in use comes first
	}
	return slots
}

// primaryCause is why the primary counts as unavailable.
func (m *Machine) primaryCause() Cause { return cmp.Or(m.procedure.cause, m.servers[Primary].cause) }

func (m *Machine) has(slot Slot) bool { return m.settings.has(slot) }
func (m *Machine) usable(slot Slot) bool {
	return m.has(slot) && m.servers[slot].quarantined <= m.now
}
