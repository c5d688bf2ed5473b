//go:build rig

package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/hil/kamailio"
)

// A baresip is a phone that others wrote, without a display and without a sound card: it answers every call and plays a
// tone.
type baresip struct {
	*process
	number  string
	control net.Conn

	mutex  sync.Mutex
	events []string      // types of those that came so far
	grown  chan struct{} // closed at the next one
}

const (
	baresipAddress = "127.0.0.25"
	baresipControl = baresipAddress + ":4444"
)

// baresipModules is where Debian has them: below /usr/lib, in a folder of the architecture or not.
func baresipModules(t *testing.T) string {
	t.Helper()
	for _, pattern := range []string{"/usr/lib/baresip/modules", "/usr/lib/*/baresip/modules", "/usr/local/lib/baresip/modules"} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	t.Fatal("the modules of baresip are not installed: run make deps")
	return ""
}

// newBaresip starts baresip, which sends all requests to its outbound proxy.
func newBaresip(t *testing.T, pair *kamailio.Pair, number, outbound string) *baresip {
	t.Helper()
	dir := t.TempDir()
	config := fmt.Sprintf("poll_method epoll\nsip_listen %s:5060\naudio_source ausine,440\naudio_player aubridge,nobody\n"+
		"ausrc_srate 48000\nausrc_channels 2\nauplay_srate 8000\nrtp_ports 20000-20100\nmodule_path %s\n"+
		"module g711.so\nmodule ausine.so\nmodule aubridge.so\nmodule_tmp account.so\n"+
		"call_max_calls 100\ncall_hold_other_calls no\nmodule_app menu.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen %s\n", baresipAddress, baresipModules(t), baresipControl)
	account := fmt.Sprintf("<sip:%s@%s>;auth_pass=%s;outbound=\"sip:%s\";answermode=auto;regint=600\n",
		number, kamailio.Domain, kamailio.Password(number), outbound)
	for name, text := range map[string]string{"config": config, "accounts": account, "contacts": ""} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	b := &baresip{number: number, grown: make(chan struct{})}
	b.process = launch(t, pair, "baresip", "baresip", "-f", dir)
	b.await(t, "baresip is ready")
	conn, err := pair.DialContext(t.Context(), "tcp4", baresipControl)
	must(t, err)
	b.control = conn
	var listening sync.WaitGroup
	listening.Go(b.listen)
	t.Cleanup(func() { conn.Close(); listening.Wait() })
	return b
}

// listen reads what baresip reports, as netstrings of JSON, until the connection ends.
func (b *baresip) listen() {
	r := bufio.NewReader(b.control)
	for {
		length, err := r.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
		if err != nil || n < 0 || n > 1<<20 {
			return
		}
		text := make([]byte, n+1) // and a comma
		if _, err := io.ReadFull(r, text); err != nil {
			return
		}
		var report struct {
			Event bool
			Type  string
		}
		if json.Unmarshal(text[:n], &report) == nil && report.Event {
			b.mutex.Lock()
			b.events = append(b.events, report.Type)
			close(b.grown)
			b.grown = make(chan struct{})
			b.mutex.Unlock()
		}
	}
}

// command makes baresip do something, as somebody at its keyboard would.
func (b *baresip) command(t *testing.T, command, params string) {
	t.Helper()
	text, err := json.Marshal(map[string]string{"command": command, "params": params, "token": command})
	must(t, err)
	_, err = fmt.Fprintf(b.control, "%d:%s,", len(text), text)
	must(t, err)
}

// now is the number of events so far.
func (b *baresip) now() int {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return len(b.events)
}

// until waits for an event of the type after so many others.
func (b *baresip) until(t *testing.T, since int, kind string) {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		b.mutex.Lock()
		seen, grown := b.events[since:], b.grown
		b.mutex.Unlock()
		for _, e := range seen {
			if e == kind {
				return
			}
		}
		select {
		case <-grown:
		case <-end.C:
			t.Fatalf("baresip reports %q in %v, and no %s", seen, patience, kind)
		}
	}
}

// heard is the number of calls in which baresip has heard something.
func (b *baresip) heard() int {
	b.process.mutex.Lock()
	defer b.process.mutex.Unlock()
	calls := 0
	for _, line := range b.lines {
		if strings.Contains(line, "incoming rtp for 'audio' established") {
			calls++
		}
	}
	return calls
}

// baresip: calls in both directions with a phone that others wrote, hung up by either, and through a failover.
func (r *rig) baresip(t *testing.T) {
	pair := r.pair(t)
	h := newHandset(t, pair, r.binary, "1001")
	since := h.now(t)
	h.set(t, account("1001").with(settings{"domain": kamailio.Domain, "failback_interval": 2}))
	h.untilPhase(t, since, "on_primary")
	b := newBaresip(t, pair, "1005", kamailio.PrimaryAddress)
	b.await(t, "200 OK") // to its REGISTER

	steps(t,
		trial{"called, hangs up", func(t *testing.T) { r.withBaresip(t, h, b, h.callsBaresip, h.hangsUp) }},
		trial{"called, baresip hangs up", func(t *testing.T) { r.withBaresip(t, h, b, h.callsBaresip, b.hangsUp) }},
		trial{"calls, hangs up", func(t *testing.T) { r.withBaresip(t, h, b, b.calls, h.hangsUp) }},
		trial{"calls, baresip hangs up", func(t *testing.T) { r.withBaresip(t, h, b, b.calls, b.hangsUp) }},
		trial{"digits", func(t *testing.T) { r.digitsOfBaresip(t, h, b) }},
		trial{"transfer", func(t *testing.T) { r.transfersBaresip(t, pair, h, b) }},
		trial{"BYE failover", func(t *testing.T) {
			r.withBaresip(t, h, b, h.callsBaresip, func(t *testing.T, id string) { must(t, pair.Primary.Kill()); h.hangsUp(t, id) })
			want(t, "active server", h.status(t).Active, "backup")
		}},
		trial{"called through the backup", func(t *testing.T) {
			r.withBaresip(t, h, b, h.callsBaresip, func(t *testing.T, id string) {
				want(t, "server of the call", h.call(t, id).Server, "backup")
				h.hangsUp(t, id)
			})
		}},
	)
}

// withBaresip makes a call and ends it; there is sound in both directions meanwhile, and baresip says so too.
func (r *rig) withBaresip(t *testing.T, h *handset, b *baresip, call func(*testing.T, *handset, *baresip) string, hangUp func(*testing.T, string)) {
	r.whileTalking(t, h, b, call, func(*testing.T, string) {}, hangUp)
}

// whileTalking is withBaresip where something is done during the call.
func (r *rig) whileTalking(t *testing.T, h *handset, b *baresip, call func(*testing.T, *handset, *baresip) string, do, hangUp func(*testing.T, string)) {
	heard, reported, since := b.heard(), b.now(), h.now(t)
	id := call(t, h, b)
	b.until(t, reported, "CALL_ESTABLISHED")
	h.sound(t, id, packets)
	want(t, "codec", h.call(t, id).Media.Codec, "PCMU")
	do(t, id)
	began := time.Now()
	hangUp(t, id)
	b.until(t, reported, "CALL_CLOSED")
	r.measured(t, "both know of the end", time.Since(began))
	want(t, "call that ended", h.untilCall(t, since, "ended").Call, id)
	h.hook(t, "on")
	want(t, "calls in which baresip has heard something", b.heard(), heard+1)
}

// digitsOfBaresip: what is typed at baresip arrives as RFC 4733, each digit once and in order (RS-13).
func (r *rig) digitsOfBaresip(t *testing.T, h *handset, b *baresip) {
	const digits = "15599*0#"
	r.whileTalking(t, h, b, h.callsBaresip, func(t *testing.T, id string) {
		since := h.now(t)
		b.command(t, "sndcode", digits)
		got, heard := "", since
		for len(got) < len(digits) {
			e := h.until(t, heard, patience, "digit of baresip", func(e event) bool { return e.Type == "dtmf" })
			want(t, "how the digit came", e.Data.How, "rfc4733")
			got, heard = got+e.Data.Digit, e.Seq
		}
		want(t, "digits", got, digits)
		want(t, "digits_received", h.call(t, id).Digits, digits)
	}, h.hangsUp)
}

// transfersBaresip asks baresip to call 1002 instead: the two talk, and the phone is out of it.
func (r *rig) transfersBaresip(t *testing.T, pair *kamailio.Pair, h *handset, b *baresip) {
	other := newHandset(t, pair, r.binary, "1002")
	since, heard := other.now(t), b.heard()
	other.set(t, account("1002").with(settings{"domain": kamailio.Domain}))
	other.untilPhase(t, since, "on_primary")
	id := h.callsBaresip(t, h, b)
	before := h.now(t)
	h.do(t, "POST", "/calls/"+id+"/transfer", map[string]any{"to": other.number}, nil)
	rings := other.untilCall(t, since, "ringing")
	want(t, "number shown", other.call(t, rings.Call).Remote, b.number)
	other.hook(t, "off")
	other.untilCall(t, since, "talking")
	succeeded := func(e event) bool { return e.Type == "transfer" && e.Data.State == "succeeded" }
	h.until(t, before, patience, "transfer that succeeded", succeeded)
	want(t, "call that was handed over", h.untilCall(t, before, "ended").Call, id)
	h.hook(t, "on")
	other.sound(t, rings.Call, packets)
	other.hangsUp(t, rings.Call)
	want(t, "calls in which baresip has heard something", b.heard(), heard+2)
}

// callsBaresip presses the keys and waits for the answer.
func (h *handset) callsBaresip(t *testing.T, _ *handset, b *baresip) string {
	t.Helper()
	since := h.now(t)
	h.hook(t, "off")
	h.keys(t, b.number+"#")
	return h.untilCall(t, since, "talking").Call
}

func (h *handset) hangsUp(t *testing.T, id string) {
	t.Helper()
	since := h.now(t)
	h.hook(t, "on")
	want(t, "ended by", h.untilCall(t, since, "ended").Data.End.By, "user")
}

// calls makes baresip call; the handset is lifted when it rings.
func (b *baresip) calls(t *testing.T, h *handset, _ *baresip) string {
	t.Helper()
	since := h.now(t)
	b.command(t, "dial", fmt.Sprintf("sip:%s@%s", h.number, kamailio.Domain))
	rings := h.untilCall(t, since, "ringing")
	want(t, "number shown", h.call(t, rings.Call).Remote, b.number)
	h.hook(t, "off")
	h.untilCall(t, since, "talking")
	return rings.Call
}

func (b *baresip) hangsUp(t *testing.T, _ string) {
	t.Helper()
	b.command(t, "hangup", "")
}
