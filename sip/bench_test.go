package sip_test

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/sip"
	"hilphone/sip/line"
)

// registrar is a server on a real socket that answers at once: 200 to REGISTER and BYE, 486 to INVITE. It is quicker than any real one, so
// that what is measured is the phone. With silent it reads and answers nothing.
func registrar(tb testing.TB, silent bool) netip.AddrPort {
	tb.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		tb.Fatal(err)
	}
	var task sync.WaitGroup
	task.Go(func() {
		b := make([]byte, 65535)
		for {
			n, from, err := c.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			d := datagram{raw: string(b[:n])}
			answer := ""
			switch d.method() {
			case "REGISTER":
				answer = grant(d, 3600)
			case "INVITE":
				answer = reply(d, "486 Busy Here")
			}
			if answer != "" && !silent {
				_, _ = c.WriteToUDPAddrPort([]byte(answer), from)
			}
		}
	})
	tb.Cleanup(func() { c.Close(); task.Wait() })
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

func settingsFor(tb testing.TB, primary, backup netip.AddrPort, more ...string) line.Settings {
	tb.Helper()
	return set(tb, line.Default(), append([]string{"enabled=1", "phone_number=1001", "register_addr=" + primary.Addr().String(), "register_port=" + strconv.Itoa(int(primary.Port())),
		"backup_addr=" + backup.Addr().String(), "backup_port=" + strconv.Itoa(int(backup.Port()))}, more...)...)
}

// figures reports the 50th and 99th percentile and the largest of durations, in a unit.
func figures(b *testing.B, what string, all []time.Duration, unit time.Duration, name string) {
	b.Helper()
	if len(all) == 0 {
		b.Fatalf("no %s was measured", what)
	}
	slices.Sort(all)
	for _, p := range []struct {
		name string
		at   int
	}{{"p50", len(all) / 2}, {"p99", len(all) * 99 / 100}, {"max", len(all) - 1}} {
		b.ReportMetric(float64(all[p.at])/float64(unit), what+"-"+p.name+"-"+name)
	}
}

// BenchmarkGiveUp measures in real time, with T1 = 10 ms, how exact the phone is: each datagram against its schedule (0, 10, 30, 70 ms)
// and the first datagram at the backup against the instant of failover, 150 ms (FO-01). Eight lines fail over at once. The schedule counts
// from the decision to send, which attempt_start tells before the first datagram is built.
func BenchmarkGiveUp(b *testing.B) {
	giveUp(b, 8, 1, func([]*handset) {})
}

// giveUp has lines fail over again and again, rounds times for each turn of the benchmark; what disturbs them begins with disturb.
func giveUp(b *testing.B, lines, rounds int, disturb func(all []*handset)) {
	b.Helper()
	primary, backup := registrar(b, true), registrar(b, false)
	var mu sync.Mutex
	var sends, failovers []time.Duration
	var all []*handset
	for range lines {
		h := newHandset(b, settingsFor(b, primary, backup, "t1_ms=10", "t2_ms=80", "t4_ms=10", "enable_failback=0", "accept_from=anyone"))
		schedule := []time.Duration{0, 10 * time.Millisecond, 30 * time.Millisecond, 70 * time.Millisecond}
		var began time.Time
		k := 0
		notes := func(kind string, data any) {
			now := time.Now()
			if kind == "attempt_start" && strings.Contains(fmt.Sprintf("%+v", data), "Slot:primary") {
				mu.Lock()
				defer mu.Unlock()
				began, k = now, 0
			}
		}
		trace := func(m sip.Message) {
			if !m.Out || !strings.HasPrefix(string(m.Raw), "REGISTER") {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case began.IsZero(): // the line was quicker than this bench
			case m.Slot == line.Backup:
				if k > 0 {
					failovers = append(failovers, m.At.Sub(began)-150*time.Millisecond)
				}
				k = 0
			case k < len(schedule):
				sends = append(sends, m.At.Sub(began)-schedule[k])
				k++
			default:
				b.Errorf("a fifth datagram at the primary after %v", m.At.Sub(began))
			}
		}
		h.notes.Store(&notes)
		h.trace.Store(&trace)
		all = append(all, h)
	}
	for _, h := range all {
		h.until(line.OnBackup)
	}
	disturb(all)
	for b.Loop() {
		for range rounds {
			for _, h := range all {
				h.line.Post(line.Register{})
			}
			for _, h := range all {
				h.until(line.OnBackup)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for _, all := range [][]time.Duration{sends, failovers} {
		for i, late := range all {
			if late < -time.Millisecond {
				b.Errorf("%v too early", -late)
			}
			all[i] = late.Abs()
		}
	}
	figures(b, "send-error", sends, time.Millisecond, "ms")
	figures(b, "failover-error", failovers, time.Millisecond, "ms")
}

// BenchmarkDial measures from the user's word to the INVITE on the wire, RTP port included.
func BenchmarkDial(b *testing.B) {
	primary := registrar(b, false)
	h := newHandset(b, settingsFor(b, primary, primary))
	h.until(line.OnPrimary)
	var mu sync.Mutex
	var dialled time.Time
	var all []time.Duration
	trace := func(m sip.Message) {
		if m.Out && strings.HasPrefix(string(m.Raw), "INVITE") {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, m.At.Sub(dialled))
		}
	}
	h.trace.Store(&trace)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		mu.Lock()
		dialled = time.Now()
		mu.Unlock()
		h.line.Post(line.Dial{Call: line.CallID(strconv.Itoa(n)), To: "1002"})
		for c := range h.calls {
			if c.State == line.Ended {
				if c.End.Code != 486 {
					b.Fatalf("%+v", c.End)
				}
				break
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	figures(b, "dial-to-wire", all, time.Microsecond, "us")
}

// BenchmarkRegister is the cost of a REGISTER transaction, from the user's word to the registered line.
func BenchmarkRegister(b *testing.B) {
	primary := registrar(b, false)
	h := newHandset(b, settingsFor(b, primary, primary))
	h.until(line.OnPrimary)
	b.ReportAllocs()
	for b.Loop() {
		h.line.Post(line.Register{})
		h.until(line.OnPrimary)
	}
}
