package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hilphone/db"
	"hilphone/db/journal"
	"hilphone/db/secret"
	"hilphone/db/sysconf"
	"hilphone/sip/line"
)

// flock are canaries by their number: each is in one key.
type flock map[string]string

var bird = regexp.MustCompile(`cnry[a-z][0-9]+`)

// sung returns the keys whose canaries stand in a text.
func (f flock) sung(text []byte) (found []string) {
	if !bytes.Contains(text, []byte("cnry")) {
		return nil
	}
	for _, name := range bird.FindAll(text, -1) {
		if key := f[string(name)] + " (" + string(name) + ")"; !slices.Contains(found, key) {
			found = append(found, key)
		}
	}
	return found
}

// strangeKeys are some that this phone has never heard of.
var strangeKeys = []string{
	"<AUTOUPDATE CONFIG MODULE>", "Config File Key", "Common Cfg File Key", "Default Password", "Auto Pbook Url", "<PHONE FEATURE CONFIG MODULE>", "XML-PBook1 Auth", "XML-PBook1 Addr", "KeyLock Password",
	"<TR069 CONFIG MODULE>", "ACS Passwd", "<MMI CONFIG MODULE>", "Account1 Password", "<DSSKEY CONFIG MODULE>", "Fkey1 Value", "<MAINTENANCE CONFIG MODULE>", "Access Token", "SNMP Community",
}

// plantedFile is a configuration file with a canary in each key of line 2 and of the device that can hold one, and in some that are not known:
// as the value of those named like a secret, in a URL of the others.
func (f flock) plantedFile(t *testing.T, mark string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("<<VOIP CONFIG FILE>>Version:2.0000000000\n<SIP CONFIG MODULE>\n")
	plant := func(key, name string) {
		number := fmt.Sprintf("cnry%s%03d", mark, len(f))
		f[number] = key
		if secret.Is(name, number) {
			fmt.Fprintf(&b, "%s:%s\n", key, number)
		} else {
			fmt.Fprintf(&b, "%s:http://u:%s@192.0.2.1/x\n", key, number)
		}
	}
	for _, k := range append(sysconf.LineKeys(), sysconf.Key{Name: "Signal Key"}, sysconf.Key{Name: "Media Key"}, sysconf.Key{Name: "Moon Phase"}) {
		if d, used := line.ByKey(k.Name); !used || d.Kind == line.Text && d.Name != "phone_number" {
			plant("SIP2 "+k.Name, k.Name)
		}
	}
	known, err := os.ReadFile("../db/sysconf/device_keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	modules := map[string]string{"sip": "SIP", "call": "CALL FEATURE", "ap": "AUTOUPDATE", "cti": "CTI"}
	last := ""
	for row := range strings.Lines(string(known)) {
		place, _, _ := strings.Cut(row, "=")
		group, name, _ := strings.Cut(place, ".")
		if group != last {
			fmt.Fprintf(&b, "<%s CONFIG MODULE>\n", modules[group])
			last = group
		}
		e, _ := sysconf.At(group+"."+strings.ReplaceAll(name, " ", ""), "")
		if to, obeyed := e.Target(); !obeyed || strings.HasPrefix(to.Device.Name, "action_url_") { // the others are no texts
			plant(name, name)
		}
	}
	for _, name := range strangeKeys {
		if name[0] == '<' {
			b.WriteString(name + "\n")
		} else {
			plant(name, name)
		}
	}
	return b.String() + "<<END OF FILE>>\n"
}

// inFormat is the phone's own configuration with what a file says, in a format.
func inFormat(t *testing.T, dir, file string, format sysconf.Format) string {
	t.Helper()
	code, own, said := execute1(t.Context(), "", "config", "export", "--secrets", "--data", dir)
	if code != 0 {
		t.Fatal(said)
	}
	all := sysconf.Factory()
	for _, text := range []string{own, file} {
		f, err := sysconf.Parse([]byte(text))
		if err == nil {
			all, _, err = all.Merge(f, true)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return string(all.Export(format, true))
}

// TestCanaryInEveryKey (IM-05): secrets are found by meaning. A phone takes a canary in every key, by a file of each format, registers, is called and
// is played by a bench; then no export without secrets, no difference, no answer by any token, no page, event, trace, capture, log and no file
// of the evidence says one.
func TestCanaryInEveryKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, self(t), "demo", "--data", dir, "--listen", "127.0.0.1:0", "--log-level", "debug")
	birds := flock{}
	heard := 0
	hear := func(where string, text []byte) {
		t.Helper()
		heard++
		if found := birds.sung(text); found != nil {
			t.Errorf("%s says %q", where, found)
		}
	}
	session := p.plant(dir, canaries{"password of line 2": "x-1 of line 2", "password of the admin": "canary&admin 93aa"})
	p.do("PATCH", "lines/1/sip", `{"display_name":"http://u:cnryr000@192.0.2.1/"}`, nil)
	p.registered("primary")
	for i, format := range sysconf.Formats {
		file := inFormat(t, dir, birds.plantedFile(t, string(rune('a'+i))), format)
		code, out, said := execute1(t.Context(), file, "config", "import", "-", "--dry-run", "--data", dir)
		if hear(string(format)+": the command", []byte(out+said)); code != 0 || len(out) < 5000 {
			t.Errorf("%s: exit code %d, %d octets", format, code, len(out))
		}
		p.hearImport(string(format), file, session, hear)
	}
	birds["cnryr000"] = "display_name of line 1"
	if len(birds) < 5*(150+60) {
		t.Errorf("only %d canaries", len(birds))
	}
	p.hearRefusals(dir, hear)
	seq := p.seq()
	p.do("POST", "phone/keys", `{"keys":"1002#"}`, nil)
	p.talking(seq)
	p.do("POST", "phone/keys", `{"keys":"{release}"}`, nil)
	p.await(seq, "call", func(e eventSeen) bool { return e.Data.State == "ended" })
	p.await(0, "register_rejected", nil) // line 2, with what is planted in it

	var made struct{ Token string }
	p.do("POST", "system/tokens", `{"name":"reader","scope":"read"}`, &made)
	admin := p.token
	for _, token := range []string{admin, made.Token} {
		p.token = token
		for _, format := range sysconf.Formats {
			status, file := p.ask("GET", "config/export?format="+string(format), "")
			hear(string(format)+" export", file)
			if status != http.StatusOK || len(file) < 5000 {
				t.Errorf("%s: %d", format, status)
			}
			if p.token = admin; token == admin { // the round trip
				var view struct{ Changes []any }
				p.do("POST", "config/import?dry_run=1", string(file), &view)
				if len(view.Changes) > 0 {
					t.Errorf("%s: the export changes %v", format, view.Changes)
				}
			}
			p.token = token
		}
		if heard += p.listen(birds); token == admin {
			heard += p.browse(session, birds)
		}
	}
	p.token = admin
	_, out, said := execute1(t.Context(), "", "config", "export", "--data", dir)
	hear("the export by the command", []byte(out+said))
	p.hearBench(hear)
	p.terminate()
	hear("the log", []byte(p.err.String()))
	hear("what it printed", []byte(p.out.String()))
	store, err := db.OpenShared(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	saved, err := store.EventHistory(t.Context(), journal.Past{})
	c, wrong := store.Configuration(t.Context())
	if err = errors.Join(err, wrong, store.Close()); err != nil || len(saved) < 20 {
		t.Fatalf("%d events, %v", len(saved), err)
	}
	text, err := json.Marshal(saved)
	if err != nil {
		t.Fatal(err)
	}
	hear("the saved events", text)
	// They are all there: those of the last file, and each is heard.
	stored := birds.sung(c.Export(sysconf.Text, true))
	if want := len(birds) / len(sysconf.Formats); len(stored) < want || heard < 100 {
		t.Errorf("%d of %d canaries are stored, %d texts were looked at", len(stored), want, heard)
	}
}

// hearImport has the phone take a file over: it is shown the difference by REST, by the command and by the page before, and a copy's after.
func (p *process) hearImport(name, file string, session []*http.Cookie, hear func(string, []byte)) {
	p.t.Helper()
	for _, path := range []string{"config/import?dry_run=1", "config/import", "config/copies/1/restore?dry_run=1"} {
		if strings.Contains(path, "copies") {
			var copies []struct{ ID int64 }
			p.do("GET", "config/copies", "", &copies)
			path, file = strings.Replace(path, "/1/", fmt.Sprintf("/%d/", copies[0].ID), 1), ""
		}
		status, answer := p.ask("POST", path, file)
		hear(name+" "+path, answer)
		if status != http.StatusOK {
			p.t.Fatalf("%s %s: %d %s", name, path, status, answer)
		}
		if strings.Contains(path, "dry_run") && file != "" {
			hear(name+": the page", p.upload(file, session))
		}
	}
}

// upload shows a file to the page System > Configuration.
func (p *process) upload(file string, session []*http.Cookie) []byte {
	p.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "phone.cfg")
	if err == nil {
		_, err = part.Write([]byte(file))
	}
	if err = errors.Join(err, form.Close()); err != nil {
		p.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/system/configuration/import", &body)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Origin", p.url)
	for _, c := range session {
		request.AddCookie(c)
	}
	answered, err := p.http.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	var page bytes.Buffer
	_, err = page.ReadFrom(answered.Body)
	if err = errors.Join(err, answered.Body.Close()); err != nil || answered.StatusCode >= 500 || answered.StatusCode == http.StatusForbidden {
		p.t.Errorf("the page: %d, %v", answered.StatusCode, err)
	}
	return page.Bytes()
}

// hearRefusals sends files that are refused, by REST and by the command.
func (p *process) hearRefusals(dir string, hear func(string, []byte)) {
	p.t.Helper()
	const head, end = "<<VOIP CONFIG FILE>>Version:2.0000000000\n", "\n<<END OF FILE>>\n"
	for i, file := range []string{
		head + "SIP2 Register Pswd cnryx001\n" + end, head + "SIP2 Register Pswd:" + strings.Repeat("cnryx001", 30) + end, head + "SIP2 Register Port:http://u:cnryx001@192.0.2.1/" + end,
		head + "SIP2 Register Addr:u:cnryx001@192.0.2.1" + end, head + "<CTI CONFIG MODULE>\nReg On Url:ftp://u:cnryx001@192.0.2.1/" + end,
		"<sysConf><RegisterPswd>a&cnryx001;</RegisterPswd></sysConf>", "<sysConf><RegisterPswd><cnryx001></RegisterPswd></sysConf>", `{"lines":{"2":{"auth_password":cnryx001}}}`,
		`{"lines":{"2":{"auth_password":["cnryx001"]}}}`, `{"lines":{"2":{"keys":{"Media Key":{"cnryx001":1}}}}}`,
	} {
		status, answer := p.ask("POST", "config/import", file)
		hear(fmt.Sprintf("refusal %d", i), answer)
		code, out, err := execute1(p.t.Context(), file, "config", "import", "-", "--data", dir)
		hear(fmt.Sprintf("refusal %d by the command", i), []byte(out+err))
		if status != http.StatusUnprocessableEntity || code == 0 {
			p.t.Errorf("refusal %d: %d, %d", i, status, code)
		}
	}
	for _, body := range []string{`{"display_name":"http://u:cnryx001@192.0.2.1/` + strings.Repeat("x", 80) + `"}`, `{"register_addr":"http://u:cnryx001@192.0.2.1/"}`, `{"auth_password":"****","display_name":"u:cnryx001@h"}`} {
		status, answer := p.ask("PATCH", "lines/2/sip", body)
		if hear(body, answer); status != http.StatusUnprocessableEntity {
			p.t.Errorf("%s: %d", body, status)
		}
	}
}

// hearBench plays a call on the phone and reads the evidence.
func (p *process) hearBench(hear func(string, []byte)) {
	p.t.Helper()
	dir := p.t.TempDir()
	scenario, out := filepath.Join(dir, "call.scenario"), filepath.Join(dir, "run")
	if err := os.WriteFile(scenario, []byte("scenario call\ncall 1002\nexpect sip INVITE to primary within 5s\nexpect call talking within 10s\ncall hangup\nexpect call ended within 5s\n"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	code, stdout, stderr := p.bench(p.t.Context(), "run", "--out", out, scenario)
	hear("the bench", []byte(stdout+stderr))
	if code != 0 {
		p.t.Errorf("the bench: %d\n%s%s", code, stdout, stderr)
	}
	kinds := map[string]bool{}
	err := filepath.WalkDir(out, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		hear("the bench's "+filepath.Base(name), text)
		kinds[filepath.Ext(name)] = true
		return err
	})
	if err != nil || len(kinds) < 5 {
		p.t.Errorf("the evidence has files of the kinds %v: %v", slices.Sorted(maps.Keys(kinds)), err)
	}
}
