package server

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

var streams = []string{overTCP, overTLS}

func eachStream(t *testing.T, test func(t *testing.T, w *streamWorld, transport string)) {
	for _, transport := range streams {
		t.Run(transport, func(t *testing.T) { test(t, streamServer(t, Config{}), transport) })
	}
}

func TestStreamServes(t *testing.T) {
	eachStream(t, func(t *testing.T, w *streamWorld, transport string) {
		a, b := w.connect(transport), w.connect(transport)
		if got := register(a, w.at(transport)); !strings.HasPrefix(got.start, "SIP/2.0 200") {
			t.Fatal(got.start)
		}
		b.write(w.at(transport), b.request("OPTIONS", "sip:lab.test", "1001"))
		b.expect("SIP/2.0 200")
		// A keep-alive, then two messages at once, the second in pieces after an empty line that is none.
		text := strings.ReplaceAll("\r\n\r\n"+a.request("OPTIONS", "sip:lab.test", "1001")+"\r\n"+
			a.request("REGISTER", "sip:lab.test", "1001", "Contact: <sip:1001@"+a.addr()+">"), "/UDP", "/"+transport)
		cut := len(text) - 40
		for _, piece := range append([]string{text[:cut]}, strings.Split(text[cut:], "")...) {
			if _, err := io.WriteString(a.raw(), piece); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []string{"\r\n", "SIP/2.0 200 OK\r\n"} { // pong, then the answer to OPTIONS
			line, err := a.conn.(*stream).in.ReadString('\n')
			if err != nil || line != want {
				t.Errorf("read %q, %v, want %q", line, err, want)
			}
		}
		for line := ""; line != "\r\n"; {
			var err error
			if line, err = a.conn.(*stream).in.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		a.expect("SIP/2.0 200")
		if got := w.Counts(); got.Connections != 2 || got.Received != 4 || (got.Handshakes == 2) != (transport == overTLS) {
			t.Errorf("counts %+v", got)
		}
		if n := len(w.Messages()); n != 8 {
			t.Errorf("%d messages", n)
		}
		for _, m := range w.Messages() {
			if m.Transport != transport || (m.Sent && m.From != w.at(transport)) || (!m.Sent && m.To != w.at(transport)) {
				t.Errorf("%s from %s to %s over %s", m.Start, m.From, m.To, m.Transport)
			}
		}
	})
}

func TestStreamOfNonsenseIsClosed(t *testing.T) {
	eachStream(t, func(t *testing.T, w *streamWorld, transport string) {
		for _, text := range []string{
			"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n",
			"OPTIONS sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n",
			"OPTIONS sip:x SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n",
			"OPTIONS sip:x SIP/2.0\r\nContent-Length: 99999\r\n\r\n",
			"X: " + strings.Repeat("x", longestMessage) + "\r\n",
		} {
			c := w.connect(transport)
			if _, err := io.WriteString(c.raw(), text); err != nil {
				t.Fatal(err)
			}
			c.ended()
		}
		// What is cut out properly and is no SIP is passed over, as on UDP.
		c := w.connect(transport)
		if _, err := io.WriteString(c.raw(), "nonsense\r\nContent-Length: 3\r\n\r\nabc"); err != nil {
			t.Fatal(err)
		}
		c.write(w.at(transport), c.request("OPTIONS", "sip:lab.test", "1001"))
		c.expect("SIP/2.0 200")
		if got := w.Counts(); got.Malformed != 6 {
			t.Errorf("counts %+v", got)
		}
	})
}

func TestStreamBehaviours(t *testing.T) {
	for _, tc := range []struct {
		name      string
		behaviour Behaviour
		want      string // what three REGISTERs on one connection get: an answer, - for nothing, or its end
	}{
		{"serve", Behaviour{}, "200 200 200"},
		{"hang", Behaviour{Mode: Hang}, "100 100 100"},
		{"status", Behaviour{Mode: Status, Status: 503}, "503 503 503"},
		{"delay", Behaviour{Delay: 20 * time.Millisecond}, "200 200 200"},
		{"silent", Behaviour{Mode: Silent}, "- - -"},
		{"drop first", Behaviour{DropFirst: 1}, "- 200 200"},
		{"drop", Behaviour{Drop: 1}, "- - -"},
		{"close", Behaviour{Mode: Close}, "end"},
		{"close after", Behaviour{CloseAfter: 2}, "200 end"},
		{"close after another method", Behaviour{CloseAfter: 1, Methods: []string{"INVITE"}}, "200 200 200"},
		{"then silent", Behaviour{Then: Silent}, "200 - -"},
		{"then close", Behaviour{Then: Close}, "200 end"},
		{"then refuse", Behaviour{Then: Refuse}, "200 end"},
		{"then status", Behaviour{Then: Status, Status: 404}, "200 404 404"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			eachStream(t, func(t *testing.T, w *streamWorld, transport string) {
				w.set(tc.behaviour)
				c := w.connect(transport)
				for i, want := range strings.Fields(tc.want) {
					if want == "end" && tc.behaviour.Then == Refuse {
						c.ended() // by itself
						continue
					}
					c.write(w.at(transport), c.request("REGISTER", "sip:lab.test", "1001", "Contact: <sip:1001@"+c.addr()+">"))
					switch want {
					case "-":
						c.quiet(30 * time.Millisecond)
					case "end":
						c.ended()
					default:
						if got := c.expect("SIP/2.0 " + want); i == 0 && got.from != w.at(transport).String() {
							t.Errorf("answered from %s", got.from)
						}
					}
				}
			})
		})
	}
}

func TestStreamRefuse(t *testing.T) {
	eachStream(t, func(t *testing.T, w *streamWorld, transport string) {
		for range 2 {
			c := w.connect(transport)
			register(c, w.at(transport))
			w.set(Behaviour{Mode: Refuse})
			if err := c.ended(); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the old connection ended with %v", err)
			}
			if _, err := w.dial(transport); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("a new connection: %v", err)
			}
			w.set(Behaviour{})
		}
		register(w.connect(transport), w.at(transport))
	})
}

func TestStreamCloseHitsOnce(t *testing.T) {
	eachStream(t, func(t *testing.T, w *streamWorld, transport string) {
		c := w.connect(transport)
		register(c, w.at(transport))
		w.set(Behaviour{CloseAfter: 1})
		c.write(w.at(transport), c.request("REGISTER", "sip:lab.test", "1001"))
		if err := c.ended(); err != io.EOF {
			t.Errorf("ended with %v, want a FIN", err)
		}
		register(w.connect(transport), w.at(transport))
	})
}

func TestHandshakes(t *testing.T) {
	w := streamServer(t, Config{Behaviour: Behaviour{NoHandshake: true}})
	plain := w.connect(overTCP) // only TLS has a handshake
	register(plain, w.AddrTCP())
	done := make(chan error, 1)
	go func() {
		_, err := w.dial(overTLS)
		done <- err
	}()
	select {
	case err := <-done:
		t.Errorf("no handshake ended at once with %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	w.set(Behaviour{Mode: Refuse})
	if err := <-done; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("no handshake and then refuse: %v", err)
	}
	w.set(Behaviour{BadHandshake: true})
	if _, err := w.dial(overTLS); err == nil || !strings.Contains(err.Error(), "handshake failure") {
		t.Errorf("bad handshake: %v", err)
	}
	w.set(Behaviour{})
	register(w.connect(overTLS), w.AddrTLS())
	if got := w.Counts(); got.Connections != 4 || got.Handshakes != 1 {
		t.Errorf("counts %+v", got)
	}
}

// memory is a server in a bubble whose TCP side is made of pipes.
func memory(w *world, c Config) (*Server, *pipes) {
	p := newPipes("127.0.0.2:5060")
	c.ListenTCP = func() (net.Listener, error) { return p, nil }
	return w.server(c), p
}

func TestSlowPeerIsReset(t *testing.T) {
	bubble(t, func(w *world) {
		s, p := memory(w, Config{})
		c := overStream(w.t, p.dial("127.0.0.1:5070"))
		other := w.client("127.0.0.1:5071")
		for i := 0; ; i++ {
			text := strings.Replace(c.request("OPTIONS", "sip:127.0.0.2", "1001"), "/UDP", "/TCP", 1)
			if _, err := io.WriteString(c.raw(), text); err != nil {
				break
			}
			if i > 2*fullBox {
				t.Fatal("the connection of a peer that does not read is still open")
			}
			other.write(primaryAt, other.request("OPTIONS", "sip:127.0.0.2", "1001")) // nobody else waits
			other.expect("SIP/2.0 200")
		}
		synctest.Wait()
		if f := s.station.flow(hop{overTCP, netip.MustParseAddrPort("127.0.0.1:5070")}); f != nil {
			t.Error("the connection is still known")
		}
	})
}

// Nothing is repeated over a connection, whichever way, and what is not answered ends at 64*T1 (T27's other side).
func TestNothingIsRepeatedOverStreams(t *testing.T) {
	bubble(t, func(w *world) {
		_, p := memory(w, Config{Trying: true})
		callee, caller := overStream(w.t, p.dial("127.0.0.1:5070")), overStream(w.t, p.dial("127.0.0.1:5071"))
		callee.write(primaryAt, callee.request("REGISTER", "sip:127.0.0.2", "1002", "Contact: <sip:1002@127.0.0.1:9;transport=tcp>"))
		callee.expect("SIP/2.0 200")
		caller.write(primaryAt, caller.request("INVITE", "sip:1002@127.0.0.2", "1001", sdpOffer))
		caller.expect("SIP/2.0 100")
		callee.expect("INVITE sip:1002@127.0.0.1:9;transport=tcp SIP/2.0")
		begin := time.Now()
		callee.quiet(giveUpAt - time.Second)
		caller.expect("SIP/2.0 408")
		if took := time.Since(begin); took != giveUpAt {
			t.Errorf("408 after %v", took)
		}
		caller.quiet(2 * giveUpAt)
		callee.quiet(time.Millisecond)
	})
}

func TestCallToAConnectionThatEndsIsRefused(t *testing.T) {
	bubble(t, func(w *world) {
		_, p := memory(w, Config{Trying: true})
		callee, caller := overStream(w.t, p.dial("127.0.0.1:5070")), w.client("127.0.0.1:5071")
		callee.write(primaryAt, callee.request("REGISTER", "sip:127.0.0.2", "1002", "Contact: <sip:1002@127.0.0.1:5070;transport=tcp>"))
		callee.expect("SIP/2.0 200")
		caller.write(primaryAt, caller.request("INVITE", "sip:1002@127.0.0.2", "1001", sdpOffer))
		caller.expect("SIP/2.0 100")
		callee.expect("INVITE")
		callee.raw().Close()
		caller.expect("SIP/2.0 480")
	})
}
