package main

import (
	"testing"
	"time"

	"hilphone/sip"
	"hilphone/sip/line"
)

// OP-11: the status names the outbound proxy of each server; without one it is as it was.
func TestStatusNamesProxies(t *testing.T) {
	s := sip.Snapshot{Settings: line.Default()}
	if err := s.Settings.Merge(map[string]any{"register_addr": "pbx.example.test", "backup_outbound_proxy_addr": "2001:db8::8", "backup_outbound_proxy_port": 5081, "backup_transport": "tcp"}); err != nil {
		t.Fatal(err)
	}
	v := statusView(s, time.Now(), 0).Servers
	if v.Primary.Address != "pbx.example.test:5060 udp" || v.Primary.Proxy != "" {
		t.Errorf("the primary is %+v", v.Primary)
	}
	if v.Backup.Address != "pbx.example.test:5060" || v.Backup.Proxy != "[2001:db8::8]:5081 tcp" {
		t.Errorf("the backup is %+v", v.Backup)
	}
	s.Settings = line.Default()
	if v := statusView(s, time.Now(), 0).Servers; v.Primary.Address != "" || v.Backup.Address != "" || v.Backup.Proxy != "" {
		t.Errorf("no servers: %+v", v)
	}
}
