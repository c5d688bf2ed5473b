package sip_test

import (
	"testing"
	"time"

	"hilphone/sip/line"
)

// T01, FO-01, FO-13, FO-15: the primary is silent, the backup serves.
func TestRegistrationFailsOver(t *testing.T) {
	run(t, open, func(x *stack) {
		x.behave("primary", silent)
		x.start()
		x.wait(40 * time.Second)
		p := x.want(primaryAddr, "REGISTER 0 500 1500 3500")
		b := x.want(backupAddr, "REGISTER 7500")
		x.phase(line.OnBackup)
		for _, d := range p {
			if d.branch() != p[0].branch() {
				t.Error("a retransmission changed the branch")
			}
		}
		if p[0].header("Call-ID") == b[0].header("Call-ID") || p[0].branch() == b[0].branch() {
			t.Error("the backup has the primary's Call-ID or branch")
		}
	})
}
