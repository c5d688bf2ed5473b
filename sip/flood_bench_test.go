package sip_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hilphone/sip/line"
)

// BenchmarkOptionsAnswered is how many OPTIONS of others a line answers in a second, with 32 of them under way.
func BenchmarkOptionsAnswered(b *testing.B) {
	primary := registrar(b, false)
	h := newHandset(b, settingsFor(b, primary, primary, "accept_from=anyone"))
	h.until(line.OnPrimary)
	c := asker(b, h)
	buf := make([]byte, 65535)
	ask := func(n int) {
		if _, err := c.Write([]byte(asked("OPTIONS", fmt.Sprintf("z9hG4bKask%d", n), "Via: SIP/2.0/UDP 127.0.0.66;rport;branch=z9hG4bKask"))); err != nil {
			b.Fatal(err)
		}
	}
	answer := func() {
		if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
			b.Fatal(err)
		}
		n, err := c.Read(buf)
		if err != nil || !strings.HasPrefix(string(buf[:n]), "SIP/2.0 200 ") {
			b.Fatalf("%q, %v", buf[:n], err)
		}
	}
	const underWay = 32
	for n := range underWay {
		ask(n)
	}
	b.ReportAllocs()
	for n := underWay; b.Loop(); n++ {
		answer()
		ask(n)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
	for range underWay {
		answer()
	}
}

// asker is a stranger's socket, connected to a line.
func asker(b *testing.B, h *handset) net.Conn {
	b.Helper()
	c, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 66)}, net.UDPAddrFromAddrPort(h.line.Snapshot().Local))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

// BenchmarkGiveUpAmongCallers is BenchmarkGiveUp with one line, without callers and with 1000 INVITEs a second from strangers, which the line
// refuses and which are never acknowledged: how late its REGISTERs and its failovers are.
func BenchmarkGiveUpAmongCallers(b *testing.B) {
	const rounds = 20
	b.Run("quiet", func(b *testing.B) { giveUp(b, 1, rounds, func([]*handset) {}) })
	b.Run("1000-a-second", func(b *testing.B) {
		var sent, busy, full atomic.Int64
		giveUp(b, 1, rounds, func(all []*handset) {
			h := all[0]
			c := asker(b, h)
			ended := make(chan struct{})
			var tasks sync.WaitGroup
			tasks.Go(func() { // as the phone that has a call
				for {
					select {
					case v := <-h.calls:
						if v.State == line.Ringing {
							h.line.Post(line.Reject{Call: v.ID, Code: 486})
						}
					case <-ended:
						return
					}
				}
			})
			tasks.Go(func() {
				buf := make([]byte, 65535)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					switch d := (datagram{raw: string(buf[:n])}); d.status() {
					case 486:
						busy.Add(1)
					case 503:
						full.Add(1)
					}
				}
			})
			tasks.Go(func() {
				each := time.NewTicker(10 * time.Millisecond)
				defer each.Stop()
				for n := 0; ; {
					select {
					case <-each.C:
					case <-ended:
						return
					}
					for range 10 {
						n++
						branch := fmt.Sprintf("z9hG4bKcaller%d", n)
						if _, err := c.Write([]byte(inviteOf(branch, "Via: SIP/2.0/UDP 127.0.0.66;rport;branch="+branch))); err != nil {
							return
						}
						sent.Add(1)
					}
				}
			})
			b.Cleanup(func() { close(ended); c.Close(); tasks.Wait() })
		})
		b.ReportMetric(float64(sent.Load())/b.Elapsed().Seconds(), "INVITE/s")
		if busy.Load() == 0 || full.Load() == 0 {
			b.Errorf("%d INVITEs were answered with 486 and %d with 503", busy.Load(), full.Load())
		}
		b.ReportMetric(float64(busy.Load()), "busy")
		b.ReportMetric(float64(full.Load()), "full")
	})
}
