package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"hilphone/db/device"
	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/emulator/cafile"
	"hilphone/emulator/phone"
	"hilphone/hil/hep"
	"hilphone/sip"
	"hilphone/sip/line"
	"hilphone/webui"
)

// lines are the phone's lines that are activated, each running on its own. A line that is not activated costs nothing.
type lines struct {
	sip     string
	journal *journal.Journal
	log     *slog.Logger
	calls   *calls
	phone   *phone.Phone
	hep     *hep.Sender  // is shown every message; nil: nobody is
	files   cafile.Files // that the settings name
	numbers atomic.Int64 // of calls

	mu       sync.Mutex
	ctx      context.Context // nil before run and after it
	settings map[int]line.Settings
	running  map[int]*runningLine
	port     int // the setting SIP Port
	ending   sync.WaitGroup
}

func newLines(local string, settings map[int]line.Settings, j *journal.Journal, log *slog.Logger) *lines {
	return &lines{sip: local, journal: j, log: log, settings: settings, port: device.Settings{}.Number(device.SIPPort), running: make(map[int]*runningLine)}
}

// run starts the activated lines and waits for all of them to end.
func (l *lines) run(ctx context.Context) {
	known := l.known()
	for n := 1; n <= line.MaxLines; n++ {
		l.loadFiles(n, known[n])
	}
	l.mu.Lock()
	l.ctx = ctx
	for n := 1; n <= line.MaxLines; n++ {
		if l.settings[n].Enabled {
			l.start(n, l.settings[n], nil)
		}
	}
	l.mu.Unlock()
	quietly(l.log, "a change of this machine's addresses will not be noticed", sip.WatchAddresses(ctx, l.moved))
	<-ctx.Done()
	l.mu.Lock()
	l.ctx = nil
	l.mu.Unlock()
	l.ending.Wait()
}

// start runs a line. One that runs already is stopped, and the new one begins when it has ended. l.mu is held.
func (l *lines) start(n int, s line.Settings, after *runningLine) {
	if after != nil {
		after.replaced.Store(true)
		after.stop()
	}
	for _, slot := range s.Slots() {
		if next := s.Server(slot).Hop(); next.Transport == line.TLS && next.Port == 5060 {
			l.log.Warn("TLS at port 5060: servers usually take it at 5061", "line", n, "server", slot)
		}
	}
	ctx, stop := context.WithCancel(l.ctx)
	r := &runningLine{local: l.localFor(s), port: l.portFor(n, s), reached: reachedFrom(s), stop: stop, begun: make(chan struct{}), ended: make(chan struct{}), again: make(chan struct{}, 1)}
	decider := l.journal.Decider()
	r.Line = sip.New(sip.Config{
		Number: n, Settings: s,
		Open: func() (sip.Socket, error) {
			s, err := l.open(n, r.local, r.port)
			if err == nil {
				l.opened(n, r)
			}
			return s, err
		},
		Listen:   listenTCP,
		Media:    sip.ListenMedia,
		Roots:    l.files.Roots,
		NextCall: l.nextCall,
		Record: func(at time.Time, n int, call line.CallID, data event.Data) {
			l.journal.RecordAt(at, n, string(call), data)
		},
		Deciding:      decider.Deciding,
		Trace:         l.trace,
		KeepCall:      l.calls.changed,
		CallChanged:   l.phone.CallChanged,
		StatusChanged: l.phone.LineChanged,
		UserAgent:     "hilphone/" + version,
		Log:           l.log,
	})
	l.running[n] = r
	l.ending.Go(func() {
		defer close(r.ended)
		defer decider.Close()
		if after != nil {
			<-after.ended
			r.blocked.Store(after.blocked.Load()) // what is blocked goes on, and is one fault
		}
		close(r.begun)
		if err := l.runLine(ctx, n, r); err != nil {
			l.log.Error("the line has stopped", "line", n, "err", err)
			l.journal.Record(n, "", event.Fault{Device: "line " + strconv.Itoa(n), Message: err.Error()})
		}
	})
}

func (l *lines) nextCall() line.CallID { return line.CallID(strconv.FormatInt(l.numbers.Add(1), 10)) }

// Apply gives a line its new settings. It starts a line that was not running, and starts one anew whose servers are reached from
// another address of this machine. A line that runs goes by them when Apply returns. It cannot fail.
func (l *lines) Apply(n int, _, s line.Settings) {
	l.loadFiles(n, s)
	if r := l.apply(n, s); r != nil {
		r.tell(line.Reconfigured{Settings: s})
	}
}

// apply returns the line that runs on and has to be told of its settings, or nil.
func (l *lines) apply(n int, s line.Settings) *runningLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.settings[n]
	l.settings[n] = s
	l.phone.LineNamed(n, label(s))
	r := l.running[n]
	switch {
	case l.ctx == nil:
	case r != nil && r.blockedBy() != nil: // it begins again with the new settings, at once
		if s.Enabled {
			l.start(n, s, r)
		} else {
			r.stop()
		}
	case r != nil && (!s.Enabled || sameServers(old, s) || r.local == l.localFor(s)) && !r.over(): // another route to the same servers is the matter of moved
		return r
	case s.Enabled:
		l.start(n, s, r)
	}
	return nil
}

func (l *lines) get(n int) *runningLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running[n]
}

// all are the lines that were started, by number.
func (l *lines) all() map[int]*runningLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.running)
}

// ready returns nil while the lines run, each with its socket.
func (l *lines) ready() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil {
		return errors.New("the lines do not run")
	}
	var errs []error
	for n := 1; n <= line.MaxLines; n++ {
		if r := l.running[n]; r != nil && l.settings[n].Enabled {
			if b := r.blockedBy(); b != nil {
				errs = append(errs, fmt.Errorf("line %d: %w", n, b.err))
			}
		}
	}
	return errors.Join(errs...)
}

func (l *lines) post(n int, e line.Event) {
	if r := l.get(n); r != nil {
		r.Post(e)
	}
}

func (l *lines) tell(n int, e line.Event) {
	if r := l.get(n); r != nil {
		r.tell(e)
	}
}

// settle waits until all lines have acted on what they were given.
func (l *lines) settle() {
	for _, r := range l.all() {
		r.settle()
	}
}

// Register and Unregister are what a user asks of a line by hand. The line has begun when they return.
func (l *lines) Register(n int) {
	l.readFilesAgain(n)
	if r := l.get(n); r != nil && r.blockedBy() != nil {
		r.tryAgain()
		return
	}
	if r := l.get(n); r != nil {
		r.ListenAgain()
	}
	l.tell(n, line.Register{})
}

func (l *lines) Unregister(n int) { l.tell(n, line.Unregister{}) }

// Dial places a call and returns its number; what becomes of it is told by CallChanged.
func (l *lines) Dial(n int, to string) (line.CallID, error) {
	l.mu.Lock()
	r, s, on := l.running[n], l.settings[n], l.ctx != nil
	l.mu.Unlock()
	if r == nil || !s.Enabled || !on || r.over() {
		return "", fmt.Errorf("line %d is not activated", n)
	}
	if b := r.blockedBy(); b != nil {
		return "", fmt.Errorf("line %d cannot open its SIP socket: %w", n, b.err)
	}
	id := l.nextCall()
	r.Post(line.Dial{Call: id, To: to})
	return id, nil
}

// toCall gives an event to the line that has the call.
func (l *lines) toCall(id line.CallID, e line.Event) {
	if c, ok := l.calls.get(id); ok {
		l.post(c.Line, e)
	}
}

func (l *lines) Answer(id line.CallID)           { l.toCall(id, line.Answer{Call: id}) }
func (l *lines) Reject(id line.CallID, code int) { l.toCall(id, line.Reject{Call: id, Code: code}) }
func (l *lines) HangUp(id line.CallID)           { l.toCall(id, line.HangUp{Call: id}) }

// Hold puts the other side of a call on hold, or takes it back.
func (l *lines) Hold(id line.CallID, on bool) {
	if on {
		l.toCall(id, line.Hold{Call: id})
	} else {
		l.toCall(id, line.Resume{Call: id})
	}
}

// Transfer has the other side of a call call somebody else.
func (l *lines) Transfer(id line.CallID, to string) { l.toCall(id, line.Transfer{Call: id, To: to}) }

// DTMF sends digits in a call.
func (l *lines) DTMF(id line.CallID, digits string) {
	if c, ok := l.calls.get(id); ok {
		if r := l.get(c.Line); r != nil {
			r.Line.DTMF(id, digits)
		}
	}
}

// Status is a line as the pages show it.
func (l *lines) Status(n int) webui.StatusView {
	l.mu.Lock()
	r, s := l.running[n], l.settings[n]
	l.mu.Unlock()
	snap := sip.Snapshot{Status: line.New(n, s).Status(), Settings: s}
	if r != nil && !r.over() {
		snap = r.Snapshot()
	}
	wall, mono := l.journal.Clock()
	v := statusView(snap, wall, mono)
	if r != nil && s.Enabled {
		if b := r.blockedBy(); b != nil {
			v.ExplainSocket(b.err, b.until.Sub(wall))
		}
	}
	return v
}

// addresses are the local SIP addresses, for System > Information.
func (l *lines) addresses() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for n := 1; n <= line.MaxLines; n++ {
		if r := l.running[n]; r != nil && !r.over() {
			if a := r.Snapshot().Local; a.IsValid() {
				all = append(all, a.String()+" udp")
			}
		}
	}
	return all
}
