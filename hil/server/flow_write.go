package server

import (
	"context"
	"time"
)

// betweenPieces is long enough for the other end to read one before the next comes.
const betweenPieces = time.Millisecond

// put writes the data of a letter, and reports whether the connection has taken it.
func (f *flow) put(l letter) bool {
	for data := l.data; len(data) > 0; {
		piece := data
		if l.cut > 0 && l.cut < len(data) {
			piece = data[:l.cut]
		}
		if _, err := f.conn.Write(piece); err != nil {
			return false
		}
		if data = data[len(piece):]; len(data) > 0 {
			select {
			case <-f.gone:
				return false
			case <-time.After(betweenPieces):
			}
		}
	}
	return true
}

// write writes a connection until it is cut.
func (s *station) write(ctx context.Context, f *flow) {
	for {
		select {
		case <-f.gone:
			return
		case l := <-f.box:
			if l.last {
				f.conn.Close() // over TLS with close_notify
				return
			}
			if !f.put(l) {
				f.cut(false)
				return
			}
			if l.sent != nil {
				s.do(ctx, l.sent)
			}
		}
	}
}
