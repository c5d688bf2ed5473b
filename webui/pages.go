package webui

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/sip/line"
)

//go:embed html/*.html static/*
var embedded embed.FS

// pageSet is the templates of the pages and their files. Nothing in it comes from elsewhere.
type pageSet struct {
	byName map[string]*template.Template
	assets map[string]asset
}

func newPageSet() (*pageSet, error) {
	p := &pageSet{byName: map[string]*template.Template{}, assets: map[string]asset{}}
	files, err := fs.ReadDir(embedded, "static")
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	for _, f := range files {
		if err := p.load(f.Name()); err != nil {
			return nil, fmt.Errorf("static files: %w", err)
		}
	}
	layout, err := template.New("").Funcs(template.FuncMap{"asset": p.address}).ParseFS(embedded, "html/layout.html", "html/plan.html", "html/field.html")
	if err != nil {
		return nil, fmt.Errorf("page layout: %w", err)
	}
	own, err := fs.Glob(embedded, "html/*.html")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	for _, file := range own {
		name := strings.TrimSuffix(path.Base(file), ".html")
		t, err := template.Must(layout.Clone()).ParseFS(embedded, file)
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		p.byName[name] = t.Lookup(name + ".html")
	}
	return p, nil
}

// show answers with a page once all of it is made, so that a fault never leaves half a page.
func (s *Server) show(c echo.Context, status int, name string, data any) error {
	var b bytes.Buffer
	if err := pages().byName[name].Execute(&b, data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	c.Response().Header().Add(echo.HeaderVary, "Cookie, Accept-Language")
	s.ignore(c, c.HTMLBlob(status, b.Bytes()))
	return nil
}

// pages is made at first use and never changes. What it is made of is in the program, so a fault in it is one of the program.
var pages = sync.OnceValue(func() *pageSet {
	p, err := newPageSet()
	if err != nil {
		panic("webui: " + err.Error())
	}
	return p
})

// registerPages adds the pages, their forms and their files to the router.
func (s *Server) registerPages(e *echo.Echo) {
	e.GET("/static/:file", pages().serve)
	e.GET("/language", chooseLanguage)
	e.GET("/", s.page(s.panelPage))
	e.GET("/phone", s.page(s.panelPage))
	e.POST("/phone/keys", s.page(s.keysForm))
	e.POST("/phone/hook", s.page(s.hookForm))
	e.GET("/line", s.page(s.linePage)) // SIP is the default page of the tab Line
	e.GET("/line/sip", s.page(s.linePage))
	e.POST("/line/sip", s.page(s.lineForm))
	e.POST("/line/plan", s.page(s.planForm))
	e.POST("/line/register", s.page(s.registrationForm))
	e.GET("/lab", s.page(s.labPage))
	e.POST("/lab/servers", s.page(s.labServerForm))
	e.POST("/lab/phone", s.page(s.labPhoneForm))
	e.POST("/lab/phone/calls", s.page(s.labCallForm))
	e.POST("/lab", s.page(s.labForm))
	e.GET("/trace", s.page(s.tracePage))
	e.GET("/calls", s.page(s.callsPage))
	e.POST("/calls", s.page(s.callsForm))
	e.GET("/timeline", s.page(s.timelinePage))
	e.GET("/events", s.page(s.eventsPage))
	s.registerSystemPages(e)
	s.registerBoardPage(e)
	s.registerConfigurationPage(e)
	s.registerDevicePages(e)
	s.registerNumbersPages(e)
	e.GET(auditPath, s.page(s.auditPage))
}

// chooseLanguage keeps the choice of the language menu for a year and goes back to the page it was made on.
func chooseLanguage(c echo.Context) error {
	keepLanguage(c)
	return c.Redirect(http.StatusSeeOther, localPath(c.QueryParam("back")))
}

// keepLanguage remembers the language that the address names, if it names one.
func keepLanguage(c echo.Context) {
	if l, ok := knownLanguage(c.QueryParam("lang")); ok {
		c.SetCookie(&http.Cookie{Name: languageCookie, Value: l.tag, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
}

// frame is what every page has around its own.
type frame struct {
	Lang      language
	Title     string
	Scripts   []string
	Tabs      []tab
	SubTabs   []tab
	Lock      *lockNotice // nil while the phone is free
	Insecure  *insecure   // nil over HTTPS and within this computer
	Strip     *lineCard   // nil while no line is set up
	Account   string
	Back      string // where this page is, for forms that come back to it
	Rest      []string
	Notice    string
	NoticeBad bool
	Now       time.Time
	Since     int64  // the newest event the page knows of
	Types     string // the events after which the page asks again how things are
}

// T returns the text of a key in the page's language.
func (f frame) T(key string, args ...any) string { return f.Lang.say(key, args...) }

// Languages is the language menu.
func (f frame) Languages() any { return languages }

// frame makes the frame of a page that stands at path, with the tabs it belongs to.
func (s *Server) frame(c echo.Context, who Visitor, l language, at, title string, rest ...string) (frame, []lineCard, error) {
	keepLanguage(c)
	now, _ := s.Journal.Clock()
	_, newest := s.Journal.Held() // before anything is read: what happens meanwhile comes by the stream
	cards, err := s.lineCards(c.Request().Context(), l, now)
	if err != nil {
		return frame{}, nil, err
	}
	f := frame{Lang: l, Title: l.say(title), Scripts: []string{"live.js"}, Account: who.Account, Back: "/", Rest: rest, Now: now, Since: newest, Types: liveTypes, Strip: worst(cards), Lock: s.lockNotice(who), Insecure: s.insecureNotice(c.Request())}
	if c.Request().Method == http.MethodGet {
		q := c.QueryParams()
		f.Notice = doneNotice(l, q)
		q.Del("done")
		q.Del("lang")
		f.Back = strings.TrimSuffix(c.Request().URL.Path+"?"+q.Encode(), "?")
	}
	f.Tabs, f.SubTabs = tabsAt(at, who, l)
	if s.Lab == nil {
		f.Tabs = slices.DeleteFunc(f.Tabs, func(t tab) bool { return t.Path == "/lab" })
	}
	return f, cards, nil
}

// doneNotice says what the form that led here has done; the words are the page's own, whatever the address says.
func doneNotice(l language, q url.Values) string {
	switch done := q.Get("done"); done {
	case "register", "unregister", "lab":
		return l.say("done." + done)
	case "saved":
		return l.say("form.saved", l.say("line.n", lineNumber(q.Get("line"))))
	case "password", "revoked", "board", "device", "imported", "zone", "restart", "reset":
		return l.say("done." + done)
	case "same":
		return l.say("form.same")
	}
	return ""
}

// back answers a form that was obeyed: to the page it was on, with a word about what was done.
func back(c echo.Context, done string) error {
	u, err := url.Parse(localPath(c.FormValue("back")))
	if err != nil {
		u = &url.URL{Path: "/"}
	}
	if done != "" {
		q := u.Query()
		q.Set("done", done)
		u.RawQuery = q.Encode()
	}
	return c.Redirect(http.StatusSeeOther, u.String())
}

const maxForm = 64 << 10

// lineNumber returns the line that a form or an address names, 1 where it names none.
func lineNumber(text string) int {
	var n int
	if _, err := fmt.Sscanf(cmp.Or(text, "1"), "%d", &n); err != nil || n < 1 || n > line.MaxLines {
		return 1
	}
	return n
}

// loginPageData is the login page.
type loginPageData struct {
	frame
	Next    string
	Why     string
	Left    string
	First   bool
	Locked  bool
	Account string
}

// renderLogin answers with the login page; it never says which half of a login was wrong.
func (s *Server) renderLogin(c echo.Context, status int, failure LoginFailure) error {
	keepLanguage(c)
	l := languageOf(c.Request())
	now, _ := s.Journal.Clock()
	d := loginPageData{
		frame:   frame{Lang: l, Title: l.say("login.title"), Scripts: []string{"menu.js"}, Now: now, Back: "/login?next=" + url.QueryEscape(failure.Next), Insecure: s.insecureNotice(c.Request())},
		Next:    failure.Next,
		Account: failure.Account,
	}
	switch failure.Reason {
	case LoginWrong:
		d.Why, d.Left = l.say("login.wrong"), l.say("login.left", failure.Left)
	case LoginLocked:
		d.Why, d.Locked = l.say("login.locked", countdown(failure.Wait)), true
	case LoginBusy:
		d.Why = l.say("login.busy")
	case LoginOnce:
		d.Why = l.say("login.ended")
	case LoginNoPassword:
		d.First = true
	}
	return s.show(c, status, "login", d)
}
