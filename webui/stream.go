package webui

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"hilphone/db/journal"
)

const (
	heartbeat     = 15 * time.Second
	streamTimeout = 10 * time.Second // for one write: a reader that takes nothing for so long is let go
	streamRetry   = time.Second      // after which a browser asks again
	streamPart    = 32 << 10         // bytes that are written together
	streamPause   = 20 * time.Millisecond
)

type streamInput struct {
	Type        []eventType `query:"type" nullable:"false" doc:"only events of these types" example:"failover,failback"`
	Line        int         `query:"line" minimum:"0" maximum:"20" doc:"only events of this line; 0: of all and of none"`
	Since       string      `query:"since" pattern:"^[0-9]{1,18}$" doc:"begin after this seq"`
	LastEventID string      `header:"Last-Event-ID" pattern:"^[0-9]{1,18}$" doc:"as since, sent by a browser that comes back"`
}

// streamEvents takes one of the places there are for streams and gives it back when the stream ends.
func (s *Server) streamEvents(ctx context.Context, in *streamInput) (*huma.StreamResponse, error) {
	since := int64(math.MaxInt64) // what comes next
	for _, text := range []string{in.Since, in.LastEventID} {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			since = n
		}
	}
	who := visitorOf(ctx)
	giveBack, err := s.streams.Take(who.identity())
	if err != nil {
		return nil, sharesProblem(err, "open event streams", maxStreams, visitorStreams, "15")
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer giveBack()
		until, cancel := s.untilShutdown(ctx.Context())
		defer cancel()
		c := humaecho.Unwrap(ctx)
		h := c.Response().Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("X-Accel-Buffering", "no")
		if isHead(c) {
			return // the body would have no end
		}
		w := &streamWriter{w: c.Response(), control: http.NewResponseController(c.Response()), frames: s.frames}
		s.ignore(c, s.stream(until, w, journal.Query{Since: since, Types: typeNames(in.Type), Line: in.Line}, who))
	}}, nil
}

// stream writes events until ctx ends, the reader goes, or the visitor's session or token does.
func (s *Server) stream(ctx context.Context, w *streamWriter, q journal.Query, who Visitor) error {
	_, newest := s.Journal.Held()
	q.Since = min(q.Since, newest)                                               // the place to come back to, even if nothing happens until then
	defer func() { w.control.SetWriteDeadline(time.Now().Add(streamTimeout)) }() // for the end of the answer
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	fmt.Fprintf(&w.next, "retry: %d\nid: %d\n\n", streamRetry.Milliseconds(), q.Since)
	since, err := s.replay(ctx, q, func(e journal.Event) error {
		w.event(e)
		if w.next.Len() < streamPart {
			return nil
		}
		return w.flush()
	})
	if err != nil {
		return err
	}
	q.Since = since
	events := s.Journal.Subscribe(q)
	defer events.Close()
	doubted := s.doubt.wait()
	for {
		if err := w.flush(); err != nil {
			return err
		}
		select {
		case e := <-events.C:
			w.event(e)
			if !w.drain(events.C) {
				break // there is more
			}
			if err := w.flush(); err != nil {
				return err
			}
			select { // what comes meanwhile goes out together: writes are what many streams cost
			case <-time.After(streamPause):
			case <-ctx.Done():
				return nil
			}
		case <-beat.C:
			if !who.alive() {
				return nil
			}
			w.next.WriteString(":\n\n")
		case <-doubted:
			doubted = s.doubt.wait()
			if !who.alive() {
				return nil
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// streamWriter writes server-sent events.
type streamWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	next    bytes.Buffer
	frames  *frames // nil: none are shared
}

func (w *streamWriter) event(e journal.Event) {
	if w.frames == nil || e.Type == journal.Dropped { // has the number of another event
		w.next.Write(newFrame(e))
		return
	}
	w.next.Write(w.frames.of(e))
}

// drain writes the events that wait, and reports whether these were all.
func (w *streamWriter) drain(events <-chan journal.Event) bool {
	for w.next.Len() < streamPart {
		select {
		case e := <-events:
			w.event(e)
		default:
			return true
		}
	}
	return false
}

func (w *streamWriter) flush() error {
	w.control.SetWriteDeadline(time.Now().Add(streamTimeout)) // fails only where there is no connection, as in tests
	if w.next.Len() == 0 {
		return nil
	}
	if _, err := w.next.WriteTo(w.w); err != nil {
		return err
	}
	return w.control.Flush()
}
