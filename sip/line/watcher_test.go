package line

import (
	"fmt"
	"testing"
	"time"

	"hilphone/db/journal/event"
)

// watcher holds a line to what must be true of it at every instant, whatever happens to it.
type watcher struct {
	t        testing.TB
	d        *driver
	txs      map[TxID]*sighting
	calls    map[CallID]*report
	series   map[int]int
	byes     map[Dialog]Send
	invites  map[CallID]Send
	retried  bool // this step took an answer that has its request sent again
	refusals int  // challenges noted in this step
	sent     []Send
	unsent   []Send         // requests within a call that this step found could not be sent
	verified []waiter       // requests that a REGISTER at the primary was to verify before this step
	verdict  Done           // of that REGISTER in this step
	silent   []*transaction // INVITEs and BYEs whose budget has passed in this step without an answer
	notes    []Note         // of this step
	events   []happening
	finished int
	shut     bool
}

// happening is what happened to the line, for the report of a fault.
type happening struct {
	at      time.Duration
	event   Event
	wait    time.Duration // where there is no event
	changed string        // settings
}

func (h happening) String() string {
	switch {
	case h.event == nil:
		return fmt.Sprintf("\n%s wait %s", h.at, h.wait)
	case h.changed != "":
		return fmt.Sprintf("\n%s %T%s", h.at, h.event, h.changed)
	}
	return fmt.Sprintf("\n%s %T%+v", h.at, h.event, h.event)
}

// sighting is what the watcher saw of a transaction.
type sighting struct {
	Send
	first     time.Duration
	code      int           // of the final answer
	refused   bool          // the answer is a challenge that is not to be answered
	answers   int           // challenges that it and those before it have answered
	full      time.Duration // 64*T1
	t1, t2    time.Duration
	due       time.Duration // when the next datagram leaves, from first
	reliable  bool
	answered  bool // provisionally
	heard     bool // an answer came to it or to the request that it replaces
	done      bool
	forgotten bool
}

// report is what the watcher heard of a call.
type report struct {
	ended   int
	dropped bool
	end     End
	checked map[Method]TxID // the INVITE or BYE whose 500 a REGISTER verified (WR-57)
}

func watch(t testing.TB, d *driver) *watcher {
	w := &watcher{
		t: t, d: d, txs: map[TxID]*sighting{}, calls: map[CallID]*report{}, series: map[int]int{},
		byes: map[Dialog]Send{}, invites: map[CallID]Send{},
	}
	d.out, d.saw, d.after = nil, w.saw, w.after
	return w
}

func (w *watcher) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\nafter %s: %s", w.d.now, fmt.Sprintf(format, args...), w.events)
}

// tell lets something happen and keeps it for the report.
func (w *watcher) tell(e Event) {
	switch e := e.(type) {
	case Response:
		if s := w.txs[e.Tx]; s != nil && e.Code < 200 {
			s.answered, s.heard = true, true
		} else if s != nil && !s.done {
			s.refused = e.Challenge != FreshChallenge
		}
	case Shutdown:
		w.shut = true
	}
	h := happening{at: w.d.now, event: e}
	if e, ok := e.(Reconfigured); ok {
		for _, name := range Changed(w.d.m.Settings(), e.Settings) {
			d, _ := ByName(name)
			h.changed += " " + name + "=" + d.Text(e.Settings)
		}
	}
	w.events = append(w.events, h)
	w.d.step(e)
}

func (w *watcher) wait(d time.Duration) {
	w.events = append(w.events, happening{at: w.d.now, wait: d})
	w.d.wait(w.d.now + d)
}

// known finds a transaction that an action speaks of: one that was sent and not forgotten.
func (w *watcher) known(what string, id TxID) *sighting {
	s := w.txs[id]
	if s == nil || s.forgotten {
		w.fail("%s of #%d, which is unknown or forgotten", what, id)
	}
	return s
}

func (w *watcher) saw(now time.Duration, a Action) {
	switch a := a.(type) {
	case Send:
		w.sawSend(now, a)
	case Ack:
		if s := w.known("ack", a.Tx); s.Method != INVITE {
			w.fail("ack of a %s", s.Method)
		}
	case Confirm:
		w.known("confirm", a.Tx)
	case Done:
		s := w.known("done", a.Tx)
		if s.done {
			w.fail("#%d ended twice", a.Tx)
		}
		w.gaveUp(now, s, a)
		s.done, s.code = true, a.Code
		if tx := w.d.m.txs[a.Tx]; a.Cause == CauseLocal && (tx.owner == ofReinvite || tx.owner == ofRefer || tx.owner == ofBye) {
			w.unsent = append(w.unsent, s.Send)
		}
		if s.Method == REGISTER && s.Slot == Primary && s.Expires > 0 && (s.Follow == 0 || a.Cause == CauseResponse) { // a dead contact is a rejection
			w.verdict = a
		}
		w.retried = w.retried || a.Code == 401 || a.Code == 407 || a.Code == 423
	case Forget:
		s := w.known("forget", a.Tx)
		if !s.done {
			w.fail("#%d is forgotten while it lives", a.Tx)
		}
		s.forgotten = true
	case Set:
		if a.At < now {
			w.fail("timer %v is set for %s", a.Timer, a.At)
		}
		if a.Timer.Tx != 0 {
			w.known("timer", a.Timer.Tx)
		}
	case CallChanged:
		w.sawCall(a.Call)
	case Note:
		w.notes = append(w.notes, a)
		if n, ok := a.Data.(event.ChallengeRefused); ok {
			w.noted(n)
		}
	case CallDropped:
		r := w.calls[a.Call]
		if r == nil || r.ended != 1 || r.dropped {
			w.fail("call %s is dropped: %+v", a.Call, r)
		}
		r.dropped = true
	case Finished:
		w.finished++
	}
}

func (w *watcher) sawCall(c Call) {
	r := w.calls[c.ID]
	if r == nil {
		r = &report{}
		w.calls[c.ID] = r
	}
	if r.ended > 0 {
		w.fail("call %s is reported %s after its end", c.ID, c.State)
	}
	if c.State == Ended {
		r.ended++
		r.end = c.End
		if c.End.By == "" || c.End.By != ByUser && c.End.Cause == "" {
			w.fail("call %s ended by nobody: %+v", c.ID, c.End)
		}
	}
}

func (w *watcher) sawSend(now time.Duration, a Send) {
	m := w.d.m
	w.sent = append(w.sent, a)
	if a.Datagram && a.K == 0 {
		w.sawDatagram(now, a)
		return
	}
	if a.K == 0 {
		if w.txs[a.Tx] != nil {
			w.fail("#%d is sent first twice", a.Tx)
		}
		s := &sighting{Send: a, first: now, t1: milliseconds(m.settings.T1), t2: milliseconds(m.settings.T2)}
		s.full, s.due, s.reliable = 64*s.t1, s.t1, m.txs[a.Tx] != nil && m.txs[a.Tx].reliable
		s.heard = a.Method == REGISTER && (w.retried || a.Follow != 0) || m.txs[a.Tx] != nil && m.txs[a.Tx].spent > 0 && m.txs[a.Tx].heard
		w.txs[a.Tx] = s
		w.firstSend(a)
		return
	}
	s := w.known("datagram", a.Tx)
	switch {
	case s.done:
		w.fail("#%d sent again after its end", a.Tx)
	case s.reliable: // FO-08
		w.fail("#%d sent again over a connection", a.Tx)
	case now-s.first >= s.limit(): // FO-01
		w.fail("#%d sent after %s, its time is %s", a.Tx, now-s.first, s.limit())
	case now-s.first != s.due: // RFC 3261 17.1.1.2, 17.1.2.2
		w.fail("#%d sent after %s, it was due after %s", a.Tx, now-s.first, s.due)
	case s.answered && s.Method == INVITE: // FO-04
		w.fail("INVITE #%d sent again after a provisional answer", a.Tx)
	}
	if s.K++; s.K != a.K {
		w.fail("#%d: datagram %d follows %d", a.Tx, a.K, s.K-1)
	}
	s.due += s.interval()
}

// sawDatagram: a request that was too long for UDP goes by UDP once, when TCP would not carry it; its schedule begins there (WR-21).
func (w *watcher) sawDatagram(now time.Duration, a Send) {
	s := w.known("datagram", a.Tx)
	if s.done || s.reliable || s.Datagram || a.K != 0 || now-s.first >= s.limit() {
		w.fail("%+v after %+v", a, s)
	}
	s.Datagram, s.K, s.due = true, 0, now-s.first+s.t1
}

// limit is the time a transaction has: the budget, or after a provisional answer 64*T1 (FO-04).
func (s *sighting) limit() time.Duration {
	if s.answered {
		return s.full
	}
	if s.Connect > 0 {
		return s.Connect // a route sends by UDP what its server would get over a connection (WR-23)
	}
	return s.Budget
}

// interval is the wait after the datagram that has just left: Timer A doubles, Timer E doubles up to T2 and is T2 once a provisional answer
// has come (WR-24).
func (s *sighting) interval() time.Duration {
	d := s.t1 << min(s.K, 7)
	switch {
	case s.Method == INVITE:
		return d
	case s.answered:
		return s.t2
	}
	return min(d, s.t2)
}

func (w *watcher) firstSend(a Send) {
	if a.Slot != Primary && a.Slot != Backup {
		w.fail("%s goes to %q", a.Method, a.Slot)
	}
	if a.Budget <= 0 {
		w.fail("%s has no budget", a.Method)
	}
	if a.Auth != 0 {
		w.authenticated(a)
	}
	redialled := w.d.m.txs[a.Tx] != nil && w.d.m.txs[a.Tx].spent > 0
	switch a.Method {
	case REGISTER:
		if before := w.series[a.Series]; a.Series <= 0 || a.CSeq < before || a.CSeq == before && !redialled {
			w.fail("REGISTER of dialog %d has CSeq %d after %d", a.Series, a.CSeq, before)
		}
		w.series[a.Series] = a.CSeq
	case INVITE:
		if r := w.calls[a.Call]; r == nil || r.ended > 0 {
			w.fail("INVITE for the call %s: %+v", a.Call, r)
		}
		if c := w.d.m.calls[a.Call]; c != nil && c.offering { // RFC 3264 4
			w.fail("INVITE with an offer while another one waits for its answer: %+v", a)
		}
		before, again := w.invites[a.Call]
		if again && (a.CSeq < before.CSeq || a.CSeq == before.CSeq && a.Slot == before.Slot && !a.Renew && !redialled) {
			w.fail("INVITE %+v after %+v", a, before)
		}
		w.invites[a.Call] = a
	case BYE:
		before, again := w.byes[a.Dialog]
		if again && (a.CSeq < before.CSeq || a.CSeq == before.CSeq && a.Slot == before.Slot && !redialled) {
			w.fail("BYE %+v after %+v", a, before)
		}
		if invite := w.txs[a.Dialog.Invite]; invite != nil && a.CSeq <= invite.CSeq {
			w.fail("BYE with CSeq %d after the INVITE's %d", a.CSeq, invite.CSeq)
		}
		if again := w.invites[a.Call]; again.Dialog == a.Dialog && a.CSeq <= again.CSeq {
			w.fail("BYE with CSeq %d after a re-INVITE's %d", a.CSeq, again.CSeq)
		}
		w.byes[a.Dialog] = a
	case CANCEL:
		if invite := w.known("CANCEL", a.Of); !invite.answered || invite.Slot != a.Slot || invite.CSeq != a.CSeq {
			w.fail("CANCEL %+v of %+v", a, invite)
		}
	}
}

// end hangs up and shuts the line down: every call has ended once, and Finished comes once, within 5 s (CF-04).
func (w *watcher) end() {
	for _, c := range w.d.m.Calls() {
		w.tell(HangUp{c.ID})
	}
	w.wait(3 * time.Minute)
	if !w.shut {
		w.tell(Shutdown{})
	}
	w.wait(5 * time.Second)
	if w.finished != 1 {
		w.fail("finished %d times", w.finished)
	}
	for id, r := range w.calls {
		if r.ended != 1 {
			w.fail("call %s ended %d times", id, r.ended)
		}
	}
	w.wait(24 * time.Hour)
	if n := len(w.d.m.txs) + len(w.d.m.calls) + len(w.d.alarms.queue.index); n > 0 {
		w.fail("left behind: %v %v %v", w.d.m.txs, w.d.m.calls, w.d.alarms.queue.index)
	}
}

// at is when a timer ends.
func (d *driver) at(t Timer) (time.Duration, bool) {
	i, armed := d.alarms.queue.index[t]
	if !armed {
		return 0, false
	}
	return d.alarms.queue.alarms[i].at, true
}
