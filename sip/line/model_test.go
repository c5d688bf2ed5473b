package line

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// move is one thing that can happen next; ok is false where it cannot.
type move struct {
	name  string
	event func(*watcher) (e Event, ok bool)
}

// newest finds the newest transaction that is, or is not, under way.
func newest(w *watcher, live bool) TxID {
	for id := w.d.m.nextTx; id > 0; id-- {
		if tx := w.d.m.txs[id]; tx != nil && tx.live() == live && (live || tx.state == abandoned) {
			return id
		}
	}
	return 0
}

// oldest finds the oldest one under way, where there are several.
func oldest(w *watcher) TxID {
	for id := TxID(1); id < newest(w, true); id++ {
		if w.d.m.txs[id].live() {
			return id
		}
	}
	return 0
}

func answer(name string, r Response, to func(*watcher) TxID) move {
	return move{name, func(w *watcher) (Event, bool) {
		r.Tx = to(w)
		return r, r.Tx != 0
	}}
}

const theCall CallID = "1"

// moves is the alphabet of the exploration.
func moves() []move {
	live := func(w *watcher) TxID { return newest(w, true) }
	late := func(w *watcher) TxID { return newest(w, false) }
	hasCall := func(w *watcher) bool { return w.calls[theCall] != nil }
	return []move{
		answer("200", Response{Code: 200, Tag: "a"}, live),
		answer("200 to the oldest", Response{Code: 200, Tag: "a"}, oldest),
		answer("late 200", Response{Code: 200, Tag: "b"}, late),
		answer("180", Response{Code: 180}, live),
		answer("401", Response{Code: 401, Challenge: FreshChallenge}, live),
		answer("401 refused", Response{Code: 401, Challenge: RefusedChallenge, Refusal: Refusal{Reason: RefusedLogin}}, live),
		answer("403", Response{Code: 403}, live),
		answer("500", Response{Code: 500}, live),
		answer("503", Response{Code: 503, RetryAfter: 10 * time.Second}, live),
		{"icmp", func(w *watcher) (Event, bool) { id := live(w); return ICMP{id, 3, 3}, id != 0 }},
		{"timer", func(w *watcher) (Event, bool) { _, _, ok := w.d.alarms.Next(); return nil, ok }},
		{"dial", func(w *watcher) (Event, bool) { return Dial{theCall, "1002"}, !hasCall(w) }},
		{"hang up", func(w *watcher) (Event, bool) { return HangUp{theCall}, hasCall(w) && w.calls[theCall].ended == 0 }},
		{"bye", func(w *watcher) (Event, bool) { return PeerHungUp{theCall}, hasCall(w) && !w.calls[theCall].dropped }},
		{"register", func(w *watcher) (Event, bool) { return Register{}, true }},
	}
}

// callMoves is the alphabet for a call that is up.
func callMoves() []move {
	live := func(w *watcher) TxID { return newest(w, true) }
	event := func(name string, e Event) move { return move{name, func(*watcher) (Event, bool) { return e, true }} }
	fails := func(name string, cause Cause, of func(*watcher) TxID) move {
		return move{name, func(w *watcher) (Event, bool) { id := of(w); return Failed{Tx: id, Cause: cause}, id != 0 }}
	}
	return append(moves(),
		event("hold", Hold{theCall}), event("resume", Resume{theCall}), event("transfer", Transfer{theCall, "1003"}),
		event("notify", Notified{Call: theCall, Code: 486, Over: true}),
		move{"too long", func(w *watcher) (Event, bool) {
			id := live(w)
			return TooLong{id}, id != 0 && w.d.m.txs[id].sent == 1
		}},
		fails("not sent", CauseLocal, live), fails("the oldest is not sent", CauseLocal, oldest), fails("no route", CauseConnect, live),
		answer("491", Response{Code: 491}, live),
	)
}

// at plays a list of moves on a new line; ok is false where the last one cannot be made.
func at(t *testing.T, s Settings, alphabet []move, path []byte) (w *watcher, ok bool) {
	w = watch(t, &driver{m: New(1, s)})
	w.tell(Start{})
	for _, i := range path {
		e, ok := alphabet[i].event(w)
		if !ok {
			return w, false
		}
		if e != nil {
			w.tell(e)
			continue
		}
		_, at, _ := w.d.alarms.Next()
		w.wait(max(at-w.d.now, 0))
	}
	return w, true
}

// key tells states apart: what is registered, under way and waited for, with times from now and without the numbers of transactions.
func key(w *watcher) string {
	m := w.d.m
	var b strings.Builder
	p, f := m.procedure, m.failback
	fmt.Fprint(&b, m.phase, m.active, p.running, p.refresh, p.slot, p.rest, p.waiters, f.tx != 0, f.held != nil)
	for _, slot := range []Slot{Primary, Backup} {
		sv := m.servers[slot]
		fmt.Fprint(&b, sv.holds, max(sv.quarantined-m.now, 0))
	}
	ids := make([]TxID, 0, len(m.txs))
	for id, tx := range m.txs {
		if tx.state != completed {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		tx := m.txs[id]
		fmt.Fprint(&b, "|", tx.Method, tx.Slot, tx.owner, tx.state, tx.sent, tx.Auth != 0, tx.repeats, tx.Last, tx.gone, tx.start-m.now, tx.heard, id == p.tx)
	}
	if c := m.calls[theCall]; c != nil {
		fmt.Fprint(&b, "|", c.State, c.Server, c.waiting, c.triedPrimary, c.byeRest, c.held, c.wantHeld, c.glare, c.transfer.to, c.transfer.accepted)
	}
	fmt.Fprint(&b, w.calls[theCall] != nil)
	for _, n := range []TimerName{Refresh, Retry, Probe} {
		if at, ok := w.d.at(Timer{Name: n}); ok {
			fmt.Fprint(&b, n, at-m.now)
		}
	}
	return b.String()
}

// TestExplore goes through everything that can happen to a line with two servers and one call, in every order, and holds each state to
// the rules of watcher.
func TestExplore(t *testing.T) {
	explore(t, twoServers(t), moves(), []int{10, 59, 288, 1279, 5448, 23010})
}

// OP-02, OP-09: the same for one server behind two outbound proxies that want a registration before calls.
func TestExploreProxies(t *testing.T) {
	explore(t, proxied(t, "failback_interval=20", "signal_retry_counts=1", "outbound_proxy_need_reg=1", "backup_outbound_proxy_need_reg=1"), moves(), []int{10, 51, 212, 853, 3449})
}

func twoServers(t *testing.T) Settings {
	return testSettings(t, "failback_interval=20", "signal_retry_counts=1")
}

// TestExploreCall does the same to a call that is up: hold, transfer, and requests that cannot be sent (WR-22).
func TestExploreCall(t *testing.T) {
	explore(t, twoServers(t), callMoves(), []int{7, 52, 324, 1766, 8920}, "200", "dial", "200")
}

// explore makes every series of moves after the first ones, as many as there are numbers in states: those of the different states that are known after
// each. Another number is another behaviour of the line, or a key that tells less apart; it is corrected here after a look at which of both.
func explore(t *testing.T, s Settings, alphabet []move, states []int, first ...string) {
	var start []byte
	made := make([]int, len(alphabet))
	for _, name := range first {
		i := slices.IndexFunc(alphabet, func(m move) bool { return m.name == name })
		start = append(start, byte(i))
		made[i]++
	}
	seen := map[string]bool{}
	level := [][]byte{start}
	for d, want := range states {
		var next [][]byte
		for _, path := range level {
			for i := range alphabet {
				longer := append(path[:len(path):len(path)], byte(i))
				w, ok := at(t, s, alphabet, longer)
				if !ok {
					continue
				}
				made[i]++
				if k := key(w); !seen[k] {
					seen[k] = true
					next = append(next, longer)
				}
			}
		}
		level = next
		if len(seen) != want {
			t.Errorf("%d states after %d moves, want %d", len(seen), d+1, want)
		}
	}
	for i, n := range made {
		if n == 0 {
			t.Errorf("%q was never possible", alphabet[i].name)
		}
	}
	// From the last states on, the line still comes to its end.
	ended := 0
	for i, path := range level {
		if i%20 == 0 {
			w, _ := at(t, s, alphabet, path)
			w.end()
			ended++
		}
	}
	if new := states[len(states)-1] - states[len(states)-2]; ended != (new+19)/20 {
		t.Errorf("%d lines came to their end, of %d", ended, new)
	}
}
