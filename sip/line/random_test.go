package line

import (
	"math/rand/v2"
	"testing"
)

// TestRandom lets long scripts happen to lines, and holds them to the rules of watcher.
func TestRandom(t *testing.T) {
	random(t, [][]string{
		nil,
		{"options_keepalive=1", "udp_update_ttl=10", "backup_ttl=20"},
		{"wraparound=1", "verify_500=0"},
		{"failover_symmetric=1"},
		{"failback_success_count=2", "failback_idle_only=1"},
		{"failback_probe=options", "failback_unregister_backup=1"},
		{"transport=tcp", "backup_transport=tls", "tcp_use_retry_timer=1"},
		{"register_addr=a.example.test", "invite_failover_register=0"},
	})
}

// OP-02, OP-09: the same behind two outbound proxies that want a registration before calls.
func TestRandomProxies(t *testing.T) {
	base := []string{"backup_addr=", "outbound_proxy_addr=192.0.2.7", "backup_outbound_proxy_addr=192.0.2.8"}
	need := append(base, "outbound_proxy_need_reg=1", "backup_outbound_proxy_need_reg=1")
	random(t, [][]string{need, append(need[:len(need):len(need)], "wraparound=1"), append(base[:len(base):len(base)], "options_keepalive=1")})
}

// random plays 500 scripts, to each of the lines in turn: half of them are any octets, with which most lines soon have no server, and half are what
// happens on a network that works most of the time.
func random(t *testing.T, lines [][]string) {
	seen := map[string]int{}
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 0))
		data := likely(r)
		if seed%2 == 0 {
			data = make([]byte, 300)
			for i := range data {
				data[i] = byte(r.Uint32())
			}
		}
		values := lines[int(seed)/2%len(lines)]
		anything(t, testSettings(t, append([]string{"failback_interval=20"}, values...)...), data, seen)
	}
	// The scripts get to everything that a line does.
	for _, what := range []string{
		"REGISTER", "INVITE", "BYE", "CANCEL", "REFER", "OPTIONS",
		"all_failed", "bye_lost", "challenge_refused", "failback", "failback_timer", "failover", "hold", "hold_failed", "late_response", "line_state",
		"lookup_failed", "probe_end", "probe_start", "quarantine", "register_rejected", "registered", "transfer",
	} {
		if seen[what] < 5 {
			t.Errorf("%s: %d times in all scripts, want 5 at least", what, seen[what])
		}
	}
}

// likely is a script for happen.
func likely(r *rand.Rand) (script []byte) {
	octet := func() byte { return byte(r.Uint32()) }
	for len(script) < 400 {
		newest := byte(r.IntN(3)) // request, or call
		switch n := r.IntN(100); {
		case n < 40: // accepted
			script = append(script, 0, newest, 3, octet())
		case n < 48: // another answer
			script = append(script, 0, newest, octet(), octet())
		case n < 68: // the next timer
			script = append(script, 10)
		case n < 70:
			script = append(script, 9, byte(r.IntN(7)))
		case n < 77: // dialled, or called and answered
			script = append(script, 13)
		case n < 79:
			script = append(script, 17, octet(), 18, 0, 19, 0, octet())
		case n < 84:
			script = append(script, 15, newest)
		case n < 92: // hold, resume, transfer and its end, re-INVITE
			script = append(script, 20, newest, byte(2+r.IntN(9)))
		case n < 94:
			script = append(script, 21, octet(), newest)
		case n < 96:
			script = append(script, 22, octet(), newest)
		case n < 97:
			script = append(script, 23, octet(), newest)
		case n < 98:
			script = append(script, 24)
		case n < 99:
			script = append(script, 25, 0, octet())
		default:
			script = append(script, 20, newest, 0)
		}
	}
	return script
}
