package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hilphone/hil/server"
	"hilphone/webui"
)

// information is what a script reads of the phone.
type information struct {
	Started string `json:"started"`
}

// restarted waits for the nth restart, and that another phone answers than the one that began at that time. The address takes
// connections all the while.
func (p *process) restarted(before information, nth int) {
	p.t.Helper()
	p.err.wait(p.t, p, regexp.MustCompile(fmt.Sprintf(`(?s)(msg="the phone restarts".*?msg="web pages".*?){%d}`, nth)))
	var now information
	p.do("GET", "system/information", "", &now)
	if now.Started == before.Started {
		p.t.Errorf("the phone of %s still runs", now.Started)
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "phone.cfg")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// imported is what the import of the file below writes.
func imported(done string, changes bool) string {
	count, row, wide := "0", "", 16
	if changes {
		count, row, wide = "1", "changed  3    SIP1 Failback Interval  \"20\" -> \"77\"\n", 22
	}
	return fmt.Sprintf("EFFECT   ROW  %-*s  VALUE\n", wide, "KEY") + row +
		fmt.Sprintf("kept     4    %-*s  \"1\", usually \"0\"; no effect here\n", wide, "SIP1 Need Reg On") +
		fmt.Sprintf("unknown  5    %-*s  kept for the next export\n", wide, "SIP1 Moon Phase") +
		"3 keys: " + count + " " + done + ", 1 kept without effect, 1 unknown.\n"
}

// A file of a real phone, imported by command while the phone runs: the running line has it at once, and the export has all of it.
func TestConfigOfARunningPhone(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	dir, token := f.folder(nil)
	p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0", "--log-level", "debug")
	p.token = token
	p.registered("primary")
	file := write(t, "<<VOIP CONFIG FILE>>Version:2.0000000000\n<SIP CONFIG MODULE>\nSIP1 Failback Interval  :77\nSIP1 Need Reg On        :1\nSIP1 Moon Phase         :full\n<<END OF FILE>>\n")
	code, out, err := command(t, "", "config", "import", file, "--dry-run", "--data", dir)
	if code != 0 || err != "" || !strings.HasSuffix(out, "3 keys: 1 would change, 1 kept without effect, 1 unknown.\n") || out != imported("would change", true) {
		t.Errorf("exit code %d, errors %q, output\n%s", code, err, out)
	}
	var set struct {
		Interval int `json:"failback_interval"`
	}
	if p.do("GET", "lines/1/sip", "", &set); set.Interval == 77 {
		t.Error("a dry run changes the phone")
	}
	since := p.seq()
	if code, out, err = command(t, "", "config", "import", file, "--data", dir); code != 0 || err != "" || out != imported("changed", true)+"The running phone has it.\n" {
		t.Errorf("exit code %d, errors %q, output\n%s", code, err, out)
	}
	p.await(since, "settings", nil)
	var plan struct {
		Probes any `json:"probes"`
	}
	if p.do("GET", "lines/1/sip", "", &set); set.Interval != 77 {
		t.Errorf("failback_interval is %d", set.Interval)
	}
	p.do("GET", "lines/1/plan", "", &plan)
	if code, out, _ = command(t, "", "config", "import", file, "--data", dir); code != 0 || out != imported("changed", false) {
		t.Errorf("the same again: exit code %d, output\n%s", code, out)
	}
	secret := f.Password("1001")
	for _, format := range []string{"text", "xml", "json", "legacy-text", "legacy-xml"} {
		code, out, err := command(t, "", "config", "export", "--format", format, "--data", dir)
		if code != 0 || err != "" || strings.Contains(out, secret) || strings.Count(out, "full") != 1 {
			t.Errorf("%s: exit code %d, errors %q, output\n%s", format, code, err, out)
		}
		if _, again := p.ask("POST", "config/import", out); !strings.Contains(string(again), `"changes":[]`) {
			t.Errorf("%s: to import what was exported changes something: %s", format, again)
		}
		if _, out, _ = command(t, "", "config", "export", "--format", format, "--secrets", "--data", dir); !strings.Contains(out, secret) {
			t.Errorf("%s: no secrets with --secrets", format)
		}
	}
	p.terminate()
	if strings.Contains(p.err.String(), secret) {
		t.Error("the SIP password is in the log")
	}
}

func TestConfigOfNoPhone(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	if code, out, err := command(t, `{"lines":{"3":{"phone_number":"1003","auth_password":"canary-5"}}}`, "config", "import", "-", "--data", dir); code != 0 || strings.Contains(out+err, "canary") ||
		out != "EFFECT   ROW  KEY                 VALUE\nchanged  1    SIP3 Phone Number   \"\" -> \"1003\"\nchanged  1    SIP3 Register Pswd  (secret) -> (secret, set)\n2 keys: 2 changed, 0 kept without effect, 0 unknown.\n" {
		t.Errorf("exit code %d, errors %q, output\n%s", code, err, out)
	}
	// All faults are named, not the first alone (UX-13).
	bad := write(t, "<<VOIP CONFIG FILE>>Version:2.0000000000\nSIP1 Register Port:99999\nSIP2 Enable Failback:maybe\nSIP3 Register Pswd:"+strings.Repeat("canary-6", 30)+"\n<<END OF FILE>>\n")
	code, out, err := command(t, "", "config", "import", bad, "--data", dir)
	if want := "hilphone: " + bad + ": 3 faults; nothing was changed:\n  line 2, column 20: SIP1 Register Port: must be a whole number from 0 to 65535\n  line 3, column 22: SIP2 Enable Failback: must be 0 or 1\n" +
		"  line 4, column 20: SIP3 Register Pswd: must have 128 characters at most\n"; code != exitUsage || out != "" || err != want {
		t.Errorf("exit code %d, output %q, errors\n%s", code, out, err)
	}
	var view webui.ImportView
	if code, out, _ = command(t, "", "config", "import", bad, "--data", dir, "--json"); code != exitUsage || json.Unmarshal([]byte(out), &view) != nil || strings.Contains(out, "canary") ||
		len(view.Refused) != 3 || view.Refused[1].At != 3 || view.Refused[1].Column != 22 || view.Refused[1].Path != "sip.line.2.EnableFailback" || len(view.Changes) > 0 || view.Applied {
		t.Errorf("exit code %d, output %s", code, out)
	}
	// A file that ends early is refused, unless it is a part (IM-03).
	const part = "<<VOIP CONFIG FILE>>Version:2.0000000000\nSIP3 Display Name:x\nSIP3 Register Addr:pbx.exa"
	refused(t, exitUsage, part, []string{"config", "import", "-", "--data", dir}, "line 3, column 27: the file ends early, at line 3", "nothing was changed")
	if code, out, err = command(t, part, "config", "import", "-", "--data", dir, "--partial", "--dry-run", "--json"); code != 0 || json.Unmarshal([]byte(out), &view) != nil || len(view.Changes) != 2 || len(view.Notes) != 1 || view.Applied {
		t.Errorf("exit code %d, output %s, errors %s", code, out, err)
	}
	// 10 MB in a value are refused with the line, too.
	long := write(t, "<<VOIP CONFIG FILE>>Version:2.0000000000\nSIP1 Display Name:"+strings.Repeat("x", 10<<20)+"\n<<END OF FILE>>\n")
	refused(t, exitUsage, "", []string{"config", "import", long, "--data", dir}, long, "line 2, column ", "nothing was changed")
	// The copy from before the first import is put back.
	if code, out, err = command(t, "", "config", "copies", "--data", dir); code != 0 || !regexp.MustCompile(`^ID +MADE +BEFORE\n1 +2[0-9-]+ [0-9:]+ +import\n$`).MatchString(out) {
		t.Errorf("exit code %d, output %s, errors %s", code, out, err)
	}
	for i, args := range [][]string{{"--dry-run"}, nil} {
		code, out, err = command(t, "", append([]string{"config", "restore", "1", "--data", dir}, args...)...)
		if done := []string{"would change", "changed"}[i]; code != 0 || !strings.Contains(out, `changed  -    SIP3 Phone Number   "1003" -> ""`) || !strings.HasSuffix(out, "2 keys "+done+".\n") {
			t.Errorf("exit code %d, output %s, errors %s", code, out, err)
		}
	}
	var copies []webui.CopyView
	if code, out, _ = command(t, "", "config", "copies", "--json", "--data", dir); code != 0 || json.Unmarshal([]byte(out), &copies) != nil || len(copies) != 2 || copies[0].Before != "restore" {
		t.Errorf("exit code %d, output %s", code, out)
	}
	refused(t, exitUsage, "", []string{"config", "restore", "9", "--data", dir}, "ID: 9 is no copy")
	refused(t, exitUsage, "", []string{"config", "import", filepath.Join(dir, "none"), "--data", dir}, "FILE", "none")
	refused(t, exitUsage, "", []string{"config", "export", "--format", "yaml", "--data", dir}, "--format")
}

// After a restart it is another phone at the same address, with the same settings and logins.
func TestRestart(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	dir, token := f.folder(nil)
	if code, _, err := command(t, "correct horse\n", "password", "--data", dir); code != 0 {
		t.Fatal(err)
	}
	p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0")
	p.token = token
	p.registered("primary")
	p.http.Jar, _ = cookiejar.New(nil) // fails never
	page := func(method, path string, form url.Values) int {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := p.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close() // nothing of it is wanted
		return response.StatusCode
	}
	if page("POST", "/login", url.Values{"user": {"admin"}, "password": {"correct horse"}}) != http.StatusSeeOther || page("GET", "/", nil) != http.StatusOK {
		t.Fatal("no login")
	}
	p.do("PUT", "system/time", `{"time_zone":"Asia/Tokyo"}`, nil)
	var before information
	p.do("GET", "system/information", "", &before)
	since := p.seq()
	if status, answer := p.ask("POST", "system/restart", ""); status != http.StatusAccepted {
		t.Fatalf("%d %s", status, answer)
	}
	p.restarted(before, 1)
	p.await(since, "registered", nil)
	if page("GET", "/", nil) != http.StatusOK {
		t.Error("the login is gone")
	}
	var clock struct {
		Time  string `json:"time"`
		InUse string `json:"in_use"`
	}
	if p.do("GET", "system/time", "", &clock); clock.InUse != "Asia/Tokyo" || !strings.HasSuffix(clock.Time, "+09:00") {
		t.Errorf("%+v", clock)
	}
	// A factory reset leaves neither a line nor an open door.
	p.do("GET", "system/information", "", &before)
	if status, answer := p.ask("POST", "system/factory-reset", `{"confirm":"factory-reset"}`); status != http.StatusAccepted {
		t.Fatalf("%d %s", status, answer)
	}
	p.restarted(before, 2)
	var set struct {
		Enabled bool   `json:"enabled"`
		Number  string `json:"phone_number"`
	}
	if p.do("GET", "lines/1/sip", "", &set); set.Enabled || set.Number != "" {
		t.Errorf("%+v", set)
	}
	if p.do("GET", "system/time", "", &clock); strings.HasSuffix(clock.Time, "+09:00") {
		t.Errorf("%+v", clock)
	}
	p.http.Jar = nil
	if status := page("GET", "/", nil); status != http.StatusSeeOther {
		t.Errorf("the phone is open: %d", status)
	}
	var copies []struct {
		ID     int    `json:"id"`
		Before string `json:"before"`
	}
	if p.do("GET", "config/copies", "", &copies); len(copies) != 1 || copies[0].Before != "reset" {
		t.Fatalf("%+v", copies)
	}
	since = p.seq()
	p.do("POST", "config/copies/1/restore", "", nil)
	p.await(since, "registered", nil)
	p.terminate()
}

// The demo's servers outlive a restart of its phone.
func TestRestartOfTheDemo(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0")
	p.registered("primary")
	for n := range 2 {
		since := p.seq()
		p.do("POST", "system/restart", "", nil)
		p.err.wait(t, p, regexp.MustCompile(fmt.Sprintf(`(?s)(msg="the phone restarts".*?){%d}`, n+1)))
		p.await(since, "registered", nil)
	}
	p.terminate()
}
