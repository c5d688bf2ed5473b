package line

import (
	"fmt"
	"slices"
	"testing"
	"time"
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
		if s.Method == REGISTER && s.Slot == Primary && s.Expires > 0 {
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
		if n, ok := a.Data.(ChallengeRefusedNote); ok {
			w.noted(n)
		}
	case CallDropped:
		r := w.calls[a.Call]
		if r == nil || r.ended != 1 || r.dropped {
			w.fail("call %s is dropped: %+v", a.Call, r)
		}
		r.dropped = true
	case Note:
		w.notes = append(w.notes, a)
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

// limit is the time a transaction has: the budget, or after a provisional answer 64*T1 (FO-04).
func (s *sighting) limit() time.Duration {
	if s.answered {
		return s.full
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

// authenticated: a request with credentials is the one before it, at the same server; it answers no challenge that is not to be answered,
// and no more of them than maxChallenges (WR-50, WR-51, SE-01). A CANCEL is never sent again.
func (w *watcher) authenticated(a Send) {
	before := w.known("credentials", a.Auth)
	s := w.txs[a.Tx]
	s.answers = before.answers
	if before.code == 401 || before.code == 407 {
		s.answers++
		if before.refused {
			w.fail("%+v answers a challenge that is not to be answered", a)
		}
	}
	same := before.Method == a.Method && before.Slot == a.Slot && before.Target == a.Target && before.Series == a.Series && before.Call == a.Call && before.Dialog == a.Dialog
	if !before.done || !same || a.Method == CANCEL || s.answers == 0 || s.answers > maxChallenges {
		w.fail("%+v has the credentials of %+v", a, before)
	}
}

// noted: a challenge that is not answered is noted for a request that had one, and not twice for one request.
func (w *watcher) noted(n ChallengeRefusedNote) {
	if n.Reason == "" || n.Method == "" {
		w.fail("%+v", n)
	}
	if w.refusals++; w.refusals > 1 {
		w.fail("one answer has %d challenges noted", w.refusals)
	}
}

// after checks the line itself once a step is over.
func (w *watcher) after(Event) {
	m := w.d.m
	w.checkSends()
	w.checkPhase()
	w.checkTransactions()
	w.checkProbe()
	w.checkCalls()
	w.checkUnsent()
	w.checkVerified()
	w.checkSilent()
	if w.finished > 1 || w.finished == 1 && !w.shut {
		w.fail("finished %d times", w.finished)
	}
	// FO-52: something is always under way, or a timer set, that will register the line.
	begun := m.phase != Unregistered && !m.down
	asking := m.procedure.running && (m.txs[m.procedure.tx].live() || w.armed(Jitter) || w.armed(LookUp))
	if begun && !w.armed(Refresh) && !w.armed(Retry) && !asking {
		w.fail("the line gave up in %s: %+v", m.phase, m.procedure)
	}
	if m.settings.Usable() && !m.down && !begun && m.config > 0 {
		w.fail("a line that is to be registered does nothing")
	}
	w.sent, w.unsent, w.silent, w.notes = w.sent[:0], w.unsent[:0], w.silent[:0], w.notes[:0]
	w.verdict, w.retried, w.refusals = Done{}, false, 0
}

func (w *watcher) armed(n TimerName) bool { return w.timer(Timer{Name: n}) }

func (w *watcher) timer(t Timer) bool {
	_, ok := w.d.alarms.queue.index[t]
	return ok
}

// checkSends: first datagrams go to servers that are configured and not in quarantine (FO-45).
func (w *watcher) checkSends() {
	m := w.d.m
	for _, a := range w.sent {
		register := a.Method == REGISTER && a.Expires > 0
		if a.K > 0 || !register && (a.Method != INVITE || a.Dialog != Dialog{}) || w.retried {
			continue
		}
		if tx := m.txs[a.Tx]; tx != nil && tx.spent > 0 {
			continue
		}
		if !m.has(a.Slot) {
			w.fail("%s goes to the %s, which is not configured", a.Method, a.Slot)
		}
		if m.servers[a.Slot].quarantined > w.d.now {
			w.fail("%s goes to the %s, which is in quarantine", a.Method, a.Slot)
		}
		if register && !m.settings.Usable() {
			w.fail("REGISTER of a line that is not activated")
		}
	}
}

func (w *watcher) checkPhase() {
	m := w.d.m
	want := map[Phase][]Slot{
		Unregistered: {None}, AllFailed: {None}, OnPrimary: {Primary}, OnBackup: {Backup},
		TryPrimary: {None, Primary, Backup}, TryBackup: {None, Backup},
	}[m.phase]
	if !slices.Contains(want, m.active) {
		w.fail("phase %s with active server %s", m.phase, m.active)
	}
	if m.active != None && !m.has(m.active) {
		w.fail("the active server %s is not configured", m.active)
	}
	if m.down && (m.phase != Unregistered || m.procedure.running) {
		w.fail("un-registered, yet in %s", m.phase)
	}
	trying := m.phase == TryPrimary || m.phase == TryBackup
	if p := m.procedure; trying != (p.running && !p.refresh) || !p.running && len(p.waiters) > 0 {
		w.fail("phase %s, procedure %+v", m.phase, p)
	}
}

func (w *watcher) checkTransactions() {
	m := w.d.m
	registering := map[Slot]int{}
	for id, tx := range m.txs {
		if tx.live() != !w.txs[id].done {
			w.fail("#%d is live: %v", id, tx.live())
		}
		if !tx.live() {
			if !w.timer(Timer{Name: Linger, Tx: id}) {
				w.fail("#%d is kept for ever", id)
			}
			continue
		}
		if rings := tx.owner == ofCall && tx.state == proceeding && !tx.gone; rings == w.timer(Timer{Name: GiveUp, Tx: id}) {
			w.fail("%s #%d: given up by a timer: %v", tx.Method, id, !rings)
		}
		w.checkRetransmission(w.txs[id])
		if tx.Method == REGISTER && tx.owner != ofRemoval {
			registering[tx.Slot]++
			if id != m.procedure.tx && id != m.failback.tx {
				w.fail("REGISTER #%d belongs to nothing", id)
			}
		}
	}
	for slot, n := range registering {
		if n > 1 { // FO-19
			w.fail("%d REGISTERs are open at the %s", n, slot)
		}
	}
}

// checkRetransmission: Timer A or E is armed for the next datagram exactly where one is due within the time the transaction has (WR-24).
func (w *watcher) checkRetransmission(s *sighting) {
	due := s.due < s.limit() && !s.reliable && !(s.answered && s.Method == INVITE)
	alarm, armed := w.d.alarms.at[Timer{Name: Retransmit, Tx: s.Tx}]
	if armed != due || armed && alarm.at != s.first+s.due {
		w.fail("%s #%d: retransmission armed: %v for %s; datagram %d is due after %s", s.Method, s.Tx, armed, alarm.at, s.K+1, s.due)
	}
}

// checkProbe: the interval runs exactly while the backup serves, failback is on and nothing else probes (FB-01).
func (w *watcher) checkProbe() {
	m := w.d.m
	f := m.failback
	probing := f.tx != 0 || f.held != nil || w.armed(Reprobe)
	want := m.phase == OnBackup && failbackOn(m.settings) && m.has(Primary) && !probing
	if w.armed(Probe) != want {
		w.fail("probe timer armed: %v; phase %s, failback %+v", !want, m.phase, f)
	}
	if at, _ := w.d.at(Timer{Name: Probe}); w.armed(Probe) && f.due != at {
		w.fail("the probe is due at %s, its timer says otherwise", f.due)
	}
	if f.tx != 0 && (!m.txs[f.tx].live() || w.armed(Reprobe)) || w.armed(Reprobe) && m.phase != OnBackup {
		w.fail("probe %+v in %s", f, m.phase)
	}
	if f.held != nil && !w.armed(Reprobe) {
		w.fail("a probe is held for ever")
	}
}

// checkCalls: each call is getting somewhere, and an ended one is kept only for a BYE.
func (w *watcher) checkCalls() {
	m := w.d.m
	for id, c := range m.calls {
		waits := slices.ContainsFunc(m.procedure.waiters, func(v waiter) bool { return v.call == id })
		switch c.State {
		case Calling, Ringback:
			if c.waiting != waits || !waits && !m.txs[c.invite].live() {
				w.fail("call %s hangs: %+v", id, c)
			}
		case Ended:
			if !waits && !m.txs[c.bye].live() && c.answers == 0 {
				w.fail("call %s is kept for nothing: %+v", id, c)
			}
		case Talking, Held, Ringing:
			if c.answers > 0 != w.timer(Timer{Name: AnswerLost, Call: id}) {
				w.fail("call %s is not watched for its ACK: %+v", id, c)
			}
			if c.offering && c.answers == 0 && c.State != Ringing {
				w.fail("call %s waits for an ACK that will not come: %+v", id, c)
			}
			if c.State != Ringing && (c.held || c.peerHeld) != (c.State == Held) {
				w.fail("call %s is shown as %s: %+v", id, c.State, c)
			}
		}
	}
	for _, v := range m.procedure.waiters {
		if m.calls[v.call] == nil {
			w.fail("%+v waits for a call that is over", v)
		}
	}
	removing := 0
	for _, tx := range m.txs {
		if tx.owner == ofRemoval && tx.live() {
			removing++
		}
	}
	if removing != m.removals {
		w.fail("%d removals are counted, %d are under way", m.removals, removing)
	}
	for t := range w.d.alarms.queue.index {
		repeats := t.Name == AnswerAgain || t.Name == AnswerLost
		if c := m.calls[t.Call]; t.Call != "" && (c == nil || repeats && c.answers == 0) {
			w.fail("timer %+v of %+v", t, c)
		}
	}
	for id, r := range w.calls {
		if c := m.calls[id]; (c == nil) != r.dropped || c != nil && (c.State == Ended) != (r.ended > 0) {
			w.fail("call %s is %+v, reported %+v", id, c, r)
		}
	}
}

// gaveUp: a transaction has all of its time, unless it is an attempt of the registration procedure without an answer, at a target that an
// INVITE or a BYE has just found silent (WR-56).
func (w *watcher) gaveUp(now time.Duration, s *sighting, d Done) {
	tx := w.d.m.txs[d.Tx]
	if d.Cause != CauseNoResponse || tx == nil {
		return
	}
	if (tx.owner == ofCall || tx.owner == ofBye) && !s.answered && w.d.m.current(tx) {
		w.silent = append(w.silent, tx)
	}
	if s.reliable || now-s.first >= s.limit() {
		return
	}
	proven := slices.ContainsFunc(w.silent, func(v *transaction) bool { return sameTarget(v, tx) })
	if attempt := tx.owner == ofRegistration || tx.owner == ofProbe; !attempt || s.heard || !proven {
		w.fail("%s #%d is given up after %s, its time is %s", s.Method, s.Tx, now-s.first, s.limit())
	}
}

// checkSilent: no attempt of the procedure without an answer is left at a target that an INVITE or a BYE has just found silent, as long as there
// is another server to ask (WR-56).
func (w *watcher) checkSilent() {
	m := w.d.m
	p := m.procedure
	attempt := m.txs[p.tx]
	if !p.running || attempt == nil || w.txs[p.tx].heard || slices.ContainsFunc(w.sent, func(a Send) bool { return a.Tx == p.tx && a.K == 0 }) {
		return
	}
	rest := p.rest
	if attempt.owner == ofProbe {
		rest = []Slot{Backup}
	}
	onward := slices.ContainsFunc(rest, func(s Slot) bool { return s != p.slot && m.usable(s) })
	for _, tx := range w.silent {
		if onward && sameTarget(tx, attempt) {
			w.fail("%s #%d was silent, and %s #%d is still under way at the %s", tx.Method, tx.Tx, attempt.Method, attempt.Tx, p.slot)
		}
	}
}

// checkUnsent: a request within a call that could not be sent is reported and leaves the call as it was; a BYE is lost (WR-22).
func (w *watcher) checkUnsent() {
	for _, a := range w.unsent {
		if slices.ContainsFunc(w.sent, func(s Send) bool { return s.K == 0 && s.Method == a.Method && s.Call == a.Call }) {
			continue // on a new connection (FO-07)
		}
		want := map[Method]string{INVITE: "hold_failed", REFER: "transfer", BYE: "bye_lost"}[a.Method]
		if !slices.ContainsFunc(w.notes, func(n Note) bool { return n.Type == want && n.Call == a.Call }) {
			w.fail("%s #%d could not be sent and nothing says so: %+v", a.Method, a.Tx, w.notes)
		}
		if c := w.d.m.calls[a.Call]; a.Method != BYE && (c == nil || c.State == Ended) {
			w.fail("%s #%d could not be sent and ended the call %+v", a.Method, a.Tx, c)
		}
	}
}

// checkVerified: one REGISTER at the primary decides about each request that was answered 500: if it was answered, the 500 stands, if it found
// the primary unavailable, the request goes on (WR-57).
func (w *watcher) checkVerified() {
	m := w.d.m
	var waiting []waiter
	for _, v := range m.procedure.waiters {
		if !v.verify {
			continue
		}
		waiting = append(waiting, v)
		r, c := w.calls[v.call], m.calls[v.call]
		id := c.invite
		if v.method == BYE {
			id = c.bye
		}
		if was, again := r.checked[v.method]; again && was != id {
			w.fail("the %s of call %s is verified again", v.method, v.call)
		}
		if r.checked == nil {
			r.checked = make(map[Method]TxID)
		}
		r.checked[v.method] = id
		if tx := m.txs[id]; m.procedure.slot != Primary || tx != nil && (tx.Slot != Primary || tx.Last || tx.live()) {
			w.fail("%+v is verified: %+v", v, m.procedure)
		}
	}
	for _, v := range w.verified {
		if !slices.Contains(waiting, v) {
			w.verifiedNow(v)
		}
	}
	w.verified = waiting
}

// verifiedNow: a request does not wait for the REGISTER any more.
func (w *watcher) verifiedNow(v waiter) {
	m := w.d.m
	r, c := w.calls[v.call], m.calls[v.call]
	over := r.ended > 0 && (v.method == INVITE || c == nil)
	stands := over && (v.method == BYE || r.end.By != ByServer || r.end.Code == 500)
	codes := m.settings.RegisterCodes
	switch d := w.verdict; {
	case over && v.method == INVITE && (r.end.By == ByUser || r.end.By == ByPeer):
	case d.Cause == CauseResponse && d.Code >= 200 && !codes.Match(d.Code):
		if !stands {
			w.fail("%+v: the primary answered %d, call %+v ended %+v", v, d.Code, c, r.end)
		}
	case d.Cause == CauseResponse, d.Cause == CauseNoResponse, d.Cause == CauseICMP:
		if over && v.method == INVITE && r.end.Code == 500 {
			w.fail("%+v: the primary is unavailable (%s), the 500 stands", v, d.Cause)
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
