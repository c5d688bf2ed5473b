package gpiochip

import (
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/warthog618/go-gpiocdev/uapi"
	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"
)

// pipe is a line whose edges are written by the test, as the kernel writes them.
func pipe(t testing.TB) (p *pin, write func(...uapi.LineEvent)) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fds[0]), "line")
	raw, err := file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	p = &pin{fd: fds[0], file: file, raw: raw, edge: gpio.BothEdges, edges: edges{buffer: new([64]uapi.LineEvent)}}
	t.Cleanup(func() { _ = errors.Join(p.Close(), unix.Close(fds[1])) })
	return p, func(events ...uapi.LineEvent) {
		t.Helper()
		for _, e := range events {
			octets := unsafe.Slice((*byte)(unsafe.Pointer(&e)), unsafe.Sizeof(e))
			if n, err := unix.Write(fds[1], octets); n != len(octets) || err != nil {
				t.Fatal(n, err)
			}
		}
	}
}

func event(sequence uint32, rising bool) uapi.LineEvent {
	e := uapi.LineEvent{ID: uapi.LineEventFallingEdge, LineSeqno: sequence, Timestamp: 1}
	if rising {
		e.ID = uapi.LineEventRisingEdge
	}
	return e
}

// TestSequence: a gap in the kernel's sequence numbers is lost edges, at the first edge after it; numbers begin with 1 and wrap (BE-06).
func TestSequence(t *testing.T) {
	for _, c := range []struct {
		sequence []uint32
		lost     []bool
	}{
		{[]uint32{1, 2, 3}, []bool{false, false, false}},
		{[]uint32{1, 2, 4, 5}, []bool{false, false, true, false}},
		{[]uint32{7, 8}, []bool{true, false}},
		{[]uint32{1 << 31, 1<<32 - 1, 0, 1, 3}, []bool{true, true, false, false, true}},
	} {
		p, write := pipe(t)
		var lost []bool
		for i, n := range c.sequence {
			write(event(n, i%2 == 0))
			edges, err := p.Edges()
			if err != nil || len(edges) != 1 || edges[0].High != (i%2 == 0) {
				t.Fatalf("edges %v, %v", edges, err)
			}
			lost = append(lost, edges[0].Lost)
		}
		if !slices.Equal(lost, c.lost) {
			t.Errorf("%v: lost %v, want %v", c.sequence, lost, c.lost)
		}
	}
}

// TestManyEdges: those that the program does not take are bounded, and what is dropped counts as lost.
func TestManyEdges(t *testing.T) {
	p, write := pipe(t)
	const n = keptEdges + 100
	for i := range n {
		write(event(uint32(i+1), i%2 == 0))
		if i%50 == 49 && !p.WaitForEdge(0) {
			t.Fatal("no edge")
		}
	}
	edges, err := p.Edges()
	if err != nil || len(edges) > keptEdges || len(edges) < keptEdges/2 || !edges[0].Lost || edges[1].Lost || p.WaitForEdge(0) {
		t.Errorf("%d edges, %v, the first %+v", len(edges), err, edges[0])
	}
}

// TestInstant: a time stamp of the kernel is an instant of this program.
func TestInstant(t *testing.T) {
	var ts unix.Timespec
	before := time.Now()
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		t.Fatal(err)
	}
	after := time.Now()
	at := instant(uint64(ts.Nano()))
	if at.Before(before.Add(-time.Millisecond)) || at.After(after.Add(time.Millisecond)) {
		t.Errorf("%s is not between %s and %s", at, before, after)
	}
	if later := instant(uint64(ts.Nano()) + 63_000_000); later.Sub(at) != 63*time.Millisecond {
		t.Errorf("63 ms later is %s later", later.Sub(at))
	}
	if wall := at.Round(0).Sub(before.Round(0)); wall < -time.Second || wall > time.Second {
		t.Errorf("the wall clock is off by %s", wall)
	}
}

// TestHalt: a Halt ends the wait under way, or the next one, once; so does the time limit, and Close (BE-06).
func TestHalt(t *testing.T) {
	p, write := pipe(t)
	for range 200 {
		ended := make(chan bool, 1)
		go func() { ended <- p.WaitForEdge(-1) }()
		if err := p.Halt(); err != nil { // at whatever time it comes
			t.Fatal(err)
		}
		if <-ended {
			t.Fatal("an edge that was not")
		}
	}
	if p.WaitForEdge(time.Millisecond) || p.WaitForEdge(0) {
		t.Error("an edge that was not")
	}
	write(event(1, true))
	if !p.WaitForEdge(-1) || p.WaitForEdge(0) {
		t.Error("one edge is not one edge")
	}
	ended := make(chan bool, 1)
	go func() { ended <- p.WaitForEdge(-1) }()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if <-ended || p.WaitForEdge(-1) {
		t.Error("an edge of a line that is closed")
	}
	if _, err := p.Edges(); !errors.Is(err, errClosed) || p.Halt() != nil || p.Close() != nil {
		t.Errorf("edges of a line that is closed: %v", err)
	}
}

// TestWatch: each edge wakes; edges that are taken by a reader meanwhile are not reported again, and the end waits for all watchers.
func TestWatch(t *testing.T) {
	p, write := pipe(t)
	q, _ := pipe(t)
	inputs := []*Input{{Line: p}, {Line: q, WakeOnly: true}}
	var mu sync.Mutex
	var seen []Edge
	woken := make(chan struct{}, 1)
	end := Watch(inputs, func() {
		edges, err := inputs[0].Edges()
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, edges...)
		select {
		case woken <- struct{}{}:
		default:
		}
	})
	const n = 100
	for i := range n {
		write(event(uint32(i+1), i%2 == 0))
	}
	for limit := time.After(10 * time.Second); ; {
		mu.Lock()
		all := len(seen)
		mu.Unlock()
		if all == n {
			break
		}
		select {
		case <-woken:
		case <-limit:
			t.Fatalf("%d edges of %d", all, n)
		}
	}
	end()
	Watch(inputs, func() {})() // again, and ended at once
}

// FuzzEdges gives a line octets as if they were the kernel's.
func FuzzEdges(f *testing.F) {
	e := event(1, true)
	f.Add(slices.Clone(unsafe.Slice((*byte)(unsafe.Pointer(&e)), unsafe.Sizeof(e))))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, octets []byte) {
		var fds [2]int
		if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = errors.Join(unix.Close(fds[0]), unix.Close(fds[1])) }()
		octets = octets[:min(len(octets), 10000)]
		if _, err := unix.Write(fds[1], octets); err != nil {
			t.Fatal(err)
		}
		all := edges{buffer: new([64]uapi.LineEvent)}
		if err := all.read(fds[0]); err != nil {
			t.Fatal(err)
		}
		if got := len(all.take()); got != len(octets)/int(unsafe.Sizeof(uapi.LineEvent{})) {
			t.Errorf("%d edges in %d octets", got, len(octets))
		}
	})
}
