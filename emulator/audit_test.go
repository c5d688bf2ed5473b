package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"hilphone/hil/server"
)

// auditEntry is an entry as REST shows it.
type auditEntry struct {
	ID     int64
	Action string
	By     struct{ Kind, Name, Source, From string }
	Data   map[string]any
}

// audited returns the audit history, the oldest first, from an entry on, as "action kind name source from data".
func (p *process) audited(since int64) (all []string, last int64) {
	p.t.Helper()
	var entries []auditEntry
	p.do("GET", "system/audit", "", &entries)
	slices.Reverse(entries)
	for _, e := range entries {
		if last = e.ID; e.ID > since {
			all = append(all, fmt.Sprintf("%s %s %s %s %s %v", e.Action, e.By.Kind, e.By.Name, e.By.Source, e.By.From, e.Data))
		}
	}
	return all, last
}

// SE-10: what is done by command, by page and by script stands in one history, which outlives restarts and a factory reset, but not one that
// erases.
func TestAuditOfAPhone(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t, server.Answering{})
	dir, _ := f.folder(nil)
	for _, args := range [][]string{{"password"}, {"token", "new", "eyes", "--scope", "read"}, {"config", "export", "--secrets"}, {"config", "export"}} {
		if code, _, err := command(t, "correct horse\n", append(args, "--data", dir)...); code != 0 {
			t.Fatal(err)
		}
	}
	_, token, _ := command(t, "", "token", "new", "boss", "--scope", "admin", "--data", dir)
	p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0")
	p.token = strings.TrimSpace(token)
	me := "command " + userName() + " command "
	first, last := p.audited(0)
	want := []string{
		"token_made " + me + " map[scope:admin token:demo]", // of the folder
		"password " + me + " map[account:admin]",
		"token_made " + me + " map[scope:read token:eyes]",
		"export_secrets " + me + " map[format:text]",
		"token_made " + me + " map[scope:admin token:boss]",
	}
	if !slices.Equal(first, want) {
		t.Errorf("by command:\n%s\nwant\n%s", strings.Join(first, "\n"), strings.Join(want, "\n"))
	}
	for _, password := range []string{"wrong", "correct horse"} {
		answer, err := p.http.PostForm(p.url+"/login", url.Values{"user": {"admin"}, "password": {password}})
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close() // nothing of it is wanted
	}
	p.do("PATCH", "lines/1/sip", `{"failback_interval":61}`, nil)
	restart := func(nth int, path, body string) {
		t.Helper()
		var before information
		p.do("GET", "system/information", "", &before)
		p.do("POST", path, body, nil)
		p.restarted(before, nth)
	}
	restart(1, "system/restart", "")
	second, _ := p.audited(last)
	slices.Sort(second) // logins are stored beside the rest
	want = []string{
		"login account admin web 127.0.0.1 map[]",
		"login_failed unknown  web 127.0.0.1 map[account:admin]",
		"restart token boss api 127.0.0.1 map[]",
		"settings token boss api 127.0.0.1 map[changed:[failback_interval] line:1]",
	}
	if !slices.Equal(second, want) {
		t.Errorf("by page and script:\n%s\nwant\n%s", strings.Join(second, "\n"), strings.Join(want, "\n"))
	}
	for i, erase := range []bool{false, true} {
		restart(2+i, "system/factory-reset", fmt.Sprintf(`{"confirm":"factory-reset","erase":%v}`, erase))
		all, _ := p.audited(0)
		reset := fmt.Sprintf("factory_reset token boss api 127.0.0.1 map[erase:%v]", erase)
		if all[len(all)-1] != reset || (len(all) == 1) != erase {
			t.Errorf("after a reset (erase %v):\n%s", erase, strings.Join(all, "\n"))
		}
	}
	p.terminate()
}
