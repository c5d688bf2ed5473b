package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hilphone/db"
	"hilphone/db/journal"
	"hilphone/hil/server"
)

// keptMessage is a message of the trace as REST answers it.
type keptMessage struct {
	Seq   int64     `json:"seq"`
	Time  time.Time `json:"time"`
	Mono  int64     `json:"mono_us"`
	Event int64     `json:"after_event"`
	Raw   string    `json:"raw"`
}

// trace is the trace of a phone, by number.
func (p *process) trace() (all []keptMessage, byNumber map[int64]keptMessage) {
	p.t.Helper()
	p.do("GET", "trace?limit=10000", "", &all)
	byNumber = map[int64]keptMessage{}
	for i, m := range all {
		if i > 0 && m.Seq <= all[i-1].Seq {
			p.t.Fatalf("message %d is after %d", m.Seq, all[i-1].Seq)
		}
		byNumber[m.Seq] = m
	}
	return all, byNumber
}

// UX-26, UX-17: after kill -9 the trace is there but for the last second, in REST, capture, ladder and page; after SIGTERM all of it is. No number
// is given twice. A factory reset deletes it.
func TestTraceOverKills(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	dir, token := f.folder(nil)
	begin := func() *process {
		p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0")
		p.token = token
		return p
	}
	store, err := db.OpenShared(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var before []keptMessage // shown by an earlier start
	saved := int64(0)        // up to this number they were in the database when it was killed
	told := int64(0)
	for round, end := range []string{"kill", "kill", "term", "kill"} {
		p := begin()
		_, kept := p.trace()
		for i, m := range before {
			if got, ok := kept[m.Seq]; got != m && (ok || m.Seq <= saved) {
				t.Fatalf("round %d: message %d of %d is %+v, was %+v", round, i+1, len(before), got, m)
			}
		}
		known := int64(0)
		if n := len(before); n > 0 {
			known = before[n-1].Seq
		}
		told = p.await(told, "registered", nil).Seq
		for range 5 {
			p.do("POST", "lines/1/register", "", nil)
			told = p.await(told, "registered", nil).Seq
		}
		all, _ := p.trace()
		fresh := 0
		for _, m := range all {
			if m.Seq > known {
				fresh++
			}
		}
		if fresh < 6 || all[len(all)-1].Mono > time.Minute.Microseconds()*5 {
			t.Errorf("round %d: %d new messages, the last %+v", round, fresh, all[len(all)-1])
		}
		if status, _ := p.ask("GET", fmt.Sprint("trace?since_event=", told), ""); status != http.StatusOK {
			t.Errorf("since_event: %d", status)
		}
		saved = all[len(all)-1].Seq
		if end == "term" {
			before = all
			p.terminate()
			continue
		}
		began := time.Now()
		p.until(func() bool {
			found, err := store.MessageHistory(t.Context(), journal.MessageQuery{Newest: true, Limit: 1})
			return err == nil && len(found) == 1 && found[0].Seq >= saved
		}, "the last message in the database")
		t.Logf("round %d: the last message is saved after %v", round, time.Since(began))
		p.do("POST", "lines/1/register", "", nil) // those in the last second
		told = p.await(told, "registered", nil).Seq
		before, _ = p.trace()
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-p.ended
	}
	p := begin()
	p.await(told, "registered", nil)
	_, drawing := p.ask("GET", "trace.svg?limit=10000", "")
	_, capture := p.ask("GET", "trace.pcapng?limit=10000", "")
	if n := strings.Count(string(drawing), "the phone was started"); n != 4 {
		t.Errorf("the ladder has %d starts, want 4", n)
	}
	if first, _, _ := strings.Cut(before[0].Raw, "\r\n"); !strings.Contains(string(capture), first) {
		t.Error("the capture does not have the first message")
	}
	last := before[len(before)-1].Seq
	p.do("POST", "system/factory-reset", `{"confirm":"factory-reset"}`, nil)
	p.until(func() bool { // it has begun again, without lines
		status, text, err := p.try(t.Context(), "GET", "trace", "")
		return err == nil && status == http.StatusOK && string(text) == "[]\n"
	}, "an empty trace after the reset")
	if status, text, _ := p.try(t.Context(), "GET", fmt.Sprint("trace?since=", last), ""); status != http.StatusOK {
		t.Errorf("the numbers begin again after a reset: %d %s", status, text)
	}
}

// until asks again and again.
func (p *process) until(done func() bool, what string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !done(); {
		if time.Now().After(deadline) {
			p.t.Fatalf("there is not %s", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}
