package main

import (
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
	if code != 0 || err != "" || !strings.Contains(out, `SIP1 Failback Interval  "20"  -> "77"`) || !strings.Contains(out, "line 5: SIP1 Moon Phase: unknown") || !strings.HasSuffix(out, "3 keys, 3 would change.\n") {
		t.Errorf("exit code %d, errors %q, output\n%s", code, err, out)
	}
	var set struct {
		Interval int `json:"failback_interval"`
	}
	if p.do("GET", "lines/1/sip", "", &set); set.Interval == 77 {
		t.Error("a dry run changes the phone")
	}
	since := p.seq()
	if code, out, err = command(t, "", "config", "import", file, "--data", dir); code != 0 || err != "" || !strings.HasSuffix(out, "3 changed.\nThe running phone has it.\n") {
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
	if code, out, _ = command(t, "", "config", "import", file, "--data", dir); code != 0 || out != "line 5: SIP1 Moon Phase: unknown; kept for the next export\n3 keys, 0 changed.\n" {
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
		out != "SIP3 Phone Number   \"\"        -> \"1003\"\nSIP3 Register Pswd  (secret)  -> (secret, set)\n2 keys, 2 changed.\n" {
		t.Errorf("exit code %d, errors %q, output\n%s", code, err, out)
	}
	bad := write(t, "<<VOIP CONFIG FILE>>Version:2.0000000000\nSIP1 Register Port:99999\nSIP2 Enable Failback:maybe\n")
	refused(t, exitUsage, "", []string{"config", "import", bad, "--data", dir}, bad, "line 2", "SIP1 Register Port", "1 more", "nothing was changed")
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
