package uas

import (
	"testing"
	"time"
)

// The states by their names, as a transaction passes through them (RFC 3261 figures 7 and 8, RFC 6026 7.1).
func TestStates(t *testing.T) {
	timers := Timers{500 * time.Millisecond, 4 * time.Second, 5 * time.Second}
	for _, c := range []struct {
		name             string
		invite, reliable bool
		events           []Event
		states           []State
	}{
		{"INVITE accepted", true, false, []Event{Respond{180}, Respond{200}, Acknowledged{}, Expired{"L"}}, []State{"proceeding", "proceeding", "accepted", "accepted", "terminated"}},
		{"INVITE refused", true, false, []Event{Respond{486}, Acknowledged{}, Expired{"I"}}, []State{"proceeding", "completed", "confirmed", "terminated"}},
		{"INVITE refused by TCP", true, true, []Event{Respond{486}, Acknowledged{}}, []State{"proceeding", "completed", "terminated"}},
		{"INVITE never acknowledged", true, false, []Event{Respond{300}, Expired{"G"}, Expired{"H"}}, []State{"proceeding", "completed", "completed", "terminated"}},
		{"BYE", false, false, []Event{Repeated{}, Respond{199}, Respond{200}, Expired{"J"}}, []State{"trying", "trying", "proceeding", "completed", "terminated"}},
		{"BYE by TCP", false, true, []Event{Respond{200}, Repeated{}}, []State{"trying", "terminated", "terminated"}},
		{"not sent", false, false, []Event{Respond{200}, Failed{}}, []State{"trying", "completed", "terminated"}},
		{"timers and ACKs of others", false, false, []Event{Expired{"J"}, Respond{200}, Acknowledged{}, Expired{"G"}, Expired{"H"}, Expired{"I"}, Expired{"L"}, Respond{500}},
			[]State{"trying", "trying", "completed", "completed", "completed", "completed", "completed", "completed", "completed"}},
		{"timers of other states", true, false, []Event{Expired{"L"}, Respond{486}, Expired{"J"}, Expired{"I"}, Expired{"L"}, Acknowledged{}, Expired{"H"}, Expired{"L"}},
			[]State{"proceeding", "proceeding", "completed", "completed", "completed", "completed", "confirmed", "confirmed", "confirmed"}},
	} {
		s := New(c.invite, c.reliable, timers)
		for i, want := range c.states {
			if i > 0 {
				s.Step(time.Duration(i)*time.Second, c.events[i-1])
			}
			if got := s.State(); got != want {
				t.Errorf("%s: state %d is %s, want %s", c.name, i, got, want)
			}
		}
		for _, e := range []Event{Failed{}, Repeated{}, Respond{200}} {
			if want := c.states[len(c.states)-1]; want == "terminated" {
				if did := s.Step(time.Minute, e); len(did) > 0 {
					t.Errorf("%s: after the end %T leads to %+v", c.name, e, did)
				}
			}
		}
		if len(c.states) != len(c.events)+1 {
			t.Errorf("%s: %d states after %d events", c.name, len(c.states), len(c.events))
		}
	}
}
