package webui

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Who may open which page, and what he is shown of the tabs: the table of the vendor's phones.
func TestRights(t *testing.T) {
	_, s := inhabited(t)
	for _, section := range sections {
		for _, p := range section.Pages {
			for role, scope := range roleScopes {
				w := browse(s, role, english, "GET "+p.Path, nil)
				want := http.StatusOK
				if !scope.Includes(p.Needs) {
					want = http.StatusForbidden
				}
				if w.Code != want {
					t.Errorf("%s opens %s: %d, want %d", role, p.Path, w.Code, want)
				}
				if tabs := browse(s, role, english, "GET "+section.Path, nil).Body.String(); strings.Contains(tabs, `<a href="`+p.Path+`"`) != (want == http.StatusOK) {
					t.Errorf("%s at %s: the tab of %s is not as its right", role, section.Path, p.Path)
				}
			}
		}
	}
	for path, want := range map[string]Scope{"/system/tokens": Admin, "/system/tokens/revoke": Admin, "/system/accounts": Read, "/line/sip": Read, "/": Read} {
		if got := neededAt(path); got != want {
			t.Errorf("%s needs %s, want %s", path, got, want)
		}
	}
}

// The user sets lines up and changes his own password; tokens and the accounts of others are the admin's.
func TestUserForms(t *testing.T) {
	h, s := inhabited(t)
	for _, q := range []struct {
		what string
		form url.Values
		want int
	}{
		{"POST /line/sip?line=1", url.Values{"display_name": {"mine"}}, http.StatusSeeOther},
		{"POST /system/tokens", url.Values{"name": {"x"}}, http.StatusForbidden},
		{"POST /system/tokens/revoke", url.Values{"name": {"boss"}}, http.StatusForbidden},
		{"POST /system/accounts", url.Values{"account": {"admin"}, "password": {"long enough"}, "again": {"long enough"}}, http.StatusForbidden},
		{"POST /system/accounts", url.Values{"account": {"user"}, "password": {"long enough"}, "again": {"long enough"}}, http.StatusForbidden},
		{"POST /system/accounts", url.Values{"account": {"user"}, "current_password": {"battery staple"}, "password": {"short"}, "again": {"short"}}, http.StatusUnprocessableEntity},
		{"POST /system/accounts", url.Values{"account": {"user"}, "current_password": {"battery staple"}, "password": {"long enough"}, "again": {"long enouhg"}}, http.StatusUnprocessableEntity},
		{"POST /system/accounts", url.Values{"account": {"user"}, "current_password": {"battery staple"}, "password": {"long enough"}, "again": {"long enough"}}, http.StatusSeeOther},
	} {
		before := maps.Clone(h.password)
		if w := browse(s, RoleUser, english, q.what, q.form); w.Code != q.want {
			t.Errorf("%s %v: %d, want %d", q.what, q.form, w.Code, q.want)
		}
		if q.want != http.StatusSeeOther && !maps.Equal(before, h.password) {
			t.Errorf("%s %v changed %v", q.what, q.form, h.password)
		}
	}
	if h.settings[1].DisplayName != "mine" || h.password["user"] != "long enough" || len(h.tokens) != 3 {
		t.Errorf("display name %q, passwords %v, tokens %v", h.settings[1].DisplayName, h.password, h.tokens)
	}
	page := browse(s, RoleUser, english, "GET /system/accounts", nil).Body.String()
	if strings.Contains(page, "admin-password") || !strings.Contains(page, "user-password") {
		t.Error("a user sees other accounts than his own")
	}
}

// A fault is said at its field, in the page's language, and the password does not come back.
func TestPasswordFaults(t *testing.T) {
	_, s := inhabited(t)
	for _, q := range []struct{ current, password, again, field, says string }{
		{"guess", "long enough", "long enough", "admin-current_password", "違います"},
		{"correct horse", "short", "short", "admin-password", "8〜256文字"},
		{"correct horse", "long enough", "other", "admin-again", "一致しません"},
	} {
		w := browse(s, RoleAdmin, japanese, "POST /system/accounts", url.Values{"account": {"admin"}, "current_password": {q.current}, "password": {q.password}, "again": {q.again}})
		said := ""
		for _, e := range elements(t, w.Body.String()) {
			if id, _ := attr(e, "id"); id == q.field+"-e" {
				said = text(e)
			}
		}
		if !strings.Contains(said, q.says) || strings.Contains(w.Body.String(), q.password) {
			t.Errorf("%+v: %q", q, said)
		}
	}
}

func TestTokensPage(t *testing.T) {
	h, s := inhabited(t)
	w := browse(s, RoleAdmin, english, "POST /system/tokens", url.Values{"name": {"bench-1"}, "scope": {"control"}})
	if w.Code != http.StatusCreated || !strings.Contains(w.Body.String(), "tok-bench-1") || strings.Contains(w.Body.String(), "live.js") || h.tokens["tok-bench-1"].Scope != Control {
		t.Errorf("%d, %+v", w.Code, h.tokens)
	}
	checkPage(t, s, "the token", w.Body.String(), english)
	if page := browse(s, RoleAdmin, english, "GET /system/tokens", nil).Body.String(); strings.Contains(page, "tok-bench-1") || !strings.Contains(page, "bench-1") {
		t.Error("the secret is shown a second time, or the token is not in the list")
	}
	for name, want := range map[string]int{"bench-1": http.StatusConflict, "la b": http.StatusUnprocessableEntity, "": http.StatusUnprocessableEntity, strings.Repeat("x", 65): http.StatusUnprocessableEntity} {
		if w := browse(s, RoleAdmin, english, "POST /system/tokens", url.Values{"name": {name}, "scope": {"read"}}); w.Code != want || !strings.Contains(w.Body.String(), `id="name-e"`) {
			t.Errorf("%q: %d, want %d", name, w.Code, want)
		}
	}
	if w := browse(s, RoleAdmin, english, "POST /system/tokens", url.Values{"name": {"x"}, "scope": {"setup"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a scope that no token has: %d", w.Code)
	}
	if w := browse(s, RoleAdmin, english, "POST /system/tokens/revoke", url.Values{"name": {"bench-1"}}); w.Code != http.StatusSeeOther || len(h.tokens) != 3 {
		t.Errorf("%d, %v", w.Code, h.tokens)
	}
}

// The page says of the phone what REST says.
func TestInformationPage(t *testing.T) {
	_, s := inhabited(t)
	page := browse(s, RoleUser, english, "GET /system/information", nil).Body.String()
	for _, want := range []string{"Registered", "Unapplied", "1001", "Model", "hilphone", "Hardware Version", "Software Version", "Uptime", "System Time", "no fault", "virtual"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// A password that is changed ends the account's other logins and what they hold open, at once; changed by the command beside the
// running phone, at the next request, and at the next heartbeat of a stream.
func TestChangedPasswordEndsSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		s := newServer(t, h)
		var wait sync.WaitGroup
		watch := func(cookie *http.Cookie, want time.Duration) {
			began := time.Now()
			wait.Go(func() {
				r := request("", "GET "+base+"/events/stream", "")
				r.AddCookie(cookie)
				s.Handler().ServeHTTP(&stream{header: http.Header{}}, r)
				if d := time.Since(began); d != want {
					t.Errorf("the stream ended after %v, want %v", d, want)
				}
			})
			synctest.Wait()
		}
		mine, other := logIn(t, s, "user", "battery staple"), logIn(t, s, "user", "battery staple")
		time.Sleep(time.Second)
		watch(other, 5*time.Second)
		time.Sleep(5 * time.Second)
		r := request("", "PUT "+base+"/system/accounts", `{"account":"user","current_password":"battery staple","password":"new password"}`)
		r.AddCookie(mine)
		if w := serve(s, r); w.Code != http.StatusNoContent {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		wait.Wait()
		if a, b := get(s, mine, "/").Code, get(s, other, "/").Code; a != http.StatusOK || b != http.StatusSeeOther {
			t.Errorf("whoever changed it %d, the other %d", a, b)
		}
		watch(mine, wantHeartbeat)
		time.Sleep(time.Second)
		if err := h.SetPassword(t.Context(), "user", "by the command"); err != nil {
			t.Fatal(err)
		}
		if code := get(s, mine, "/").Code; code != http.StatusSeeOther {
			t.Errorf("after the command: %d", code)
		}
		wait.Wait()
	})
}

// A long poll that waits does not answer who has been logged out meanwhile.
func TestPollEndsWithItsVisitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		var wait sync.WaitGroup
		wait.Go(func() {
			if w := serve(s, request("tok-read", "GET "+base+"/events?wait_s=30&type=failover", "")); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "failover") {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
		synctest.Wait()
		rest(s, "DELETE /system/tokens/reader", "")
		s.Journal.Event("failover", 1, "", nil)
		wait.Wait()
	})
}

// The scopes of tokens are those that a token can be made with.
func TestRightsOfTokens(t *testing.T) {
	if slices.Contains(scopes, Setup) || !Setup.Includes(Control) || Setup.Includes(Admin) || Control.Includes(Setup) || Setup.ofToken() != Admin {
		t.Errorf("scopes %v, rights %v", scopes, rights)
	}
}
