package webui

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hilphone/sip/line"
)

// planAside is the part of a page that says what the settings mean, as text and as elements.
func planAside(t testing.TB, page string) (string, []*html.Node) {
	t.Helper()
	for _, e := range elements(t, page) {
		if id, _ := attr(e, "id"); id == "plan" {
			var text strings.Builder
			var inside []*html.Node
			for n := range e.Descendants() {
				switch n.Type {
				case html.TextNode:
					text.WriteString(n.Data)
				case html.ElementNode:
					inside = append(inside, n)
				}
			}
			return strings.Join(strings.Fields(text.String()), " "), inside
		}
	}
	t.Fatalf("no plan on %s", page)
	return "", nil
}

// plain writes a figure as planAside does.
func plain(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestPagePlan(t *testing.T) {
	_, s := inhabited(t)
	for _, c := range []struct {
		l    language
		want []string
	}{
		{english, []string{"A silent primary costs 7.5 s. The user is told after 39.5 s if the backup is silent too.", "REGISTER, INVITE, BYE sent at0 0.5 1.5 3.5 s",
			"CANCEL sent at0 0.5 1.5 3.5 7.5 8 9 11 s; backup at 15 s, told at 47 s", "used again 1800.5 s later at most", "after 3540 s", "For the stored settings."}},
		{japanese, []string{"主用サーバーが無応答のとき、7.5 秒で予備サーバーに切り替えます。", "最長1800.5 秒で切り戻し"}},
		{chinese, []string{"主用服务器无应答时，7.5 秒后切换到备用服务器。", "最迟1800.5 秒后回切"}},
	} {
		text, _ := planAside(t, browse(s, RoleUser, c.l, "GET /line/sip?line=1", nil).Body.String())
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in %q", c.l, want, text)
			}
		}
		if strings.Contains(text, english.say("plan.was", "")) {
			t.Errorf("%s: an old figure beside the stored ones: %q", c.l, text)
		}
	}
	if text, _ := planAside(t, browse(s, RoleAdmin, english, "GET /line/sip?line=2", nil).Body.String()); !strings.Contains(text, english.say("plan.none")) {
		t.Errorf("a line that is not set up: %q", text)
	}
}

// The plan follows what is typed, whole form or part of it, keeps the old figures beside the new ones, and stores nothing.
func TestPagePlanOfWhatIsTyped(t *testing.T) {
	h, s := inhabited(t)
	for _, c := range []struct {
		name  string
		typed url.Values
		want  []string
		not   []string
	}{
		{"the same", url.Values{"signal_retry_counts": {"3"}}, []string{"For the stored settings."}, []string{"was"}},
		{"a retry count, in wide digits", url.Values{"signal_retry_counts": {"１"}}, []string{"costs 1.5 s (was 7.5 s). The user is told after 33.5 s (was 39.5 s) if", "not submitted yet"}, nil},
		{"the interval", url.Values{"failback_interval": {"600"}}, []string{"costs 7.5 s. The", "used again 600.5 s (was 1800.5 s) later at most"}, nil},
		{"no failback", url.Values{"enable_failback": {"0"}}, []string{"stays in use until it fails"}, nil},
		{"several probes", url.Values{"failback_success_count": {"3"}, "failback_idle_only": {"1"}}, []string{"used again after 3 probes, once there is no call"}, nil},
		{"no backup", url.Values{"backup_addr": {""}}, []string{"one server only. If it is silent the user is told after 32 s (was 39.5 s).", "INVITE sent at0 0.5 1.5 3.5 7.5 15.5 31.5 s (was 0 0.5 1.5 3.5 s); told at 32 s"},
			[]string{"was 7.5 s)", "was 15 s", "recovers"}},
		{"calls of their own", url.Values{"invite_retry_counts": {"0"}}, []string{"A call goes to the backup after 0.5 s and fails after 32.5 s."}, nil},
		{"INVITE without REGISTER", url.Values{"invite_failover_register": {"0"}}, []string{"INVITEto the backup without REGISTER"}, nil},
		{"no server", url.Values{"backup_addr": {""}, "register_addr": {""}}, []string{"needs a SIP User and a server"}, []string{"sent at"}},
		// UX-01: over TCP the silent primary has 64*T1, one that is off has the count's time, and with the retry timer both have.
		{"tcp", url.Values{"transport": {"1"}, "backup_transport": {"1"}}, []string{"costs 32 s (was 7.5 s). The user is told after 64 s (was 39.5 s) if",
			"Where no connection comes about, the host being off, it is 7.5 s and 39.5 s.", "over TCP: nothing is sent again", "CANCEL sent at0 32 s (was",
			"; without a connection 15 s and 47 s"}, nil},
		{"tcp with its retry timer", url.Values{"transport": {"1"}, "tcp_use_retry_timer": {"1"}}, []string{"costs 7.5 s. The user is told after 39.5 s if", "over TCP"}, []string{"without a connection", "host being off"}},
		// UX-15: what an idle phone notices, and the price of noticing it sooner.
		{"idle", url.Values{}, []string{"An idle phone notices a silent primaryat the next renewal and asks the backup 3547.5 s later at most; with OPTIONS keep-alive 45 s, for a request and an answer every 30 s"}, nil},
		{"keep-alive", url.Values{"options_keepalive": {"1"}, "udp_update_ttl": {"10"}}, []string{"by OPTIONS and asks the backup 25 s (was 3547.5 s) later at most, for a request and an answer every 10 s"}, nil},
		{"jitter", url.Values{"failover_jitter_ms": {"1500"}}, []string{"the jitter adds 1.5 s at most"}, nil},
		{"switched off", url.Values{"enabled": {"0"}}, []string{"costs 7.5 s.", "not activated"}, nil},
		{"faults", url.Values{"t2_ms": {"1"}, "backup_port": {"five"}, "auth_password": {canary + "\x00"}}, []string{"costs 7.5 s.", "For the stored settings.", "has faults: ", "SIP Server 2 Server Port", "Authentication Password"}, []string{canary}},
	} {
		for _, role := range []Role{RoleAdmin, RoleUser} {
			w := browse(s, role, english, "POST /line/plan?line=1", c.typed)
			if w.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", c.name, w.Code, w.Body)
			}
			text, _ := planAside(t, w.Body.String())
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%s: %q is not in %q", c.name, want, text)
				}
			}
			for _, not := range c.not {
				if strings.Contains(w.Body.String(), not) {
					t.Errorf("%s: %q is in %q", c.name, not, text)
				}
			}
		}
	}
	if h.saves != 0 || len(h.applied) != 0 {
		t.Errorf("%d saves, applied %v", h.saves, h.applied)
	}
	if w := browse(s, "", english, "POST /line/plan?line=1", nil); w.Code != http.StatusSeeOther {
		t.Errorf("without a login: %d", w.Code)
	}
	// A form with a fault comes back with the plan that holds, and one in conflict with the plan of what was typed.
	form := filled(t, browse(s, RoleAdmin, english, "GET /line/sip?line=1", nil).Body.String())
	form.Set("signal_retry_counts", "1")
	form.Set("if_match", `"other"`)
	if text, _ := planAside(t, browse(s, RoleAdmin, english, "POST /line/sip?line=1", form).Body.String()); !strings.Contains(text, "costs 1.5 s (was 7.5 s)") {
		t.Errorf("after a conflict: %q", text)
	}
}

// Whatever the settings, everything drawn is in the drawing, and the figures are those of the plan.
// UX-01: with a server by UDP the plan says that it does not cover long requests, which go by TCP; without one it does not.
func TestPlanOfLongRequests(t *testing.T) {
	_, s := inhabited(t)
	for transport, want := range map[string]bool{"udp": true, "tls": false} {
		form := url.Values{"line": {"1"}, "transport": {transport}, "backup_transport": {transport}}
		text := browse(s, RoleAdmin, english, "POST /line/plan", form).Body.String()
		if got := strings.Contains(text, "Not covered: a request of more than 1300 octets"); got != want {
			t.Errorf("by %s: %v in %s", transport, got, text)
		}
	}
}

func TestPlanDrawing(t *testing.T) {
	_, s := inhabited(t)
	for _, typed := range []url.Values{
		{}, {"backup_addr": {""}}, {"signal_retry_counts": {"20"}}, {"signal_retry_counts": {"0"}}, {"t1_ms": {"10"}, "t2_ms": {"10"}}, {"t1_ms": {"10000"}, "t2_ms": {"60000"}},
		{"transport": {"1"}, "backup_transport": {"1"}}, {"failover_mode": {"period"}, "failover_period_ms": {"100"}}, {"failover_mode": {"period"}, "failover_period_ms": {"32000"}}, {"wraparound": {"1"}},
	} {
		set := s.mustLine(t, 1)
		if err := set.Merge(formValues(typed)); err != nil {
			t.Fatal(err)
		}
		p := line.NewPlan(set, nil)
		text, inside := planAside(t, browse(s, RoleAdmin, english, "POST /line/plan?line=1", typed).Body.String())
		if !strings.Contains(text, plain(english.brief(*p.REGISTER.Told))) {
			t.Errorf("%v: the user is told at %d, not in %q", typed, *p.REGISTER.Told, text)
		}
		ticks, label := map[string]int{}, ""
		for _, e := range inside {
			for _, name := range []string{"x", "x1", "x2", "cx"} {
				if v, ok := attr(e, name); ok {
					var x float64
					if _, err := fmt.Sscanf(v, "%f%%", &x); err != nil || x < 0 || x > 100 {
						t.Errorf("%v: <%s %s=%q> is outside", typed, e.Data, name, v)
					}
				}
			}
			if width, _ := attr(e, "width"); e.Data == "rect" && width == "2" {
				class, _ := attr(e, "class")
				ticks[class]++
			}
			if e.Data == "svg" {
				label, _ = attr(e, "aria-label")
			}
		}
		want := map[string]int{"p": len(p.REGISTER.Sends), "f": 1}
		if p.REGISTER.Failover != nil {
			want["p"] *= 2
			want["b"] = len(p.REGISTER.Backup) + 1
		}
		if fmt.Sprint(ticks) != fmt.Sprint(want) || !strings.Contains(label, english.brief(*p.REGISTER.Told)) {
			t.Errorf("%v: drawn %v, want %v; label %q", typed, ticks, want, label)
		}
	}
}

func (s *Server) mustLine(t testing.TB, n int) line.Settings {
	t.Helper()
	set, err := s.Settings.Line(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestPlanStep(t *testing.T) {
	for end, want := range map[int64]int64{1: 1, 4: 1, 640: 200, 32000: 10000, 39500: 10000, 50000: 20000, 640000: 200000} {
		if got := planStep(end); got != want || end/got > 4 {
			t.Errorf("%d ms is divided by %d, want %d", end, got, want)
		}
	}
}

// Each advanced setting stands in one group, and every name in a group is a setting.
func TestAdvancedGroups(t *testing.T) {
	in := map[string]int{}
	for _, g := range advancedGroups {
		for _, name := range g.names {
			in[name]++
			if d, ok := line.ByName(name); !ok || d.Page != line.Advanced {
				t.Errorf("%s is no advanced setting", name)
			}
		}
	}
	for _, d := range line.Table {
		if d.Page == line.Advanced && in[d.Name] != 1 {
			t.Errorf("%s is in %d groups", d.Name, in[d.Name])
		}
	}
	other := grouped(english, []formField{{Name: "of_tomorrow"}})
	if last := other[len(other)-1]; len(last.Fields) != 1 {
		t.Error("a setting that no group names is not on the page")
	}
}
