package line

import (
	"slices"
	"time"

	"hilphone/db/journal/event"
)

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
func (w *watcher) noted(n event.ChallengeRefused) {
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
		if a.K > 0 || a.Datagram || !register && (a.Method != INVITE || a.Dialog != Dialog{}) || w.retried {
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
		if a.Method == INVITE && !a.Renew && m.settings.needsRegistration(a.Slot) && m.active != a.Slot && !w.registered(a.Slot) { // OP-09
			w.fail("INVITE goes to the %s, whose outbound proxy wants a registration", a.Slot)
		}
		if register && !m.settings.Usable() {
			w.fail("REGISTER of a line that is not activated")
		}
	}
}

// registered reports whether a server has accepted a registration in this step. The next of the calls that waited for it may have left that server.
func (w *watcher) registered(slot Slot) bool {
	return slices.ContainsFunc(w.notes, func(n Note) bool {
		e, ok := n.Data.(event.Registered)
		return ok && e.Slot == string(slot)
	})
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
				w.fail("#%d is never forgotten", id)
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
	if tx := w.d.m.txs[s.Tx]; tx.long {
		due = false
	}
	at, armed := w.d.at(Timer{Name: Retransmit, Tx: s.Tx})
	if armed != due || armed && at != s.first+s.due {
		w.fail("%s #%d: retransmission armed: %v for %s; datagram %d is due after %s", s.Method, s.Tx, armed, at, s.K+1, s.due)
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
		w.fail("a held probe has no timer")
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
		if !slices.ContainsFunc(w.notes, func(n Note) bool { return n.Data.EventType() == want && n.Call == a.Call }) {
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
