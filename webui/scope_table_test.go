package webui

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// UX-06: a token that is made without a scope has the same one by REST and on the page, which chooses it beforehand; /docs and the page have the
// table of scopes.
func TestDefaultScope(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	w := serve(s, request("tok-admin", "POST /api/v1/system/tokens", `{"name":"by-rest"}`))
	if w.Code != http.StatusCreated || !strings.Contains(w.Body.String(), `"scope":"`+string(DefaultScope)+`"`) {
		t.Errorf("by REST: %d %s", w.Code, w.Body)
	}
	if w := browse(s, RoleAdmin, english, "POST /system/tokens", url.Values{"name": {"by-page"}}); w.Code != http.StatusCreated {
		t.Fatalf("on the page: %d %s", w.Code, w.Body)
	}
	found := false
	for _, token := range h.tokens {
		if token.Name == "by-page" {
			found = token.Scope == DefaultScope
		}
	}
	if !found {
		t.Error("the token of the page has another scope")
	}
	for _, l := range languages {
		page := browse(s, RoleAdmin, l.Tag, "GET /system/tokens", nil).Body.String()
		docs := browse(s, RoleAdmin, l.Tag, "GET /docs", nil).Body.String()
		if strings.Count(page, " checked>") != 1 || !strings.Contains(page, `value="`+string(DefaultScope)+`" checked>`) {
			t.Errorf("%s: the page does not choose %s", l.Name, DefaultScope)
		}
		for _, scope := range scopesIn(l.Tag) {
			if scope.Text == "" || !strings.Contains(page, scope.Text) || !strings.Contains(docs, scope.Text) {
				t.Errorf("%s: %q is missing on a page", l.Name, scope.Text)
			}
		}
	}
}

// UX-06: a refusal says which scope is needed, what asks, and how to get it.
func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		who  Visitor
		want string
	}{
		{Visitor{Token: "reader", scope: Read}, "needs a token of scope admin; the token reader has scope read. Make one with hilphone token new NAME --scope admin"},
		{Visitor{Account: "user", scope: Setup}, "this is for the account admin; you are logged in as user"},
	} {
		if got := c.who.refusal(Admin); !strings.Contains(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
