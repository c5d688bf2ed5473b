package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Sink keeps events for longer than the phone runs. SaveEvents gets them in their order; after an error, and only then, it gets the
// same batch again.
type Sink interface {
	SaveEvents(ctx context.Context, events []Event) error
}

const (
	saveDelay  = 200 * time.Millisecond // how long events are collected before they are saved together
	saveBatch  = 1000                   // at most so many together
	retryDelay = time.Second            // after the sink has failed
	flushLimit = 3 * time.Second        // for the rest when the phone ends, which it has to within 5 s
)

// Run saves events to the Sink and messages to the MessageSink until ctx ends, and then what is left. So its ctx should be the last to
// end. A sink that fails is asked again every second and holds up neither the other nor anything else; the errors are those of the last flush.
func (j *Journal) Run(ctx context.Context) error {
	var savers []*saver
	if j.sink != nil {
		savers = append(savers, &saver{source: &eventSource{reader: reader{j: j, seq: j.first - 1}}, delay: saveDelay, log: j.log})
	}
	if j.trace != nil {
		savers = append(savers, &saver{source: newMessageSource(j), delay: messageDelay, log: j.log})
	}
	errs := make([]error, len(savers))
	var all sync.WaitGroup
	for i, s := range savers {
		all.Go(func() { errs[i] = s.run(ctx) })
	}
	<-ctx.Done()
	all.Wait()
	return errors.Join(errs...)
}

// source is what a saver reads and saves, batch by batch.
type source interface {
	// name is what is saved, for the log.
	name() string
	// read takes the next batch. Where there is none it returns 0, and changed is closed when there is.
	read(ctx context.Context) (n int, changed <-chan struct{})
	// save saves the batch that was read last.
	save(ctx context.Context) error
}

// saver saves what one source has.
type saver struct {
	source source
	delay  time.Duration // how long something is collected before it is saved together
	log    *slog.Logger

	n       int             // size of the batch saved last, or to be saved again
	again   bool            // the last save failed
	logged  bool            // and that is in the log
	changed <-chan struct{} // while there is nothing to save
}

func (s *saver) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.save(ctx); err != nil {
			s.failed(ctx, err)
			pause(ctx, retryDelay)
			continue
		}
		if s.n > 0 {
			continue
		}
		select {
		case <-s.changed:
			pause(ctx, s.delay)
		case <-ctx.Done():
		}
	}
	return s.flush(ctx)
}

// save saves the next batch, or the same once more if that has failed. An empty batch is the end of what there is.
func (s *saver) save(ctx context.Context) error {
	if !s.again {
		s.n, s.changed = s.source.read(ctx)
	}
	if s.n == 0 {
		return nil
	}
	if err := s.source.save(ctx); err != nil {
		return err
	}
	s.again = false
	if s.logged {
		s.log.InfoContext(ctx, s.source.name()+" are saved again")
		s.logged = false
	}
	return nil
}

// failed notes that a save failed, with one log record however often it does.
func (s *saver) failed(ctx context.Context, err error) {
	s.again = true
	if !s.logged && ctx.Err() == nil {
		s.log.ErrorContext(ctx, s.source.name()+" are not saved", "error", err)
		s.logged = true
	}
}

func (s *saver) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushLimit)
	defer cancel()
	for {
		if err := s.save(ctx); err != nil {
			return err
		}
		if s.n == 0 {
			return nil
		}
	}
}

// eventSource are the events of a journal.
type eventSource struct {
	reader
	batch []Event
}

func (s *eventSource) name() string { return "events" }

func (s *eventSource) read(ctx context.Context) (n int, changed <-chan struct{}) {
	s.batch, changed = s.collect(Query{Limit: saveBatch})
	if s.lost > 0 {
		s.j.log.WarnContext(ctx, "events overwritten before they were saved", "count", s.lost)
		s.lost = 0
	}
	return len(s.batch), changed
}

func (s *eventSource) save(ctx context.Context) error {
	if err := s.j.sink.SaveEvents(ctx, s.batch); err != nil {
		return fmt.Errorf("save events %d to %d: %w", s.batch[0].Seq, s.batch[len(s.batch)-1].Seq, err)
	}
	return nil
}

// pause returns after d or when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
