package gpiochip

import (
	"errors"
	"sync"
	"time"
	"unsafe"

	"github.com/warthog618/go-gpiocdev/uapi"
	"golang.org/x/sys/unix"
)

// keptEdges is how many edges of a line are kept that the program does not take.
const keptEdges = 4 * bufferedEdges

// edges are those of a line that have been read from the kernel and not been taken.
type edges struct {
	queue []Edge
	last  uint32 // sequence number of the edge that was read last
	any   bool   // there was one
	lost  bool   // edges before the next one
	fresh bool   // edges have come since seen was called

	buffer *[64]uapi.LineEvent // to read into
}

// read reads all edges that the kernel has for a line and does not wait.
func (e *edges) read(fd int) error {
	const size = int(unsafe.Sizeof(uapi.LineEvent{}))
	buffer := unsafe.Slice((*byte)(unsafe.Pointer(e.buffer)), len(e.buffer)*size)
	for {
		n, err := unix.Read(fd, buffer)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return nil
		case err != nil:
			return err
		}
		for _, event := range e.buffer[:n/size] {
			e.add(Edge{At: instant(event.Timestamp), High: event.ID == uapi.LineEventRisingEdge}, event.LineSeqno)
		}
		if n < len(buffer) {
			return nil
		}
	}
}

// add appends an edge. When the kernel has no room for another edge it drops the oldest: the sequence numbers have a gap then.
func (e *edges) add(edge Edge, sequence uint32) {
	edge.Lost = e.lost || e.any && sequence != e.last+1 || !e.any && sequence != 1
	e.any, e.last, e.lost, e.fresh = true, sequence, false, true
	if len(e.queue) >= keptEdges {
		e.queue = append(e.queue[:0], e.queue[keptEdges/2:]...)
		e.queue[0].Lost = true
	}
	e.queue = append(e.queue, edge)
}

// take returns the edges and forgets them.
func (e *edges) take() []Edge {
	all := e.queue
	e.queue, e.fresh = nil, false
	return all
}

// drop forgets all edges. Those before the next one do not count as lost.
func (e *edges) drop() { e.queue, e.fresh, e.lost = nil, false, false }

// seen reports whether edges have come since it was called last.
func (e *edges) seen() bool {
	fresh := e.fresh
	e.fresh = false
	return fresh
}

// epoch is one instant by the clock of this program and by that of the kernel's time stamps, CLOCK_MONOTONIC. Go's monotonic clock is the
// same one with another zero, so the two keep their distance.
var epoch = sync.OnceValues(func() (program time.Time, kernel int64) {
	const attempts = 10 // the best of which nothing came between
	best := time.Hour
	for range attempts {
		var ts unix.Timespec
		before := time.Now()
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			return before, 0 // it has no such error: every Linux has the clock
		}
		if took := time.Since(before); took < best {
			best, program, kernel = took, before.Add(took/2), ts.Nano()
		}
	}
	return program, kernel
})

// instant is a time stamp of the kernel as a time. The wall clock may have been set since epoch, so that part is the wall clock of now.
func instant(stamp uint64) time.Time {
	program, kernel := epoch()
	at := program.Add(time.Duration(int64(stamp) - kernel))
	now := time.Now()
	return now.Add(at.Sub(now))
}
