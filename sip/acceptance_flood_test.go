package sip_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// statuses counts the answers that the stranger got since then.
func statuses(x *stack, since int) map[string]int {
	all := map[string]int{}
	for _, d := range x.sent(stranger)[since:] {
		all[d.name()+" "+d.method()]++
	}
	return all
}

// The server transactions of a line are bounded, and none has a goroutine: a thousand callers that ring or are refused leave the number of
// goroutines as it was. The peer of a call that is up can hang up meanwhile, and when the callers are gone others are taken.
func TestThousandCallers(t *testing.T) {
	run(t, open, func(x *stack) {
		id := talking(x, true)
		x.net.BlackHole(stranger)
		before := runtime.NumGoroutine()
		var all []string
		for i := range 1000 {
			all = append(all, inviteOf(fmt.Sprintf("z9hG4bKmany%d", i)))
		}
		x.peer(all...)
		const taken = 191 // and the call's own INVITE
		if got := statuses(x, 0); got["180 INVITE"] != taken || got["503 INVITE"] != 1000-taken || len(got) != 2 {
			t.Errorf("a thousand callers were answered with %v", got)
		}
		if n := runtime.NumGoroutine(); n != before {
			t.Errorf("%d goroutines with a thousand callers, %d before", n, before)
		}
		if err := x.lab.Phone.Calls()[0].HangUp(context.Background()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		x.wantCall(id, "ended peer")
		x.wantPeer(server.CallOver)

		var cancels []string
		for i := range taken {
			branch := fmt.Sprintf("z9hG4bKmany%d", i)
			from := "From: <sip:1002@127.0.0.66>;tag=f" + branch
			cancels = append(cancels, asked("CANCEL", branch, from), asked("ACK", branch, from))
		}
		known := len(x.sent(stranger))
		x.peer(cancels...)
		if got := statuses(x, known); got["200 CANCEL"] != taken || got["487 INVITE"] != taken || len(got) != 2 {
			t.Errorf("their CANCELs were answered with %v", got)
		}
		x.wait(6 * time.Second) // Timer I
		known = len(x.sent(stranger))
		x.inject(stranger, inviteOf("z9hG4bKafter"))
		if codes, _ := answers(x, known); codes != "180" {
			t.Errorf("the next caller was answered with %q", codes)
		}
		x.inject(stranger, asked("CANCEL", "z9hG4bKafter", "From: <sip:1002@127.0.0.66>;tag=fz9hG4bKafter"))
		if n := runtime.NumGoroutine(); n > before {
			t.Errorf("%d goroutines in the end, %d before", n, before)
		}
	})
}

// A thousand calls that are answered and hung up leave neither a goroutine nor a transaction: 64*T1 later the line takes as many calls as at
// first.
func TestThousandCallsInARow(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x, "t1_ms=10", "t2_ms=80", "t4_ms=10")
		x.net.BlackHole(stranger)
		before := runtime.NumGoroutine()
		for i := range 1000 {
			branch, id := fmt.Sprintf("z9hG4bKrow%d", i), line.CallID(fmt.Sprintf("in%d", i+1))
			x.inject(stranger, inviteOf(branch))
			x.post(line.Answer{Call: id})
			newest := x.sent(stranger)
			in := []string{"To: " + newest[len(newest)-1].header("To"), "From: <sip:1002@127.0.0.66>;tag=f" + branch, "Call-ID: " + branch}
			x.inject(stranger, asked("ACK", branch+"a", in...))
			x.inject(stranger, asked("BYE", branch+"b", append(in, "CSeq: 2 BYE")...))
			if c := x.call(id); c.State != line.Ended || c.End.By != line.ByPeer {
				t.Fatalf("call %d is %+v", i, c)
			}
			x.wait(20 * time.Millisecond)
		}
		x.wait(time.Second)
		if n := runtime.NumGoroutine(); n > before {
			t.Errorf("%d goroutines after a thousand calls, %d before", n, before)
		}
		known := len(x.sent(stranger))
		for i := range 200 {
			x.inject(stranger, inviteOf(fmt.Sprintf("z9hG4bKlast%d", i)))
		}
		if got := statuses(x, known); got["180 INVITE"] != 192 {
			t.Errorf("200 callers were answered with %v", got)
		}
	})
}

// However long the requests are, what is kept of them is bounded: of callers with 60 000 octets each only the first ones are taken. One alone
// is taken, whatever its size.
func TestLongInvitations(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(stranger)
		for i := range 100 {
			x.inject(stranger, inviteOf(fmt.Sprintf("z9hG4bKlong%d", i), "Subject: "+strings.Repeat("x", 60000)))
		}
		got := statuses(x, 0) // 1.5 MiB have room for 25 times 60 000 octets and 2 to 3 thousand for their other header fields
		if n := got["180 INVITE"]; n != 25 || got["503 INVITE"] != 100-n {
			t.Errorf("a hundred callers were answered with %v", got)
		}
	})
}

// What events and reports repeat of a message is short. The answer repeats the whole.
func TestLongNamesInEvents(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(stranger)
		long := strings.Repeat("x", 20000)
		x.inject(stranger, inviteOf("z9hG4bKname", "From: <sip:"+long+"@127.0.0.66>;tag=a", "Call-ID: "+long))
		if c := x.call("in1"); c.Remote != long[:256] || c.SIPCallID != long[:256] {
			t.Errorf("the caller is shown with %d octets, the Call-ID with %d", len(c.Remote), len(c.SIPCallID))
		}
		if _, d := answers(x, 0); d.header("Call-ID") != long {
			t.Error("the answer has another Call-ID")
		}
		x.post(line.Reject{Call: "in1"})
		x.wantEvents("call", "0 0")
		for _, e := range x.events {
			if n := len(fmt.Sprintf("%+v", e.data)); n > 1000 {
				t.Errorf("an event %s of %d characters", e.kind, n)
			}
		}
	})
}
