package actionurl

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// names is a resolver that knows these names. Of several maps each is good for one connection's look-up of addresses, the last for all after.
func names(t *testing.T, known ...map[string][]string) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	var mu sync.Mutex
	asked := 0
	go func() { // ends with its socket
		b := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			name, kind, end := question(b[:n])
			mu.Lock()
			of := known[min(asked, len(known)-1)]
			if kind == 1 {
				asked++
			}
			mu.Unlock()
			_, _ = c.WriteTo(answer(b[:end], kind, of[name]), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

// question reads the one question of a query: its name, its type, and where it ends.
func question(b []byte) (name string, kind uint16, end int) {
	i := 12
	var labels []string
	for b[i] != 0 {
		n := int(b[i])
		labels = append(labels, string(b[i+1:i+1+n]))
		i += 1 + n
	}
	return strings.ToLower(strings.Join(labels, ".")), binary.BigEndian.Uint16(b[i+1:]), i + 5
}

// answer makes a response of a query: the addresses of the wanted type.
func answer(query []byte, kind uint16, addrs []string) []byte {
	b := append([]byte(nil), query...)
	binary.BigEndian.PutUint16(b[2:], 0x8180)
	var n uint16
	for _, text := range addrs {
		raw := netip.MustParseAddr(text).AsSlice()
		if len(raw) == 4 && kind != 1 || len(raw) == 16 && kind != 28 {
			continue
		}
		n++
		b = append(b, 0xc0, 12)
		b = binary.BigEndian.AppendUint16(b, kind)
		b = append(b, 0, 1, 0, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(len(raw)))
		b = append(b, raw...)
	}
	if addrs == nil {
		b[3] |= 3 // no such name
	}
	binary.BigEndian.PutUint16(b[6:], n)
	binary.BigEndian.PutUint32(b[8:], 0)
	return b
}
