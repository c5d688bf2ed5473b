package db

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/db/journal"
)

// How much of the trace is kept (UX-26), written by hand.
const (
	wantTraceAge    = 7 * 24 * time.Hour
	wantTraceOctets = 16 << 20
)

var traceBegan = time.Now().Add(-time.Hour).UTC().Truncate(time.Second)

// messages are n messages from a number on, one a second and an event with every third.
func messages(from, n int64) []journal.Message {
	all := make([]journal.Message, n)
	for i := range all {
		seq := from + int64(i)
		all[i] = journal.Message{Seq: seq, Time: traceBegan.Add(time.Duration(seq) * time.Second), MonoUS: seq, Event: seq / 3, Line: int(seq % 3), Out: seq%2 == 0,
			Slot: []string{"primary", "backup", ""}[seq%3], Proxy: seq%5 == 0, Transport: "udp", Local: "127.0.0.1:5070", Remote: "127.0.0.2:5060", CallID: fmt.Sprint("call ", seq%4),
			Start: "OPTIONS sip:a SIP/2.0", Fault: map[bool]string{true: "no Via"}[seq%7 == 0], Raw: fmt.Appendf(nil, "OPTIONS sip:a SIP/2.0\r\nCSeq: %d OPTIONS\r\n\r\n\x00\xff", seq)}
	}
	return all
}

func mustSave(t testing.TB, d *DB, all []journal.Message) {
	t.Helper()
	if err := d.SaveMessages(t.Context(), all, all[len(all)-1].Seq); err != nil {
		t.Fatal(err)
	}
}

// mustTrace returns the numbers of the saved messages.
func mustTrace(t testing.TB, d *DB, q journal.MessageQuery) (seqs []int64) {
	t.Helper()
	all, err := d.MessageHistory(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		seqs = append(seqs, m.Seq)
	}
	return seqs
}

// UX-26: what the trace has is the same after the next start, octet by octet, also what is no text; numbers go on.
func TestTraceOverRestarts(t *testing.T) {
	dir := t.TempDir()
	var sent []journal.Message
	for start := range 3 {
		d := mustOpen(t, dir)
		first, err := d.FirstMessage(t.Context())
		if err != nil || first != int64(3*start)+1 {
			t.Fatalf("start %d: first message %d, %v", start, first, err)
		}
		j := journal.New(journal.Config{FirstMessage: first, Trace: d})
		j.Message(journal.Message{Line: 1, Out: true, Slot: "primary", Transport: "tls", Local: "a", Remote: "b", CallID: "c\x00\xff", Start: "BYE sip:\xfe SIP/2.0", Raw: []byte("BYE sip:\xfe SIP/2.0\r\n\r\n\x00")})
		j.Event("hook", 0, "", nil)
		j.Message(journal.Message{Proxy: true, Fault: "no SIP message"})
		j.Message(journal.Message{Line: 20, Raw: []byte{}, Fault: "\xff"})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := j.Run(ctx); err != nil {
			t.Fatal(err)
		}
		sent = append(sent, j.Messages(journal.MessageQuery{})...)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := mustOpen(t, dir).MessageHistory(t.Context(), journal.MessageQuery{})
	if err != nil || len(kept) != len(sent) {
		t.Fatalf("%d messages are kept of %d, %v", len(kept), len(sent), err)
	}
	for i, want := range sent {
		got := kept[i]
		if !got.Time.Equal(want.Time.Truncate(time.Microsecond)) || !bytes.Equal(got.Raw, want.Raw) {
			t.Errorf("message %d at %v with %q, want %v and %q", got.Seq, got.Time, got.Raw, want.Time, want.Raw)
		}
		got.Time, got.Raw, want.Time, want.Raw = time.Time{}, nil, time.Time{}, nil
		if fmt.Sprintf("%q", fmt.Sprint(got)) != fmt.Sprintf("%q", fmt.Sprint(want)) {
			t.Errorf("kept is %+v, want %+v", got, want)
		}
	}
}

// UX-26, UX-17: saved messages are found by the same rules as those that are held. A batch may come twice.
func TestTraceIsFilteredAsTheJournalIs(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	all := messages(1, 60)
	mustSave(t, d, all)
	mustSave(t, d, all[40:])
	at := func(i int) time.Time { return all[i].Time }
	for _, q := range []journal.MessageQuery{
		{}, {Since: 50}, {Since: 60}, {Before: 5}, {Since: 10, Before: 20, Line: 2}, {SinceEvent: 15}, {UntilEvent: 3}, {SinceEvent: 3, UntilEvent: 6, Newest: true},
		{From: at(50)}, {Until: at(3)}, {From: at(10), Until: at(20), Line: 1, CallID: "call 1"}, {CallID: "call 2", Newest: true, Limit: 3}, {Limit: 7}, {Limit: 7, Newest: true},
		{CallID: "' OR 1 --"}, {Keep: func(m journal.Message) bool { return m.Seq%11 == 0 }, Limit: 4}, {Keep: func(m journal.Message) bool { return m.Fault != "" }, Newest: true, Before: 40},
	} {
		var want []int64
		for _, m := range all {
			if q.Match(m) {
				want = append(want, m.Seq)
			}
		}
		if q.Newest {
			slices.Reverse(want)
		}
		if q.Limit > 0 {
			want = want[:min(len(want), q.Limit)]
		}
		if got := mustTrace(t, d, q); !slices.Equal(got, want) {
			t.Errorf("%+v: %v, want %v", q, got, want)
		}
	}
}

// UX-26: the trace is bounded in octets and in age, whatever the clock does.
func TestTraceIsBounded(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	cut := func(now time.Time, octets int64, age time.Duration) {
		t.Helper()
		err := inTx(t.Context(), d.write, func(tx *sql.Tx) error {
			total, err := insertMessages(t.Context(), tx, nil)
			if err != nil {
				return err
			}
			return cutTrace(t.Context(), tx, total, now, octets, age)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	span := func() string {
		seqs := mustTrace(t, d, journal.MessageQuery{})
		if len(seqs) == 0 {
			return "none"
		}
		return fmt.Sprintf("%d to %d", seqs[0], seqs[len(seqs)-1])
	}
	began := messages(0, 1)[0].Time
	cut(began, 0, 0)
	all := messages(1, 100)
	for i := range all {
		all[i].Raw, all[i].Fault = make([]byte, 64<<10), ""
	}
	insert := func(all []journal.Message) {
		t.Helper()
		err := inTx(t.Context(), d.write, func(tx *sql.Tx) error { _, err := insertMessages(t.Context(), tx, all); return err })
		if err != nil {
			t.Fatal(err)
		}
	}
	insert(all)
	each := int64(all[0].Size() + messageOverhead)
	for _, c := range []struct {
		octets int64
		want   string
	}{{100 * each, "1 to 100"}, {99*each - traceSlack, "1 to 100"}, {99*each - traceSlack - 1, "18 to 100"}, {50 * each, "51 to 100"}, {50 * each, "51 to 100"}} {
		cut(began, c.octets, wantTraceAge)
		if got := span(); got != c.want {
			t.Errorf("%d octets: %s, want %s", c.octets, got, c.want)
		}
	}
	for _, c := range []struct {
		now  time.Duration
		want string
	}{{-time.Hour, "51 to 100"}, {wantTraceAge + ageSlack + 51*time.Second, "51 to 100"}, {wantTraceAge + ageSlack + 52*time.Second, "none"}} {
		if cut(began.Add(c.now), 1<<40, wantTraceAge); span() != c.want {
			t.Errorf("after %v: %s, want %s", c.now, span(), c.want)
		}
	}
	odd := messages(200, 10)
	odd[3].Time = odd[3].Time.Add(1000 * time.Hour) // the clock was wrong
	insert(odd)
	if cut(odd[9].Time.Add(900*time.Hour), 1<<40, wantTraceAge); span() != "203 to 209" {
		t.Errorf("with a clock that goes back: %s", span())
	}
}

// UX-26: old messages go also where no new one comes.
func TestTraceAgesByItself(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	all := messages(1, 2)
	all[0].Time, all[1].Time = time.Now().Add(-wantTraceAge-2*ageSlack), time.Now()
	if err := inTx(t.Context(), d.write, func(tx *sql.Tx) error { _, err := insertMessages(t.Context(), tx, all); return err }); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.ageTrace(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := mustTrace(t, d, journal.MessageQuery{}); !slices.Equal(got, []int64{2}) {
			t.Errorf("left are %v", got)
		}
	}
}

// UX-26: the file does not grow beyond the bound, though ten times as much goes through it.
func TestFileOfTheTraceIsBounded(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, dir)
	for from := int64(1); from < 100_000; from += 2000 {
		all := messages(from, 2000)
		for i := range all {
			all[i].Time, all[i].Raw = time.Now(), bytes.Repeat([]byte("INVITE"), 150)
		}
		mustSave(t, d, all)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, File))
	if err != nil || info.Size() > 3*wantTraceOctets/2 || info.Size() < wantTraceOctets/2 {
		t.Errorf("the file has %d octets, %v", info.Size(), err)
	}
	t.Logf("%d octets", info.Size())
}

// UX-17: no number of a message is given twice: not after a kill, not where messages were left out, not when all are gone.
func TestNumbersOfMessages(t *testing.T) {
	dir := t.TempDir()
	began := func(want int64) *DB {
		t.Helper()
		d := mustOpen(t, dir)
		if first, err := d.FirstMessage(t.Context()); first != want || err != nil {
			t.Errorf("first message %d, want %d, %v", first, want, err)
		}
		return d
	}
	killed := func(d *DB) {
		if err := d.release(); err != nil {
			t.Fatal(err)
		}
		d.close = func() error { return nil }
	}
	ended := func(d *DB) {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	d := began(1)
	if err := d.SaveMessages(t.Context(), nil, 0); err != nil {
		t.Fatal(err)
	}
	ended(d)
	d = began(1)
	mustSave(t, d, messages(1, 10))
	killed(d)
	killed(began(11 + unsavedMessages))
	d = began(11 + 2*unsavedMessages)
	if err := d.SaveMessages(t.Context(), messages(11+2*unsavedMessages, 5), 100+2*unsavedMessages); err != nil {
		t.Fatal(err)
	}
	ended(d)
	d = began(101 + 2*unsavedMessages)
	if err := d.SaveMessages(t.Context(), nil, 200+2*unsavedMessages); err != nil {
		t.Fatal(err)
	}
	ended(d)
	d = began(201 + 2*unsavedMessages)
	if err := d.FactoryReset(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	ended(d)
	began(201 + 2*unsavedMessages)
}

// UX-26: a factory reset deletes the trace, and what the phone sends between it and its next start is not kept.
func TestFactoryResetDeletesTheTrace(t *testing.T) {
	for _, erase := range []bool{false, true} {
		dir := t.TempDir()
		d := mustOpen(t, dir)
		mustSave(t, d, messages(1, 10))
		if err := d.FactoryReset(t.Context(), erase); err != nil {
			t.Fatal(err)
		}
		mustSave(t, d, messages(11, 10)) // un-registering
		if got := mustTrace(t, d, journal.MessageQuery{}); got != nil {
			t.Errorf("erase %v: kept are %v", erase, got)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		d = mustOpen(t, dir)
		if first, err := d.FirstMessage(t.Context()); first != 21 || err != nil {
			t.Errorf("the next message is %d, %v", first, err)
		}
		mustSave(t, d, messages(21, 1))
		if got := mustTrace(t, d, journal.MessageQuery{}); !slices.Equal(got, []int64{21}) {
			t.Errorf("erase %v: after the next start kept are %v", erase, got)
		}
	}
}

// UX-26: a full disk costs messages and nothing else; when there is room again they are saved.
func TestTraceOnAFullDisk(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	mustSave(t, d, messages(1, 10))
	pages := func(n int) {
		t.Helper()
		if _, err := d.write.Exec(fmt.Sprint("PRAGMA max_page_count = ", n)); err != nil {
			t.Fatal(err)
		}
	}
	big := messages(11, 10)
	for i := range big {
		big[i].Raw = make([]byte, 60_000)
	}
	pages(1) // that is, none more than there are
	if err := d.SaveMessages(t.Context(), big, 20); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("a full disk: %v", err)
	}
	if got := mustTrace(t, d, journal.MessageQuery{}); len(got) != 10 {
		t.Errorf("on a full disk the trace has %v", got)
	}
	pages(1 << 30)
	mustSave(t, d, big)
	if got := mustTrace(t, d, journal.MessageQuery{}); len(got) != 20 {
		t.Errorf("the trace has %v", got)
	}
}

// UX-26: a trace is read in the order in which it is stored, so that a limit ends it, with nothing sorted before.
func TestTraceIsReadInItsOrder(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	text, values := messageQuery(journal.MessageQuery{Line: 1, CallID: "a", SinceEvent: 1, UntilEvent: 9, From: time.Unix(1, 0), Until: time.Unix(2, 0), Newest: true, Limit: 1})
	rows, err := d.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, values...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if want := []string{"SEARCH message USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"}; rows.Err() != nil || !slices.Equal(steps, want) {
		t.Errorf("%q, %v, want %q", steps, rows.Err(), want)
	}
}
