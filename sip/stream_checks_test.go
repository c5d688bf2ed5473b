package sip_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"hilphone/hil/server"
	"hilphone/sip"
	"hilphone/sip/line"
)

// story is what went over the wire, for a test that has failed.
func (w *wired) story() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	for _, m := range w.traced {
		way := "<-"
		if m.Out {
			way = "->"
		}
		start, _, _ := strings.Cut(string(m.Raw), "\r\n")
		fmt.Fprintf(&b, "%s %s %s %s %s %s\n", m.At.Format("05.000"), m.Transport, m.Local, way, m.Remote, start)
	}
	for _, e := range w.events {
		if e.kind != "send" && e.kind != "response" {
			fmt.Fprintf(&b, "%s %+v\n", e.kind, e.data)
		}
	}
	for _, m := range w.served {
		fmt.Fprintf(&b, "%s %s %s %v %s -> %s %s\n", m.name, m.At.Format("05.000"), m.Transport, m.Sent, m.From, m.To, m.Start)
	}
	for _, d := range w.dials {
		fmt.Fprintf(&b, "%s dialled %s\n", d.at.Format("05.000"), d.to)
	}
	_, file, at, _ := runtime.Caller(2)
	fmt.Fprintf(&b, "%s:%d", filepath.Base(file), at)
	return b.String()
}

func (w *wired) phase(want line.Phase) {
	w.t.Helper()
	w.until("phase "+string(want), func() bool { return len(w.states) > 0 && w.states[len(w.states)-1].Phase == want })
}

// call waits for a state of a call.
func (w *wired) call(id line.CallID, want line.CallState) line.Call {
	w.t.Helper()
	w.until(fmt.Sprintf("call %s %s", id, want), func() bool { return w.calls[id].State == want })
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[id]
}

// causes are the ends of attempts of a method, as "primary connect", in order; w.mu is held.
func (w *wired) causes(method line.Method) []string {
	var all []string
	for _, e := range w.events {
		if e.kind == "attempt_end" {
			text := fmt.Sprintf("%+v", e.data)
			if strings.Contains(text, "Method:"+string(method)+" ") {
				cause, _, _ := strings.Cut(after(text, "Cause:"), " ")
				slot, _, _ := strings.Cut(after(text, "Slot:"), " ")
				all = append(all, slot+" "+cause)
			}
		}
	}
	return all
}

func (w *wired) wantCauses(method line.Method, want ...string) {
	w.t.Helper()
	w.mu.Lock()
	got := w.causes(method)
	w.mu.Unlock()
	if !slices.Equal(got, want) {
		w.t.Errorf("attempts of %s ended %q, want %q\n%s", method, got, want, w.story())
	}
}

// started is when the first attempt of a method at a slot began.
func (w *wired) started(method line.Method, slot line.Slot) time.Duration {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		text := fmt.Sprintf("%+v ", e.data)
		if e.kind == "attempt_start" && strings.Contains(text, "Method:"+string(method)+" ") && strings.Contains(text, "Slot:"+string(slot)+" ") {
			return e.at
		}
	}
	w.t.Errorf("no %s to the %s", method, slot)
	return 0
}

// received are the requests of a method that a server saw, in order; w.mu is held.
func (w *wired) received(name, method string) []server.Message {
	var all []server.Message
	for _, m := range w.served {
		if m.name == name && !m.Sent && m.IsRequest() && m.Method == method {
			all = append(all, m.Message)
		}
	}
	return all
}

// requests is received with the lock taken.
func (w *wired) requests(name, method string) []server.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.received(name, method)
}

// out are the messages the line has sent that begin so.
func (w *wired) out(prefix string) []sip.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []sip.Message
	for _, m := range w.traced {
		if m.Out && strings.HasPrefix(string(m.Raw), prefix) {
			all = append(all, m)
		}
	}
	return all
}

// dialled counts the connections made to an address; w.mu is held.
func (w *wired) dialled(to netip.AddrPort) int {
	n := 0
	for _, d := range w.dials {
		if d.to == to {
			n++
		}
	}
	return n
}

func (w *wired) wantDialled(to netip.AddrPort, want int) {
	w.t.Helper()
	w.mu.Lock()
	got := w.dialled(to)
	w.mu.Unlock()
	if got != want {
		w.t.Errorf("%s was dialled %d times, want %d\n%s", to, got, want, w.story())
	}
}

// media opens an RTP socket that counts.
func (w *wired) media(network, addr string) (net.PacketConn, error) {
	c, err := net.ListenPacket(network, addr)
	if err != nil {
		return nil, err
	}
	return heard{c, w}, nil
}

type heard struct {
	net.PacketConn
	w *wired
}

func (h heard) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := h.PacketConn.ReadFrom(b)
	if err == nil {
		h.w.tell(func() { h.w.rtp++ })
	}
	return n, from, err
}

// sound waits until RTP has gone both ways: what 1002 hears it sends back.
func (w *wired) sound() {
	w.t.Helper()
	w.mu.Lock()
	w.rtp = 0
	w.mu.Unlock()
	before := w.lab.Phone.Media().Received
	w.until("sound", func() bool { return w.rtp >= 3 })
	if after := w.lab.Phone.Media().Received; after <= before {
		w.t.Errorf("1002 has heard %d packets, before %d", after, before)
	}
}

// peer is 1002's last call once it has ended.
func (w *wired) peerOver() server.CallInfo {
	w.t.Helper()
	all := w.lab.Phone.Calls()
	if len(all) == 0 {
		w.t.Fatalf("1002 had no call\n%s", w.story())
	}
	select {
	case <-all[len(all)-1].Ended():
	case <-time.After(unhurried):
		w.t.Fatalf("1002's call goes on\n%s", w.story())
	}
	return all[len(all)-1].Info()
}

// ring has 1002 call the line through a server, and gives both ends of the call.
func (w *wired) ring(name string) (*server.Call, line.CallID) {
	w.t.Helper()
	w.mu.Lock()
	id := line.CallID("in" + strconv.Itoa(w.next+1))
	w.mu.Unlock()
	s, err := w.lab.Server(name)
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := w.lab.Phone.Dial(w.patient(), s.Addr(), "1001")
	if err != nil {
		w.t.Fatal(err)
	}
	w.call(id, line.Ringing)
	return c, id
}

func (w *wired) patient() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), unhurried)
	w.t.Cleanup(cancel)
	return ctx
}

func (w *wired) answered(c *server.Call) {
	w.t.Helper()
	if err := c.Answered(w.patient()); err != nil {
		w.t.Fatalf("%v\n%s", err, w.story())
	}
}

func (w *wired) hungUp(c *server.Call) {
	w.t.Helper()
	if err := c.HangUp(w.patient()); err != nil {
		w.t.Fatalf("%v\n%s", err, w.story())
	}
}
