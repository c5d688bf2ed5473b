package sip

import (
	"errors"
	"slices"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
	"hilphone/sip/netfault"
	"hilphone/sip/wire"
)

// reconnect is the timer of a registration that waits because its connection was lost again at once.
const reconnect line.TimerName = "reconnect"

// lost: every request that waits for an answer on a connection that has ended has failed (FO-07).
func (l *Line) lost(e lost) {
	l.undial(e.f)
	why := lossFault(e.err)
	l.recordLoss(e.f, why)
	var waiting []*transaction
	for _, tx := range l.txs {
		if tx.flow == e.f && !tx.over {
			waiting = append(waiting, tx)
		}
	}
	registering := false
	for _, tx := range waiting {
		registering = registering || tx.Method == line.REGISTER
		l.step(line.Failed{Tx: tx.Tx, Cause: line.CauseConnect, Fault: why, Reused: tx.reused})
	}
	if !registering {
		l.contactLost(e.f.hop)
	}
}

// lossFault is why a connection that was made has ended.
func lossFault(err error) netfault.Fault {
	switch {
	case errors.Is(err, errNotReading):
		return netfault.Fault{Reason: netfault.NotReading, Detail: errNotReading.Error()}
	case errors.Is(err, wire.ErrTooLong), errors.Is(err, wire.ErrNoLength):
		return netfault.Fault{Reason: netfault.Unframed, Detail: err.Error()}
	}
	return netfault.Of(err)
}

// recordLoss records the end of a connection that the phone has not closed on purpose.
func (l *Line) recordLoss(f *flow, why netfault.Fault) {
	if f.dropped || f.stream == nil || l.done {
		return
	}
	by := "server"
	switch why.Reason {
	case netfault.NotReading, netfault.Unframed:
		by = "phone"
	case netfault.Timeout, netfault.NoRoute, netfault.NotPermitted, netfault.NoInterface:
		by = "network"
	}
	l.record("", event.ConnectionLost{Slot: string(l.socket.at(f.to, f.transport).slot), Transport: string(f.transport), Local: f.stream.LocalAddr().String(),
		Remote: f.to.String(), By: by, Reason: string(why.Reason), Detail: why.Detail})
}

// contactLost registers anew where the connection that has ended was the Contact: without it nobody reaches us (CL-04). A server that ends
// each connection is asked once in 64*T1.
func (l *Line) contactLost(k hop) {
	if !l.contactWas(k) {
		return
	}
	now := l.now()
	if l.moved != 0 && now < l.moved+l.longest() {
		l.alarms.Set(line.Timer{Name: reconnect}, l.moved+l.longest())
		return
	}
	l.moved = now
	l.step(line.Moved{})
}

// contactWas says whether calls come by a connection, and that one has ended: the Contact of the registration in force names it, or an outbound proxy
// may know no other way, whatever the Contact says (OP-12).
func (l *Line) contactWas(k hop) bool {
	s := l.machine.Status()
	if l.done || s.Phase != line.OnPrimary && s.Phase != line.OnBackup || l.flows[k] != nil {
		return false
	}
	t := l.target(s.Active)
	return t.addr == k.to && t.config.Transport == k.transport && (t.behind != nil || !l.listens(k.transport))
}

// reconnect registers anew if that is still necessary.
func (l *Line) reconnect() {
	if s := l.machine.Status(); s.Active != line.None {
		if h := l.target(s.Active).hop(); h.reliable() {
			l.contactLost(h)
		}
	}
}

// drop gives a connection up on which a request found no answer: a frozen connection must not be used again.
func (l *Line) drop(f *flow) {
	l.undial(f)
	f.dropped = true
	if f.stop != nil {
		f.stop()
	}
	if f.stream != nil {
		f.stream.close()
	}
}

// awaited says whether a message that could not go by UDP, or not yet, waits for a connection that is being dialled.
func (l *Line) awaited(f *flow) bool {
	return slices.ContainsFunc(f.later, func(m unsent) bool { return m.datagram == nil }) ||
		slices.ContainsFunc(f.waiting, func(tx *transaction) bool { return tx.flow == f && !tx.over })
}

// undial forgets a connection.
func (l *Line) undial(f *flow) {
	delete(l.open, f)
	if l.flows[f.hop] == f {
		delete(l.flows, f.hop)
	}
}

// dropIdle closes connections that nobody needs any more: no request waits on them, no dialog and no binding leads there, and nothing has
// passed for 64*T1 (FB-11).
func (l *Line) dropIdle() {
	for f := range l.open {
		if f.stream != nil && l.now()-time.Duration(f.stream.last.Load()) >= l.longest() && !l.needs(f) {
			l.drop(f)
		}
	}
}

func (l *Line) needs(f *flow) bool {
	for _, tx := range l.txs {
		if tx.flow == f && !tx.over {
			return true
		}
	}
	for _, c := range l.calls {
		for _, d := range c.dialogs {
			if d.target.addr == f.to && d.target.config.Transport == f.transport {
				return true
			}
		}
	}
	if l.flows[f.hop] != f {
		return false // the binding is at the connection that took its place
	}
	for slot, s := range l.machine.Status().Servers {
		if t := l.target(slot); s.RegisteredUntil != 0 && t.addr == f.to && t.config.Transport == f.transport {
			return true
		}
	}
	return false
}
