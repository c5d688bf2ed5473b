package uas

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

var testTimers = Timers{500 * time.Millisecond, 4 * time.Second, 5 * time.Second}

// events are what a transaction is explored with; wait stands for the end of its next timer.
var events = []Event{Repeated{}, Acknowledged{}, Respond{100}, Respond{180}, Respond{200}, Respond{486}, Failed{}, nil}

// checker holds a transaction to what must be true at every instant.
type checker struct {
	*driver
	final int // code of the first final response
	over  bool
}

func newChecker(invite, reliable bool) *checker {
	return &checker{driver: &driver{Transaction: New(invite, reliable, testTimers), timers: map[Timer]time.Duration{}}}
}

func (c *checker) do(e Event) error {
	before := c.State()
	if e == nil {
		next := time.Duration(-1)
		for _, at := range c.timers {
			if next < 0 || at < next {
				next = at
			}
		}
		if next < 0 {
			return nil
		}
		c.wait(next)
	} else {
		c.step(e)
	}
	r, responds := e.(Respond)
	if responds && r.Code >= 200 && c.final == 0 && !c.over {
		c.final = r.Code
	}
	for _, a := range c.did {
		switch a := a.(type) {
		case Send:
			if c.over {
				return fmt.Errorf("sent after the end")
			}
			if !responds && c.reliable && e != (Event)(Repeated{}) {
				return fmt.Errorf("sent again over a reliable transport")
			}
		case PassACK:
			if !c.invite || c.final/100 != 2 {
				return fmt.Errorf("an ACK was passed after %d", c.final)
			}
		case Set:
			if a.At < c.now {
				return fmt.Errorf("timer %s is set for the past", a.Timer)
			}
			if a.At > c.now+64*testTimers.T1 {
				return fmt.Errorf("timer %s is set for more than 64*T1", a.Timer)
			}
		case End:
			c.over = true
		}
	}
	c.did = nil
	switch {
	case c.over && c.State() != Terminated, !c.over && c.State() == Terminated:
		return fmt.Errorf("ended, and in state %s", c.State())
	case !c.over && c.final != 0 && len(c.timers) == 0:
		return fmt.Errorf("no timer ends state %s after the response %d", c.State(), c.final)
	case rank(c.State()) < rank(before):
		return fmt.Errorf("from %s back to %s", before, c.State())
	}
	return nil
}

func rank(s State) int {
	return map[State]int{Trying: 0, Proceeding: 1, Accepted: 2, Completed: 2, Confirmed: 3, Terminated: 4}[s]
}

// TestExplore: every sequence of events of the depth given keeps the rules, for each kind of transaction, and once there is a final
// response time alone ends each of them.
func TestExplore(t *testing.T) {
	const depth = 5
	sequences, ends := 0, map[State]int{}
	for _, invite := range []bool{true, false} {
		for _, reliable := range []bool{true, false} {
			var path []int
			var walk func()
			walk = func() {
				sequences++
				c := newChecker(invite, reliable)
				for i, n := range path {
					if err := c.do(events[n]); err != nil {
						t.Fatalf("invite %v, reliable %v: %v after %v", invite, reliable, err, names(path[:i+1]))
					}
				}
				ends[c.State()]++
				for range 20 {
					if c.final == 0 || c.over {
						break
					}
					if err := c.do(nil); err != nil {
						t.Fatalf("invite %v, reliable %v: %v after %v and time", invite, reliable, err, names(path))
					}
				}
				if c.final != 0 && !c.over {
					t.Fatalf("invite %v, reliable %v: %v does not end", invite, reliable, names(path))
				}
				if len(path) == depth {
					return
				}
				for n := range events {
					path = append(path, n)
					walk()
					path = path[:len(path)-1]
				}
			}
			walk()
		}
	}
	// Of each kind 8^0 + ... + 8^5, and where they lead: another number is another behaviour.
	if sequences != 4*37449 {
		t.Errorf("%d sequences", sequences)
	}
	if want := (map[State]int{Trying: 728, Proceeding: 14896, Accepted: 10850, Completed: 19986, Confirmed: 2040, Terminated: 101296}); !maps.Equal(ends, want) {
		t.Errorf("the sequences lead to %v, want %v", ends, want)
	}
}

func names(path []int) []string {
	var list []string
	for _, n := range path {
		list = append(list, fmt.Sprintf("%T%+v", events[n], events[n]))
	}
	return list
}

// FuzzTransaction: no sequence of events, however long, breaks the rules.
func FuzzTransaction(f *testing.F) {
	f.Add(byte(0), []byte{3, 4, 1, 7, 7})
	f.Add(byte(1), []byte{3, 5, 7, 7, 1, 0, 7})
	f.Add(byte(2), []byte{0, 2, 0, 4, 0, 7})
	f.Add(byte(3), []byte{5, 6, 4})
	f.Fuzz(func(t *testing.T, kind byte, sequence []byte) {
		c := newChecker(kind&1 == 0, kind&2 == 0)
		for _, b := range sequence {
			if err := c.do(events[int(b)%len(events)]); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A timer that ended in the moment in which it was stopped does nothing any more.
func TestStaleTimers(t *testing.T) {
	for _, c := range []struct {
		name   string
		invite bool
		do     []Event
		state  State
		own    []Timer // which do something
	}{
		{"INVITE, no final response", true, []Event{Respond{180}}, Proceeding, nil},
		{"INVITE, 2xx", true, []Event{Respond{200}}, Accepted, []Timer{TimerL}},
		{"INVITE, the last 2xx", true, []Event{Respond{299}}, Accepted, []Timer{TimerL}},
		{"INVITE, redirected", true, []Event{Respond{300}}, Completed, []Timer{TimerG, TimerH}},
		{"INVITE, the last provisional response", true, []Event{Respond{199}}, Proceeding, nil},
		{"INVITE, refused", true, []Event{Respond{486}}, Completed, []Timer{TimerG, TimerH}},
		{"INVITE, refused and acknowledged", true, []Event{Respond{486}, Acknowledged{}}, Confirmed, []Timer{TimerI}},
		{"INVITE, not sent", true, []Event{Failed{}}, Terminated, nil},
		{"no response", false, nil, Trying, nil},
		{"provisional", false, []Event{Respond{100}}, Proceeding, nil},
		{"answered", false, []Event{Respond{200}}, Completed, []Timer{TimerJ}},
	} {
		for _, timer := range []Timer{TimerG, TimerH, TimerI, TimerJ, TimerL} {
			s := New(c.invite, false, testTimers)
			for _, e := range c.do {
				s.Step(0, e)
			}
			if s.State() != c.state {
				t.Errorf("%s: state %s", c.name, s.State())
			}
			does := s.Step(time.Minute, Expired{timer})
			if own := slices.Contains(c.own, timer); own != (len(does) > 0) || !own && s.State() != c.state {
				t.Errorf("%s, timer %s: %v, state %s", c.name, timer, does, s.State())
			}
		}
	}
}
