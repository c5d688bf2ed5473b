package evidence

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// UX-14: an ICMP error and a failure of TLS are in the ladder of the report and in the capture, also of a run without any SIP message.
func TestNetFaultsInReport(t *testing.T) {
	event := func(at time.Duration, typ, data string) Entry {
		return Entry{At: at, Kind: EventKind, From: FromPhone, Data: json.RawMessage(`{"type":"` + typ + `","data":` + data + `}`)}
	}
	r := Run{Started: time.Date(2026, 3, 12, 10, 58, 25, 0, time.UTC), Duration: 10 * time.Second}
	entries := []Entry{
		event(time.Second, "attempt_start", `{"method":"REGISTER","slot":"primary","target":"127.0.0.2:5060","branch":"z9hG4bK1"}`),
		event(2*time.Second, "icmp", `{"branch":"z9hG4bK1","type":3,"code":1,"from":"192.0.2.9","to":"127.0.0.2:5060","quoted":9}`),
		event(3*time.Second, "attempt_end", `{"method":"REGISTER","slot":"backup","branch":"z","cause":"tls","reason":"certificate_name","detail":"the certificate is for a, wanted b"}`),
		event(4*time.Second, "failover", `{"from":"primary","to":"backup","cause":"icmp","trigger":"boot"}`),
	}
	drawn, _ := drawLadder(r, entries)
	for _, want := range []string{"ICMP host unreachable", "3/1, REGISTER, 192.0.2.9", "the certificate is for a, wanted b", "failover"} {
		if !strings.Contains(string(drawn), want) {
			t.Errorf("the ladder lacks %q", want)
		}
	}
	for _, want := range []string{"ICMP host unreachable", "the certificate is for a, wanted b", "failover from the primary to the backup: icmp, by boot"} {
		if !bytes.Contains(capture(r, entries), []byte(want)) {
			t.Errorf("the capture lacks %q", want)
		}
	}
}
