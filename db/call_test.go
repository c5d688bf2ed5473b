package db

import (
	"testing"
	"time"

	"hilphone/sip/line"
)

func TestCallLogKeepsCallsAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, dir)
	at := time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)
	calls := []CallRecord{
		{Key: 1, ID: "1", Line: 1, Direction: line.Outgoing, Remote: "1002", Server: line.Backup, Started: at, Answered: at.Add(time.Second),
			Ended: at.Add(time.Minute), SIPCallID: "a@b", End: line.End{By: line.ByPeer, Cause: line.CauseResponse, Code: 200, Reason: "OK", Elapsed: 7500123 * time.Microsecond}},
		{Key: 2, ID: "2", Line: 20, Direction: line.Incoming, Remote: "内線\"'", Name: "山田 \"T\"", Digits: "12#", Server: line.Primary, Started: at}, // RS-13
	}
	for _, c := range calls {
		c.Key = 99 // is given by SaveCall
		if c.ID == "1" {
			c.Started = c.Started.In(time.FixedZone("JST", 9*3600))
		}
		if err := d.SaveCall(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = mustOpen(t, dir)
	got, err := d.CallLog(t.Context(), 0, 0)
	if err != nil || len(got) != 2 || got[0] != calls[1] || got[1] != calls[0] {
		t.Errorf("got  %+v, %v\nwant %+v, newest first", got, err, calls)
	}
}

func TestCallLogIsBounded(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	if calls, err := d.CallLog(t.Context(), 0, 0); err != nil || calls == nil || len(calls) != 0 {
		t.Errorf("an empty call log is %v, %v", calls, err)
	}
	for range 1005 {
		if err := d.SaveCall(t.Context(), CallRecord{ID: "1", Started: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		limit          int
		before         int64
		n, first, last int64
	}{{0, 0, 1000, 1005, 6}, {10, 0, 10, 1005, 996}, {10, 996, 10, 995, 986}, {10, 9, 3, 8, 6}, {-1, -1, 1000, 1005, 6}} {
		calls, err := d.CallLog(t.Context(), c.limit, c.before)
		if err != nil || int64(len(calls)) != c.n {
			t.Fatalf("limit %d before %d: %d calls, %v", c.limit, c.before, len(calls), err)
		}
		if first, last := calls[0].Key, calls[c.n-1].Key; first != c.first || last != c.last {
			t.Errorf("limit %d before %d: %d to %d, want %d to %d", c.limit, c.before, first, last, c.first, c.last)
		}
	}
	if calls, err := d.CallLog(t.Context(), 10, 6); err != nil || len(calls) != 0 {
		t.Errorf("before the oldest: %v, %v", calls, err)
	}
}
