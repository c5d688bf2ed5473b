//go:build rig

package sip_test

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hil/server"
	"hilphone/sip"
	"hilphone/sip/line"
)

// oddLine is a line that is registered with the primary by TLS, listens at a TCP port, because its backup uses that, and talks to 1002. It
// refuses every other call, as the phone does while it has one.
type oddLine struct {
	*wired
	tap       *tlsTap
	settled   line.Call     // the call as it was
	changes   atomic.Int64  // reports of that call since then
	refused   atomic.Int64  // other calls
	traced    atomic.Int64  // messages read
	malformed atomic.Int64  // events
	floods    sync.RWMutex  // see oddPeer
	taking    chan struct{} // closed when other calls are taken again
}

// newOddLine starts the line; the functions change its configuration.
func newOddLine(t testing.TB, change ...func(*sip.Config)) *oddLine {
	t.Helper()
	w := newWires(t)
	x := &oddLine{wired: w, tap: newTLSTap(w), taking: make(chan struct{})}
	w.authority, w.caFile = authority(t)
	w.serve(server.LabConfig{}, w.certificate(wiredPrimary.String()), w.certificate(wiredBackup.String()))
	report := func(c *sip.Config) {
		tell := c.CallChanged
		c.CallChanged = func(v line.Call) {
			select {
			case <-x.taking:
			default:
				if v.ID != "1" {
					if v.State == line.Ringing {
						x.refused.Add(1)
						w.line.Post(line.Reject{Call: v.ID, Code: 486})
					}
					return
				}
			}
			if v.ID == "1" {
				x.changes.Add(1)
			}
			tell(v)
		}
		c.Trace = func(m sip.Message) {
			if !m.Out {
				x.traced.Add(1)
			}
		}
		record := c.Record
		c.Record = func(at time.Time, n int, call line.CallID, data event.Data) {
			switch data.EventType() {
			case "malformed":
				x.malformed.Add(1)
			case "attempt_start", "attempt_end", "line_state", "failover":
				record(at, n, call, data)
			}
		}
	}
	// A refresh every five seconds; a server is given up after 2.3 s, so that a machine with much else to do is not taken for one.
	w.start(w.settings(line.TLS, line.TCP, "register_ttl=10", "signal_retry_counts=6"), append([]func(*sip.Config){report}, change...)...)
	w.phase(line.OnPrimary)
	w.post(line.Dial{Call: "1", To: "1002"})
	x.settled = w.call("1", line.Talking)
	w.sound()
	x.tap.muted.Store(true)
	x.changes.Store(0)
	w.mu.Lock()
	w.states = w.states[len(w.states)-1:]
	w.mu.Unlock()
	return x
}

// seeds, so that each transport has its own messages.
const seedUDP, seedTCP, seedTLS = 5060, 5061, 5062

// flooded sends n odd messages by each transport at the same time.
func (x *oddLine) flooded(n int) []*oddPeer {
	x.t.Helper()
	udp, at := x.byUDP()
	tcp, from := x.byTCP()
	peers := []*oddPeer{udp, tcp, x.byTLS()}
	makers := []*odd{newOdd(x.t, seedUDP, at), newOdd(x.t, seedTCP, from), newOdd(x.t, seedTLS, x.at(server.Primary, line.TLS).String())}
	var tasks sync.WaitGroup
	failed := make([]bool, len(peers))
	for i, p := range peers {
		tasks.Go(func() {
			failed[i] = true // unless it comes to its end
			p.flood(makers[i], n)
			failed[i] = false
		})
	}
	tasks.Wait()
	if slices.Contains(failed, true) {
		x.t.FailNow()
	}
	return peers
}

// asBefore looks whether the line is registered and has its call, hangs it up, and makes and takes others.
func (x *oddLine) asBefore(peers []*oddPeer) {
	x.t.Helper()
	for _, p := range peers {
		p99, most := within(p.waits)
		x.t.Logf("%s: %d messages, %d were keep-alives or had no end; %d OPTIONS answered, 99 of 100 within %v, all within %v", p.transport, p.sent, p.left, len(p.waits), p99, most)
	}
	x.t.Logf("%d messages read, %d calls refused, %d events of malformed messages", x.traced.Load(), x.refused.Load(), x.malformed.Load())
	if n := x.changes.Load(); n != 0 {
		x.t.Errorf("the call has changed %d times", n)
	}
	x.mu.Lock()
	if call := x.calls["1"]; call != x.settled {
		x.t.Errorf("the call was %+v and is %+v", x.settled, call)
	}
	for _, s := range x.states {
		if s.Active != line.Primary || s.Phase != line.OnPrimary && s.Phase != line.TryPrimary {
			x.t.Errorf("the line was %s: %+v", s.Phase, x.events)
		}
	}
	x.mu.Unlock()
	x.tap.muted.Store(false)
	x.phase(line.OnPrimary)
	x.sound()
	x.post(line.HangUp{Call: "1"})
	x.peerOver()
	x.free()
	close(x.taking)
	x.post(line.Dial{Call: "2", To: "1002"})
	x.call("2", line.Talking)
	x.sound()
	x.post(line.HangUp{Call: "2"})
	x.peerOver()
	c, id := x.ring(server.Primary)
	x.post(line.Answer{Call: id})
	x.answered(c)
	x.call(id, line.Talking)
	x.sound()
	x.hungUp(c)
	x.call(id, line.Ended)
}

// free waits until the line takes calls again, ten at a time: transactions of strangers that never acknowledge a refusal are kept for 64*T1.
func (x *oddLine) free() {
	x.t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	c := x.connect()
	refused := map[string]datagram{} // by branch; they are acknowledged in the end
	for n := 0; len(refused) < 10; n++ {
		branch := "z9hG4bKfree" + strconv.Itoa(n)
		c.write(asked("INVITE", branch))
		d := datagram{}
		for d.status() != 503 && d.status() != 486 {
			var err error
			if d, err = readDatagram(c.in); err != nil {
				x.t.Fatal(err)
			}
		}
		if d.status() == 486 {
			refused[branch] = d
			continue
		}
		<-again.C
	}
	for branch, d := range refused {
		c.write(asked("ACK", branch, "To: "+d.header("To")))
	}
	c.write(c.options())
	c.expect(200)
}

// within gives the 99th percentile and the largest.
func within(all []time.Duration) (p99, most time.Duration) {
	all = slices.Sorted(slices.Values(all))
	return all[(len(all)-1)*99/100], all[len(all)-1]
}
