package server

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hil/behaviour"
)

// overPipe is a server with a listener in memory, whose writes can be told apart, and a connection to it.
func (w *world) overPipe(b Behaviour) (*Lab, net.Conn) {
	w.t.Helper()
	tcp := newPipes("127.0.0.2:5060")
	l := w.lab(LabConfig{Open: true, PrimaryTCP: func() (net.Listener, error) { return tcp, nil }})
	conn := tcp.dial("127.0.0.1:5071")
	w.t.Cleanup(func() { conn.Close() })
	c := &client{t: w.t, conn: fakeConn{}}
	io.WriteString(conn, strings.Replace(c.request("REGISTER", "sip:127.0.0.2", "1001", "Contact: <sip:1001@127.0.0.1:5071;transport=tcp>"), "/UDP", "/TCP", 1))
	if got := written(w.t, conn); !strings.HasPrefix(got, "SIP/2.0 200") {
		w.t.Fatal(got)
	}
	if err := l.SetBehaviour(Primary, b); err != nil {
		w.t.Fatal(err)
	}
	return l, conn
}

// written is what one write has written, empty at the end.
func written(t *testing.T, conn net.Conn) string {
	t.Helper()
	buffer := make([]byte, 1<<16)
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	n, err := conn.Read(buffer)
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return string(buffer[:n])
}

// TestPingAndCut: a keep-alive comes before a message, cut at any octet, and the connection ends 10 s later unless it is answered (WR-09).
func TestPingAndCut(t *testing.T) {
	for cut := range 6 {
		for _, answered := range []bool{true, false} {
			bubble(t, func(w *world) {
				l, conn := w.overPipe(Behaviour{Ping: true, Cut: cut})
				if err := l.Send(w.ctx, behaviour.Request{Method: "OPTIONS", To: "1001"}); err != nil {
					w.t.Fatal(err)
				}
				start, all := time.Now(), ""
				for !strings.HasSuffix(all, "\r\n\r\n") || len(all) < 10 {
					piece := written(w.t, conn)
					if cut > 0 && len(piece) > cut {
						w.t.Fatalf("a piece of %d octets, want %d", len(piece), cut)
					}
					all += piece
				}
				if !strings.HasPrefix(all, "\r\n\r\nOPTIONS sip:1001@") {
					w.t.Errorf("sent %q", all)
				}
				if answered {
					io.WriteString(conn, "\r\n")
				}
				l.SetBehaviour(Primary, Behaviour{})
				conn.SetReadDeadline(time.Time{})
				go io.Copy(io.Discard, conn) // the request is repeated meanwhile
				time.Sleep(11*time.Second - time.Since(start))
				synctest.Wait()
				_, err := io.WriteString(conn, "\r\n\r\n")
				if (err == nil) != answered {
					w.t.Errorf("cut %d, answered %v: then %v", cut, answered, err)
				}
			})
		}
	}
}

// TestOneSegment: INVITE and CANCEL, and gathered requests, are written at once (WR-30).
func TestOneSegment(t *testing.T) {
	bubble(t, func(w *world) {
		l, conn := w.overPipe(Behaviour{Cancel: true})
		if _, err := l.Phone.Dial(w.ctx, primaryAt, "1001"); err != nil {
			w.t.Fatal(err)
		}
		if got := written(w.t, conn); strings.Count(got, "CSeq: 1 INVITE\r\n") != 1 || strings.Count(got, "CSeq: 1 CANCEL\r\n") != 1 {
			w.t.Errorf("written\n%s", got)
		}
	})
	bubble(t, func(w *world) {
		l, conn := w.overPipe(Behaviour{Batch: 3})
		for _, method := range []string{"INFO", "NOTIFY", "MESSAGE"} {
			if err := l.Send(w.ctx, behaviour.Request{Method: method, To: "1001"}); err != nil {
				w.t.Fatal(err)
			}
		}
		got := written(w.t, conn)
		if info, notify, message := strings.Index(got, "INFO sip:"), strings.Index(got, "NOTIFY sip:"), strings.Index(got, "MESSAGE sip:"); info != 0 || notify < info || message < notify {
			w.t.Errorf("written\n%s", got)
		}
	})
}

// TestNoTCP: the TCP port is closed and opened while the others stay (WR-21).
func TestNoTCP(t *testing.T) {
	w := streamServer(t, Config{})
	there := w.connect(overTCP)
	w.set(Behaviour{NoTCP: true})
	if err := there.ended(); err == nil {
		t.Error("the connection goes on")
	}
	if conn, err := w.dial(overTCP); err == nil {
		conn.Close()
		t.Error("TCP is open")
	}
	c := w.connect(overTLS)
	c.write(w.at(overTLS), c.request("OPTIONS", "sip:lab.test", "1001"))
	c.expect("SIP/2.0 200")
	w.set(Behaviour{})
	c = w.connect(overTCP)
	c.write(w.at(overTCP), c.request("OPTIONS", "sip:lab.test", "1001"))
	c.expect("SIP/2.0 200")
}
