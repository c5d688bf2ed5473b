package webui

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	formKind = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// SE-03: the longest body of each kind is taken, and that of one byte more is refused with 413, whether its length was said before or not.
func TestBodyLimits(t *testing.T) {
	xmlGet := `<FanvilConfiguration cmd="get"><Item>sip.line.1.RegisterPort</Item></FanvilConfiguration>`
	for _, c := range []struct {
		name, what, kind string
		most             int
		begin, fill, end string // the body is begin, fill as often as it takes, and end
		as               func(s *Server, r *http.Request)
		want             int
	}{
		{"REST", "PUT /api/v1/phone/hook", jsonType, wantBody, `{"state":"off"`, " ", "}", asAdminToken, http.StatusOK},
		{"merge patch", "PATCH /api/v1/lines/1/sip", "application/merge-patch+json", wantBody, `{"display_name":"x"`, " ", "}", asAdminToken, http.StatusOK},
		{"an operation without a body", "POST /api/v1/lines/1/register", jsonType, wantBody, "{", " ", "}", asAdminToken, http.StatusAccepted},
		{"a level", "PUT /api/v1/io/hook", "text/plain", wantLevelBody, "1", "\n", "", asAdminToken, http.StatusNoContent},
		{"a configuration", "POST /api/v1/config/import", jsonType, wantFile, `{"lines":{"2":{"phone_number":"1002"}}`, " ", "}", asAdminToken, http.StatusOK},
		{"login", "POST /login", formKind, wantLoginBody, "user=admin&password=correct+horse&more=", "a", "", asNobody, http.StatusSeeOther},
		{"first run", "POST /first", formKind, wantLoginBody, "code=x&password=y&again=y&more=", "a", "", asNobody, http.StatusConflict},
		{"a form", "POST /phone/features", formKind, wantBody, "ring_timeout=20&more=", "a", "", asAdminSession, http.StatusSeeOther},
		{"the form of a line", "POST /line/sip", formKind, wantBody, "line=1&more=", "a", "", asAdminSession, http.StatusSeeOther},
		{"the vendor's XML", "POST /xmlService", "text/xml", wantBody, xmlGet, " ", "", asScript, http.StatusOK},
		{"a file by a form", "POST /system/configuration/import", "multipart/form-data; boundary=x", wantFile + wantBody,
			"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n" + vendorFile + "\r\n--x\r\nContent-Disposition: form-data; name=\"more\"\r\n\r\n", "a", "\r\n--x--", asAdminSession, http.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, s := remote(t, false)
			for _, over := range []int{0, 1} {
				for _, chunked := range []bool{false, true} {
					text := c.begin + strings.Repeat(c.fill, c.most+over-len(c.begin)-len(c.end)) + c.end
					method, path, _ := strings.Cut(c.what, " ")
					r := httptest.NewRequest(method, path, struct{ io.Reader }{strings.NewReader(text)})
					if r.ContentLength != -1 || len(text) != c.most+over {
						t.Fatalf("%d bytes, said to be %d", len(text), r.ContentLength)
					}
					if !chunked {
						r.ContentLength = int64(len(text))
					}
					r.Host, r.RemoteAddr = "127.0.0.1:8080", "192.0.2.1:40000"
					r.Header.Set("Content-Type", c.kind)
					c.as(s, r)
					want := c.want
					if over > 0 {
						want = http.StatusRequestEntityTooLarge
					}
					if w := serve(s, r); w.Code != want {
						t.Errorf("%d bytes, chunked %v: %d %.200s, want %d", len(text), chunked, w.Code, w.Body, want)
					}
				}
			}
		})
	}
}

func asNobody(*Server, *http.Request) {}

func asAdminToken(_ *Server, r *http.Request) { r.Header.Set("Authorization", "Bearer tok-admin") }

func asScript(_ *Server, r *http.Request) { r.SetBasicAuth("admin", "correct horse") }

func asAdminSession(s *Server, r *http.Request) { r.AddCookie(sessionOf(s, RoleAdmin)) }

// A file that is as long as one may be comes through the form of the page, whatever the browser writes around it; a longer one is refused.
func TestLongestUpload(t *testing.T) {
	_, s := inhabited(t)
	admin := sessionOf(s, RoleAdmin)
	const head, end = "<<VOIP CONFIG FILE>>Version:2.0000000000\r\n<SIP CONFIG MODULE>\r\nSIP1 Failback Interval  :60\r\n", "<<END OF FILE>>\r\n"
	for over, want := range map[int]int{0: http.StatusOK, 1: http.StatusUnprocessableEntity} {
		file := head + strings.Repeat("\n", wantFile+over-len(head)-len(end)) + end
		if w := uploadForm(t, s, admin, file, ""); w.Code != want {
			t.Errorf("%d bytes: %d %.300s", len(file), w.Code, w.Body)
		}
	}
}

// What a page waits for to be applied waits for 15 minutes, and is one of eight: from both sides, by the forms of the page.
func TestPendingFiles(t *testing.T) {
	t.Run("time", func(t *testing.T) { pendingTime(t) })
	t.Run("number", func(t *testing.T) { pendingNumber(t) })
}

func pendingOf(t *testing.T, s *Server, admin *http.Cookie) url.Values {
	t.Helper()
	w := uploadForm(t, s, admin, vendorFile, "")
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return url.Values{"pending": {hidden(t, w.Body.String(), "pending")}, "copy": {"0"}}
}

func pendingNumber(t *testing.T) {
	_, s := inhabited(t)
	admin := sessionOf(s, RoleAdmin)
	var all []url.Values
	for range 9 {
		all = append(all, pendingOf(t, s, admin))
	}
	for i, form := range all {
		want := http.StatusSeeOther
		if i == 0 {
			want = http.StatusConflict
		}
		if w := postForm(s, admin, "/system/configuration/apply", form); w.Code != want {
			t.Errorf("file %d of 9: %d, want %d", i, w.Code, want)
		}
	}
}

func pendingTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := inhabited(t)
		admin := sessionOf(s, RoleAdmin)
		for age, want := range map[time.Duration]int{15*time.Minute - time.Millisecond: http.StatusSeeOther, 15 * time.Minute: http.StatusConflict} {
			form := pendingOf(t, s, admin)
			time.Sleep(age / 2)
			get(s, admin, "/") // the login must not end
			time.Sleep(age - age/2)
			if w := postForm(s, admin, "/system/configuration/apply", form); w.Code != want {
				t.Errorf("after %v: %d, want %d", age, w.Code, want)
			}
		}
	})
}
