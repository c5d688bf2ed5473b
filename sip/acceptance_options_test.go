package sip_test

import (
	"testing"
	"time"

	"hilphone/sip/line"
)

// T30, FO-12, FO-17: OPTIONS without an answer begins the registration procedure at the primary; the backup is asked after its retry count too.
func TestOptionsTimeout(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x, "options_keepalive=1")
		x.behave("primary", silent)
		x.until(50 * time.Second)
		x.want("OPTIONS 29999 30499 31499 33499, REGISTER 37499 37999 38999 40999", "REGISTER 44999")
		x.phase(line.OnBackup)
	})
}

// T31, FO-17: any answer that is no failover code shows a living server.
func TestOptionsAnsweredAnyhow(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x, "options_keepalive=1")
		x.behave("primary", status(404, "OPTIONS"))
		x.until(151 * time.Second)
		x.want("OPTIONS 29999 59999 89999 119999 149999", "")
		x.phase(line.OnPrimary)
	})
}
