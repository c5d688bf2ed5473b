package journal

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memorySink is a MessageSink in memory that fails, or does not return, on demand.
type memorySink struct {
	mu       sync.Mutex
	messages []Message
	batches  []int
	upTo     int64
	broken   bool
	stuck    chan struct{} // nil: it is not
}

func (d *memorySink) SaveMessages(ctx context.Context, messages []Message, upTo int64) error {
	if d.stuck != nil {
		select {
		case <-d.stuck:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return errors.New("disk full")
	}
	d.messages, d.batches, d.upTo = append(d.messages, messages...), append(d.batches, len(messages)), upTo
	return ctx.Err()
}

func (d *memorySink) set(broken bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = broken
}

// saved returns how many messages it has, and up to which number it was given them.
func (d *memorySink) saved() (n int, upTo int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.messages), d.upTo
}

// wantSaved fails unless these are the numbers of the messages saved, one after the other.
func (d *memorySink) wantSaved(t *testing.T, first, last int64) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := int64(len(d.messages)); n != last-first+1 || d.upTo != last {
		t.Fatalf("%d messages saved, up to %d, want %d to %d", n, d.upTo, first, last)
	}
	for i, m := range d.messages {
		if m.Seq != first+int64(i) {
			t.Fatalf("message %d at place %d", m.Seq, i)
		}
	}
}

// running runs a journal until end is called, which returns what Run has.
func running(t *testing.T, c Config) (j *Journal, end func() error) {
	j = New(c)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- j.Run(ctx) }()
	synctest.Wait()
	return j, func() error { cancel(); return <-ended }
}

// UX-26: messages are saved together, once in a second, so that calls do not wear the memory card out; what is left at the end too.
func TestMessagesAreSavedInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &memorySink{}
		j, end := running(t, Config{Trace: d, FirstMessage: 41})
		for range 400 { // four seconds
			j.Message(Message{Raw: []byte("INVITE")})
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		d.wantSaved(t, 41, 440)
		time.Sleep(time.Hour)
		for range 3000 {
			j.Message(Message{Raw: []byte("BYE")})
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		d.wantSaved(t, 41, 3440)
		if n := len(d.batches); n > 5+3000/messageBatch+1 {
			t.Errorf("saved in %d batches", n)
		}
	})
}

// UX-26: a batch has about a MiB at most, whatever a stranger sends, and one message at least.
func TestBatchesOfMessagesAreBoundedInOctets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &memorySink{}
		j, end := running(t, Config{Trace: d})
		for range 100 {
			j.Message(Message{Raw: make([]byte, 64<<10)})
		}
		j.Message(Message{Raw: make([]byte, 2*messageOctets)})
		if err := end(); err != nil {
			t.Error(err)
		}
		d.wantSaved(t, 1, 101)
		for _, n := range d.batches {
			if n > messageOctets/(64<<10) {
				t.Errorf("%d messages of 64 KiB in a batch", n)
			}
		}
	})
}

// UX-26: a sink that fails or does not return holds up neither the SIP path nor the events; what it could not have is counted, and the rest is
// saved when it can.
func TestTraceOutlivesAFailingSink(t *testing.T) {
	for name, stuck := range map[string]bool{"fails": false, "does not return": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				d, s := &memorySink{broken: !stuck}, &shelf{}
				if stuck {
					d.stuck = make(chan struct{})
				}
				j, end := running(t, Config{Trace: d, Sink: s, Messages: 10, Log: slog.New(slog.NewTextHandler(&log, nil))})
				began := time.Now()
				j.Message(Message{Raw: []byte("first")})
				time.Sleep(2 * messageDelay)
				for range 100 {
					j.Message(Message{Raw: []byte("INVITE")})
					j.Event("key", 1, "", nil)
				}
				if took := time.Since(began); took != 2*messageDelay {
					t.Errorf("messages take %v", took)
				}
				time.Sleep(5 * time.Second)
				if events, _ := s.saved(); len(events) != 100 {
					t.Errorf("%d events are saved while messages are not", len(events))
				}
				if d.set(false); stuck {
					close(d.stuck)
				}
				time.Sleep(5 * time.Second)
				if err := end(); err != nil {
					t.Error(err)
				}
				// The first was read before; the ring has the last ten.
				if len(d.messages) != 11 || d.messages[0].Seq != 1 || d.messages[1].Seq != 92 || d.upTo != 101 {
					t.Errorf("%d messages saved up to %d", len(d.messages), d.upTo)
				}
				if n := j.Totals().Unsaved; n != 90 {
					t.Errorf("%d messages are counted as not saved, want 90", n)
				}
				if n := strings.Count(log.String(), "messages of the trace are not saved"); n != 1 && !stuck || !strings.Contains(log.String(), "overwritten before they were saved") {
					t.Errorf("the log says it %d times:\n%s", n, log.String())
				}
			})
		})
	}
}

// UX-26: what is saved in the long run is bounded, and the log says so once; numbers of messages left out are not given again.
func TestMessagesThatComeDayAndNightAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		d := &memorySink{}
		j, end := running(t, Config{Trace: d, Log: slog.New(slog.NewTextHandler(&log, nil))})
		sent := int64(0)
		flood := func(span time.Duration) {
			for range span / (10 * time.Millisecond) {
				j.Message(Message{Raw: make([]byte, 2000)}) // 200 000 octets a second
				sent++
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(2 * messageDelay)
		}
		octets := func() (n int) {
			d.mu.Lock()
			defer d.mu.Unlock()
			for _, m := range d.messages {
				n += m.Size()
			}
			return n
		}
		flood(time.Minute)
		d.wantSaved(t, 1, sent)
		flood(10 * time.Minute)
		n, upTo := d.saved()
		if octets, most := octets(), savedAtOnce+12*60*savedPerSecond; octets > most || octets < most*9/10 || upTo != sent {
			t.Errorf("%d octets are saved of %d, up to %d, want about %d and up to %d", octets, sent*2000, upTo, most, sent)
		}
		if got := j.Totals().Unsaved + int64(n); got != sent {
			t.Errorf("%d messages are saved or counted, of %d", got, sent)
		}
		time.Sleep(time.Hour)
		flood(10 * time.Second)
		if more, _ := d.saved(); more-n != 1000 {
			t.Errorf("%d of 1000 messages are saved an hour later", more-n)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		if text := log.String(); strings.Count(text, "too many messages") != 1 || strings.Count(text, "saved again") != 1 {
			t.Errorf("the log:\n%s", text)
		}
	})
}

// UX-26: the last error of each sink is that of Run.
func TestRunSaysWhatWasNotSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, end := running(t, Config{Trace: &memorySink{broken: true}, Sink: &shelf{broken: true}})
		j.Message(Message{})
		j.Event("key", 0, "", nil)
		err := end()
		if err == nil || !strings.Contains(err.Error(), "save messages up to 1: disk full") || !strings.Contains(err.Error(), "save events 1 to 1: disk full") {
			t.Errorf("Run returns %v", err)
		}
	})
}

// UX-17: each message says after which event it came, and is found by it.
func TestMessagesAndEventsAreInOneOrder(t *testing.T) {
	j := New(Config{First: 100, FirstMessage: 7})
	j.Message(Message{Line: 1})
	j.Event("send", 1, "", nil) // 100
	j.Message(Message{Line: 2})
	j.Message(Message{Line: 1, CallID: "a"})
	j.Event("send", 1, "", nil) // 101
	j.Message(Message{Line: 1})
	if oldest, newest := j.HeldMessages(); oldest != 7 || newest != 10 {
		t.Errorf("held are %d to %d", oldest, newest)
	}
	at := func(seq int64) time.Time { return j.Messages(MessageQuery{Since: seq - 1, Limit: 1})[0].Time }
	for _, c := range []struct {
		q    MessageQuery
		want []int64
	}{
		{MessageQuery{}, []int64{7, 8, 9, 10}},
		{MessageQuery{SinceEvent: 99}, []int64{7, 8, 9, 10}},
		{MessageQuery{SinceEvent: 100}, []int64{8, 9, 10}},
		{MessageQuery{SinceEvent: 101}, []int64{10}},
		{MessageQuery{UntilEvent: 100}, []int64{7}},
		{MessageQuery{SinceEvent: 100, UntilEvent: 101, Line: 1}, []int64{9}},
		{MessageQuery{From: at(9)}, []int64{9, 10}},
		{MessageQuery{From: at(8), Until: at(10)}, []int64{8, 9}},
		{MessageQuery{Newest: true, Limit: 2}, []int64{10, 9}},
		{MessageQuery{Newest: true, Before: 9}, []int64{8, 7}},
		{MessageQuery{Limit: 1, Since: 8}, []int64{9}},
		{MessageQuery{Keep: func(m Message) bool { return m.CallID != "" }}, []int64{9}},
	} {
		got := []int64{}
		for _, m := range j.Messages(c.q) {
			got = append(got, m.Seq)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.q, got, c.want)
		}
	}
}

// BenchmarkTraceOfTheSIPPath is what a message costs the line that sends it, with and without a saver behind.
func BenchmarkTraceOfTheSIPPath(b *testing.B) {
	for name, sink := range map[string]MessageSink{"unsaved": nil, "saved": &lost{}} {
		b.Run(name, func(b *testing.B) {
			j := New(Config{Trace: sink})
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- j.Run(ctx) }()
			m := Message{Line: 1, Slot: "primary", Raw: make([]byte, 600)}
			b.ReportAllocs()
			for b.Loop() {
				j.Message(m)
			}
			cancel()
			<-ended
		})
	}
}

// lost is a MessageSink that keeps nothing.
type lost struct{}

func (*lost) SaveMessages(context.Context, []Message, int64) error { return nil }
