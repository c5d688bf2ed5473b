package memnet

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// arrivals sends count numbered datagrams, one a second, and gives what arrived as "number@seconds".
func arrivals(t *testing.T, count int, faults ...Filter) string {
	var got []string
	synctest.Test(t, func(t *testing.T) {
		n := New()
		for _, f := range faults {
			n.Filter(f)
		}
		a, b := listen(t, n, "127.0.0.1:1"), listen(t, n, "127.0.0.2:5060")
		start := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			buffer := make([]byte, 100)
			for {
				size, _, err := b.ReadFrom(buffer)
				if err != nil {
					return
				}
				got = append(got, fmt.Sprintf("%s@%g", buffer[:size], time.Since(start).Seconds()))
			}
		}()
		for i := range count {
			send(t, a, "127.0.0.2:5060", fmt.Sprint(i))
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		b.Close()
		<-done
	})
	return strings.Join(got, " ")
}

func TestFilters(t *testing.T) {
	server, client := netip.MustParseAddrPort("127.0.0.2:5060"), netip.MustParseAddrPort("127.0.0.1:0")
	for _, c := range []struct {
		name   string
		faults []Filter
		want   string
	}{
		{"none", nil, "0@0 1@1 2@2 3@3"},
		{"drop first", []Filter{DropFirst(2, To(server))}, "2@2 3@3"},
		{"drop first of others", []Filter{DropFirst(2, From(server))}, "0@0 1@1 2@2 3@3"},
		{"late", []Filter{Late(1500*time.Millisecond, Any)}, "0@1.5 1@2.5 2@3.5 3@4.5"},
		{"late twice", []Filter{Late(time.Second, Any), Late(2*time.Second, Any)}, "0@3 1@4 2@5 3@6"},
		{"cut pair", []Filter{Cut(Between(server, client))}, ""},
		{"drop then late", []Filter{DropFirst(1, Any), Late(time.Second, All(From(client), To(server)))}, "1@2 2@3 3@4"},
		{"lose all", []Filter{Lose(1, 7, Any)}, ""},
		{"lose none", []Filter{Lose(0, 7, Any)}, "0@0 1@1 2@2 3@3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := arrivals(t, 4, c.faults...); got != c.want {
				t.Errorf("arrived %s, want %s", got, c.want)
			}
		})
	}
}

func TestSeededLossRepeats(t *testing.T) {
	first := arrivals(t, 200, Lose(0.3, 42, Any), Jitter(time.Second, 9, Any))
	if again := arrivals(t, 200, Lose(0.3, 42, Any), Jitter(time.Second, 9, Any)); again != first {
		t.Error("the same seeds gave another loss or delay")
	}
	if other := arrivals(t, 200, Lose(0.3, 43, Any), Jitter(time.Second, 9, Any)); other == first {
		t.Error("another seed gave the same loss")
	}
	if kept := len(strings.Fields(first)); kept != 137 {
		t.Errorf("%d of 200 arrived at 30 %% loss", kept)
	}
}

func TestLateKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		n.Filter(Late(20*time.Millisecond, Any))
		a, b := listen(t, n, "127.0.0.1:1"), listen(t, n, "127.0.0.2:5060")
		for i := range 50 {
			send(t, a, "127.0.0.2:5060", fmt.Sprint(i))
		}
		for i := range 50 {
			if got, _ := receive(t, b); got != fmt.Sprint(i) {
				t.Fatalf("datagram %d is %q", i, got)
			}
		}
	})
}

func TestRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		a, b := listen(t, n, "127.0.0.1:1"), listen(t, n, "127.0.0.2:5060")
		taps := 0
		untap := n.Tap(func(Packet) { taps++ })
		mend := n.Filter(Cut(Any))
		send(t, a, "127.0.0.2:5060", "lost")
		mend()
		untap()
		send(t, a, "127.0.0.2:5060", "arrives")
		if got, _ := receive(t, b); got != "arrives" {
			t.Errorf("received %q", got)
		}
		if taps != 1 {
			t.Errorf("tap called %d times, want 1", taps)
		}
	})
}

// One of several is removed, the others stay in their order.
func TestRemoveOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		a, b := listen(t, n, "127.0.0.1:1"), listen(t, n, "127.0.0.2:5060")
		start := time.Now()
		n.Filter(Late(time.Second, Any))
		mend := n.Filter(Cut(Any))
		n.Filter(Late(2*time.Second, Any))
		tapped := ""
		n.Tap(func(Packet) { tapped += "1" })
		untap := n.Tap(func(Packet) { tapped += "2" })
		n.Tap(func(Packet) { tapped += "3" })
		send(t, a, "127.0.0.2:5060", "lost")
		mend()
		untap()
		send(t, a, "127.0.0.2:5060", "arrives")
		if got, _ := receive(t, b); got != "arrives" || time.Since(start) != 3*time.Second {
			t.Errorf("received %q after %s, want it after 3s", got, time.Since(start))
		}
		if tapped != "12313" {
			t.Errorf("taps called %s, want 12313", tapped)
		}
	})
}

func TestLateToClosedPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		n.Filter(Late(time.Second, Any))
		a, b := listen(t, n, "127.0.0.1:1"), listen(t, n, "127.0.0.2:5060")
		start := time.Now()
		send(t, a, "127.0.0.2:5060", "x")
		b.Close()
		_, _, _, typ, code, err := a.(icmpReader).ReadICMP(make([]byte, 10))
		if typ != 3 || code != 3 || err != nil || time.Since(start) != time.Second {
			t.Errorf("ICMP %d/%d, %v after %s", typ, code, err, time.Since(start))
		}
	})
}
