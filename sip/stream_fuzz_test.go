package sip_test

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/sip/line"
	"hilphone/sip/wire"
)

// primaryStream is the primary's end of the newest connection that the line has made to it.
type primaryStream struct {
	mu      sync.Mutex
	far     net.Conn
	answers []datagram
}

// dial connects the line; the primary grants each REGISTER.
func (p *primaryStream) dial(x *stack) func(context.Context, netip.AddrPort) (net.Conn, error) {
	return func(_ context.Context, to netip.AddrPort) (net.Conn, error) {
		near, far := net.Pipe()
		p.mu.Lock()
		p.far = far
		p.mu.Unlock()
		x.tasks.Go(func() {
			defer far.Close()
			in := wire.NewStreamReader(far, nil)
			for {
				raw, err := in.Next()
				if err != nil {
					return
				}
				d := datagram{raw: string(raw)}
				p.mu.Lock()
				p.answers = append(p.answers, d)
				p.mu.Unlock()
				if d.method() == "REGISTER" && d.status() == 0 {
					if _, err := far.Write([]byte(grant(d, 3600))); err != nil {
						return
					}
				}
			}
		})
		return &addressed{near, to}, nil
	}
}

// write sends octets in pieces of the given sizes, the rest at once. The line may end the connection before the end.
func (p *primaryStream) write(octets, pieces []byte) {
	p.mu.Lock()
	far := p.far
	p.mu.Unlock()
	for _, size := range pieces {
		n := min(int(size)+1, len(octets))
		if _, err := far.Write(octets[:n]); err != nil {
			return
		}
		octets = octets[n:]
	}
	_, _ = far.Write(octets)
	synctest.Wait()
}

// answered says whether a request has been answered with 200.
func (p *primaryStream) answered(callID string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.answers {
		if d.status() == 200 && d.header("Call-ID") == callID {
			return true
		}
	}
	return false
}

func optionsByTCP(callID string) string {
	return asked("OPTIONS", "z9hG4bK"+callID, "Via: SIP/2.0/TCP 127.0.0.2:5060;branch=z9hG4bK"+callID, "Call-ID: "+callID)
}

// FuzzStream: no octets of the primary's on the connection by TCP, however they are cut into pieces, stop a line. Where an OPTIONS behind them
// can be told from them it is answered on that connection; in any case the line comes back on another one and answers there.
func FuzzStream(f *testing.F) {
	one := asked("OPTIONS", "z9hG4bKs")
	for _, octets := range []string{
		one, one + one, one[:50], "\r\n\r\n" + one + "\r\n\r\n\r\n", strings.Replace(one, "Content-Length: 0", "Content-Length: 5", 1), strings.Replace(one, "Content-Length: 0", "Content-Length: -1", 1),
		strings.Replace(one, "Content-Length: 0\r\n", "", 1), strings.Replace(one, "Content-Length: 0", "Content-Length:\r\n 3", 1) + "abc", strings.ReplaceAll(one, "\r\n", "\n"), "GET / HTTP/1.1\r\n\r\n",
		asked("INVITE", "z9hG4bKs") + asked("CANCEL", "z9hG4bKs"), asked("BYE", "z9hG4bKs", "To: <sip:1001@127.0.0.1>;tag=x") + strings.Repeat(one, 3), strings.Replace(one, "Content-Length: 0", "l : 2000000", 1),
		message("SIP/2.0 200 OK", "Via: SIP/2.0/TCP 127.0.0.1:5070;branch=z9hG4bKnone", "From: <sip:a@b>;tag=a", "To: <sip:a@b>;tag=b", "Call-ID: x", "CSeq: 1 REGISTER", "Content-Length: 0") + one,
	} {
		f.Add([]byte(octets), []byte{})
		f.Add([]byte(octets), []byte{0, 0, 9, 30, 1, 100, 2})
	}
	for _, raw := range spelled() {
		f.Add([]byte(raw), []byte{20})
	}
	f.Fuzz(func(t *testing.T, octets, pieces []byte) {
		run(t, open, func(x *stack) {
			x.unruled = true
			var p primaryStream
			x.tcp = p.dial(x)
			x.start("transport=1", "backup_addr=")
			x.wait(time.Second)
			x.phase(line.OnPrimary)
			p.write(octets, pieces)
			p.write([]byte(optionsByTCP("behind")), nil)
			if apart(octets, optionsByTCP("behind")) && !p.answered("behind") {
				t.Errorf("no answer behind %q", octets)
			}
			_ = p.far.Close()
			x.wait(time.Minute) // a connection that was lost again within 64*T1 is made up for then
			x.phase(line.OnPrimary)
			p.write([]byte(optionsByTCP("another")), nil)
			if !p.answered("another") {
				t.Errorf("no answer on another connection after %q", octets)
			}
		})
	})
}

// apart says whether a message is read as one where it follows octets.
func apart(octets []byte, message string) bool {
	in := wire.NewStreamReader(bytes.NewReader(append(bytes.Clone(octets), message...)), nil)
	for {
		raw, err := in.Next()
		if err != nil {
			return false
		}
		if string(raw) == message {
			return true
		}
	}
}
