package journal

// ring holds the newest of a numbered sequence: those from oldest to next-1.
type ring[T any] struct {
	places       []T
	oldest, next int64
}

func newRing[T any](size int, first int64) ring[T] {
	return ring[T]{places: make([]T, size), oldest: first, next: first}
}

func (r *ring[T]) size() int        { return len(r.places) }
func (r *ring[T]) full() bool       { return r.next-r.oldest == int64(len(r.places)) }
func (r *ring[T]) place(n int64) *T { return &r.places[n%int64(len(r.places))] }

// push appends v under the number next. In a full ring it takes the place of the oldest.
func (r *ring[T]) push(v T) {
	if r.full() {
		r.oldest++
	}
	*r.place(r.next) = v
	r.next++
}

// drop forgets the oldest, which must exist, and returns it.
func (r *ring[T]) drop() T {
	var none T
	p := r.place(r.oldest)
	v := *p
	*p = none
	r.oldest++
	return v
}

// copyAfter copies those after the number since, oldest first, as many as fit into dst.
func (r *ring[T]) copyAfter(since int64, dst []T) int {
	from := max(since+1, r.oldest)
	n := int(max(0, min(int64(len(dst)), r.next-from)))
	for i := range n {
		dst[i] = *r.place(from + int64(i))
	}
	return n
}
