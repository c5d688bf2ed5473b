package webui

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// RS-06: a change of something that exists is refused with 412 where If-None-Match is *, or If-Match names another state, by every operation, and
// a precondition that cannot be read is refused with its field named. What does not exist is 404.
func TestEveryPrecondition(t *testing.T) {
	everyOperation(t, func(b *badInput) {
		if b.op.Method == http.MethodGet {
			return
		}
		with := func(name, value string, want int, at string) {
			r := b.request(b.at(nil), b.good())
			r.Header.Set(name, value)
			if b.op.OperationID == "hang-up" && want == http.StatusPreconditionFailed || b.op.OperationID == "revoke-token" && want == http.StatusNotFound {
				want = 0
			}
			b.send(name+": "+value, r, at, want)
		}
		with("If-None-Match", "*", http.StatusPreconditionFailed, "")
		for _, stale := range []string{`"000000000000000000000000"`, `W/"1"`, `"a", "b"`, `"a,b"`, `""`} {
			with("If-Match", stale, http.StatusPreconditionFailed, "")
		}
		for _, broken := range []string{"x", `"x`, `x"`, `"a" "b"`, `*, "a"`, `"a", *`, `w/"a"`, `W/`, `W/*`, "'a'", `"a b"`, "\x00"} {
			with("If-Match", broken, http.StatusUnprocessableEntity, "header.If-Match")
			with("If-None-Match", broken, http.StatusUnprocessableEntity, "header.If-None-Match")
		}
	})
}

// RS-06: what GET answers with an ETag is not sent again to who has it, and is changed with it and not with another; a weak tag never matches for
// a change, and does for a read.
func TestEveryETag(t *testing.T) {
	bodies := map[string]string{
		"/lines/{n}/sip": `{"enabled":true,"phone_number":"1009","register_addr":"127.0.0.2"}`, "/system/board": `{"board":"virtual"}`, "/system/action-urls": `{"failover":"http://192.0.2.9/"}`,
		"/system/remote-control": `{"enabled":true}`, "/lab/servers/{server}": `{"behaviour":"refuse"}`, "/lab/phone": `{"answering":"busy"}`, "/io/{name}": "1",
		"/system/time": `{"time_zone":"Asia/Tokyo"}`, "/system/accounts": `{"account":"user","password":"another horse"}`,
		"/phone/features": `{"ring_timeout":20}`, "/line/basic-settings": `{"sip_port":5070}`,
	}
	tagged := 0
	everyOperation(t, func(b *badInput) {
		if b.op.Method != http.MethodPut || b.s.api.OpenAPI().Paths[b.path].Get == nil {
			return
		}
		tagged++
		ask := func(method, header, value, body string) *httptest.ResponseRecorder {
			r := request("tok-admin", method+" "+b.at(nil), body)
			if header != "" {
				r.Header.Set(header, value)
			}
			return serve(b.s, r)
		}
		tag := ask("GET", "", "", "").Header().Get("ETag")
		if tag == "" {
			b.t.Fatalf("GET %s has no ETag", b.path)
		}
		for _, has := range []string{tag, "W/" + tag, `"x", ` + tag, `W/"x",` + "\t" + `W/` + tag + ` ,`, "*"} {
			for _, method := range []string{"GET", "HEAD"} {
				if w := ask(method, "If-None-Match", has, ""); w.Code != http.StatusNotModified || w.Body.Len() != 0 || w.Header().Get("ETag") != tag {
					b.t.Errorf("%s with If-None-Match %s: %d %q", method, has, w.Code, w.Body)
				}
			}
		}
		if w := ask("GET", "If-None-Match", `"x"`, ""); w.Code != http.StatusOK || w.Body.Len() == 0 {
			b.t.Errorf("GET with another tag: %d %q", w.Code, w.Body)
		}
		body := bodies[b.path]
		if body == "" {
			b.t.Fatalf("no body for PUT %s", b.path)
		}
		for header, value := range map[string]string{"If-Match": "W/" + tag, "If-None-Match": "W/" + tag} {
			r := request("tok-admin", "PUT "+b.at(nil), body)
			r.Header.Set(header, value)
			b.send(header+" "+value, r, "", http.StatusPreconditionFailed)
		}
		both := request("tok-admin", "PUT "+b.at(nil), body)
		both.Header.Set("If-Match", tag)
		both.Header.Set("If-None-Match", "*")
		b.send("both", both, "", http.StatusPreconditionFailed)
		if w := ask("PUT", "If-Match", `"x", `+tag, body); w.Code >= 300 {
			b.t.Errorf("PUT with its tag: %d %s", w.Code, w.Body)
		}
		next := ask("GET", "", "", "").Header().Get("ETag")
		if next == tag {
			b.t.Errorf("PUT has changed nothing: %s", tag)
		}
		if w := ask("PUT", "If-Match", tag, body); w.Code != http.StatusPreconditionFailed {
			b.t.Errorf("PUT with the tag of before: %d %s", w.Code, w.Body)
		}
		if w := ask("PUT", "If-None-Match", tag, body); w.Code >= 300 {
			b.t.Errorf("PUT where another state is excluded: %d %s", w.Code, w.Body)
		}
		if w := ask("PUT", "If-Match", "*", body); w.Code >= 300 {
			b.t.Errorf("PUT of anything that exists: %d %s", w.Code, w.Body)
		}
	})
	if tagged != len(bodies) {
		t.Errorf("%d resources were tried, want %d", tagged, len(bodies))
	}
}

// RS-06: two lines of a header field are one list.
func TestTagsOfSeveralLines(t *testing.T) {
	l, err := readTags([]string{`"a"`, `W/"b" , "c"`})
	if err != nil || !slices.Equal(l.tags, []string{`"a"`, `W/"b"`, `"c"`}) || !l.strong(`"c"`) || l.strong(`"b"`) || l.strong(`W/"b"`) || !l.weak(`"b"`) || !l.weak(`W/"c"`) || l.weak("") {
		t.Errorf("%+v %v", l, err)
	}
	if l, err := readTags(nil); l != nil || err != nil {
		t.Errorf("%+v %v", l, err)
	}
}

// FuzzReadTags: what is read is a list that is written in the same way, and nothing that is written so is refused.
func FuzzReadTags(f *testing.F) {
	for _, text := range []string{"*", `"a"`, `W/"a", "b"`, `"a,b"`, `"`, `W/`, ` , "a" ,, "b",`, `"a" b`, "\"\x00\"", `""`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := readTags([]string{text})
		if err != nil {
			if !errors.Is(err, errTags) || l != nil {
				t.Fatalf("%+v %v", l, err)
			}
			return
		}
		if l.any {
			return
		}
		again, err := readTags([]string{strings.Join(l.tags, ", ")})
		if err != nil || !slices.Equal(again.tags, l.tags) || len(l.tags) == 0 {
			t.Fatalf("%q: %q and then %+v %v", text, l.tags, again, err)
		}
		for _, tag := range l.tags {
			if !l.weak(tag) || l.strong(tag) == strings.HasPrefix(tag, "W/") {
				t.Fatalf("%q of %q", tag, text)
			}
		}
	})
}
