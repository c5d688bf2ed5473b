package sip_test

import (
	"fmt"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// RS-10: what a REGISTER ended with is kept for each server, until the next one ends, and with it which server decided and when the line tries
// again.
func TestWhyALineIsNotRegistered(t *testing.T) {
	closed := server.LabConfig{} // asks for the password
	for _, c := range []struct {
		name     string
		lab      server.LabConfig
		primary  server.Behaviour
		settings []string
		want     string // of the primary
		backup   string
		by       line.Slot
	}{
		{"403", open, status(403, "REGISTER"), []string{"backup_addr="}, "response 403 ", "", line.Primary},
		{"404", open, status(404, "REGISTER"), []string{"backup_addr="}, "response 404 ", "", line.Primary},
		{"503", open, status(503, "REGISTER"), []string{"backup_addr="}, "response 503 ", "", line.Primary},
		{"603", open, status(603, "REGISTER"), []string{"backup_addr="}, "response 603 ", "", line.Primary},
		{"wrong password", closed, server.Behaviour{}, []string{"backup_addr=", "auth_password=wrong"}, "response 401 credentials_rejected", "", line.Primary},
		{"no password", closed, server.Behaviour{}, []string{"backup_addr=", "auth_password="}, "response 401 no_password", "", line.Primary},
		{"silent", open, silent, []string{"backup_addr="}, "no_response 0 ", "", line.Primary},
		{"port closed", open, refuse, []string{"backup_addr="}, "icmp 0 ", "", line.Primary},
		{"no such name", open, server.Behaviour{}, []string{"backup_addr=", "register_addr=nowhere.example"}, "dns 0 ", "", line.Primary},
		{"silent, then 403 by the backup", open, silent, nil, "no_response 0 ", "response 403 ", line.Backup},
		{"403: no failover", open, status(403, "REGISTER"), []string{}, "response 403 ", "", line.Primary},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, c.lab, func(x *stack) {
				if c.primary.Mode != "" {
					x.behave("primary", c.primary)
				}
				x.behave("backup", status(403, "REGISTER"))
				x.start(c.settings...)
				x.wait(80 * time.Second)
				s := x.lines[1].Snapshot()
				for slot, want := range map[line.Slot]string{line.Primary: c.want, line.Backup: c.backup} {
					r := s.Servers[slot].Register
					got := fmt.Sprintf("%s %d %s", r.Cause, r.Code, r.Refusal)
					if r == (line.RegisterResult{}) {
						got = ""
					}
					if got != want {
						t.Errorf("%s: %q, want %q", slot, got, want)
					}
					if r.Cause == line.CauseResponse && r.Phrase == "" {
						t.Errorf("%s: no reason phrase", slot)
					}
				}
				if s.Phase != line.AllFailed && s.State() != line.StateTrying {
					t.Errorf("the line is %s", s.Phase)
				}
				if s.Phase == line.AllFailed && (s.FailedBy != c.by || s.NextTry <= 0) {
					t.Errorf("decided by %s, next attempt at %v", s.FailedBy, s.NextTry)
				}
				x.behave("primary", server.Behaviour{Mode: server.Serve})
				x.behave("backup", server.Behaviour{Mode: server.Serve})
				if c.name == "403" {
					x.wait(time.Minute)
					if s := x.lines[1].Snapshot(); !s.Servers[line.Primary].Register.Accepted() || s.FailedBy != line.None || s.NextTry != 0 {
						t.Errorf("registered: %+v, decided by %s", s.Servers[line.Primary].Register, s.FailedBy)
					}
				}
			})
		})
	}
}
