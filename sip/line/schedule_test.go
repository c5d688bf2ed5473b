package line

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// ms makes durations of milliseconds.
func ms(n ...int) []time.Duration {
	d := make([]time.Duration, len(n))
	for i, v := range n {
		d[i] = milliseconds(v)
	}
	return d
}

// sends plays a transaction that nobody answers, and returns when its datagrams left and when it was given up.
func sends(t *testing.T, m Method, last bool, values ...string) (at []time.Duration, given time.Duration) {
	t.Helper()
	d := newDriver(t, append(values, "enable_failback=0"))
	var first TxID
	d.saw = func(now time.Duration, a Action) {
		switch a := a.(type) {
		case Send:
			if a.Method == m && first == 0 {
				first = a.Tx
			}
			if a.Tx == first && first != 0 {
				at = append(at, now)
			}
		case Done:
			if a.Tx == first && first != 0 {
				given = a.Elapsed
			}
		}
	}
	if last {
		s := d.m.Settings()
		s.BackupAddr = ""
		d.m = New(1, s)
	}
	switch m {
	case INVITE:
		d.step(Dial{"1", "1002"})
	default:
		d.step(Start{})
	}
	d.wait(time.Hour)
	return at, given
}

// FO-01: when the last datagram leaves and when the server counts as unavailable, for n retransmissions.
func TestRetryCount(t *testing.T) {
	for _, c := range []struct {
		n                        int
		lastInvite, invite       int
		lastNonInvite, nonInvite int
	}{
		{0, 0, 500, 0, 500},
		{1, 500, 1500, 500, 1500},
		{2, 1500, 3500, 1500, 3500},
		{3, 3500, 7500, 3500, 7500},
		{4, 7500, 15500, 7500, 11500},
		{5, 15500, 31500, 11500, 15500},
		{6, 31500, 32000, 15500, 19500},
		{7, 31500, 32000, 19500, 23500},
	} {
		for _, m := range []Method{INVITE, REGISTER} {
			last, budget := c.lastInvite, c.invite
			if m == REGISTER {
				last, budget = c.lastNonInvite, c.nonInvite
			}
			t.Run(fmt.Sprintf("%s n=%d", m, c.n), func(t *testing.T) {
				at, given := sends(t, m, false, fmt.Sprintf("signal_retry_counts=%d", c.n))
				if at[len(at)-1] != milliseconds(last) || given != milliseconds(budget) {
					t.Errorf("last datagram after %s, given up after %s; want %d ms, %d ms", at[len(at)-1], given, last, budget)
				}
				if want := min(c.n+1, 7); m == INVITE && len(at) != want || m == REGISTER && len(at) != c.n+1 {
					t.Errorf("%d datagrams for n = %d", len(at), c.n)
				}
			})
		}
	}
}

// FO-01: the other reading of the count, n sends in all; 0 is taken for 1.
func TestRetryCountOfAttempts(t *testing.T) {
	for n, want := range [][2]int{
		{500, 500}, {500, 500}, {1500, 1500}, {3500, 3500}, {7500, 7500}, {15500, 11500}, {31500, 15500}, {32000, 19500},
	} {
		s := testSettings(t, "signal_retry_semantics=attempts", fmt.Sprintf("signal_retry_counts=%d", n))
		if got := Budget(s, INVITE); got != milliseconds(want[0]) {
			t.Errorf("INVITE, %d attempts: %s, want %d ms", n, got, want[0])
		}
		for _, m := range []Method{REGISTER, BYE, CANCEL, OPTIONS} {
			if got := Budget(s, m); got != milliseconds(want[1]) {
				t.Errorf("%s, %d attempts: %s, want %d ms", m, n, got, want[1])
			}
		}
	}
}

// FO-01 FO-02: the instants of every datagram, in both modes, with the default timers and others.
func TestSchedule(t *testing.T) {
	invite := []int{0, 500, 1500, 3500, 7500, 15500, 31500}
	others := []int{0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500}
	for _, c := range []struct {
		name    string
		values  []string
		method  Method
		last    bool
		sends   []int
		givenUp int
	}{
		{name: "last, INVITE", method: INVITE, last: true, sends: invite, givenUp: 32000},
		{name: "last, REGISTER", method: REGISTER, last: true, sends: others, givenUp: 32000},
		{name: "last, n ignored", values: []string{"signal_retry_counts=0"}, method: REGISTER, last: true, sends: others, givenUp: 32000},
		{name: "last, period ignored", values: []string{"failover_mode=period", "failover_period_ms=100"}, method: INVITE, last: true, sends: invite, givenUp: 32000},
		{name: "n = 10 is Timer F", values: []string{"signal_retry_counts=10"}, method: REGISTER, sends: others, givenUp: 32000},
		{name: "n = 20", values: []string{"signal_retry_counts=20"}, method: INVITE, sends: invite, givenUp: 32000},
		{name: "period 5000", values: []string{"failover_mode=period", "failover_period_ms=5000"}, method: REGISTER, sends: others[:4], givenUp: 5000},
		{name: "period 8000", values: []string{"failover_mode=period", "failover_period_ms=8000"}, method: REGISTER, sends: others[:5], givenUp: 8000},
		{name: "period 7500 sends nothing at its end", values: []string{"failover_mode=period"}, method: INVITE, sends: invite[:4], givenUp: 7500},
		{name: "period 100", values: []string{"failover_mode=period", "failover_period_ms=100"}, method: INVITE, sends: invite[:1], givenUp: 100},
		{name: "T1 50, T2 400", values: []string{"t2_ms=400", "t1_ms=50"}, method: REGISTER, sends: []int{0, 50, 150, 350}, givenUp: 750},
		{name: "T1 50, T2 400, last", values: []string{"t2_ms=400", "t1_ms=50"}, method: REGISTER, last: true,
			sends: []int{0, 50, 150, 350, 750, 1150, 1550, 1950, 2350, 2750, 3150}, givenUp: 3200},
		{name: "T1 1000, T2 2000", values: []string{"t1_ms=1000", "t2_ms=2000"}, method: REGISTER, sends: []int{0, 1000, 3000, 5000}, givenUp: 7000},
		{name: "T1 = T2", values: []string{"t1_ms=500", "t2_ms=500"}, method: REGISTER, sends: []int{0, 500, 1000, 1500}, givenUp: 2000},
		{name: "T2 does not touch INVITE", values: []string{"t1_ms=500", "t2_ms=500"}, method: INVITE, sends: invite[:4], givenUp: 7500},
		{name: "T1 10000", values: []string{"t2_ms=60000", "t1_ms=10000"}, method: INVITE, sends: []int{0, 10000, 30000, 70000}, givenUp: 150000},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, given := sends(t, c.method, c.last, c.values...)
			if !slices.Equal(at, ms(c.sends...)) {
				t.Errorf("datagrams at %v, want %v", at, ms(c.sends...))
			}
			if given != milliseconds(c.givenUp) {
				t.Errorf("given up after %s, want %d ms", given, c.givenUp)
			}
		})
	}
}

// FO-01: a program that is woken too late sends nothing at or after the deadline, and its delays do not add up.
func TestScheduleLate(t *testing.T) {
	m := New(1, testSettings(t))
	m.Step(0, Start{})
	for _, c := range []struct {
		now   time.Duration
		timer TimerName
		sends int
		next  time.Duration
	}{
		{511 * time.Millisecond, Retransmit, 1, 1500 * time.Millisecond},
		{1522 * time.Millisecond, Retransmit, 1, 3500 * time.Millisecond},
		{7500 * time.Millisecond, Retransmit, 0, 0},
		{7503 * time.Millisecond, Retransmit, 0, 0},
	} {
		var sent int
		var next time.Duration
		for _, a := range m.Step(c.now, Expired{Timer{Name: c.timer, Tx: 1}}) {
			switch a := a.(type) {
			case Send:
				sent++
			case Set:
				next = a.At
			}
		}
		if sent != c.sends || next != c.next {
			t.Errorf("woken at %s: %d datagrams, next at %s; want %d, %s", c.now, sent, next, c.sends, c.next)
		}
	}
}
