package webui

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hilphone/db/journal"
	"hilphone/sip/line"
)

const proxies = `{"outbound_proxy_addr":"192.0.2.7","outbound_proxy_port":5080,"outbound_proxy_user":"edge","outbound_proxy_password":"` + canary +
	`","outbound_proxy_need_reg":true,"backup_addr":"","backup_outbound_proxy_addr":"sbc.example.test","backup_outbound_proxy_need_reg":true,"backup_transport":"tcp"}`

// IM-11, OP-10: outbound proxies by REST. The password cannot be read, a proxy that leads to no server is refused by name, and nothing is stored then.
func TestProxiesByREST(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	setUp(t, s)
	w := rest(s, "PATCH /lines/1/sip", proxies)
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), canary) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, want := range []string{`"outbound_proxy_addr":"192.0.2.7"`, `"outbound_proxy_port":5080`, `"outbound_proxy_user":"edge"`, `"outbound_proxy_password":null`, `"outbound_proxy_password_set":true`,
		`"outbound_proxy_need_reg":true`, `"backup_outbound_proxy_addr":"sbc.example.test"`, `"backup_outbound_proxy_port":5060`, `"backup_outbound_proxy_need_reg":true`} {
		if got := rest(s, "GET /lines/1/sip", "").Body.String(); !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	if got := h.settings[1]; got.OutboundProxyPassword != canary || got.Server(line.Backup) != (line.Server{Addr: "127.0.0.2", Port: 5060, TTL: 3600, Transport: line.TCP, Proxy: line.Proxy{Addr: "sbc.example.test", Port: 5060}}) {
		t.Errorf("%+v", got)
	}
	w = rest(s, "GET /lines/1/plan", "")
	if want := `"proxies":{"backup":{"server":"127.0.0.2:5060","proxy":"sbc.example.test:5060","transport":"tcp"},"primary":{"server":"127.0.0.2:5060","proxy":"192.0.2.7:5080","transport":"udp"}}`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("the plan is %s", w.Body)
	}
	before := h.settings[1]
	for body, field := range map[string]string{
		`{"register_addr":""}`: "outbound_proxy_addr", `{"register_addr":"","outbound_proxy_addr":""}`: "backup_outbound_proxy_addr",
		`{"outbound_proxy_port":0}`: "outbound_proxy_port", `{"backup_outbound_proxy_port":65536}`: "backup_outbound_proxy_port",
		`{"outbound_proxy_addr":"sip:192.0.2.7"}`: "outbound_proxy_addr", `{"outbound_proxy_need_reg":1}`: "outbound_proxy_need_reg",
	} {
		w := rest(s, "PATCH /lines/1/sip", body)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `.`+field+`"`) && !strings.Contains(w.Body.String(), `"`+field+`"`) || strings.Contains(w.Body.String(), canary) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	if h.settings[1] != before {
		t.Error("a refused change was stored")
	}
}

// OP-11: the page Line > SIP has the proxies under their servers, the plan names them, and so do the line's head and the ladder.
func TestProxiesOnPages(t *testing.T) {
	h, s := inhabited(t)
	set := h.settings[1]
	if err := set.Merge(map[string]any{"outbound_proxy_addr": "192.0.2.7", "backup_addr": "", "backup_outbound_proxy_addr": "192.0.2.8", "outbound_proxy_password": canary}); err != nil {
		t.Fatal(err)
	}
	h.settings[1] = set
	for _, c := range []struct {
		l    language
		want []string
	}{
		{english, []string{"Proxy Server Address", "Backup Proxy Server Address", "127.0.0.2:5060 by proxy 192.0.2.7:5060 udp", "127.0.0.2:5060 by proxy 192.0.2.8:5060 udp", "costs 7.5 s"}},
		{japanese, []string{"プロキシアドレス", "予備プロキシアドレス"}}, {chinese, []string{"代理服务器地址", "备用代理服务器地址"}},
	} {
		page := browse(s, RoleAdmin, c.l, "GET /line/sip?line=1", nil).Body.String()
		plan, _ := planAside(t, page)
		for _, want := range c.want {
			if !strings.Contains(page, want) && !strings.Contains(plan, want) {
				t.Errorf("%s: %q is not on the page, whose plan is %q", c.l, want, plan)
			}
		}
		if strings.Contains(page, canary) {
			t.Error("the password of the proxies is on the page")
		}
	}
	fields := fieldsOf(t, browse(s, RoleAdmin, english, "GET /line/sip?line=1", nil).Body.String())
	for name, control := range map[string]string{"outbound_proxy_addr": "", "outbound_proxy_port": "", "outbound_proxy_user": "", "outbound_proxy_password": "password",
		"outbound_proxy_need_reg": "checkbox", "backup_outbound_proxy_addr": "", "backup_outbound_proxy_port": "", "backup_outbound_proxy_need_reg": "checkbox"} {
		if f := fields[name]; f == nil {
			t.Errorf("no field %s", name)
		} else if kind, _ := attr(f, "type"); kind != control {
			t.Errorf("%s is drawn as %q", name, kind)
		}
	}
	w := browse(s, RoleAdmin, english, "POST /line/plan?line=1", url.Values{"register_addr": {""}})
	if text, _ := planAside(t, w.Body.String()); !strings.Contains(text, "SIP Server 1 Proxy Server Address") {
		t.Errorf("a proxy without a server: %q", text)
	}
	s.Journal.Event("attempt_start", 1, "", map[string]any{"method": "REGISTER", "slot": "primary", "target": "192.0.2.7:5060", "proxy": "192.0.2.7:5060", "branch": "z9hG4bK9", "budget_ms": 7500})
	if page := plain(browse(s, RoleAdmin, english, "GET /timeline?line=1", nil).Body.String()); !strings.Contains(page, "Outages, primary by proxy 192.0.2.7:5060") {
		t.Errorf("the timeline is %s", page)
	}
	e := eventWordsOf{lang: english, data: map[string]any{"method": "REGISTER", "slot": "primary", "proxy": "192.0.2.7:5060", "budget_ms": 7500.0}}
	if got := e.describe("attempt_start", branchData{}); !strings.HasSuffix(got, "s by proxy 192.0.2.7:5060") {
		t.Errorf("the event reads %q", got)
	}
	v := ServerView{Address: "pbx.example.test:5060", Proxy: "192.0.2.7:5060 udp"}
	if got := v.where(english); got != "pbx.example.test:5060 by proxy 192.0.2.7:5060 udp" {
		t.Errorf("shown as %q", got)
	}
	s.Journal.Message(journal.Message{Line: 2, Out: true, Slot: "primary", Proxy: true, Transport: "udp", Local: "127.0.0.1:5070", Remote: "192.0.2.7:5060", CallID: "p", Start: "REGISTER sip:pbx SIP/2.0", Raw: []byte("REGISTER sip:pbx SIP/2.0")})
	if got := strings.Join(svg(t, rest(s, "GET /trace.svg?line=2", "").Body.String()), "|"); !strings.Contains(got, "primary|proxy 192.0.2.7:5060|") {
		t.Errorf("the ladder is %q", got)
	}
	if got := rest(s, "GET /trace?line=2", "").Body.String(); !strings.Contains(got, `"slot":"primary","proxy":true,`) {
		t.Errorf("the trace is %s", got)
	}
}
