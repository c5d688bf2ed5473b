package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// hookToREST is how long after its movement the hook's event is in the hands of a script that waits for it, less the debounce time.
func hookToREST(b *testing.B, p *process, rounds int, debounce time.Duration, lift func(off bool)) (took []time.Duration) {
	b.Helper()
	for i := range rounds {
		since := p.seq()
		type answer struct {
			at     time.Time
			status int
			err    error
		}
		waits := make(chan answer, 1)
		go func() {
			status, _, err := p.try(b.Context(), "GET", fmt.Sprintf("events?since=%d&type=hook&wait_s=20", since), "")
			waits <- answer{time.Now(), status, err}
		}()
		<-time.After(20 * time.Millisecond) // its request has arrived; if not, the event is there when it does
		moved := time.Now()
		lift(i%2 == 0)
		a := <-waits
		if a.err != nil || a.status != http.StatusOK {
			b.Fatalf("%d %v", a.status, a.err)
		}
		took = append(took, a.at.Sub(moved)-debounce)
	}
	return took
}

// BenchmarkHookToREST is from the handset lifted or put back on the page's board, by one script, to its event at another.
func BenchmarkHookToREST(b *testing.B) {
	p := start(b, built(b), "demo", "--listen", "127.0.0.1:0")
	p.registered("primary")
	var took []time.Duration
	for b.Loop() {
		took = append(took, hookToREST(b, p, 100, 0, func(off bool) {
			state := "on"
			if off {
				state = "off"
			}
			p.do("PUT", "phone/hook", `{"state":"`+state+`"}`, nil)
		})...)
	}
	report(b, "hook", took)
	b.ReportMetric(0, "ns/op")
	p.terminate()
}
