package sip_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// FO-66, FO-67, OP-07: a call from a backup that was asked nothing yet is a call by the backup, from the first moment that its address is known, and its
// messages are shown as the backup's; whether it is configured by address, by name, as an outbound proxy, or behind one.
func TestCallFromServerNotAskedYet(t *testing.T) {
	backupHost, inner := backupAddr.Addr().String(), "127.0.0.7"
	for _, c := range []struct {
		name     string
		settings []string
		hosts    map[string][]string
		change   bool // the settings come while the line runs
	}{
		{"address", nil, nil, false},
		{"name", []string{"backup_addr=b.example.test"}, map[string][]string{"b.example.test": {"127.0.0.9", backupHost}}, false},
		{"proxy", byProxies(), nil, false},
		{"name of a proxy", byProxies("backup_outbound_proxy_addr=b.example.test"), map[string][]string{"b.example.test": {backupHost}}, false},
		{"behind a proxy", []string{"backup_addr=" + backupHost, "backup_outbound_proxy_addr=" + inner}, nil, false},
		{"name behind a proxy", []string{"backup_addr=b.example.test", "backup_outbound_proxy_addr=" + inner}, map[string][]string{"b.example.test": {backupHost}}, false},
		{"address, later", nil, nil, true},
		{"name, later", []string{"backup_addr=b.example.test"}, map[string][]string{"b.example.test": {backupHost}}, true},
		{"name behind a proxy, later", []string{"backup_addr=b.example.test", "backup_outbound_proxy_addr=" + inner}, map[string][]string{"b.example.test": {backupHost}}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.names.hosts = c.hosts
				x.behave("primary", silent) // not even that one has answered
				if c.change {
					x.start("backup_addr=")
					x.change(append([]string{"backup_addr=" + backupHost}, c.settings...)...)
				} else {
					x.start(c.settings...)
				}
				if err := x.lab.Backup.Registrations().Bind("1001", "sip:1001@"+phoneAddr.String(), time.Hour); err != nil {
					t.Fatal(err)
				}
				if _, err := x.lab.Phone.Dial(context.Background(), backupAddr, "1001"); err != nil {
					t.Fatal(err)
				}
				x.wait(0)
				if got := x.wantCall("in1", "ringing"); got.Server != line.Backup {
					t.Errorf("the call is %+v", got)
				}
				x.post(line.Answer{Call: "in1"})
				x.post(line.HangUp{Call: "in1"})
				x.wait(0)
				if !strings.Contains(c.name, "behind") { // there is no proxy in this network, by which the BYE would go
					x.wantPeer(server.CallOver)
				}
				x.mu.Lock()
				defer x.mu.Unlock()
				seen := 0
				for _, m := range x.traced {
					if m.Remote == backupAddr.String() {
						if seen++; m.Slot != line.Backup {
							t.Errorf("%s is shown as that of %s", m.Start(), m.Slot)
						}
					}
				}
				want := 6 // INVITE, 180, 200, ACK, BYE, 200
				if strings.Contains(c.name, "behind") {
					want = 4
				}
				if seen != want {
					t.Errorf("%d messages are shown, want %d", seen, want)
				}
			})
		})
	}
}

// FO-63, FO-67: the names of servers are looked up before they are asked, but nothing waits for that, and a name that was not found is looked up when its
// server is asked. A line that is not enabled looks nothing up.
func TestNamesAreLookedUpAhead(t *testing.T) {
	for _, c := range []struct {
		settings []string
		found    bool // when the line starts
		want     string
	}{
		{nil, true, "b.example.test at 0, b.example.test at 7500"},
		{nil, false, "b.example.test at 0, b.example.test at 7500"},
		{[]string{"enabled=0"}, true, ""},
	} {
		t.Run(fmt.Sprint(c.settings, c.found), func(t *testing.T) {
			run(t, open, func(x *stack) {
				var asked []string
				x.names.asked = func(host string) { asked = append(asked, host+" at "+millis(time.Since(x.mark))) }
				hosts := map[string][]string{"b.example.test": nil}
				x.names.hosts = hosts
				if c.found {
					hosts["b.example.test"] = []string{backupAddr.Addr().String()}
				}
				x.behave("primary", silent)
				x.start(append([]string{"backup_addr=b.example.test"}, c.settings...)...)
				x.names.set(func() { hosts["b.example.test"] = []string{backupAddr.Addr().String()} })
				x.until(10 * time.Second)
				x.names.set(func() {
					if got := strings.Join(asked, ", "); got != c.want {
						t.Errorf("looked up: %s, want %s", got, c.want)
					}
				})
				if c.settings == nil {
					x.want(fourSends, "REGISTER 7500")
					x.phase(line.OnBackup)
				}
			})
		})
	}
}
