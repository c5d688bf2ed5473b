package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal/event"
)

func seqs(events []Event) []int64 {
	n := []int64{}
	for _, e := range events {
		n = append(n, e.Seq)
	}
	return n
}

func wantSeqs(t *testing.T, events []Event, want ...int64) {
	t.Helper()
	if got := seqs(events); !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
}

func TestEventIsStampedOnOneClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Config{First: 17})
		time.Sleep(1234567 * time.Microsecond)
		e := j.Event("hook", 2, "7", map[string]string{"state": "off"})
		now, mono := j.Clock()
		if e.Seq != 17 || e.MonoUS != 1234567 || mono != 1234567 || !e.Time.Equal(now) {
			t.Errorf("event %+v at clock %v %d", e, now, mono)
		}
		j.Message(Message{})
		time.Sleep(time.Millisecond)
		sent, _ := j.Clock()
		time.Sleep(time.Millisecond)
		j.Message(Message{Time: sent})
		m := j.Messages(MessageQuery{})
		if len(m) != 2 || m[0].Seq != 1 || m[0].MonoUS != 1234567 || m[1].Seq != 2 || m[1].MonoUS != 1235567 {
			t.Errorf("messages %+v", m)
		}
	})
}

func TestEventsAreFiltered(t *testing.T) {
	j := New(Config{})
	for i := range 6 {
		j.Event([]string{"key", "hook"}[i%2], i/2, "", nil) // key 0, hook 0, key 1, hook 1, key 2, hook 2
	}
	wantSeqs(t, j.Events(Query{}), 1, 2, 3, 4, 5, 6)
	wantSeqs(t, j.Events(Query{Since: 4}), 5, 6)
	wantSeqs(t, j.Events(Query{Line: 1}), 3, 4)
	wantSeqs(t, j.Events(Query{Types: []string{"hook", "lamp"}}), 2, 4, 6)
	wantSeqs(t, j.Events(Query{Types: []string{"hook"}, Limit: 2}), 2, 4)
	wantSeqs(t, j.Events(Query{Since: 6}))
	wantSeqs(t, j.Events(Query{Since: 99}))
	wantSeqs(t, j.Events(Query{Since: -1, Limit: 1}), 1)
	if j.Events(Query{Since: 6}) == nil {
		t.Error("no events are nil, which marshals to null")
	}
}

func TestRingsForgetTheOldest(t *testing.T) {
	j := New(Config{Events: 300, Messages: 3, First: 1001})
	if oldest, newest := j.Held(); oldest != 1001 || newest != 1000 {
		t.Errorf("an empty journal holds %d to %d", oldest, newest)
	}
	for range 1000 {
		j.Event("key", 0, "", nil)
	}
	got := seqs(j.Events(Query{}))
	if len(got) != 300 || got[0] != 1701 || got[299] != 2000 {
		t.Errorf("held %d events from %d", len(got), got[0])
	}
	if oldest, newest := j.Held(); oldest != 1701 || newest != 2000 {
		t.Errorf("held %d to %d", oldest, newest)
	}
	for _, id := range []string{"a", "b", "a", "b"} {
		j.Message(Message{Line: 1, CallID: id, Raw: []byte(id)})
	}
	for _, c := range []struct {
		since  int64
		line   int
		callID string
		limit  int
		want   string
	}{{0, 0, "", 0, "[2 3 4]"}, {3, 0, "", 0, "[4]"}, {0, 2, "", 0, "[]"}, {0, 1, "b", 0, "[2 4]"}, {0, 0, "", 1, "[2]"}} {
		got := []int64{}
		for _, m := range j.Messages(MessageQuery{Since: c.since, Line: c.line, CallID: c.callID, Limit: c.limit}) {
			got = append(got, m.Seq)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("messages since %d of line %d and call %q, %d at most: %v, want %s", c.since, c.line, c.callID, c.limit, got, c.want)
		}
	}
}

func TestMessagesAreBoundedInBytes(t *testing.T) {
	const places = 100
	j := New(Config{Messages: places})
	big := make([]byte, 64<<10)
	for range 3 * places {
		j.Message(Message{Raw: big, Start: string(big)})
	}
	held, bytes := j.Messages(MessageQuery{}), 0
	for _, m := range held {
		bytes += len(m.Raw) + len(m.Start)
	}
	if limit := places * rawPerMessage; bytes > limit || bytes < limit/2 || bytes != j.raw {
		t.Errorf("%d bytes held, %d counted, limit %d", bytes, j.raw, limit)
	}
	if last := held[len(held)-1].Seq; last != 3*places {
		t.Errorf("the newest message held is %d", last)
	}
	for range 2 * places {
		j.Message(Message{Raw: big[:10]})
	}
	if n := len(j.Messages(MessageQuery{})); n != places || j.raw != 10*places {
		t.Errorf("%d small messages of %d bytes held", n, j.raw)
	}
	one := New(Config{Messages: 1})
	one.Message(Message{Raw: big})
	one.Message(Message{Raw: big})
	if n := len(one.Messages(MessageQuery{})); n != 1 {
		t.Errorf("%d messages in a ring of one", n)
	}
}

func TestRawIsCopied(t *testing.T) {
	j := New(Config{})
	buffer := []byte("INVITE")
	j.Message(Message{Raw: buffer})
	copy(buffer, "xxxxxx")
	if got := string(j.Messages(MessageQuery{})[0].Raw); got != "INVITE" {
		t.Errorf("raw is %q after its buffer was used again", got)
	}
}

func TestJSON(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.FixedZone("JST", 9*3600))
	for _, c := range []struct {
		v    any
		want string
	}{
		{Event{Seq: 17, Time: at, MonoUS: 1234567, Type: "failover", Line: 1, Data: map[string]any{"from": "primary"}},
			`{"seq":17,"time":"2026-02-02T19:05:06.000007Z","mono_us":1234567,"type":"failover","line":1,"call":null,"data":{"from":"primary"}}`},
		{Event{Seq: 1, Time: at, Type: "call", Call: "3"},
			`{"seq":1,"time":"2026-02-02T19:05:06.000007Z","mono_us":0,"type":"call","line":null,"call":"3","data":{}}`},
		{Event{Type: "dropped", Time: at, Data: event.Dropped{Count: 4}},
			`{"seq":0,"time":"2026-02-02T19:05:06.000007Z","mono_us":0,"type":"dropped","line":null,"call":null,"data":{"count":4}}`},
		{Event{Time: at, Data: math.Inf(1)},
			`{"seq":0,"time":"2026-02-02T19:05:06.000007Z","mono_us":0,"type":"","line":null,"call":null,"data":{"unreadable":"json: unsupported value: +Inf"}}`},
		{Message{Seq: 2, Time: at, MonoUS: 3, Event: 9, Line: 1, Out: true, Slot: "backup", Transport: "udp", Local: "127.0.0.1:5060", Remote: "127.0.0.2:5060",
			CallID: "x", Start: "BYE sip:a SIP/2.0", Raw: []byte("BYE\r\n\xff")},
			`{"seq":2,"time":"2026-02-02T19:05:06.000007Z","mono_us":3,"after_event":9,"line":1,"direction":"sent","slot":"backup","transport":"udp","local":"127.0.0.1:5060",` +
				`"remote":"127.0.0.2:5060","call_id":"x","start":"BYE sip:a SIP/2.0","raw":"BYE\r\n\ufffd","raw_base64":"QllFDQr/"}`},
		{Message{Seq: 3, Time: at, MonoUS: 4, Raw: []byte("junk"), Fault: "no SIP message"},
			`{"seq":3,"time":"2026-02-02T19:05:06.000007Z","mono_us":4,"after_event":0,"line":null,"direction":"received","slot":"","transport":"","local":"","remote":"","call_id":"",` +
				`"start":"","raw":"junk","fault":"no SIP message"}`},
	} {
		got, err := json.Marshal(c.v)
		if err != nil || string(got) != c.want {
			t.Errorf("%+v\n got %s (%v)\nwant %s", c.v, got, err, c.want)
		}
	}
}

func TestWaitReturnsAtTheFirstMatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Config{})
		j.Event("hook", 0, "", nil)
		go func() {
			for range 3 {
				time.Sleep(time.Second)
				j.Event("key", 1, "", nil)
			}
			j.Event("hook", 1, "", nil)
		}()
		begin := time.Now()
		events, err := j.Wait(t.Context(), Query{Since: 1, Types: []string{"hook"}})
		if took := time.Since(begin); err != nil || took != 3*time.Second {
			t.Errorf("waited %v, error %v", took, err)
		}
		wantSeqs(t, events, 5)

		events, err = j.Wait(t.Context(), Query{Since: 3})
		if took := time.Since(begin); err != nil || took != 3*time.Second {
			t.Errorf("what was there already came after %v, error %v", took, err)
		}
		wantSeqs(t, events, 4, 5)
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Config{})
		go func() {
			time.Sleep(time.Second)
			j.Event("key", 1, "", nil)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
		defer cancel()
		begin := time.Now()
		events, err := j.Wait(ctx, Query{Line: 2})
		if took := time.Since(begin); err != nil || events == nil || len(events) != 0 || took != 40*time.Second {
			t.Errorf("%v after %v, error %v", events, took, err)
		}
		if events, _ := j.Wait(ctx, Query{}); len(events) != 1 {
			t.Errorf("a context that has ended hides what is there: %v", events)
		}
	})
}

// TestManyWritersAndReaders looks for races, gaps and duplicates.

func TestManyWritersAndReaders(t *testing.T) {
	const writers, each = 4, 2000
	j := New(Config{Events: writers * each})
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				j.Event("key", w, "", i)
				j.Message(Message{Line: w, Raw: []byte("x")})
			}
		})
		all.Go(func() {
			s := j.Subscribe(Query{})
			defer s.Close()
			for want := int64(1); want <= writers*each; want++ {
				if e := <-s.C; e.Seq != want {
					t.Errorf("subscription: event %d, want %d", e.Seq, want)
					return
				}
			}
		})
		all.Go(func() {
			for n := 0; n < each; { // the events of one line, by long polls
				events, _ := j.Wait(t.Context(), Query{Since: 0, Line: 1})
				n = len(events)
			}
		})
	}
	all.Wait()
	if n := len(j.Messages(MessageQuery{})); n != DefaultMessages {
		t.Errorf("%d messages held", n)
	}
}

func BenchmarkEvent(b *testing.B) {
	data := map[string]any{"branch": "z9hG4bK1", "k": 1}
	for _, readers := range []int{0, 1, 4} {
		b.Run(fmt.Sprintf("readers=%d", readers), func(b *testing.B) {
			j := New(Config{})
			for range readers {
				s := j.Subscribe(Query{})
				go func() {
					for range s.C {
					}
				}()
				b.Cleanup(s.Close)
			}
			b.ReportAllocs()
			for b.Loop() {
				j.Event("send", 1, "", data)
			}
		})
	}
}

func BenchmarkMessage(b *testing.B) {
	j := New(Config{})
	m := Message{Line: 1, Slot: "primary", Raw: make([]byte, 600)}
	b.ReportAllocs()
	for b.Loop() {
		j.Message(m)
	}
}

// BE-07: readers get the struct of an event's type, whether it is live, was saved as JSON, or is of another type.
func TestTypedData(t *testing.T) {
	j := New(Config{})
	live := j.Record(1, "", event.Failover{From: "primary", To: "backup"})
	saved := Event{Type: "failover", Data: json.RawMessage(`{"from":"primary","to":"backup","more":1}`)}
	for _, e := range []Event{live, saved} {
		if d, ok := As[event.Failover](e); !ok || d.To != "backup" {
			t.Errorf("%+v %v", d, ok)
		}
		if _, ok := As[event.Failback](e); ok {
			t.Error("a failover is a failback")
		}
		if d, err := e.Typed(); err != nil || d != (event.Failover{From: "primary", To: "backup"}) {
			t.Errorf("%+v, %v", d, err)
		}
	}
	if live.Type != "failover" || live.Line != 1 {
		t.Errorf("%+v", live)
	}
	for _, e := range []Event{{Type: "birthday"}, {Type: "failover", Data: json.RawMessage(`{"to":1}`)}} {
		if d, err := e.Typed(); err == nil {
			t.Errorf("%+v", d)
		}
	}
}

// What was decided earlier and recorded later has the earlier time and the greater number.
func TestRecordAtKeepsTheInstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Config{First: 17})
		time.Sleep(time.Second)
		decided := time.Now()
		time.Sleep(250 * time.Millisecond)
		first := j.Record(0, "", event.Hook{State: "on"})
		second := j.RecordAt(decided, 1, "7", event.Call{State: "ended"})
		if first.Seq != 17 || first.MonoUS != 1_250_000 || first.Began != 17 {
			t.Errorf("%+v", first)
		}
		if second.Seq != 18 || second.MonoUS != 1_000_000 || !second.Time.Equal(decided) || second.Line != 1 || second.Call != "7" || second.Began != 17 {
			t.Errorf("%+v", second)
		}
		wantSeqs(t, j.Past(Past{From: decided.Add(time.Millisecond)}), 17)
		wantSeqs(t, j.Past(Past{Until: decided.Add(time.Millisecond)}), 18)
		wantSeqs(t, j.Past(Past{Query: Query{Since: 17}}), 18)
	})
}

// All events since that instant are held, also where the oldest that is held is earlier than one that is not.
func TestAllSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Config{Events: 2})
		start := time.Now()
		time.Sleep(time.Second)
		decided := time.Now()
		time.Sleep(time.Second)
		latest := j.Event("key", 0, "", nil).Time
		j.RecordAt(decided, 0, "", event.Hook{})
		if got := j.AllSince(); !got.Equal(start) {
			t.Errorf("all are held since %v, want %v", got, start)
		}
		time.Sleep(time.Second)
		j.Event("key", 0, "", nil)
		if got := j.AllSince(); !got.Equal(latest) {
			t.Errorf("with one overwritten all are held since %v, want %v", got, latest)
		}
		j.Event("key", 0, "", nil)
		if got := j.AllSince(); !got.Equal(latest) {
			t.Errorf("with two overwritten all are held since %v, want %v", got, latest)
		}
	})
}
