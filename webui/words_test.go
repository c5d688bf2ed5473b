package webui

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hilphone/sip/line"
)

// The words of the vendor document's own page and of its text (user interface, steps 1 to 6).
func TestVendorWords(t *testing.T) {
	for key, want := range map[string]string{
		"nav.line": "回線", "nav.sip": "SIP", "line": "回線", "form.server1": "SIPサーバー1", "form.server2": "SIPサーバー2",
		"form.basic": "基本設定", "form.submit": "送信", "slot.primary": "主用サーバー", "slot.backup": "予備サーバー",
		"trigger.manual": "手動登録", "trigger.refresh": "登録タイムアウト", "trigger.options": "OPTIONSタイムアウト", "trigger.cancel": "CANCELリクエストタイムアウト",
	} {
		if got := japanese.say(key); got != want {
			t.Errorf("%s is %s, the document says %s", key, got, want)
		}
	}
	for key, want := range map[string]string{"state.registered": "Registered", "state.unapplied": "Unapplied", "state.trying": "Trying", "state.timeout": "Timeout",
		"nav.line": "Line", "form.server1": "SIP Server 1", "form.basic": "Basic Settings", "form.submit": "Submit"} {
		if got := english.say(key); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
}

var (
	saidInTemplate = regexp.MustCompile(`\bT "([^"]+)"`)
	saidInCode     = regexp.MustCompile(`\.say\("([^"]+[^."])"[,)]`)
	verb           = regexp.MustCompile(`%(\[\d\])?[.\d]*[a-z]|\{[a-z_]+\}`)
)

func TestEveryWordIsThere(t *testing.T) {
	templates, err := fs.Glob(embedded, "html/*.html")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	check := func(file, content string, said *regexp.Regexp) {
		all.WriteString(content)
		for _, m := range said.FindAllStringSubmatch(content, -1) {
			if _, ok := words[m[1]]; !ok {
				t.Errorf("%s says %q, for which there is no word", file, m[1])
			}
		}
	}
	for _, file := range templates {
		content, err := embedded.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		check(file, string(content), saidInTemplate)
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sources {
		if strings.HasPrefix(file, "words_") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		check(file, string(content), saidInCode)
	}
	for key := range words {
		group := key[:strings.LastIndex(key, ".")+1]
		used := strings.Contains(all.String(), `"`+key+`"`)
		inGroup := group != "" && (strings.Contains(all.String(), `"`+group+`"`) || strings.Contains(all.String(), `"`+strings.TrimSuffix(group, ".")+`"`))
		if !used && !inGroup && !strings.HasPrefix(key, "event.") {
			t.Errorf("nothing says %q", key)
		}
	}
}

func TestEveryWordInThreeLanguages(t *testing.T) {
	for key, label := range words {
		if label.EN == "" || label.JA == "" || label.ZH == "" {
			t.Errorf("%s: a language is missing: %+v", key, label)
		}
		if !slices.Equal(verbs(label.EN), verbs(label.JA)) || !slices.Equal(verbs(label.EN), verbs(label.ZH)) {
			t.Errorf("%s: what is put in differs: %+v", key, label)
		}
	}
	for _, d := range line.Table {
		for _, label := range []line.Label{d.Label, d.Hint} {
			if label.EN == "" || label.JA == "" || label.ZH == "" {
				t.Errorf("%s: a language is missing: %+v", d.Name, label)
			}
		}
	}
}

// verbs returns what is put into a text, in any order.
func verbs(text string) []string {
	var found []string
	for _, v := range verb.FindAllString(text, -1) {
		if i := strings.Index(v, "]"); i >= 0 {
			v = "%" + v[i+1:]
		}
		found = append(found, v)
	}
	slices.Sort(found)
	return found
}

func TestLanguageOf(t *testing.T) {
	for _, c := range []struct {
		query, cookie, accept string
		want                  language
	}{
		{"", "", "", english},
		{"", "", "ja", japanese},
		{"", "", "fr-FR,zh-CN;q=0.8,en;q=0.5", chinese},
		{"", "", "en;q=0.1, JA-jp;q=0.9", japanese},
		{"", "", "zh;q=0, de", english},
		{"", "", "ja;q=x", english},
		{"", "zh", "ja", chinese},
		{"", "xx", "ja", japanese},
		{"ja", "zh", "en", japanese},
		{"xx", "zh", "en", chinese},
	} {
		r := httptest.NewRequest(http.MethodGet, "/?"+url.Values{"lang": {c.query}}.Encode(), nil)
		r.Header.Set("Accept-Language", c.accept)
		r.AddCookie(&http.Cookie{Name: languageCookie, Value: c.cookie})
		if got := languageOf(r); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestLanguageMenu(t *testing.T) {
	_, s := inhabited(t)
	w := browse(s, RoleAdmin, english, "GET /language?lang=ja&back=%2Fline%2Fsip%3Fline%3D2", nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/line/sip?line=2" || !strings.Contains(w.Header().Get("Set-Cookie"), "lang=ja") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w = browse(s, RoleAdmin, english, "GET /language?lang=ja&back=https%3A%2F%2Felsewhere.example", nil)
	if w.Header().Get("Location") != "/" {
		t.Errorf("the menu leads to %q", w.Header().Get("Location"))
	}
}
