package webui

import (
	"net/http"
	"strings"
	"testing"
)

// Every operation of the document, none forgotten, refuses who brings nothing, and who brings too little, naming the scope that is needed.
func TestScopes(t *testing.T) {
	s := newServer(t, newHouse())
	needed := map[string]Scope{
		"list-lines": Read, "get-line-settings": Read, "put-line-settings": Setup, "patch-line-settings": Setup, "get-line-status": Read,
		"get-line-plan": Read, "try-line-plan": Read,
		"register-line": Control, "unregister-line": Control, "get-phone": Read, "put-hook": Control, "press-keys": Control,
		"list-calls": Read, "dial": Control, "get-call": Read, "hang-up": Control, "answer-call": Control, "reject-call": Control, "send-dtmf": Control,
		"mute-call": Control, "hold-call": Control, "resume-call": Control, "transfer-call": Control, "list-events": Read, "stream-events": Read, "list-messages": Read, "capture-messages": Read, "draw-messages": Read, "get-lab-server": Read,
		"export-events-jsonl": Read, "export-events-csv": Read, "get-line-timeline": Read,
		"get-action-urls": Admin, "put-action-urls": Admin, "test-action-url": Admin, "get-remote-control": Admin, "put-remote-control": Admin,
		"get-features": Read, "put-features": Admin, "patch-features": Admin, "get-basic-settings": Read, "put-basic-settings": Admin, "patch-basic-settings": Admin,
		"export-configuration": Read, "import-configuration": Admin, "list-copies": Admin, "restore-copy": Admin, "factory-reset": Admin, "restart": Admin,
		"get-time": Read, "put-time": Admin, "list-audit": Admin,
		"list-io": Read, "get-io": Read, "put-io": Control, "dump-waves": Read,
		"get-board": Read, "put-board": Admin, "show-part": Control, "begin-walk": Control, "end-walk": Control,
		"get-lab-phone": Read, "put-lab-phone": Control, "list-lab-calls": Read, "lab-call": Control, "lab-request": Control, "lab-hang-up": Control,
		"put-lab-server": Control, "get-own-token": Read, "list-tokens": Admin, "new-token": Admin, "revoke-token": Admin, "get-information": Read, "get-lock": Read, "take-lock": Control, "release-lock": Control, "list-accounts": Control, "set-password": Control,
	}
	fill := strings.NewReplacer("{n}", "1", "{id}", "1", "{server}", "primary", "{name}", "nobody")
	for path, item := range loadContract(t, s).doc.Paths.Map() {
		for method, op := range item.Operations() {
			need, ok := needed[op.OperationID]
			if !ok {
				t.Errorf("%s is not in the table of this test", op.OperationID)
				continue
			}
			ask := func(token string) (int, string) {
				r := request(token, method+" "+base+fill.Replace(path), "")
				r.Header.Set("Last-Event-ID", "not a number") // ends the stream, which has no other end, by a 422
				w := serve(s, r)
				return w.Code, w.Header().Get("WWW-Authenticate")
			}
			for _, token := range []string{"", "tok-none"} {
				if code, challenge := ask(token); code != http.StatusUnauthorized || !strings.HasPrefix(challenge, "Bearer ") {
					t.Errorf("%s with token %q: %d, challenge %q", op.OperationID, token, code, challenge)
				}
			}
			for _, scope := range scopes {
				code, challenge := ask("tok-" + string(scope))
				if allowed := code != http.StatusForbidden && code != http.StatusUnauthorized; allowed != scope.Includes(need) {
					t.Errorf("%s with scope %s: %d", op.OperationID, scope, code)
				}
				if code == http.StatusForbidden && !strings.Contains(challenge, `scope="`+string(need.ofToken())+`"`) {
					t.Errorf("%s with scope %s: challenge %q", op.OperationID, scope, challenge)
				}
			}
		}
	}
}

func TestScopeIncludes(t *testing.T) {
	for _, test := range []struct {
		has, needs Scope
		want       bool
	}{{Admin, Read, true}, {Admin, Admin, true}, {Control, Admin, false}, {Control, Read, true}, {Read, Control, false}, {"", Read, false}, {"root", Read, false}} {
		if got := test.has.Includes(test.needs); got != test.want {
			t.Errorf("%q includes %q: %v", test.has, test.needs, got)
		}
	}
}

// A revoked token is worth nothing at once.
func TestRevokedToken(t *testing.T) {
	s := newServer(t, newHouse())
	if w := serve(s, request("tok-read", "GET "+base+"/phone", "")); w.Code != http.StatusOK {
		t.Fatalf("%d", w.Code)
	}
	if w := rest(s, "DELETE /system/tokens/reader", ""); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := serve(s, request("tok-read", "GET "+base+"/phone", "")); w.Code != http.StatusUnauthorized {
		t.Errorf("%d", w.Code)
	}
}

// Events tell the hands of the pages from those of scripts.
func TestSource(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	cookie := logIn(t, s, "user", "battery staple")
	rest(s, "PUT /phone/hook", `{"state":"off"}`)
	r := request("", "PUT "+base+"/phone/hook", `{"state":"on"}`)
	r.AddCookie(cookie)
	serve(s, r)
	if got := strings.Join(h.byHand, ", "); got != "api off, web on" {
		t.Errorf("%q", got)
	}
}
