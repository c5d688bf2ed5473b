package hil

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"hilphone/hil/scenario"
)

// UX-07: the scope that scenarios need is asked before anything is done: control for a run, admin where settings of the line are changed, by a
// step, the place or servers of the bench. The error says which is there, which is needed, why, and how to get it. A phone that cannot be asked is
// not refused.
func TestScope(t *testing.T) {
	plain, setting := "press 1\nexpect ringer on within 1s\n", "setting t1_ms 100\nexpect ringer on within 1s\n"
	for _, c := range []struct {
		name, text, has string
		place           Place
		want            string // part of the error; empty: none
	}{
		{"enough", plain, "control", Place{}, ""},
		{"more", setting, "admin", Place{}, ""},
		{"looks only", plain, "read", Place{}, `the token "lab" has the scope read, and control is needed, because a run locks the phone`},
		{"setting", setting, "control", Place{}, "the scope control, and admin is needed, because x.scenario:2, `setting t1_ms 100`, changes a setting"},
		{"place", plain, "control", Place{Settings: map[string]any{"t1_ms": uint64(100)}}, "the place has settings"},
		{"bench servers", plain, "control", Place{Servers: ServersAt{Kind: BenchServers}}, "admin is needed, because the line is set to the servers of the bench"},
		{"own servers", plain, "control", Place{Servers: ServersAt{Kind: OwnServers}}, ""},
		{"unknown token", plain, "", Place{}, "takes no request without a token: the scope control is needed"},
		{"older phone", setting, "older", Place{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newFakePhone()
			p.scope = c.has
			s, err := scenario.Parse("x.scenario", []byte("scenario A\n"+c.text))
			if err != nil {
				t.Fatal(err)
			}
			c.place.Phone = "http://phone"
			b := &Bench{Place: c.place, Client: &http.Client{Transport: p}}
			err = b.CheckScope(t.Context(), []*scenario.Scenario{s})
			scope := (*ScopeError)(nil)
			if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &scope) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "hilphone token new NAME --scope "+scope.Needs)) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if len(p.requests) > 0 {
				t.Errorf("%q was sent", p.requests)
			}
		})
	}
}
