package webui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hilphone/db/sysconf"
)

// whole is the rest of a house's configuration.
type whole struct {
	foreign  []sysconf.Entry
	copies   []sysconf.Configuration
	zone     string
	restarts int
	resets   []bool // erase
}

func (h *house) Configuration(ctx context.Context) (sysconf.Configuration, error) {
	lines, err := h.Lines(ctx)
	return sysconf.Configuration{Lines: lines, Device: h.Device(), Foreign: h.foreign}, err
}

func (h *house) ChangeConfiguration(ctx context.Context, before string, change func(sysconf.Configuration) (sysconf.Configuration, error)) error {
	old, _ := h.Configuration(ctx) // a house has no errors
	next, err := change(old)
	if err != nil {
		return err
	}
	if h.saveErr != nil {
		return h.saveErr
	}
	if before != "" {
		h.copies = append(h.copies, old)
	}
	h.foreign, h.settings = next.Foreign, next.Lines
	return nil // the phone takes next.Device by TakeDevice
}

func (h *house) Copies(context.Context) ([]CopyView, error) {
	var views []CopyView
	for i := len(h.copies); i > 0; i-- {
		views = append(views, CopyView{int64(i), At(time.Now()), "import"})
	}
	return views, nil
}

func (h *house) Copy(_ context.Context, id int64) (sysconf.Configuration, error) {
	if id < 1 || int(id) > len(h.copies) {
		return sysconf.Configuration{}, fmt.Errorf("copy %d: %w", id, ErrNotFound)
	}
	return h.copies[id-1], nil
}

func (h *house) FactoryReset(_ context.Context, erase bool) error {
	h.resets = append(h.resets, erase)
	return h.saveErr
}
func (h *house) TimeZone(context.Context) (string, error)         { return h.zone, nil }
func (h *house) SetTimeZone(_ context.Context, name string) error { h.zone = name; return nil }
func (h *house) Restart()                                         { h.restarts++ }

// upload sends a file as a script would.
func upload(s *Server, token, what, kind, file string) *httptest.ResponseRecorder {
	r := request(token, "POST "+base+what, file)
	r.Header.Set("Content-Type", kind)
	return serve(s, r)
}

func importView(t *testing.T, w *httptest.ResponseRecorder) (v ImportView) {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

const vendorFile = "<<VOIP CONFIG FILE>>Version:2.0000000000\r\n<SIP CONFIG MODULE>\r\nSIP1 Failback Interval  :60\r\nSIP1 Register Pswd      :new-" + canary +
	"\r\nSIP2 Phone Number       :1002\r\nSIP2 Need Reg On        :1\r\nSIP2 Moon Phase         :full\r\n<<END OF FILE>>\r\n"

func TestImport(t *testing.T) {
	h, s := inhabited(t)
	before := h.settings[1]
	for _, path := range []string{"/config/import?dry_run=1", "/config/import"} {
		w := upload(s, "tok-admin", path, "text/plain", vendorFile)
		if strings.Contains(w.Body.String(), canary) {
			t.Errorf("%s: the answer has the password", path)
		}
		v := importView(t, w)
		if v.Format != sysconf.Text || v.Keys != 5 || len(v.Changes) != 5 || len(v.Unknown) != 1 || v.Unknown[0] != (UnknownView{7, "SIP2 Moon Phase", 2, "sip.line.2.MoonPhase"}) || v.Applied != !strings.Contains(path, "dry") {
			t.Errorf("%s: %+v", path, v)
		}
		if c := v.Changes[0]; c.Line != 1 || c.Name != "auth_password" || !c.Secret || !c.Set || c.Old != nil || c.New != nil {
			t.Errorf("%s: %+v", path, c)
		}
		if c := v.Changes[1]; c.Name != "failback_interval" || *c.Old != "1800" || *c.New != "60" || !c.Used {
			t.Errorf("%s: %+v", path, c)
		}
		if len(v.Kept) != 1 || v.Kept[0].Key != "SIP2 Need Reg On" || *v.Kept[0].Value != "1" || *v.Kept[0].Default != "0" || v.Kept[0].At != 6 {
			t.Errorf("%s: %+v", path, v.Kept)
		}
		if c := v.Changes[3]; c.Name != "sip.line.2.NeedRegOn" || c.Used {
			t.Errorf("%s: %+v", path, c)
		}
		if strings.Contains(path, "dry") && (h.settings[1] != before || len(h.applied)+len(h.copies)+len(h.foreign) > 0) {
			t.Errorf("a dry run did %v", h.applied)
		}
	}
	if got := strings.Join(h.applied, "; "); got != "line 1: auth_password failback_interval; line 2: phone_number" {
		t.Errorf("applied %q", got)
	}
	if set := h.settings[1]; set.FailbackInterval != 60 || set.AuthPassword != "new-"+canary || set.BackupAddr != before.BackupAddr {
		t.Errorf("%+v", set)
	}
	if v := importView(t, upload(s, "tok-admin", "/config/import", "application/octet-stream", vendorFile)); len(v.Changes) > 0 || v.Applied || len(h.applied) != 2 {
		t.Errorf("the same again: %+v, %v", v, h.applied)
	}
	// Without secrets in the file those that are set stay.
	file := rest(s, "GET /config/export?format=xml", "")
	if file.Code != http.StatusOK || strings.Contains(file.Body.String(), canary) || file.Header().Get("Content-Disposition") != `attachment; filename="hilphone.xml"` {
		t.Errorf("%d %v", file.Code, file.Header())
	}
	if v := importView(t, upload(s, "tok-admin", "/config/import", "application/xml", file.Body.String())); len(v.Changes) > 0 {
		t.Errorf("what was exported changes %+v", v.Changes)
	}
	if w := rest(s, "GET /config/export?secrets=1", ""); !strings.Contains(w.Body.String(), "SIP1 Register Pswd      :new-"+canary+"\r\n") {
		t.Errorf("%d: no secrets", w.Code)
	}
	// And back.
	if v := importView(t, upload(s, "tok-admin", "/config/copies/1/restore", "application/json", "")); !v.Applied || h.settings[1] != before || len(h.foreign) != 0 {
		t.Errorf("%+v", v)
	}
}

func TestImportIsRefused(t *testing.T) {
	h, s := inhabited(t)
	before, _ := h.Configuration(t.Context())
	for _, c := range []struct {
		token, path, file string
		want              int
		named             []string
	}{
		{"", "/config/import", vendorFile, 401, nil},
		{"tok-read", "/config/import?dry_run=1", vendorFile, 403, nil},
		{"tok-control", "/config/import", vendorFile, 403, nil},
		{"tok-control", "/config/copies/1/restore", "", 403, nil},
		{"tok-control", "/system/factory-reset", `{"confirm":"factory-reset"}`, 403, nil},
		{"tok-control", "/system/restart", "", 403, nil},
		{"tok-admin", "/config/import", "\n\n", 422, []string{`"location":"body"`, "the file is empty"}},
		{"tok-admin", "/config/import", "", 400, nil},
		{"tok-admin", "/config/import", strings.TrimSuffix(vendorFile, "<<END OF FILE>>\r\n"), 422, []string{"the file ends early, at line 7"}}, // IM-03
		{"tok-admin", "/config/import?partial=0", strings.TrimSuffix(vendorFile, "<<END OF FILE>>\r\n"), 422, []string{"the file ends early, at line 7"}},
		{"tok-admin", "/config/import", "<sysConf>\n<sip><line index=\"1\"><RegisterPort>70000</RegisterPort>\n<RegisterPswd>" + strings.Repeat(canary, 20) + "</RegisterPswd></line></sip></sysConf>", 422,
			[]string{`"location":"body.sip.line.1.RegisterPort"`, "line 2, column 36: SIP1 Register Port: must be a whole number from 0 to 65535", `"value":70000`, `"location":"body.sip.line.1.RegisterPswd"`, "line 3"}},
		{"tok-admin", "/config/import", strings.Repeat(" ", wantFile+1), 413, nil},
		{"tok-admin", "/config/import?dry_run=2", vendorFile, 422, []string{"query.dry_run"}},
		{"tok-admin", "/config/import", "\x00\xff\xfe", 422, []string{"line 1, column 2: is not UTF-8"}},
		{"tok-admin", "/system/factory-reset", `{}`, 422, []string{"confirm"}},
		{"tok-admin", "/system/factory-reset", `{"confirm":true}`, 422, []string{"confirm"}},
		{"tok-admin", "/config/copies/x/restore", "", 422, []string{"path.id"}},
		{"tok-admin", "/config/copies/9/restore", "", 404, nil},
	} {
		kind := "text/plain"
		if strings.HasPrefix(c.file, "{") {
			kind = "application/json"
		}
		w := upload(s, c.token, c.path, kind, c.file)
		if w.Code != c.want || strings.Contains(w.Body.String(), canary) {
			t.Errorf("%s %s %.40q: %d, want %d: %s", c.token, c.path, c.file, w.Code, c.want, w.Body)
		}
		for _, n := range c.named {
			if !strings.Contains(w.Body.String(), n) {
				t.Errorf("%s %.40q: %s does not name %s", c.path, c.file, w.Body, n)
			}
		}
	}
	if w := serve(s, request("tok-control", "GET "+base+"/config/export?secrets=1", "")); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), canary) {
		t.Errorf("secrets without the scope admin: %d", w.Code)
	}
	h.saveErr = errors.New("disk full")
	if w := upload(s, "tok-admin", "/config/import", "text/plain", vendorFile); w.Code != http.StatusInternalServerError {
		t.Errorf("a full disk: %d", w.Code)
	}
	if after, _ := h.Configuration(t.Context()); len(sysconf.Changes(before, after)) > 0 || len(h.applied) > 0 || h.restarts > 0 {
		t.Errorf("something was changed: %v", h.applied)
	}
}

func TestFactoryResetAndRestart(t *testing.T) {
	h, s := inhabited(t)
	if w := rest(s, "POST /system/factory-reset", `{"confirm":"factory-reset","erase":true}`); w.Code != http.StatusAccepted || len(h.resets) != 1 || !h.resets[0] || h.restarts != 1 {
		t.Errorf("%d %v", w.Code, h.resets)
	}
	if w := rest(s, "POST /system/restart", ""); w.Code != http.StatusAccepted || h.restarts != 2 {
		t.Errorf("%d, %d restarts", w.Code, h.restarts)
	}
	h.saveErr = errors.New("disk full")
	if w := rest(s, "POST /system/factory-reset", `{"confirm":"factory-reset"}`); w.Code != http.StatusInternalServerError || h.restarts != 2 {
		t.Errorf("a full disk: %d, %d restarts", w.Code, h.restarts)
	}
}

func TestTimeZone(t *testing.T) {
	h, s := inhabited(t)
	var v ClockView
	for _, c := range []struct {
		body string
		want int
		zone string
	}{
		{`{"time_zone":"Asia/Tokyo"}`, 200, "Asia/Tokyo"}, {`{"time_zone":"Mars/Olympus"}`, 422, "Asia/Tokyo"}, {`{"time_zone":"Local"}`, 422, "Asia/Tokyo"},
		{`{"time_zone":"../etc/passwd"}`, 422, "Asia/Tokyo"}, {`{"time_zone":9}`, 422, "Asia/Tokyo"}, {`{}`, 422, "Asia/Tokyo"}, {`{"time_zone":""}`, 200, ""},
	} {
		w := rest(s, "PUT /system/time", c.body)
		if w.Code != c.want || h.zone != c.zone {
			t.Errorf("%s: %d %s, zone %q", c.body, w.Code, w.Body, h.zone)
		}
		if w.Code == http.StatusOK {
			if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || v.TimeZone != c.zone || c.zone != "" && v.InUse != c.zone || v.InUse == "" {
				t.Errorf("%s: %+v, %v", c.body, v, err)
			}
			if page := browse(s, RoleAdmin, english, "GET /system/information", nil).Body.String(); strings.Contains(page, " &#43;09:00") != (c.zone == "Asia/Tokyo") {
				t.Errorf("%s: the page has another time zone", c.body)
			}
		}
	}
}
