package journal

import (
	"context"
	"fmt"
	"time"
)

// MessageSink keeps messages for longer than the phone runs. SaveMessages gets them in their order; after an error, and only then, it gets
// the same batch again. No later start may give a message the number upTo or a smaller one: those left out of the batch have been shown too.
type MessageSink interface {
	SaveMessages(ctx context.Context, messages []Message, upTo int64) error
}

const (
	messageDelay  = time.Second // how long messages are collected before they are saved together: each time wears the memory card
	messageBatch  = 512         // at most so many together
	messageOctets = 1 << 20     // and about so many octets
)

// What is saved in the long run, so that messages that come day and night do not wear the memory card out: 16 KiB/s are 1.4 GB a day. As much
// as is kept at all may come at once.
const (
	savedPerSecond = 16 << 10
	savedAtOnce    = 16 << 20
)

// messageSource are the messages of a journal.
type messageSource struct {
	j     *Journal
	seq   int64 // the last message read
	part  []Message
	batch []Message

	allowed int64     // octets that may be saved now; below 0: none
	at      time.Time // when that was so
	limited bool      // messages are left out, which is in the log
	left    int64     // how many since then
}

func newMessageSource(j *Journal) *messageSource {
	return &messageSource{j: j, seq: j.firstMessage - 1, part: make([]Message, messageBatch), allowed: savedAtOnce, at: j.start}
}

func (s *messageSource) name() string { return "messages of the trace" }

// read takes the next messages that may be saved. Where all that there are have to be left out, the batch is empty and their numbers are
// saved all the same.
func (s *messageSource) read(ctx context.Context) (n int, changed <-chan struct{}) {
	clear(s.part) // what was saved need not be held
	s.batch = s.part[:0]
	for passed := 0; ; passed += n {
		var lost int64
		n, lost, changed = s.next()
		if lost > 0 {
			s.j.log.WarnContext(ctx, "messages of the trace overwritten before they were saved", "count", lost)
		}
		s.batch = s.allow(ctx, s.part[:n])
		if n == 0 || len(s.batch) > 0 {
			return passed + n, changed
		}
	}
}

// next reads into part, about messageOctets at most.
func (s *messageSource) next() (n int, lost int64, changed <-chan struct{}) {
	s.j.mu.Lock()
	defer s.j.mu.Unlock()
	n = s.j.messages.copyAfter(s.seq, s.part)
	if n == 0 {
		if s.j.arrived == nil {
			s.j.arrived = make(chan struct{})
		}
		return 0, 0, s.j.arrived
	}
	lost = s.part[0].Seq - s.seq - 1
	s.j.totals.Unsaved += lost
	octets := 0
	for i := range n {
		if octets += s.part[i].Size(); octets > messageOctets && i > 0 {
			clear(s.part[i:n])
			n = i
			break
		}
	}
	s.seq = s.part[n-1].Seq
	return n, lost, nil
}

// allow returns the messages that may be saved now.
func (s *messageSource) allow(ctx context.Context, messages []Message) []Message {
	now := time.Now()
	s.allowed = min(savedAtOnce, s.allowed+int64(now.Sub(s.at).Seconds()*savedPerSecond))
	s.at = now
	may := messages[:0]
	for _, m := range messages {
		if s.allowed <= 0 {
			s.left++
			continue
		}
		s.allowed -= int64(m.Size())
		may = append(may, m)
	}
	s.leave(ctx, int64(len(messages)-len(may)))
	return may
}

// leave counts messages that are left out, with a log record at the first, and one when there is room for many again.
func (s *messageSource) leave(ctx context.Context, n int64) {
	switch {
	case n > 0:
		s.j.mu.Lock()
		s.j.totals.Unsaved += n
		s.j.mu.Unlock()
		if !s.limited {
			s.j.log.WarnContext(ctx, "too many messages to save them all: the trace will have gaps after the next start", "octets_per_second", savedPerSecond)
			s.limited = true
		}
	case s.limited && s.allowed > savedAtOnce/2:
		s.j.log.InfoContext(ctx, "all messages of the trace are saved again", "left_out", s.left)
		s.limited, s.left = false, 0
	}
}

func (s *messageSource) save(ctx context.Context) error {
	if err := s.j.trace.SaveMessages(ctx, s.batch, s.seq); err != nil {
		return fmt.Errorf("save messages up to %d: %w", s.seq, err)
	}
	return nil
}
