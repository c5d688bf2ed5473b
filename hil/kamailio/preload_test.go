//go:build rig

package kamailio

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// TestTLSErrors: connections that end in the middle, without close_notify, by a reset or with what is no TLS leave Kamailio alive. Debian's crashed
// after 3000 to 6000 of them without preload/openssl.c.
func TestTLSErrors(t *testing.T) {
	p := start(t)
	end := time.Now().Add(5 * time.Second)
	endings := []func(net.Conn) error{
		func(c net.Conn) error { return c.(*net.TCPConn).SetLinger(0) },
		func(c net.Conn) error { _, err := c.Write([]byte("\x17\x03\x03\x00\x05hello")); return err },
		func(net.Conn) error { return nil },
	}
	var mutex sync.Mutex
	var ended int
	var clients sync.WaitGroup
	for i := range 12 {
		clients.Go(func() {
			for time.Now().Before(end) && p.Alive() == nil {
				if i%4 == 3 {
					conn, err := p.DialContext(t.Context(), "tcp4", netip.AddrPortFrom(p.Primary.Addr.Addr(), TLSPort).String())
					if err != nil {
						t.Error(err)
						return
					}
					_, _ = conn.Write([]byte("OPTIONS sip:lab.test SIP/2.0\r\n\r\n")) // the server may be quicker with its reset
					conn.Close()
					continue
				}
				conn, err := p.dialTLS(t, p.Primary, Domain)
				if err != nil {
					t.Error(err)
					return
				}
				if status, err := options(conn, "TLS"); err != nil || status != 200 {
					t.Errorf("OPTIONS over TLS: %d, %v", status, err)
				}
				_ = endings[i%4](conn.NetConn())
				conn.NetConn().Close()
				mutex.Lock()
				ended++
				mutex.Unlock()
			}
		})
	}
	clients.Wait()
	must(t, p.Alive())
	t.Logf("%d connections", ended)
	if ended == 0 {
		t.Error("no connection was made")
	}
}
