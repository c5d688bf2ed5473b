package sip_test

import (
	"testing"
	"time"

	"hilphone/sip/line"
)

// T35, FO-24, FO-25, FO-28: the call passes through a REGISTER at the backup.
func TestInviteFailsOver(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.behave("primary", silent)
		x.dial("1", "1002")
		x.wait(10 * time.Second)
		p := x.want(primaryAddr, "INVITE 0 500 1500 3500")
		b := x.want(backupAddr, "REGISTER 7500, INVITE 7500, ACK 7500")
		for _, name := range []string{"Call-ID", "CSeq", "From", "Contact"} {
			if name != "From" && p[0].header(name) != b[1].header(name) {
				t.Errorf("%s changed: %s, %s", name, p[0].header(name), b[1].header(name))
			}
		}
		if c := x.call("1"); c.State != line.Talking || c.Server != line.Backup {
			t.Errorf("the call is %+v", c)
		}
	})
}
