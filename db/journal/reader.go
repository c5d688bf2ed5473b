package journal

// partSize is how many events are copied under one lock, so that a reader of the whole ring does not hold up the SIP path.
const partSize = 128

// reader goes through the events in their order. One goroutine at a time may use it.
type reader struct {
	j    *Journal
	seq  int64 // the last event read
	lost int64 // how many were overwritten before they were read
	part []Event
}

// reader starts after the event numbered since; where since is 0, with the oldest held.
func (j *Journal) reader(since int64) *reader {
	oldest, newest := j.Held()
	if since <= 0 {
		since = oldest - 1
	}
	return &reader{j: j, seq: min(since, newest)}
}

// next returns the next events, at most partSize of them. If there is none yet, changed is closed when there is.
// The slice is valid until the next call.
func (r *reader) next() (events []Event, changed <-chan struct{}) {
	if r.part == nil {
		r.part = make([]Event, partSize)
	}
	r.j.mu.Lock()
	defer r.j.mu.Unlock()
	n := r.j.events.copyAfter(r.seq, r.part)
	if n == 0 {
		if r.j.changed == nil {
			r.j.changed = make(chan struct{})
		}
		return nil, r.j.changed
	}
	gap := r.part[0].Seq - r.seq - 1
	r.lost += gap
	r.j.totals.Lost += gap
	r.seq = r.part[n-1].Seq
	return r.part[:n], nil
}

// collect returns the wanted events up to the one that is the newest now, or a little further. If there was nothing to look at,
// changed is closed when there is; otherwise it is nil.
func (r *reader) collect(q Query) (found []Event, changed <-chan struct{}) {
	found = []Event{}
	_, newest := r.j.Held() // an end, however fast events come
	for {
		events, changed := r.next()
		if len(events) == 0 {
			return found, changed
		}
		for _, e := range events {
			if !q.Match(e) {
				continue
			}
			found = append(found, e)
			if len(found) == q.Limit {
				r.seq = e.Seq
				return found, nil
			}
		}
		if r.seq >= newest {
			return found, nil
		}
	}
}
