package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/db"
	"hilphone/hil/server"
)

// command runs a command line in this process and returns its exit code and what it wrote.
func command(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, err bytes.Buffer
	code = execute(environment{ctx, strings.NewReader(stdin), &out, &err}, args)
	if ctx.Err() != nil {
		t.Fatalf("%q did not end by itself", args)
	}
	return code, out.String(), err.String()
}

// refused runs a command line that must fail with that code and one line, which names everything in named.
func refused(t *testing.T, code int, stdin string, args []string, named ...string) {
	t.Helper()
	got, out, err := command(t, stdin, args...)
	if got != code || out != "" || !strings.HasPrefix(err, "hilphone: ") || strings.Count(err, "\n") != 1 || !strings.HasSuffix(err, "\n") {
		t.Errorf("%q: exit code %d, output %q, errors %q; want exit code %d and one line", args, got, out, err, code)
	}
	for _, n := range named {
		if !strings.Contains(err, n) {
			t.Errorf("%q: %q does not name %s", args, err, n)
		}
	}
}

// clean takes away what the environment of the test would change in a phone.
func clean(t *testing.T) {
	t.Helper()
	for _, name := range []string{"DATA", "LISTEN", "BOARD", "SIP", "LOG_LEVEL", "LOG_FORMAT"} {
		t.Setenv("HILPHONE_"+name, "") // so that it is put back afterwards
		if err := os.Unsetenv("HILPHONE_" + name); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("STATE_DIRECTORY", "")
}

func TestBadFlags(t *testing.T) {
	clean(t)
	dir := filepath.Join(t.TempDir(), "data")
	for _, c := range []struct {
		args  []string
		named string
	}{
		{[]string{"run", "--no-such"}, "--no-such"},
		{[]string{"--no-such"}, "--no-such"},
		{[]string{"no-such"}, "no-such"},
		{[]string{"run", "extra"}, "extra"},
		{[]string{"run", "--listen"}, "--listen"},
		{[]string{"run", "--listen", "8080"}, "--listen"},
		{[]string{"run", "--listen", "127.0.0.1:65536"}, "--listen"},
		{[]string{"run", "--listen", "127.0.0.1:http"}, "--listen"},
		{[]string{"run", "--listen", "example.org:80"}, "--listen"},
		{[]string{"run", "--listen", "127.0.0.1:0", "--listen", "x"}, "--listen"},
		{[]string{"run", "--board", "pins.yaml"}, "--board"},
		{[]string{"demo", "--board", ""}, "--board"},
		{[]string{"run", "--sip", "elsewhere"}, "--sip"},
		{[]string{"run", "--sip", "127.0.0.1:0"}, "--sip"},
		{[]string{"run", "--sip", "127.0.0.1:65536"}, "--sip"},
		{[]string{"run", "--log-level", "loud"}, "--log-level"},
		{[]string{"run", "--log-format", "xml"}, "--log-format"},
		{[]string{"token", "new"}, "name"},
		{[]string{"token", "new", "x", "--scope", "all"}, "--scope"},
		{[]string{"token", "revoke"}, "name"},
		{[]string{"password", "--user", "root"}, "--user"},
		{[]string{"token", "revoke", "x", "y"}, "y"},
	} {
		refused(t, exitUsage, "", append(c.args, data(c.args, dir)...), c.named)
	}
	for name, value := range map[string]string{"LISTEN": "8080", "BOARD": "x", "SIP": "x", "LOG_LEVEL": "loud", "LOG_FORMAT": "xml"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HILPHONE_"+name, value)
			refused(t, exitUsage, "", []string{"run", "--data", dir}, "--"+strings.ToLower(strings.ReplaceAll(name, "_", "-")))
		})
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a command line with a fault made a data directory")
	}
}

// data adds the data directory where a command takes one and the fault is elsewhere.
func data(args []string, dir string) []string {
	if args[0] == "no-such" || args[len(args)-1] == "--listen" {
		return nil
	}
	return []string{"--data", dir}
}

func TestListen(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	refused(t, exitFailed, "", []string{"run", "--data", dir, "--listen", addr}, "--listen", addr, "in use")
	refused(t, exitFailed, "", []string{"demo", "--listen", addr}, "--listen", addr, "in use")
	refused(t, exitFailed, "", []string{"run", "--data", dir, "--listen", "127.0.0.1:0", "--listen", addr}, "--listen", addr, "in use")
}

func TestListenBeyondLoopback(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0"} {
		refused(t, exitUsage, "", []string{"run", "--data", dir, "--listen", addr}, "--listen", addr, "hilphone password")
	}
	if code, _, err := command(t, "correct horse\n", "password", "--data", dir); code != 0 {
		t.Fatal(err)
	}
	// SE-14: plain HTTP that other computers can reach is a line of the log, loopback and HTTPS are none.
	r := runHere(t, "run", "--data", dir, "--listen", "0.0.0.0:0", "--listen", "127.0.0.1:0", "--https", "0.0.0.0:0")
	r.waitFor(`level=WARN msg="plain HTTP beyond this computer[^"]*" urls=http://0\.0\.0\.0:\d+/\n`)
	r.end()
	if n := strings.Count(r.err.String(), "plain HTTP"); n != 1 {
		t.Errorf("plain HTTP is said %d times", n)
	}
	r = runHere(t, "run", "--data", dir, "--listen", "127.0.0.1:0", "--https", "0.0.0.0:0")
	r.waitFor(`msg="web pages" url=https://`)
	r.waitFor(`msg="web pages" url=http://`)
	r.end()
	if strings.Contains(r.err.String(), "plain HTTP") {
		t.Errorf("plain HTTP at loopback is said to be beyond it: %s", r.err.String())
	}
	refused(t, exitFailed, "", []string{"run", "--data", dir, "--listen", "192.0.2.1:0"}, "--listen", "192.0.2.1:0")
}

func TestDataDirectory(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged")
	if err := os.Mkdir(damaged, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(damaged, db.File), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{file, filepath.Join(file, "below"), damaged, unwritable(t)} {
		for _, args := range [][]string{{"run"}, {"demo"}, {"token", "list"}, {"token", "new", "x"}, {"password"}} {
			refused(t, exitFailed, "correct horse\n", append(args, "--data", bad), "--data", bad)
		}
	}
}

// unwritable returns a directory in which nothing can be made.
func unwritable(t *testing.T) string {
	t.Helper()
	if os.Geteuid() == 0 {
		return "/sys/hilphone" // root may write nearly everywhere
	}
	dir := filepath.Join(t.TempDir(), "locked")
	if err := os.Mkdir(dir, 0); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSecondProcess(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	dir, _ := f.folder(nil)
	p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0")
	for _, args := range [][]string{{"run", "--data", dir, "--listen", "127.0.0.1:0"}, {"demo", "--data", dir, "--listen", "127.0.0.1:0"}} {
		second := launch(t, self(t), args...)
		select {
		case <-second.ended:
		case <-time.After(patience):
			t.Fatal("a second phone runs on the same data directory")
		}
		if code := second.cmd.ProcessState.ExitCode(); code != exitFailed || second.err.lines() != 1 {
			t.Errorf("%s: exit code %d, errors %q", args[0], code, second.err.String())
		}
		for _, named := range []string{"--data", dir, "in use", "process "} {
			if !strings.Contains(second.err.String(), named) {
				t.Errorf("%s: %q does not say %s", args[0], second.err.String(), named)
			}
		}
	}
	p.terminate()
}

func TestPassword(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	for _, bad := range []string{"", "\n", "password\n", "Admin1234\n", "short\n", "1234567\r\n", "\nlong enough on the second line\n"} {
		refused(t, exitUsage, bad, []string{"password", "--data", dir}, "password")
	}
	const secret = "correct horse" // 13 characters, no end of line
	for _, c := range []struct{ stdin, user, want string }{
		{secret, "admin", secret}, {secret + "\n", "admin", secret}, {secret + " \r\nmore\n", "admin", secret + " "}, {"pferd im stall\n", "user", "pferd im stall"},
	} {
		code, out, err := command(t, c.stdin, "password", "--data", dir, "--user", c.user)
		if code != 0 || out != "" || strings.Contains(err, strings.TrimSpace(c.want)) || !strings.Contains(err, c.user) {
			t.Errorf("%q: exit code %d, output %q, errors %q", c.stdin, code, out, err)
		}
		store, e := db.OpenShared(dir, nil)
		if e != nil {
			t.Fatal(e)
		}
		if role, ok, e := store.CheckPassword(t.Context(), c.user, c.want); e != nil || !ok || role != c.user {
			t.Errorf("%q: the password of %s is not %q: %v %v %v", c.stdin, c.user, c.want, role, ok, e)
		}
		if e := store.Close(); e != nil {
			t.Fatal(e)
		}
	}
}

func TestTokens(t *testing.T) {
	clean(t)
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	code, secret, err := command(t, "", "token", "new", "lab", "--data", dir)
	if code != 0 || err != "" || !regexp.MustCompile(`^hil_[0-9a-f]{64}\n$`).MatchString(secret) {
		t.Fatalf("token new: exit code %d, errors %q, output of %d bytes", code, err, len(secret))
	}
	secret = strings.TrimSpace(secret)
	refused(t, exitFailed, "", []string{"token", "new", "lab", "--data", dir}, "lab", "already")
	refused(t, exitFailed, "", []string{"token", "revoke", "other", "--data", dir}, "other", "no such token")
	for _, bad := range []string{"", " lab", "l\nab", strings.Repeat("x", 65)} {
		refused(t, exitUsage, "", []string{"token", "new", bad, "--data", dir}, "name")
	}
	if code, _, err := command(t, "", "token", "new", "eyes", "--scope", "read", "--data", dir); code != 0 {
		t.Fatal(err)
	}
	code, list, err := command(t, "", "token", "list", "--data", dir)
	if code != 0 || err != "" || strings.Contains(list, secret) || strings.Count(list, "\n") != 3 ||
		!regexp.MustCompile(`(?m)^lab +control +\d{4}-`).MatchString(list) || !regexp.MustCompile(`(?m)^eyes +read +.* never$`).MatchString(list) {
		t.Errorf("token list: exit code %d, errors %q, output\n%s", code, err, list)
	}
	store, e := db.OpenShared(dir, nil)
	if e != nil {
		t.Fatal(e)
	}
	defer store.Close()
	if k, e := store.Token(t.Context(), secret); e != nil || k.Name != "lab" || k.Scope != db.ScopeControl {
		t.Errorf("the token is %+v, %v", k, e)
	}
	if code, out, err := command(t, "", "token", "revoke", "lab", "--data", dir); code != 0 || out+err != "" {
		t.Errorf("token revoke: exit code %d, output %q, errors %q", code, out, err)
	}
	if k, e := store.Token(t.Context(), secret); e == nil {
		t.Errorf("the revoked token still holds: %+v", k)
	}
}

// TestTokensOfARunningPhone: a token made beside a running phone is good at once, and one taken back is not.
func TestTokensOfARunningPhone(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	dir, admin := f.folder(nil)
	p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0", "--log-level", "debug")
	code, secret, err := command(t, "", "token", "new", "eyes", "--scope", "read", "--data", dir)
	if code != 0 {
		t.Fatal(err)
	}
	p.token = strings.TrimSpace(secret)
	if status, answer := p.ask("GET", "lines/1/status", ""); status != http.StatusOK {
		t.Errorf("a new token: %d %s", status, answer)
	}
	if status, answer := p.ask("POST", "phone/keys", `{"keys":"1"}`); status != http.StatusForbidden {
		t.Errorf("a key pressed with scope read: %d %s", status, answer)
	}
	if code, _, err := command(t, "", "token", "revoke", "eyes", "--data", dir); code != 0 {
		t.Fatal(err)
	}
	if status, _ := p.ask("GET", "lines/1/status", ""); status != http.StatusUnauthorized {
		t.Errorf("a revoked token: %d", status)
	}
	// A password set beside it holds at once, too.
	if code, _, err := command(t, "correct horse\n", "password", "--data", dir); code != 0 {
		t.Fatal(err)
	}
	form := strings.NewReader("user=admin&password=correct+horse")
	response, e := p.http.Post(p.url+"/login", "application/x-www-form-urlencoded", form)
	if e != nil {
		t.Fatal(e)
	}
	if e := response.Body.Close(); e != nil {
		t.Fatal(e)
	}
	if response.StatusCode != http.StatusSeeOther || len(response.Cookies()) != 2 {
		t.Errorf("login with the new password: %s", response.Status)
	}
	p.token = admin
	p.registered("primary")
	p.terminate()
	for name, hidden := range map[string]string{"token": admin, "revoked token": strings.TrimSpace(secret), "SIP password": f.Password("1001"), "web password": "correct horse"} {
		if strings.Contains(p.err.String()+p.out.String(), hidden) {
			t.Errorf("the %s is in the log", name)
		}
	}
}

func TestVersion(t *testing.T) {
	code, out, err := command(t, "", "version")
	if code != 0 || err != "" || !strings.HasPrefix(out, "hilphone") {
		t.Errorf("exit code %d, output %q, errors %q", code, out, err)
	}
	for _, line := range []string{`hilphone +\S+`, `go +1\.\S+ \w+/\w+`, `github\.com/emiago/sipgo +v1\.\S+`, `github\.com/mattn/go-sqlite3 +v1\.\S+`} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(out) {
			t.Errorf("no line %s in\n%s", line, out)
		}
	}
}

func TestHelp(t *testing.T) {
	clean(t)
	for _, args := range [][]string{{"--help"}, {"run", "--help"}, {"token", "new", "-h"}} {
		if code, out, err := command(t, "", args...); code != 0 || err != "" || !strings.HasPrefix(out, "Usage: hilphone") {
			t.Errorf("%q: exit code %d, output %.80q, errors %q", args, code, out, err)
		}
	}
	_, out, _ := command(t, "", "run", "--help")
	for _, flag := range []string{"--data", "--listen", "--board", "--sip", "--log-level", "--log-format"} {
		twin := "$HILPHONE_" + strings.ToUpper(strings.ReplaceAll(flag[2:], "-", "_"))
		if !strings.Contains(out, flag) || !strings.Contains(out, twin) {
			t.Errorf("run --help does not name %s and %s", flag, twin)
		}
	}
}

// TestEnvironment: each flag has a twin in the environment, and the flag wins.
func TestEnvironment(t *testing.T) {
	clean(t)
	dir, other := t.TempDir(), t.TempDir()
	t.Setenv("STATE_DIRECTORY", other)
	t.Setenv("HILPHONE_DATA", dir)
	t.Setenv("HILPHONE_LISTEN", "127.0.0.1:0,[::1]:0")
	t.Setenv("HILPHONE_BOARD", "virtual")
	t.Setenv("HILPHONE_SIP", "127.0.0.1")
	t.Setenv("HILPHONE_LOG_LEVEL", "info")
	t.Setenv("HILPHONE_LOG_FORMAT", "json")
	r := runHere(t) // without a word it runs
	r.waitFor(`"url":"http://127\.0\.0\.1:\d+/"`)
	r.waitFor(`"url":"http://\[::1\]:\d+/"`)
	r.end()
	for line := range strings.Lines(r.err.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is no JSON: %s", line)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, db.File)); err != nil {
		t.Error(err)
	}
	r = runHere(t, "run", "--log-level", "error", "--data", filepath.Join(dir, "flag"))
	r.waitUntil(func() bool { _, err := os.Stat(filepath.Join(dir, "flag", db.File)); return err == nil })
	r.end()
	if r.err.String() != "" {
		t.Errorf("--log-level error wrote %q", r.err.String())
	}
	t.Setenv("HILPHONE_DATA", "")
	if code, _, err := command(t, "", "token", "new", "x"); code != 0 {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(other, db.File)); err != nil {
		t.Errorf("$STATE_DIRECTORY: %v", err)
	}
}

// here is a phone in the process of the test.
type here struct {
	t    *testing.T
	err  output
	stop context.CancelFunc
	over sync.WaitGroup
	code int
}

func runHere(t *testing.T, args ...string) *here {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	h := &here{t: t, stop: stop}
	h.over.Go(func() { h.code = execute(environment{ctx, strings.NewReader(""), &output{}, &h.err}, args) })
	t.Cleanup(func() { stop(); h.over.Wait() })
	return h
}

// waitFor waits until the phone has logged what matches.
func (h *here) waitFor(pattern string) {
	h.t.Helper()
	h.waitUntil(func() bool { return regexp.MustCompile(pattern).MatchString(h.err.String()) })
}

func (h *here) waitUntil(true func() bool) {
	h.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !true(); <-tick.C {
		if time.Now().After(deadline) {
			h.t.Fatalf("it never came about; the log is\n%s", h.err.String())
		}
	}
}

// end is what SIGTERM does.
func (h *here) end() {
	h.t.Helper()
	h.stop()
	h.over.Wait()
	if h.code != 0 {
		h.t.Errorf("exit code %d:\n%s", h.code, h.err.String())
	}
}
