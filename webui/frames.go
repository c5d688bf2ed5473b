package webui

import (
	"encoding/json"
	"fmt"
	"sync"

	"hilphone/db/journal"
)

// framesKept is how many events are kept as the streams write them: readers who keep up are as close together as that.
const framesKept = 512

// frames are the newest events as the streams write them, made once for all readers.
type frames struct {
	mu   sync.Mutex
	seqs [framesKept]int64
	text [framesKept][]byte
}

// of returns an event of the journal as a stream writes it.
func (f *frames) of(e journal.Event) []byte {
	at := e.Seq % framesKept
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seqs[at] != e.Seq {
		f.seqs[at], f.text[at] = e.Seq, newFrame(e)
	}
	return f.text[at]
}

func newFrame(e journal.Event) []byte {
	data, err := json.Marshal(e)
	if err != nil {
		return nil // an Event always marshals
	}
	return fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", e.Seq, e.Type, data)
}
