package journal

// ring holds the newest of a numbered sequence: those from oldest to next-1. It takes memory as it fills.
type ring[T any] struct {
	length       int64
	pages        [][]T // of pageSize places each, nil until one of them is needed
	oldest, next int64
}

const pageSize = 128

func newRing[T any](size int, first int64) ring[T] {
	return ring[T]{length: int64(size), pages: make([][]T, (size+pageSize-1)/pageSize), oldest: first, next: first}
}

func (r *ring[T]) size() int  { return int(r.length) }
func (r *ring[T]) full() bool { return r.next-r.oldest == r.length }

func (r *ring[T]) place(n int64) *T {
	n %= r.length
	page := &r.pages[n/pageSize]
	if *page == nil {
		*page = make([]T, min(pageSize, r.length-n/pageSize*pageSize))
	}
	return &(*page)[n%pageSize]
}

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
