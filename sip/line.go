// Package sip is a phone line on the wire: it carries out what package line decides, as SIP messages, timers and RTP, and tells it
// what came back. One goroutine owns each line.
package sip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
	"hilphone/sip/uas"
)

// Line is one line of the phone. Make it with New; it does nothing before Run.
type Line struct {
	cfg   Config
	log   *slog.Logger
	inbox inbox

	// Owned by Run's goroutine.
	machine   *line.Machine
	alarms    line.Alarms[line.Timer]
	start     time.Time
	at        time.Time // of the decision that is being carried out: the time of its events
	suspended time.Duration
	settings  line.Settings
	socket    *endpoint
	servers   serverTransactions
	local     netip.AddrPort
	series    map[int]*registration
	txs       map[line.TxID]*transaction
	branches  map[string]*transaction // by branch and method
	calls     map[line.CallID]*call
	slots     map[line.Slot]*server
	hosts     map[routeKey]*server // named in routes
	flows     map[hop]*flow        // where new requests go
	open      map[*flow]bool       // all connections that have not ended
	moved     time.Duration        // when a lost connection was last made up for
	listener  net.Listener         // TCP; nil: none
	callers   callers              // of it
	accepting bool                 // from listener

	noListener error           // why the TCP port cannot be opened; nil: it is open, or not wanted
	listenAt   time.Duration   // when that is tried again
	serving    context.Context // ends with the line
	accounts   map[line.Slot]account
	done       bool
	tasks      sync.WaitGroup

	secret    string              // of the To tags
	window    *semaphore.Weighted // octets of messages that were read and not yet handled
	malformed malformed
	strangers strangers
	// icmpIgnored bounds the events about ICMP messages that count for nothing.
	icmpIgnored eventLimit

	status atomic.Pointer[Snapshot]
}

// New makes a line; its settings must be valid.
func New(cfg Config) *Line {
	cfg = cfg.withDefaults()
	l := &Line{
		cfg: cfg, log: cfg.Log.With("line", cfg.Number), settings: cfg.Settings,
		inbox:   newInbox(),
		secret:  token(16),
		machine: line.New(cfg.Number, cfg.Settings),
		series:  make(map[int]*registration), txs: make(map[line.TxID]*transaction), branches: make(map[string]*transaction),
		calls: make(map[line.CallID]*call), slots: make(map[line.Slot]*server), flows: make(map[hop]*flow), open: make(map[*flow]bool),
		accounts: make(map[line.Slot]account), hosts: make(map[routeKey]*server), window: semaphore.NewWeighted(arrivalWindow),
	}
	l.servers.byKey = make(map[string]*serverTransaction)
	l.malformed.record = func(at time.Time, data event.Data) { l.cfg.Record(at, l.cfg.Number, "", data) }
	l.setAccounts()
	l.machine.Seed(rand.Uint64())
	l.status.Store(&Snapshot{Status: l.machine.Status(), Settings: cfg.Settings})
	return l
}

// Post gives the line an event. It never waits; events of one goroutine keep their order.
func (l *Line) Post(e line.Event) { l.inbox.put(e) }

// Settled returns a channel that is closed when the line has acted on all it was given before.
func (l *Line) Settled() <-chan struct{} {
	settled := make(chan struct{})
	l.inbox.put(func() { close(settled) })
	return settled
}

// SocketError is the error of Run where the UDP socket of the line cannot be opened. Nothing has begun then, and Run may be called again.
type SocketError struct {
	Line int
	Err  error
}

func (e *SocketError) Error() string {
	return fmt.Sprintf("opening the SIP socket of line %d: %v", e.Line, e.Err)
}

// Unwrap returns what Config.Open returned.
func (e *SocketError) Unwrap() error { return e.Err }

// Run registers, makes and takes calls until ctx ends, then hangs up and un-registers, which takes 3 s at most. The error is a *SocketError, or
// that of closing the sockets.
func (l *Line) Run(ctx context.Context) error {
	socket, err := l.openPorts()
	if err != nil {
		return &SocketError{l.cfg.Number, err}
	}
	l.start = time.Now()
	l.at = l.start
	defer l.cfg.Deciding(time.Time{})
	l.suspended = l.cfg.Suspended()
	l.socket = newEndpoint(socket, l)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.serving = serving
	l.know()
	l.tasks.Go(l.readSocket)
	l.tasks.Go(l.readICMP)
	l.acceptCalls()
	if err := l.noListener; err != nil {
		l.noListener = nil
		l.listened(err)
	}
	l.step(line.Start{})
	l.lookAhead()
	l.loop(ctx)
	for _, c := range l.calls {
		c.stopMedia()
	}
	for f := range l.open {
		l.drop(f)
	}
	stop()
	err = socket.Close()
	if l.listener != nil {
		err = errors.Join(err, l.listener.Close())
	}
	l.tasks.Wait()
	for _, e := range l.inbox.take() {
		if c, ok := e.(connection); ok && c.conn != nil { // made too late
			_ = c.conn.Close()
		}
	}
	return err
}

func (l *Line) readSocket() {
	if err := l.socket.read(); err != nil {
		l.log.Error("the SIP socket failed", "err", err)
	}
}

// wakefulness is how often, at least, a line looks whether the machine has slept: the timers slept with it (CL-02).
const wakefulness = 30 * time.Second

func (l *Line) loop(ctx context.Context) {
	timer := time.NewTimer(wakefulness)
	defer timer.Stop()
	quit := ctx.Done()
	for !l.done {
		wait := wakefulness
		if len(l.open) > 0 {
			wait = min(wait, l.longest()/4) // connections that have become idle are closed then
		}
		if _, at, ok := l.alarms.Next(); ok {
			wait = min(wait, at-l.now())
		}
		if _, at, ok := l.servers.timers.Next(); ok {
			wait = min(wait, at-l.now())
		}
		if l.noListener != nil {
			wait = min(wait, max(l.listenAt-l.now(), 0))
		}
		timer.Reset(wait)
		l.cfg.Deciding(time.Time{})
		select {
		case <-quit:
			quit = nil
			l.step(line.Shutdown{})
		case <-timer.C:
			l.expire()
		case <-l.inbox.filled:
			for _, e := range l.inbox.take() {
				l.take(e)
			}
		}
	}
}

// now is the time since the line was started. What is decided is decided at that of decide.
func (l *Line) now() time.Duration { return time.Since(l.start) }

// decide returns the instant of what is decided next. The events that say so have this time, however long it takes to carry the decision out: the
// timers that it sets count from here too, so that no event is early.
func (l *Line) decide() time.Duration {
	l.cfg.Deciding(time.Now()) // before the time is read: nothing that is recorded is earlier than Deciding says
	l.at = time.Now()
	return l.at.Sub(l.start)
}

// expire steps through every timer that is due. A machine that slept registers anew (CL-02): the clock of the timers stood still.
func (l *Line) expire() {
	l.decide()
	if s := l.cfg.Suspended(); s > l.suspended+30*time.Second {
		l.suspended = s
		l.step(line.Resumed{})
	}
	l.dropIdle()
	l.listenAgain()
	for {
		t, _, ok := l.servers.timers.Due(l.now())
		if !ok {
			break
		}
		l.stepServer(t.tx, uas.Expired{Timer: t.name})
	}
	for {
		t, _, ok := l.alarms.Due(l.now())
		switch {
		case !ok:
			return
		case t.Name == reconnect:
			l.reconnect()
		default:
			l.step(line.Expired{Timer: t})
		}
	}
}

// take handles one entry of the inbox.
func (l *Line) take(e any) {
	l.decide()
	switch e := e.(type) {
	case line.Reconfigured:
		l.reconfigure(e)
	case line.Event:
		l.step(e)
	case arrival:
		l.receive(e)
	case unreachable:
		l.icmpReceived(e)
	case resolved:
		l.resolved(e)
	case found:
		l.found(e)
	case connection:
		l.connected(e)
	case lost:
		l.lost(e)
	case func():
		e()
	}
}

// step lets the machine decide and carries its decisions out.
func (l *Line) step(e line.Event) {
	for _, a := range l.machine.Step(l.decide(), e) {
		l.carryOut(a)
	}
	l.publish()
}

func (l *Line) carryOut(a line.Action) {
	switch a := a.(type) {
	case line.Send:
		l.send(a)
		if a.K == 0 {
			l.routed(l.txs[a.Tx])
		}
	case line.Ack:
		l.ack(a.Tx)
	case line.Confirm:
		l.confirm(a)
	case line.Respond:
		l.respond(a)
	case line.Resolve:
		l.lookUp(l.server(a.Slot))
	case line.Set:
		l.alarms.Set(a.Timer, a.At)
	case line.Stop:
		l.alarms.Stop(a.Timer)
	case line.Done:
		l.ended(a)
	case line.Forget:
		l.forget(a.Tx)
	case line.CallChanged:
		l.callChanged(a.Call)
	case line.CallDropped:
		l.callDropped(a.Call)
	case line.Note:
		l.note(a)
	case line.Finished:
		l.done = true
	}
}

// record records an event of the decision that is being carried out. It is the line's goroutine's.
func (l *Line) record(call line.CallID, data event.Data) {
	l.cfg.Record(l.at, l.cfg.Number, call, data)
}

// note records what the machine has to say; a change of the line's state is logged, once, with from, to and cause.
func (l *Line) note(n line.Note) {
	if s, ok := n.Data.(event.LineState); ok {
		fields := []any{"from", s.From, "to", s.Phase, "active", s.Active, "cause", s.Cause}
		if p := l.settings.Server(line.Slot(s.Active)).Proxy; p.Addr != "" {
			fields = append(fields, "proxy", p.String())
		}
		l.log.Info("line state", fields...)
	}
	l.record(n.Call, n.Data)
}

func (l *Line) reconfigure(e line.Reconfigured) {
	l.settings = e.Settings
	l.socket.acceptFrom(e.Settings.AcceptFrom)
	l.slots = make(map[line.Slot]*server)
	l.setAccounts()
	l.know()
	l.listened(l.listen())
	l.acceptCalls()
	l.step(e)
	l.lookAhead()
}
