package line

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

// script turns bytes into what happens to a line.
type script struct {
	bytes []byte
	w     *watcher
	calls int
}

func (s *script) next() int {
	if len(s.bytes) == 0 {
		return 0
	}
	b := s.bytes[0]
	s.bytes = s.bytes[1:]
	return int(b)
}

// tx picks a transaction, most often one of the newest, now and then one that never was.
func (s *script) tx() TxID {
	b := s.next()
	switch b {
	case 255:
		return -1
	case 254:
		return 1 << 40
	}
	return max(s.w.d.m.nextTx-TxID(b%12), 1)
}

func (s *script) call() CallID {
	return CallID(strconv.Itoa(max(s.calls-s.next()%4, 0)))
}

func (s *script) newCall() CallID {
	s.calls++
	return CallID(strconv.Itoa(s.calls))
}

var (
	fuzzCodes = []int{
		100, 180, 183, 200, 200, 202, 300, 302, 401, 401, 403, 404, 407, 407, 408, 423, 480, 481, 482, 486, 487, 500, 500, 501, 503, 503, 600, 603, 699, 0, 999,
	}
	fuzzChallenges = []Challenge{FreshChallenge, FreshChallenge, FreshChallenge, RefusedChallenge, NoChallenge}
	fuzzExpires    = []int{0, 0, 60, 3600, 20, 1, 1<<31 - 1, 1 << 40, -5}
	fuzzRetryAfter = []time.Duration{0, 0, time.Second, 20 * time.Second, 100000 * time.Second, -time.Second}
	fuzzTags       = []string{"a", "a", "b", ""}
	fuzzWaits      = []time.Duration{0, time.Millisecond, 50 * time.Millisecond, 500 * time.Millisecond, 3 * time.Second, 8 * time.Second, 40 * time.Second, 5 * time.Minute, time.Hour}
	fuzzCauses     = []Cause{CauseConnect, CauseTLS, CauseDNS, CauseLocal}
	fuzzICMP       = []ICMP{{0, 3, 3}, {0, 3, 1}, {0, 3, 13}, {0, 3, 4}, {0, 11, 0}, {0, 12, 0}, {0, 4, 0}, {0, 3, 99}}
	// Each is a change of the settings in force; one that makes them wrong is left out.
	fuzzSettings = []string{
		"signal_retry_counts=0", "signal_retry_counts=20", "failover_mode=period", "failover_period_ms=100", "t1_ms=10", "t1_ms=500", "t2_ms=500",
		"backup_addr=", "backup_addr=192.0.2.2", "backup_addr=192.0.2.1", "backup_addr=192.0.2.8", "register_addr=", "register_addr=192.0.2.1",
		"register_addr=192.0.2.9", "register_addr=a.example.test", "backup_addr=b.example.test", "enabled=0", "enabled=1", "phone_number=1002", "auth_password=", "auth_password=x", "enable_failback=0",
		"enable_failback=1", "failback_interval=0", "failback_interval=1", "failback_interval=20", "failback_interval=1800", "failback_idle_only=1",
		"failback_idle_only=0", "failback_success_count=3", "failback_success_count=1", "register_failover_codes=5??,403", "request_failover_codes=5??",
		"request_failover_codes=", "request_failover_codes=503", "verify_500=0", "verify_500=1", "honor_retry_after=0", "honor_retry_after=1", "icmp_failover=0", "icmp_failover=1", "icmp_admin_prohibited=0", "backup_ttl=20",
		"register_ttl=60", "reg_fail_interval=1", "signal_retry_semantics=attempts", "transport=tcp", "backup_transport=tls", "transport=udp",
		"options_keepalive=1", "options_keepalive=0", "options_fail_count=2", "udp_update_ttl=10", "failback_unregister_backup=1", "failback_probe=options",
		"failback_probe=register", "invite_retry_counts=1", "invite_failover_register=0", "signal_registered_only=1", "wraparound=1", "wraparound=0",
		"failover_symmetric=1", "failover_symmetric=0", "reg_backoff=rfc5626", "failover_jitter_ms=100", "failback_jitter_ms=100",
		"outbound_proxy_addr=192.0.2.7", "outbound_proxy_addr=", "outbound_proxy_addr=192.0.2.2", "outbound_proxy_addr=p.example.test", "outbound_proxy_port=5080",
		"backup_outbound_proxy_addr=192.0.2.8", "backup_outbound_proxy_addr=", "backup_outbound_proxy_addr=192.0.2.7", "backup_outbound_proxy_addr=q.example.test",
		"outbound_proxy_password=x", "outbound_proxy_need_reg=1", "outbound_proxy_need_reg=0", "backup_outbound_proxy_need_reg=1", "backup_outbound_proxy_need_reg=0", "domain=example.test", "domain=",
	}
)

func (s *script) response() Response {
	r := Response{Tx: s.tx(), Code: pick(fuzzCodes, s.next())}
	how := s.next()
	r.Challenge, r.Expires = pick(fuzzChallenges, how), pick(fuzzExpires, how/4)
	r.RetryAfter, r.Tag, r.MinExpires = pick(fuzzRetryAfter, how/8), pick(fuzzTags, how/16), how*100
	r.Answer, r.Held = how%3 > 0, how%3 > 1
	if how%3 == 0 {
		r.Refusal = Refusal{"192.0.2.1:5060", "r", "MD5", pick(RefusalReasons, how)}
	}
	r.Redirect = how%5 == 0
	return r
}

func pick[T any](of []T, n int) T { return of[n%len(of)] }

// happen lets the next thing happen.
func (s *script) happen() {
	w := s.w
	switch op := s.next() % 32; op {
	default: // 0 to 8
		w.tell(s.response())
	case 9:
		w.wait(pick(fuzzWaits, s.next()))
	case 10, 11, 12: // the next timer
		if _, at, ok := w.d.alarms.Next(); ok {
			w.wait(max(at-w.d.now, 0))
		}
	case 13, 14:
		w.tell(Dial{s.newCall(), "1002"})
	case 15, 16:
		w.tell(HangUp{s.call()})
	case 17:
		w.tell(Invited{Call: s.newCall(), Remote: "2000", Slot: pick([]Slot{Primary, Backup}, s.next()), Offer: s.calls%2 == 0})
	case 18:
		w.tell(Answer{s.call()})
	case 19:
		how := s.next()
		w.tell(Acked{s.call(), how&1 != 0, how&2 != 0})
	case 20:
		s.peer()
	case 21:
		i := pick(fuzzICMP, s.next())
		i.Tx = s.tx()
		w.tell(i)
	case 22:
		how, id := s.next(), s.tx()
		tx := w.d.m.txs[id]
		reliable := tx != nil && tx.reliable && w.d.m.reliable(tx.Slot)
		if how&8 != 0 && tx != nil && tx.sent == 1 {
			w.tell(TooLong{id})
		}
		w.tell(Failed{Tx: id, Cause: pick(fuzzCauses, how), Reused: reliable && how&4 != 0})
	case 23:
		s.address()
	case 24:
		w.tell(Register{})
	case 25, 26, 27:
		s.reconfigure()
	case 28:
		w.tell(pick([]Event{Moved{}, Resumed{}, Start{}, Register{}, TrustChanged{}}, s.next()))
	case 29:
		w.tell(Unregister{})
	case 30:
		// A timer of something that never was.
		w.tell(Expired{Timer{Name: pick([]TimerName{Linger, GiveUp, Retransmit, AnswerAgain, AnswerLost}, s.next()), Tx: 1 << 40, Call: "none"}})
	case 31:
		if s.next()%8 == 0 {
			w.tell(Shutdown{})
		}
	}
}

// address is what the wire tells of connections and names.
func (s *script) address() {
	switch how := s.next(); how % 4 {
	case 0:
		s.w.tell(Routed{s.tx(), netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(how / 4 % 2)}), 5060)})
	case 1:
		s.w.tell(Resolved{Slot: pick([]Slot{Primary, Backup}, how/4), Targets: how / 8 % 4, NotOffered: how/8%8 == 0})
	case 2:
		s.carried(s.tx())
	default:
		s.w.tell(Connected{s.tx()})
	}
}

// carried has a route say over what a request goes, which is known when it is sent.
func (s *script) carried(id TxID) {
	tx := s.w.d.m.txs[id]
	if tx == nil || tx.state != trying || tx.long || tx.Datagram || tx.start != s.w.d.now {
		return
	}
	e := Carried{id, !tx.reliable}
	s.w.txs[id].reliable = e.Reliable
	s.w.tell(e)
}

func (s *script) peer() {
	c := s.call()
	s.w.tell(pick([]Event{PeerHungUp{c}, Cancelled{c}, Reinvited{Call: c}, Reinvited{c, true, true}, Reject{c, 486}, Hold{c}, Resume{c},
		Transfer{c, "1003"}, Notified{Call: c, Code: 100}, Notified{Call: c, Code: 200, Over: true}, Notified{Call: c, Code: 486, Over: true}}, s.next()))
}

func (s *script) reconfigure() {
	next := s.w.d.m.Settings()
	for n := 1 + s.next()%3; n > 0; n-- {
		name, value, _ := strings.Cut(pick(fuzzSettings, s.next()), "=")
		d, _ := ByName(name)
		if err := d.SetText(&next, value); err != nil {
			s.w.t.Fatal(err)
		}
	}
	if next.Validate() == nil {
		s.w.tell(Reconfigured{next})
	}
}

// anything lets what the bytes say happen to a line and holds it to the rules of watcher. It counts what the line noted and sent in seen.
func anything(t *testing.T, settings Settings, data []byte, seen map[string]int) {
	s := &script{bytes: data, w: watch(t, &driver{m: New(1, settings)})}
	saw := s.w.d.saw
	s.w.d.saw = func(now time.Duration, a Action) {
		switch a := a.(type) {
		case Note:
			seen[a.Data.EventType()]++
		case Send:
			seen[string(a.Method)]++
		}
		saw(now, a)
	}
	s.w.tell(Start{})
	for len(s.bytes) > 0 {
		s.happen()
	}
	s.w.end()
}

// proxied is a line whose servers are one server behind two outbound proxies, which is how provisioning systems write redundancy (OP-02).
func proxied(t testing.TB, values ...string) Settings {
	return testSettings(t, append([]string{"backup_addr=", "outbound_proxy_addr=192.0.2.7", "backup_outbound_proxy_addr=192.0.2.8"}, values...)...)
}

func FuzzMachine(f *testing.F) {
	f.Add([]byte{})
	for _, s := range fuzzSeeds {
		f.Add([]byte(s))
	}
	settings := testSettings(f, "failback_interval=20")
	behind := proxied(f, "failback_interval=20", "outbound_proxy_need_reg=1", "backup_outbound_proxy_need_reg=1")
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), 400)]
		anything(t, settings, data, map[string]int{})
		anything(t, behind, data, map[string]int{})
	})
}

// fuzzSeeds are beginnings: a line on its primary, on its backup, in failover with a call.
var fuzzSeeds = []string{
	"\x00\x00\x03\x00\x0d\x00\x00\x03\x00\x0f\x00\x0a\x0a\x0a\x0a",
	"\x15\x00\x00\x00\x00\x03\x00\x0d\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x09\x06\x00\x00\x03\x00",
	"\x00\x00\x03\x00\x0d\x15\x00\x00\x0d\x0f\x00\x00\x00\x03\x00\x0f\x00\x09\x06",
	"\x00\x00\x03\x00\x11\x00\x12\x00\x0f\x00\x09\x04\x13\x00\x1d\x18\x1f\x00",
	"\x00\x00\x03\x00\x0d\x00\x00\x15\x00\x00\x00\x15\x00\x00\x00\x03\x00\x00\x00\x03\x00", // WR-57
	"\x00\x00\x03\x00\x0d\x09\x04\x18\x09\x05\x00\x00\x03\x00",                             // WR-56
	"\x00\x00\x03\x00\x0d\x00\x00\x03\x00\x14\x00\x05\x16\x03\x00\x0f\x00\x16\x03\x00",     // WR-22
	"\x00\x00\x18\x18\x00\x00\x15\x08\x09\x07\x0d\x19\x00\x0a\x19\x00\x0d\x1c\x00\x1c\x01",
}
