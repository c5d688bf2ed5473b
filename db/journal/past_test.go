package journal

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Config{Events: 8, First: 11})
		start := time.Now()
		for i := range 10 { // 11 and 12 are overwritten
			j.Event([]string{"key", "hook"}[i%2], i%3, []string{"", "1"}[i%2], nil)
			time.Sleep(time.Second)
		}
		for _, c := range []struct {
			p    Past
			want []int64
		}{
			{Past{}, []int64{13, 14, 15, 16, 17, 18, 19, 20}},
			{Past{Query: Query{Since: 17}}, []int64{18, 19, 20}},
			{Past{Before: 15}, []int64{13, 14}},
			{Past{Before: 18, Newest: true, Query: Query{Limit: 2}}, []int64{17, 16}},
			{Past{Newest: true, Query: Query{Limit: 3, Types: []string{"hook"}}}, []int64{20, 18, 16}},
			{Past{Call: "1", Query: Query{Line: 1}}, []int64{18}},
			{Past{From: start.Add(4 * time.Second), Until: start.Add(6 * time.Second)}, []int64{15, 16}},
		} {
			wantSeqs(t, j.Past(c.p), c.want...)
		}
	})
}
