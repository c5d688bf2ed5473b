package server

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestPhoneByREST: the phone 1002 is told what to do and tells of its calls; what is wrong is named and changes nothing.
func TestPhoneByREST(t *testing.T) {
	bubble(t, func(w *world) {
		l := w.lab(LabConfig{Open: true})
		c := w.client("127.0.0.1:5070")
		register(c, primaryAt)
		handler := l.Handler()
		for _, step := range []struct {
			what, body string
			code       int
			want       string
		}{
			{"GET phone", "", 200, `{"answering":"answer","after_ms":0,"hang_up_after_ms":0}`},
			{"PUT phone", `{"answering":"busy","after_ms":12.5}`, 200, `{"answering":"busy","after_ms":12.5,"hang_up_after_ms":0}`},
			{"PUT phone", `{"answering":"sulk"}`, 422, `"location":"body.answering"`},
			{"PUT phone", `{"answering":"status","status":200}`, 422, `"location":"body.status"`},
			{"PUT phone", `{"answering":"answer","after_ms":-1}`, 422, `"location":"body.after_ms"`},
			{"PUT phone", `{"answering":"answer","hang_up_after_ms":1e99}`, 422, `"location":"body.hang_up_after_ms"`},
			{"PUT phone", `{`, 400, `"detail":"the body: `},
			{"PUT phone", `{"x":` + strings.Repeat("[", 60), 400, `"detail":"the body: body:1:37: nested deeper than 32`}, // SE-05
			{"PUT servers/primary", `{"x":` + strings.Repeat("[", 60), 400, `"detail":"the body: body:1:37: nested deeper than 32`},
			{"GET phone", "", 200, `"answering":"busy"`},
			{"GET phone/calls", "", 200, `[]`},
			{"DELETE phone/calls", "", 409, `there is no call`},
			{"POST phone/calls", `{"to":"10 01"}`, 422, `"location":"body.to"`},
			{"POST phone/calls", `{"to":"1001","via":"third"}`, 422, `"location":"body.via"`},
			{"POST phone/calls", `{"to":"1001","via":"primary"}`, 200, `"direction":"outgoing","remote":"1001","state":"ringing"`},
		} {
			method, path, _ := strings.Cut(step.what, " ")
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequestWithContext(w.t.Context(), method, "/api/v1/lab/"+path, strings.NewReader(step.body)))
			if answer.Code != step.code || !strings.Contains(answer.Body.String(), step.want) {
				t.Errorf("%s %s: %d %s, want %d %s", step.what, step.body, answer.Code, answer.Body, step.code, step.want)
			}
		}
		c.expect("INVITE sip:1001@")
		time.Sleep(40 * time.Second) // nobody answers
		if a := l.Phone.Ages(); len(a) != 1 || a[0].State != CallOver || a[0].BeganAgo != 40e6 || a[0].AnsweredAgo != nil || *a[0].EndedAgo >= a[0].BeganAgo || a[0].EndStatus != 408 {
			t.Errorf("%+v", a)
		}
	})
}
