package server

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// streamLab is a lab on real sockets whose servers have all transports.
func streamLab(t *testing.T) (l *Lab, w *streamWorld, ctx context.Context) {
	t.Helper()
	config, roots := security(t)
	l, err := NewLab(LabConfig{Open: true, Primary: local(), Backup: local(), Phone: local(), Media: local(),
		PrimaryTCP: LoopbackTCP(streamsAt, 0), PrimaryTLS: LoopbackTLS(streamsAt, 0, config),
		BackupTCP: LoopbackTCP(streamsAt, 0), BackupTLS: LoopbackTLS(streamsAt, 0, config)})
	if err != nil {
		t.Fatal(err)
	}
	return l, &streamWorld{l.Primary, t, roots}, real(t, l.Run)
}

// A phone registered over a connection calls 1002, which is on UDP: its call is answered and ended, from either end.
func TestCallFromStreamToUDP(t *testing.T) {
	for _, transport := range streams {
		t.Run(transport, func(t *testing.T) {
			l, w, _ := streamLab(t)
			c, at := w.connect(transport), w.at(transport)
			param := ";transport=" + strings.ToLower(transport)
			c.write(at, c.request("INVITE", "sip:1002@"+at.String(), "1001", "To: <sip:1002@test>",
				"Contact: <sip:1001@127.0.0.1:9"+param+">", sdpOffer)) // nobody listens there: only the connection is left
			c.expect("SIP/2.0 100")
			c.expect("SIP/2.0 180")
			ok := c.expect("SIP/2.0 200")
			rr := ok.fields["record-route"]
			if len(rr) != 2 || rr[0] != "<sip:"+w.Addr().String()+";lr>" ||
				!strings.HasPrefix(rr[1], "<sip:flow") || !strings.HasSuffix(rr[1], "@"+at.String()+param+";lr>") {
				t.Fatalf("Record-Route %q", rr)
			}
			slices.Reverse(ok.fields["record-route"]) // a caller's route set (RFC 3261 12.1.2)
			c.write(at, inside(c, ok, "ACK", "1"))
			call := l.Phone.Calls()[0]
			done := hangUp(t, call)
			bye := c.expect("BYE sip:1001@127.0.0.1:9" + param)
			reply(c, bye, "200 OK")
			<-done
			if info := call.Info(); info.End.By != "phone" || info.End.Status != 200 {
				t.Errorf("call %+v", info)
			}
			c.write(at, inside(c, ok, "BYE", "2"))
			c.expect("SIP/2.0 481") // it is over, and the way there still right
		})
	}
}

func hangUp(t *testing.T, call *Call) <-chan struct{} {
	t.Helper()
	done := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	go func() {
		defer close(done)
		defer cancel()
		if err := call.HangUp(ctx); err != nil {
			t.Error(err)
		}
	}()
	return done
}

// 1002, on UDP, calls a phone registered over a connection, through the server of the connection.
func TestCallFromUDPToStream(t *testing.T) {
	for _, transport := range streams {
		t.Run(transport, func(t *testing.T) {
			l, w, ctx := streamLab(t)
			c, at := w.connect(transport), w.at(transport)
			param := ";transport=" + strings.ToLower(transport)
			contact := "Contact: <sip:1001@127.0.0.1:9" + param + ">"
			register(c, at, contact)
			call, err := l.Phone.Dial(ctx, w.Addr(), "1001")
			if err != nil {
				t.Fatal(err)
			}
			in := c.expect("INVITE sip:1001@127.0.0.1:9" + param)
			if via := in.get("Via"); !strings.HasPrefix(via, "SIP/2.0/"+transport+" "+at.String()+";") {
				t.Errorf("Via %s", via)
			}
			reply(c, in, "200 OK", contact)
			if err := call.Answered(ctx); err != nil {
				t.Fatal(err)
			}
			c.expect("ACK sip:1001@127.0.0.1:9" + param)
			// The callee hangs up along the Routes as they came.
			routes := []string{"To: " + in.get("From"), "From: " + in.get("To") + ";tag=callee", "Call-ID: " + in.get("Call-ID")}
			for _, rr := range in.fields["record-route"] {
				routes = append(routes, "Route: "+rr)
			}
			target := strings.Trim(in.get("Contact"), "<>")
			c.write(at, c.request("BYE", target, "1001", routes...))
			c.expect("SIP/2.0 200")
			if info := call.Info(); info.End.By != "peer" {
				t.Errorf("call %+v", info)
			}
		})
	}
}

// The pair shares registrations: the other server connects anew over TCP. Over TLS it cannot, and asks the one with the connection, while there is one.
func TestCallToStreamThroughTheOtherServer(t *testing.T) {
	for _, transport := range streams {
		t.Run(transport, func(t *testing.T) {
			l, w, ctx := streamLab(t)
			c := w.connect(transport)
			home, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer home.Close()
			contact := "Contact: <sip:1001@" + home.Addr().String() + ";transport=" + strings.ToLower(transport) + ">"
			register(c, w.at(transport), contact)
			call, err := l.Phone.Dial(ctx, l.Backup.Addr(), "1001")
			if err != nil {
				t.Fatal(err)
			}
			if transport != overTLS {
				conn, err := home.Accept()
				if err != nil {
					t.Fatal(err)
				}
				c = overStream(t, conn)
			}
			reply(c, c.expect("INVITE"), "200 OK", contact)
			if err := call.Answered(ctx); err != nil {
				t.Fatal(err)
			}
			c.expect("ACK")
			done := hangUp(t, call)
			reply(c, c.expect("BYE"), "200 OK") // over the same connection
			<-done
			if transport != overTLS {
				return
			}
			c.raw().Close()
			deadline := time.After(10 * time.Second)
			for l.Primary.station.flow(hop{overTLS, netip.MustParseAddrPort(c.addr())}) != nil {
				select {
				case <-deadline:
					t.Fatal("the connection does not end")
				case <-time.After(time.Millisecond):
				}
			}
			if _, err := l.Phone.Call(ctx, l.Backup.Addr(), "1001"); err == nil || !strings.Contains(err.Error(), "480") {
				t.Errorf("without a connection it is answered with %v", err)
			}
		})
	}
}

// A new connection takes over when the phone registers again, and where none is to be had the call is refused.
func TestBindingFollowsTheConnection(t *testing.T) {
	_, w, _ := streamLab(t)
	contact := "Contact: <sip:1001@127.0.0.1:9;transport=tls>"
	first := w.connect(overTLS)
	register(first, w.AddrTLS(), contact)
	second := w.connect(overTLS)
	register(second, w.AddrTLS(), contact)
	caller := realClient(t)
	caller.write(w.Addr(), caller.request("OPTIONS", "sip:1001@127.0.0.1:9;transport=tls", "1003"))
	reply(second, second.expect("OPTIONS"), "200 OK")
	caller.expect("SIP/2.0 200")
	second.raw().Close()
	if f := w.station.flow(hop{overTLS, netip.MustParseAddrPort(second.addr())}); f != nil {
		<-f.gone
	}
	caller.write(w.Addr(), caller.request("OPTIONS", "sip:1001@127.0.0.1:9;transport=tls", "1003"))
	caller.expect("SIP/2.0 480")
	first.quiet(time.Millisecond)
}

// A TCP contact where nobody listens refuses the call.
func TestCallToADeadTCPContact(t *testing.T) {
	l, w, ctx := streamLab(t)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	if err := w.Registrations().Bind("1001", "sip:1001@"+dead.Addr().String()+";transport=tcp", time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Phone.Call(ctx, w.Addr(), "1001"); err == nil || !strings.Contains(err.Error(), "480") {
		t.Errorf("call: %v", err)
	}
}

// The primary dies in a call over TCP: the phone ends it through the backup, with the primary's Routes still in place.
func TestByeOfAStreamCallThroughTheBackup(t *testing.T) {
	l, w, _ := streamLab(t)
	c, at := w.connect(overTCP), w.AddrTCP()
	ok := establish(c, at)
	slices.Reverse(ok.fields["record-route"])
	c.write(at, inside(c, ok, "ACK", "1"))
	w.set(Behaviour{Mode: Refuse})
	c.ended()
	backup := &streamWorld{l.Backup, t, w.roots}
	again := backup.connect(overTCP)
	again.made = 10
	bye := strings.ReplaceAll(inside(again, ok, "BYE", "2"), "call-"+again.addr(), "call-"+c.addr())
	again.write(backup.AddrTCP(), bye)
	again.expect("SIP/2.0 200")
	if info := l.Phone.Calls()[0].Info(); info.State != CallOver || info.End.By != "peer" {
		t.Errorf("call %+v", info)
	}
}

// A server may have no UDP at all; what is only reached over UDP cannot be called then.
func TestServerWithoutUDP(t *testing.T) {
	s, err := New(Config{ListenTCP: LoopbackTCP(streamsAt, 0)})
	if err != nil {
		t.Fatal(err)
	}
	real(t, s.Run)
	if s.Addr() != s.AddrTCP() || s.AddrTLS().IsValid() {
		t.Errorf("at %s, TCP %s, TLS %s", s.Addr(), s.AddrTCP(), s.AddrTLS())
	}
	w := &streamWorld{s, t, nil}
	c := w.connect(overTCP)
	register(c, s.Addr())
	if err := s.Registrations().Bind("1002", "sip:1002@127.0.0.1:5070", time.Hour); err != nil {
		t.Fatal(err)
	}
	c.write(s.Addr(), c.request("INVITE", "sip:1002@"+s.Addr().String(), "1001"))
	c.expect("SIP/2.0 480")
	for field, config := range map[string]Config{
		"listen_tcp": {Listen: local(), ListenTCP: LoopbackTCP(netip.IPv4Unspecified(), 0)},
		"listen_tls": {ListenTLS: LoopbackTLS(netip.IPv4Unspecified(), 0, nil)},
	} {
		var wrong *FieldError
		if _, err := New(config); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("wildcard %s: %v", field, err)
		}
	}
}

// Connections of many peers come and go under every behaviour; the race detector looks on.
func TestStreamsUnderTraffic(t *testing.T) {
	w := streamServer(t, Config{})
	var peers sync.WaitGroup
	stop, enough := context.WithCancel(t.Context())
	defer enough()
	for i := range 8 {
		transport := streams[i%2]
		peers.Go(func() {
			for stop.Err() == nil {
				conn, err := w.dial(transport)
				if err != nil {
					continue // refused
				}
				c := &client{t: t, conn: &stream{conn, bufio.NewReader(conn), transport}}
				conn.SetDeadline(time.Now().Add(20 * time.Millisecond))
				for range 5 {
					text := c.request("REGISTER", "sip:lab.test", "1001", "Contact: <sip:1001@"+c.addr()+";transport=tcp>")
					if _, err := c.conn.WriteTo([]byte(text), nil); err != nil {
						break
					}
					if _, _, err := c.conn.ReadFrom(make([]byte, 65536)); err != nil {
						break
					}
				}
				conn.Close()
			}
		})
	}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for i := range 60 {
		w.set([]Behaviour{{}, {Mode: Refuse}, {Then: Refuse}, {CloseAfter: 3}, {Mode: Close}, {Mode: Silent}}[i%6])
		<-tick.C
	}
	enough()
	peers.Wait()
	w.set(Behaviour{})
	if got := w.Counts(); got.Connections == 0 || got.Received == 0 {
		t.Errorf("too little happened: %+v", got)
	}
	register(w.connect(overTLS), w.AddrTLS())
}

// A caller whose connection has ended hangs up over a new one, with the Routes of the old one: the call is ended, whether or not the server
// has noticed the end of the old connection.
func TestByeOverAnotherConnection(t *testing.T) {
	for _, transport := range streams {
		for _, closed := range []bool{false, true} {
			l, w, _ := streamLab(t)
			first, at := w.connect(transport), w.at(transport)
			ok := establish(first, at)
			slices.Reverse(ok.fields["record-route"])
			first.write(at, inside(first, ok, "ACK", "1"))
			if closed {
				first.raw().Close()
			}
			again := w.connect(transport)
			again.made = 10
			again.write(at, strings.ReplaceAll(inside(again, ok, "BYE", "2"), "call-"+again.addr(), "call-"+first.addr()))
			again.expect("SIP/2.0 200")
			if info := l.Phone.Calls()[0].Info(); info.State != CallOver || info.End.By != "peer" {
				t.Errorf("call %+v", info)
			}
		}
	}
}
