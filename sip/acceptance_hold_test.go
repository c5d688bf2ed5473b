package sip_test

import (
	"strings"
	"testing"
	"time"

	"hilphone/sip/line"
)

// FO-34: hold and resume are re-INVITEs at the dialog server with the next CSeq numbers; the sound stops and goes on.
func TestHold(t *testing.T) {
	run(t, open, func(x *stack) {
		talking(x, false)
		x.post(line.Hold{Call: "1"})
		x.wait(time.Second)
		p, _ := x.want("INVITE 0, ACK 0", "")
		if !strings.Contains(p[0].raw, "a=sendonly") || p[0].cseq() != 2 || p[1].cseq() != 2 || p[0].tag("To") == "" {
			t.Errorf("the re-INVITE is\n%s\nits ACK\n%s", p[0].raw, p[1].raw)
		}
		x.wantCall("1", "held")
		x.zero()
		x.post(line.Resume{Call: "1"})
		x.wait(time.Second)
		p, _ = x.want("INVITE 0, ACK 0", "")
		if !strings.Contains(p[0].raw, "a=sendrecv") || p[0].cseq() != 3 {
			t.Errorf("the re-INVITE is\n%s", p[0].raw)
		}
		x.wantCall("1", "talking")
		x.zero()
		x.post(line.HangUp{Call: "1"})
		x.wait(time.Second)
		x.want("BYE 0", "")
	})
}

// T58, FO-34: a re-INVITE does not fail over; the BYE that ends its call does.
func TestReinviteNoFailover(t *testing.T) {
	run(t, open, func(x *stack) {
		talking(x, false)
		x.behave("primary", silent)
		x.post(line.Hold{Call: "1"})
		x.wait(45 * time.Second)
		x.want("INVITE 0 500 1500 3500 7500 15500 31500, BYE 32000 32500 33500 35500", "REGISTER 39500, BYE 39500")
	})
}
