package webui

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hilphone/sip/line"
)

// fieldsOf returns the controls of the form Line > SIP by name, the last where there are several.
func fieldsOf(t testing.TB, page string) map[string]*html.Node {
	t.Helper()
	fields := map[string]*html.Node{}
	for _, e := range elements(t, page) {
		name, ok := attr(e, "name")
		if _, stored := attr(e, "data-stored"); ok && stored {
			fields[name] = e
		}
	}
	return fields
}

// filled is the form as a browser would send it after it has drawn the page.
func filled(t testing.TB, page string) url.Values {
	t.Helper()
	form := url.Values{}
	for _, e := range elements(t, page) {
		name, named := attr(e, "name")
		if !named || !inForm(e, "sip") {
			continue
		}
		value, _ := attr(e, "value")
		kind, _ := attr(e, "type")
		_, checked := attr(e, "checked")
		switch {
		case e.Data == "select":
			for o := range e.Descendants() {
				if _, selected := attr(o, "selected"); selected {
					form.Add(name, must(attr(o, "value")))
				}
			}
		case e.Data == "input" && (kind != "checkbox" || checked):
			form.Add(name, value)
		}
	}
	return form
}

func inForm(e *html.Node, id string) bool {
	for p := e.Parent; p != nil; p = p.Parent {
		if got, _ := attr(p, "id"); p.Data == "form" && got == id {
			return true
		}
	}
	return false
}

func TestFormHasEverySetting(t *testing.T) {
	_, s := inhabited(t)
	page := browse(s, RoleAdmin, japanese, "GET /line/sip?line=1", nil).Body.String()
	fields := fieldsOf(t, page)
	for _, d := range line.Table {
		if fields[d.Name] == nil {
			t.Errorf("there is no field for %s", d.Name)
		}
		if !strings.Contains(page, ">"+d.Label.JA+"</label>") {
			t.Errorf("the label %s of %s is not on the page", d.Label.JA, d.Name)
		}
		delete(fields, d.Name)
		if d.Secret {
			delete(fields, d.Name+"_remove")
		}
	}
	for name := range fields {
		t.Errorf("the field %s is no setting", name)
	}
}

func TestSubmitWithoutChangeChangesNothing(t *testing.T) {
	h, s := inhabited(t)
	form := filled(t, browse(s, RoleAdmin, english, "GET /line/sip?line=1", nil).Body.String())
	w := browse(s, RoleAdmin, english, "POST /line/sip?line=1", form)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/line/sip?done=same&line=1" || h.saves != 0 {
		t.Errorf("%d to %q, %d saves: %s", w.Code, w.Header().Get("Location"), h.saves, w.Body)
	}
}

func TestSubmit(t *testing.T) {
	h, s := inhabited(t)
	form := filled(t, browse(s, RoleAdmin, japanese, "GET /line/sip?line=2", nil).Body.String())
	for name, value := range map[string]string{"phone_number": "1011", "register_addr": " 192.0.2.1 ", "register_port": "５０６１", "transport": "1",
		"backup_addr": "２００１：ｄｂ８：：2", "failback_interval": "600", "auth_password": canary, "register_failover_codes": "500，5？？"} {
		form.Set(name, value)
	}
	form.Add("enabled", "1")
	form["enable_failback"] = []string{"0"}
	w := browse(s, RoleAdmin, japanese, "POST /line/sip?line=2", form)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/line/sip?done=saved&line=2" {
		t.Fatalf("%d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	got := h.settings[2]
	want := line.Default()
	if err := want.Merge(map[string]any{"enabled": true, "phone_number": "1011", "register_addr": "192.0.2.1", "register_port": 5061, "transport": "tcp",
		"backup_addr": "2001:db8::2", "failback_interval": 600, "enable_failback": false, "auth_password": canary, "register_failover_codes": "500,5??"}); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("stored\n%+v, want\n%+v", got, want)
	}
	page := browse(s, RoleAdmin, japanese, "GET "+w.Header().Get("Location"), nil).Body.String()
	if !strings.Contains(page, "回線2に保存し、適用しました。") || strings.Contains(page, canary) {
		t.Error("the page does not say that it was saved, or shows the password")
	}
}

func TestWrongValueStays(t *testing.T) {
	h, s := inhabited(t)
	for _, l := range languages {
		form := filled(t, browse(s, RoleAdmin, l.Tag, "GET /line/sip?line=1", nil).Body.String())
		form.Set("backup_port", "506000")
		form.Set("register_addr", `no "host"`)
		form.Set("failback_interval", "soon")
		form.Set("auth_password", canary+"\x00")
		form.Set("t2_ms", "100")
		form.Set("display_name", "typed <i>")
		w := browse(s, RoleAdmin, l.Tag, "POST /line/sip?line=1", form)
		if w.Code != http.StatusUnprocessableEntity || h.saves != 0 {
			t.Fatalf("%s: %d, %d saves", l.Tag, w.Code, h.saves)
		}
		page := w.Body.String()
		checkPage(t, s, l.Tag.tag+" with faults", page, l.Tag)
		if strings.Contains(page, canary) {
			t.Errorf("%s: the page shows the password that was typed", l.Tag)
		}
		fields := fieldsOf(t, page)
		for name, want := range map[string]string{"backup_port": "506000", "register_addr": `no "host"`, "failback_interval": "soon", "display_name": "typed <i>"} {
			if got, _ := attr(fields[name], "value"); got != want {
				t.Errorf("%s: %s holds %q, %q was typed", l.Tag, name, got, want)
			}
		}
		for _, name := range []string{"backup_port", "register_addr", "failback_interval", "auth_password"} {
			if invalid, _ := attr(fields[name], "aria-invalid"); invalid != "true" {
				t.Errorf("%s: %s is not marked", l.Tag, name)
			}
			if !strings.Contains(page, `<a href="#`+name+`">`) {
				t.Errorf("%s: the list of faults does not lead to %s", l.Tag, name)
			}
		}
		if !strings.Contains(page, `<details class="panel" id="basic" open>`) {
			t.Errorf("%s: a fault is hidden in a folded part", l.Tag)
		}
	}
}

// Every fault there can be has words in each language, with the value that was typed.
func TestFaultWords(t *testing.T) {
	for _, c := range []struct{ name, value, en, ja string }{
		{"register_port", "0", "must be a whole number from 1 to 65535; 0 leaves it to DNS SRV, which is off; 0 was typed", "1〜65535の整数を入力してください。0はDNS SRVが有効な場合のみ使えます。入力値: 0"},
		{"register_port", "five", "must be a whole number; five was typed", "0〜65535の整数を入力してください。入力値: five"},
		{"backup_addr", "-", "must be an IP address or a domain name; - was typed", "IPアドレスまたはドメイン名を入力してください。入力値: -"},
		{"transport", "9", "must be one of udp, tcp, tls; 9 was typed", "UDP、TCP、TLSのいずれかを選択してください。入力値: 9"},
		{"phone_number", "1 2", `must not contain spaces or any of < > " @ : ; ? \; 1 2 was typed`, `空白と < > " @ : ; ? \ は使えません。入力値: 1 2`},
		{"phone_number", "", "is needed to activate the line", "回線を有効にするには必要です"},
		{"t2_ms", "100", "must not be less than t1_ms (500); 100 was typed", "T1以上にしてください。入力値: 100"},
	} {
		set := line.Default()
		err := set.Merge(formValues(url.Values{"enabled": {"1"}, "phone_number": {"1"}, c.name: {c.value}}))
		faults := line.FieldErrors(err)
		if len(faults) != 1 {
			t.Errorf("%s=%q: %v", c.name, c.value, err)
			continue
		}
		d, _ := line.ByName(c.name)
		if got := faultText(english, d, faults[0]); got != c.en {
			t.Errorf("%s=%q: %q, want %q", c.name, c.value, got, c.en)
		}
		if got := faultText(japanese, d, faults[0]); got != c.ja {
			t.Errorf("%s=%q: %q, want %q", c.name, c.value, got, c.ja)
		}
	}
}

// Every rule between two settings has words of its own in each language: whoever adds one to line.Settings.Validate adds it here.
func TestFaultWordsBetweenSettings(t *testing.T) {
	broken := line.Default()
	broken.Enabled, broken.RegisterPort, broken.BackupPort = true, 0, 0
	broken.T1, broken.T2 = 100, 10
	broken.FailoverMode, broken.FailoverPeriod = line.Period, 6401
	faults := line.FieldErrors(broken.Validate())
	if len(faults) != 5 {
		t.Fatalf("%d faults, want one for each rule: %v", len(faults), faults)
	}
	for _, e := range faults {
		d, ok := line.ByName(e.Name)
		if !ok {
			t.Fatalf("a fault of %s", e.Name)
		}
		for _, l := range []language{japanese, chinese} {
			if got := faultText(l, d, e); strings.Contains(got, e.Message) {
				t.Errorf("%s in %s: %s", e.Name, l, got)
			}
		}
	}
}

func TestHalfAFormSwitchesNothingOff(t *testing.T) {
	h, s := inhabited(t)
	w := browse(s, RoleAdmin, english, "POST /line/sip?line=1", url.Values{"backup_ttl": {"120"}})
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	if got := h.settings[1]; !got.Enabled || !got.EnableFailback || got.AuthPassword != canary || got.BackupTTL != 120 {
		t.Errorf("half a form left %+v", got)
	}
}

func TestPasswordIsRemoved(t *testing.T) {
	h, s := inhabited(t)
	browse(s, RoleAdmin, english, "POST /line/sip?line=1", url.Values{"auth_password": {""}})
	if h.settings[1].AuthPassword != canary {
		t.Fatal("an empty field took the password away")
	}
	browse(s, RoleAdmin, english, "POST /line/sip?line=1", url.Values{"auth_password": {""}, "auth_password_remove": {"1"}})
	if h.settings[1].AuthPassword != "" {
		t.Error("the password is still there")
	}
}

func TestSettingsChangedMeanwhile(t *testing.T) {
	h, s := inhabited(t)
	form := filled(t, browse(s, RoleAdmin, english, "GET /line/sip?line=1", nil).Body.String())
	if w := rest(s, "PATCH /lines/1/sip", `{"display_name":"theirs"}`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	form.Set("display_name", "mine")
	w := browse(s, RoleAdmin, english, "POST /line/sip?line=1", form)
	page := w.Body.String()
	if w.Code != http.StatusPreconditionFailed || h.settings[1].DisplayName != "theirs" || !strings.Contains(page, `value="mine" data-stored="theirs"`) {
		t.Fatalf("%d, stored %q: %s", w.Code, h.settings[1].DisplayName, page)
	}
	if w = browse(s, RoleAdmin, english, "POST /line/sip?line=1", filled(t, page)); w.Code != http.StatusSeeOther || h.settings[1].DisplayName != "mine" {
		t.Errorf("the second time: %d, stored %q", w.Code, h.settings[1].DisplayName)
	}
}

// The role user sets lines up too, as on the vendor's phones.
func TestUserMaySubmit(t *testing.T) {
	h, s := inhabited(t)
	form := filled(t, browse(s, RoleUser, english, "GET /line/sip?line=1", nil).Body.String())
	form.Set("display_name", "mine")
	if w := browse(s, RoleUser, english, "POST /line/sip?line=1", form); w.Code != http.StatusSeeOther || h.saves != 1 {
		t.Errorf("%d, %d saves", w.Code, h.saves)
	}
}

// Whatever a browser sends, the settings stay valid and the password field never becomes a fault's text.
func FuzzFormValues(f *testing.F) {
	f.Add("register_port=5061&transport=1&enabled=0&enabled=1")
	f.Add("backup_addr=%EF%BC%91&auth_password=x&auth_password_remove=1")
	f.Add("t1_ms=99999999999999999999&register_failover_codes=5%3F%3F")
	f.Fuzz(func(t *testing.T, body string) {
		typed, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		set := line.Default()
		err = set.Merge(formValues(typed))
		if err != nil && set != line.Default() {
			t.Fatalf("%q failed and changed the settings", body)
		}
		if set.Validate() != nil {
			t.Fatalf("%q stored what is not valid: %v", body, set.Validate())
		}
		for _, e := range line.FieldErrors(err) {
			d, ok := line.ByName(e.Name)
			if !ok {
				t.Fatalf("%q: a fault of %s", body, e.Name)
			}
			for _, l := range languages {
				if faultText(l.Tag, d, e) == "" {
					t.Fatalf("%q: the fault of %s has no words in %s", body, e.Name, l.Tag)
				}
			}
		}
	})
}
