// Package journal is the phone's memory: every event and every SIP message, on one clock.
//
// It keeps the newest of both in rings of fixed size. Writing costs well under a microsecond and never waits for a reader or a
// disk, for it is done between two datagrams of a call. Events can be read, waited for and subscribed to; Run saves events and
// messages by the Sink and the MessageSink, off every other path.
package journal

import (
	"bytes"
	"log/slog"
	"sync"
	"time"

	"hilphone/db/journal/event"
)

// Ring sizes where the Config names none.
const (
	DefaultEvents   = 20_000
	DefaultMessages = 5_000
)

// rawPerMessage bounds the bytes of all messages held, at so many for each place in the ring: datagrams of 64 KiB from a stranger
// must not fill the memory of a small computer.
const rawPerMessage = 4 << 10

// Config is what a Journal is made of. The zero value is a journal of default size that starts at 1 and saves nothing.
type Config struct {
	Events       int         // how many events are held
	Messages     int         // how many messages are held
	First        int64       // sequence number of the first event: one more than the last that was saved
	FirstMessage int64       // the same for messages
	Sink         Sink        // where Run saves events; nil: nowhere
	Trace        MessageSink // where Run saves messages; nil: nowhere
	Log          *slog.Logger
}

// Journal holds the newest events and messages. All methods may be called from any goroutine.
type Journal struct {
	start time.Time // with its monotonic reading: the origin of mono_us
	first int64     // sequence number of the first event of this journal
	sink  Sink
	trace MessageSink
	log   *slog.Logger

	firstMessage int64 // sequence number of the first message of this journal

	mu       sync.Mutex
	events   ring[Event]
	messages ring[Message]
	raw      int       // octets of all messages held
	gone     time.Time // the latest time of the events that were overwritten
	deciders []*Decider
	totals   Totals
	changed  chan struct{} // closed at the next event; nil while nothing waits for it
	arrived  chan struct{} // the same for messages
}

// New makes an empty journal, whose clock starts now.
func New(c Config) *Journal {
	if c.Events <= 0 {
		c.Events = DefaultEvents
	}
	if c.Messages <= 0 {
		c.Messages = DefaultMessages
	}
	c.First, c.FirstMessage = max(c.First, 1), max(c.FirstMessage, 1)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Journal{
		start: time.Now(),
		first: c.First,
		sink:  c.Sink,
		trace: c.Trace,
		log:   c.Log,

		firstMessage: c.FirstMessage,
		events:       newRing[Event](c.Events, c.First),
		messages:     newRing[Message](c.Messages, c.FirstMessage),
		totals:       Totals{Events: map[EventKind]int64{}, Messages: map[MessageKind]int64{}},
	}
}

// Clock returns the wall clock and, of the same instant, the monotonic microseconds since the journal was made.
func (j *Journal) Clock() (time.Time, int64) {
	now := time.Now()
	return now, j.mono(now)
}

func (j *Journal) mono(t time.Time) int64 { return t.Sub(j.start).Microseconds() }

// Record records that something happens now, on a line (0: none) and in a call (empty: none), and returns it as recorded.
// It never blocks. Data is kept as it is and must not be changed afterwards; it is marshalled when it is read.
func (j *Journal) Record(line int, call string, data event.Data) Event {
	return j.record(time.Time{}, data.EventType(), line, call, data)
}

// RecordAt records what was decided at an instant (by time.Now), as Record does. The numbers are in the order of the calls, so an event may have an
// earlier time than the one before it that another goroutine decided. Those of one goroutine that uses a Decider are in the order of their times.
func (j *Journal) RecordAt(at time.Time, line int, call string, data event.Data) Event {
	return j.record(at, data.EventType(), line, call, data)
}

// Event records an event by its type word, with data that marshals to JSON: what tests make up and what package event does not define.
// The program itself uses Record and RecordAt.
func (j *Journal) Event(typ string, line int, call string, data any) Event {
	return j.record(time.Time{}, typ, line, call, data)
}

// record records an event of an instant; the zero time is now.
func (j *Journal) record(at time.Time, typ string, line int, call string, data any) Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	if at.IsZero() { // inside the lock: the times of such events are in the order of their numbers
		at = time.Now()
	}
	if j.events.full() {
		j.gone = later(j.gone, j.events.place(j.events.oldest).Time)
	}
	e := Event{Seq: j.events.next, Time: at, MonoUS: j.mono(at), Began: j.first, Type: typ, Line: line, Call: call, Data: data}
	j.events.push(e)
	j.totals.Events[EventKind{typ, line}]++
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
	return e
}

// Message records a SIP message with a number of its own count. It never blocks. Where Time is set (by time.Now) it is the instant
// on the wire, otherwise that is now. Raw is copied.
func (j *Journal) Message(m Message) {
	m.Raw = bytes.Clone(m.Raw)
	kind, ok := kindOf(m)
	j.mu.Lock()
	defer j.mu.Unlock()
	if m.Time.IsZero() {
		m.Time = time.Now()
	}
	m.Seq, m.MonoUS, m.Began, m.Event = j.messages.next, j.mono(m.Time), j.firstMessage, j.events.next-1
	if j.messages.full() {
		j.forgetMessage()
	}
	j.messages.push(m)
	if ok {
		j.totals.Messages[kind]++
	}
	j.raw += m.Size()
	for j.raw > rawPerMessage*j.messages.size() && j.messages.oldest < m.Seq {
		j.forgetMessage()
	}
	if j.arrived != nil {
		close(j.arrived)
		j.arrived = nil
	}
}

func (j *Journal) forgetMessage() {
	m := j.messages.drop()
	j.raw -= m.Size()
}

// Held returns the numbers of the oldest and the newest event held. While there is none, oldest is the number of the next.
func (j *Journal) Held() (oldest, newest int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.events.oldest, j.events.next - 1
}

// AllSince returns an instant since which all events are held, however they are ordered: those that are not, of earlier starts too, have no later time.
func (j *Journal) AllSince() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return later(j.start, j.gone)
}

// later returns the later time of day of two instants, which is not that of the later instant where the clock was set in between.
func later(a, b time.Time) time.Time {
	if a, b = a.Round(0), b.Round(0); b.After(a) {
		return b
	}
	return a
}

// HeldMessages returns the numbers of the oldest and the newest message held. While there is none, oldest is the number of the next.
func (j *Journal) HeldMessages() (oldest, newest int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.messages.oldest, j.messages.next - 1
}
