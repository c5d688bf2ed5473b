package line

import "time"

// schedule is when the datagrams of one client transaction leave, counted from the first (RFC 3261 17.1.1.2 and 17.1.2.2).
type schedule struct {
	t1, t2 time.Duration
	invite bool
}

func scheduleFor(s Settings, m Method) schedule {
	return schedule{t1: milliseconds(s.T1), t2: milliseconds(s.T2), invite: m == INVITE}
}

// interval is the wait before datagram k (k = 1 is the first retransmission): Timer A doubles for ever, Timer E up to T2.
func (s schedule) interval(k int) time.Duration {
	// 64*T1 ends every transaction before the seventh doubling.
	d := s.t1 << min(k-1, 7)
	if !s.invite && d > s.t2 {
		return s.t2
	}
	return d
}

// at is when datagram k is due; datagram 0 is due at 0.
func (s schedule) at(k int) time.Duration {
	var t time.Duration
	for i := 1; i <= k; i++ {
		t += s.interval(i)
	}
	return t
}

// full is 64*T1: what RFC 3261 gives a server, and so what the last server gets (FO-02).
func (s schedule) full() time.Duration { return 64 * s.t1 }

// Budget is how long the settings give a server that is not the last one before it counts as unavailable: D(n) of FO-01, the instant
// at which the datagram after the last allowed one would have been due, or the period of V2 products.
func Budget(s Settings, m Method) time.Duration {
	sch := scheduleFor(s, m)
	if s.FailoverMode == Period {
		return min(milliseconds(s.FailoverPeriod), sch.full())
	}
	n := s.SignalRetryCounts
	if m == INVITE && s.InviteRetryCounts >= 0 {
		n = s.InviteRetryCounts
	}
	if s.RetrySemantics == Attempts {
		n = max(n-1, 0)
	}
	return min(sch.at(n+1), sch.full())
}

// LastBudget is what the last server gets whatever the settings say: 64*T1 (FO-02).
func LastBudget(s Settings) time.Duration { return 64 * milliseconds(s.T1) }
