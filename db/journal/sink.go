package journal

import (
	"context"
	"fmt"
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

// Run saves events to the Sink until ctx ends, and then what is left. So its ctx should be the last to end. A Sink that fails is
// asked again every second and holds nobody up; the error is that of the last flush.
func (j *Journal) Run(ctx context.Context) error {
	if j.sink == nil {
		<-ctx.Done()
		return nil
	}
	s := saver{reader: reader{j: j, seq: j.first - 1}}
	for ctx.Err() == nil {
		if err := s.save(ctx); err != nil {
			s.failed(ctx, err)
			pause(ctx, retryDelay)
			continue
		}
		if len(s.batch) > 0 {
			continue
		}
		select {
		case <-s.changed:
			pause(ctx, saveDelay)
		case <-ctx.Done():
		}
	}
	return s.flush(ctx)
}

// saver reads the journal for its Sink.
type saver struct {
	reader
	batch   []Event         // saved last, or to be saved again
	again   bool            // the last save failed
	logged  bool            // and that is in the log
	changed <-chan struct{} // while there is nothing to save
}

// save saves the next batch, or the same once more if that has failed. An empty batch is the end of what there is.
func (s *saver) save(ctx context.Context) error {
	if !s.again {
		s.batch, s.changed = s.collect(Query{Limit: saveBatch})
	}
	if s.lost > 0 {
		s.j.log.WarnContext(ctx, "events overwritten before they were saved", "count", s.lost)
		s.lost = 0
	}
	if len(s.batch) == 0 {
		return nil
	}
	if err := s.j.sink.SaveEvents(ctx, s.batch); err != nil {
		return fmt.Errorf("save events %d to %d: %w", s.batch[0].Seq, s.batch[len(s.batch)-1].Seq, err)
	}
	s.again = false
	if s.logged {
		s.j.log.InfoContext(ctx, "events are saved again")
		s.logged = false
	}
	return nil
}

// failed notes that a save failed, with one log record however often it does.
func (s *saver) failed(ctx context.Context, err error) {
	s.again = true
	if !s.logged && ctx.Err() == nil {
		s.j.log.ErrorContext(ctx, "events are not saved", "error", err)
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
		if len(s.batch) == 0 {
			return nil
		}
	}
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
