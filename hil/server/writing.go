package server

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"time"
)

// writing is how messages are put on the wire besides one by one.
type writing struct {
	noise [][]byte // datagrams before each message; over UDP
	ping  bool     // a keep-alive before it; over TCP and TLS
	cut   int      // pieces of so many octets; over TCP and TLS
	batch int      // so many requests together
}

// noises are the datagrams of each kind; the seed decides about those by chance.
var noises = map[string]func(seed uint64) [][]byte{
	"stun": func(uint64) [][]byte {
		return [][]byte{{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}} // RFC 8489 5
	},
	"rtp": func(uint64) [][]byte {
		return [][]byte{append([]byte{0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4}, bytes.Repeat([]byte{0xff}, 160)...)} // RFC 3550 5.1
	},
	"zeroes": func(uint64) [][]byte { return [][]byte{{0, 0, 0, 0}} },
	"empty":  func(uint64) [][]byte { return [][]byte{{}} },
	"crlf":   func(uint64) [][]byte { return [][]byte{[]byte("\r\n\r\n")} },
	"garbage": func(seed uint64) [][]byte {
		data, dice := make([]byte, 200), rand.New(rand.NewPCG(seed, seed))
		for i := range data {
			data[i] = byte(dice.Uint32())
		}
		return [][]byte{data}
	},
	"no-via": func(uint64) [][]byte {
		return [][]byte{[]byte("OPTIONS sip:phone SIP/2.0\r\n\r\n"), []byte("SIP/2.0 200 OK\r\n\r\n"),
			[]byte("OPTIONS sip:phone SIP/2.0\r\nMax-Forwards: 70\r\nFrom: <sip:a@192.0.2.1>;tag=1\r\nTo: <sip:phone>\r\nCall-ID: no-via\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")}
	},
}

// gathered are requests that wait until there are enough of them.
type gathered struct {
	messages [][]byte
	end      *appointment
}

// gatherTime is how long a request waits for others at most.
const gatherTime = time.Second

// gather keeps a request until there are so many, or its time is over, and then writes all of them at once. One that is repeated meanwhile is
// there already.
func (s *station) gather(to hop, data []byte, w writing) {
	g := s.gathered[to]
	if g == nil {
		g = &gathered{}
		s.gathered[to] = g
		g.end = s.agenda.after(gatherTime, func() { s.flush(to, w) })
	}
	if !slices.ContainsFunc(g.messages, func(m []byte) bool { return bytes.Equal(m, data) }) {
		g.messages = append(g.messages, data)
	}
	if len(g.messages) >= w.batch {
		s.flush(to, w)
	}
}

func (s *station) flush(to hop, w writing) {
	if g := s.gathered[to]; g != nil {
		g.end.cancel()
		delete(s.gathered, to)
		s.transmit(to, w, g.messages...)
	}
}

// transmit puts messages on the wire, as far as there is one: a closed port, a connection that cannot be had or a mute station loses them.
func (s *station) transmit(to hop, how writing, messages ...[]byte) {
	if s.mute.Load() {
		return
	}
	var local netip.AddrPort
	var conn net.PacketConn
	f := s.connect(to)
	switch {
	case f != nil && !f.leaving:
		local = f.local
	case to.transport == overUDP:
		if conn = s.packets(); conn == nil {
			return
		}
		local = s.port(overUDP).at
	default:
		return
	}
	for _, data := range messages {
		m := Message{At: time.Now(), Transport: to.transport, From: local, To: to.at, Sent: true, Start: firstLine(data), Raw: data}
		if msg, err := parse(s.normalise(data)); err == nil {
			describe(&m, msg)
		}
		s.record.note(m)
	}
	if f != nil {
		s.stream(f, how, messages)
		return
	}
	for _, data := range messages {
		for _, datagram := range append(slices.Clone(how.noise), data) {
			if _, err := conn.WriteTo(datagram, net.UDPAddrFromAddrPort(to.at)); err != nil && !errors.Is(err, net.ErrClosed) {
				s.log.Warn("send", "to", to.at, "start", firstLine(datagram), "err", err)
			}
		}
	}
}

// pongTime is how long the answer to a keep-alive may take (RFC 5626 4.4.1).
const pongTime = 10 * time.Second

// stream gives messages to a connection as one piece of data. Behind a keep-alive that is not answered in time the connection is closed.
func (s *station) stream(f *flow, how writing, messages [][]byte) {
	data := bytes.Join(messages, nil)
	if how.ping {
		data = append([]byte("\r\n\r\n"), data...)
		number := f.pings.Add(1)
		s.agenda.after(pongTime, func() {
			if f.open() != nil && f.pongs.Load() < number {
				s.log.Warn("the keep-alive was not answered", "to", f.at)
				s.hangUp(f.hop)
			}
		})
	}
	s.post(f, letter{data: data, cut: how.cut})
}
