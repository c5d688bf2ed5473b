package sip_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"hilphone/hil/memnet"
)

// datagram is one SIP message that crossed the network.
type datagram struct {
	at       time.Duration
	from, to netip.AddrPort
	lost     bool
	raw      string
}

func (d datagram) start() string {
	s, _, _ := strings.Cut(d.raw, "\r\n")
	return s
}

// method is that of a request, and of an answer the one it answers.
func (d datagram) method() string {
	if d.status() != 0 {
		_, m, _ := strings.Cut(d.header("CSeq"), " ")
		return m
	}
	verb, _, _ := strings.Cut(d.start(), " ")
	return verb
}

func (d datagram) uri() string {
	if f := strings.Fields(d.start()); len(f) == 3 {
		return f[1]
	}
	return ""
}

func (d datagram) status() int {
	if !strings.HasPrefix(d.raw, "SIP/2.0 ") {
		return 0
	}
	n, _ := strconv.Atoi(d.raw[8:11])
	return n
}

// name is what lists of traffic call it: the method, or the status.
func (d datagram) name() string {
	if n := d.status(); n != 0 {
		return strconv.Itoa(n)
	}
	return d.method()
}

// headers are the values of a header field, in order.
func (d datagram) headers(name string) []string {
	head, _, _ := strings.Cut(d.raw, "\r\n\r\n")
	var all []string
	for l := range strings.SplitSeq(head, "\r\n") {
		if k, v, ok := strings.Cut(l, ":"); ok && strings.EqualFold(strings.TrimSpace(k), name) {
			all = append(all, strings.TrimSpace(v))
		}
	}
	return all
}

func (d datagram) header(name string) string {
	if all := d.headers(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

func (d datagram) body() string {
	_, b, _ := strings.Cut(d.raw, "\r\n\r\n")
	return b
}

func (d datagram) branch() string { return after(d.header("Via"), "branch=") }
func (d datagram) cseq() int      { return atoi(strings.Fields(d.header("CSeq") + " x")[0]) }
func (d datagram) tag(of string) string {
	return after(d.header(of), "tag=")
}

func after(s, name string) string {
	_, v, _ := strings.Cut(s, name)
	v, _, _ = strings.Cut(v, ";")
	return v
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func (x *stack) tap(p memnet.Packet) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(p.Payload) > 0 && p.Payload[0]&0xc0 == 0x80 { // RTP version 2
		x.rtp[p.To] = append(x.rtp[p.To], p.At.Sub(x.mark))
		return
	}
	x.wire = append(x.wire, datagram{p.At.Sub(x.mark), p.From, p.To, p.Dropped, string(p.Payload)})
}

// sent are the datagrams the phone has sent since zero, to an address or, with the zero address, to anybody.
func (x *stack) sent(to netip.AddrPort) []datagram {
	x.mu.Lock()
	defer x.mu.Unlock()
	var all []datagram
	for _, d := range x.wire[x.from:] {
		if d.from.Addr() == phoneAddr.Addr() && (d.to == to || !to.IsValid()) {
			all = append(all, d)
		}
	}
	return all
}

// sentBy are the requests and answers from an address.
func (x *stack) sentBy(from netip.AddrPort) []datagram {
	x.mu.Lock()
	defer x.mu.Unlock()
	var all []datagram
	for _, d := range x.wire[x.from:] {
		if d.from == from {
			all = append(all, d)
		}
	}
	return all
}

// want compares all that the phone has sent since zero to the primary and the backup with lists such as "REGISTER 0 500 1500, BYE 7500",
// in milliseconds, exact; answers are named by their status. It returns what it compared. Traffic to anybody else is a failure.
func (x *stack) want(primary, backup string) (p, b []datagram) {
	x.t.Helper()
	x.traffic(lists{primaryAddr: primary, backupAddr: backup})
	return x.sent(primaryAddr), x.sent(backupAddr)
}

// lists of traffic by destination.
type lists map[netip.AddrPort]string

// traffic is want for any set of destinations.
func (x *stack) traffic(want lists) {
	x.t.Helper()
	for _, d := range x.sent(noAddr) {
		if _, ok := want[d.to]; !ok {
			x.t.Errorf("unlisted traffic: %s to %s at %s\n%s", d.name(), d.to, millis(d.at), x.story())
		}
	}
	for to, list := range want {
		var have, due []string
		for _, d := range x.sent(to) {
			have = append(have, d.name()+" "+millis(d.at))
		}
		for part := range strings.SplitSeq(list, ",") {
			f := strings.Fields(part)
			for _, at := range f[min(1, len(f)):] {
				due = append(due, f[0]+" "+at)
			}
		}
		if strings.Join(have, "\n") != strings.Join(due, "\n") {
			x.t.Errorf("%s saw\n  %s\nwant\n  %s\n%s", to, strings.Join(have, ", "), strings.Join(due, ", "), x.story())
		}
	}
	x.rules()
}

// same checks that header fields of two messages are equal.
func (x *stack) same(a, b datagram, names ...string) {
	x.t.Helper()
	for _, name := range names {
		if u, v := strings.Join(a.headers(name), "\n"), strings.Join(b.headers(name), "\n"); u != v {
			x.t.Errorf("%s changed from %q to %q", name, u, v)
		}
	}
}

// differ checks that two requests are two transactions: their branches are not the same.
func (x *stack) differ(a, b datagram) {
	x.t.Helper()
	if a.branch() == b.branch() {
		x.t.Errorf("%s and %s share the branch %s", a.start(), b.start(), a.branch())
	}
}

// story writes down what crossed the network since zero, for a failing test.
func (x *stack) story() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var b bytes.Buffer
	for _, d := range x.wire[x.from:] {
		lost := ""
		if d.lost {
			lost = " LOST"
		}
		fmt.Fprintf(&b, "%10s %s > %s %s (%s)%s\n", millis(d.at), d.from, d.to, d.start(), d.header("CSeq"), lost)
	}
	return b.String()
}

// sound gives the RTP packets sent to an address since zero.
func (x *stack) sound(to netip.AddrPort) []time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]time.Duration(nil), x.rtp[to]...)
}

// phoneMedia is where the phone takes RTP.
func phoneMedia(x *stack) netip.AddrPort {
	x.mu.Lock()
	defer x.mu.Unlock()
	for a := range x.rtp {
		if a.Addr() == phoneAddr.Addr() {
			return a
		}
	}
	return noAddr
}
