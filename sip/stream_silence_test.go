package sip_test

import (
	"testing"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// WR-56, FO-08: over a connection, too, a primary that was silent to an INVITE for its budget is not waited for by the REGISTER beside it. The
// INVITE has D(3), the REGISTER D(8), 2.75 s.
func TestSilenceEndsRegisterOnConnection(t *testing.T) {
	t.Parallel()
	for _, transport := range reliable {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			w := newWired(t)
			w.start(w.settings(transport, transport, "tcp_use_retry_timer=1", "signal_retry_counts=8", "invite_retry_counts=3"))
			w.phase(line.OnPrimary)
			w.behave(server.Primary, silent)
			w.post(line.Dial{Call: "1", To: "1002"})
			w.post(line.Register{})
			if c := w.call("1", line.Talking); c.Server != line.Backup {
				t.Errorf("the call goes through the %s", c.Server)
			}
			w.wantCauses(line.REGISTER, "primary response", "primary response", "primary no_response", "backup response", "backup response")
			if took := w.started(line.REGISTER, line.Backup) - w.started(line.INVITE, line.Primary); took < budget || took > budget+late {
				t.Errorf("the backup was asked after %v, want %v", took, budget)
			}
		})
	}
}
