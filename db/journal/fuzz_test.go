package journal

import (
	"slices"
	"testing"
)

// FuzzJournal compares a journal with a slice that forgets nothing: each byte of the program is an event, or a question.
func FuzzJournal(f *testing.F) {
	f.Add(uint8(3), []byte{1, 2, 3, 0x80, 4, 5, 0x93})
	f.Add(uint8(1), []byte{0x80, 1, 0x80, 0xff, 2, 0x81})
	f.Add(uint8(200), slices.Repeat([]byte{1, 0x42, 0x84}, 300))
	f.Fuzz(func(t *testing.T, size uint8, program []byte) {
		held := max(1, int(size))
		j := New(Config{Events: held, First: 1000})
		s := reader{j: j, seq: 999}
		var all []Event
		types := []string{"key", "hook", "lamp", "call"}
		for _, b := range program {
			line, typ := int(b&3), types[b>>2&3]
			if b < 0x80 {
				all = append(all, j.Event(typ, line, "", nil))
				continue
			}
			q := Query{Since: 999 + int64(len(all)) - int64(b>>4&7)*3, Line: line, Limit: int(b & 1)}
			if b&0x10 != 0 {
				q.Types = []string{typ, "none"}
			}
			want := []int64{}
			for _, e := range all[max(0, len(all)-held):] {
				if e.Seq > q.Since && q.Match(e) && (q.Limit == 0 || len(want) < q.Limit) {
					want = append(want, e.Seq)
				}
			}
			if got := seqs(j.Events(q)); !slices.Equal(got, want) {
				t.Fatalf("%+v of %d events, %d held: %v, want %v", q, len(all), held, got, want)
			}
			if b&0x40 != 0 { // what Run would save: everything that is held, and it knows what it lost
				before := s.seq
				read, _ := s.collect(Query{})
				if newest := 999 + int64(len(all)); s.seq != newest || before+s.lost+int64(len(read)) != newest {
					t.Fatalf("read %d and lost %d from %d to %d", len(read), s.lost, before, newest)
				}
				s.lost = 0
			}
		}
	})
}
