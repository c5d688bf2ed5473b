//go:build rig

package webui

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hilphone/hil/behaviour"
	"hilphone/sip/line"
)

// browser is a real browser, logged in at the web server of a house.
type browser struct {
	t      testing.TB
	ctx    context.Context
	site   *httptest.Server
	server *Server

	mu     sync.Mutex
	faults []string // what the browser complained of
}

func openBrowser(t testing.TB, s *Server, l language) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("no browser: this test needs chromium in the PATH (`make deps` installs it)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.DisableGPU,
		chromedp.NoSandbox, chromedp.WindowSize(1280, 900), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, site: httptest.NewServer(s.Handler()), server: s}
	t.Cleanup(func() { s.endLive(); b.site.CloseClientConnections(); b.site.Close() })
	b.do(chromedp.Navigate("about:blank"))
	complaints := chromedp.Console(ctx)
	var listening sync.WaitGroup
	listening.Go(func() { b.listen(complaints) })
	t.Cleanup(func() { cancel(); listening.Wait() })
	b.open(s.OneTimeLogin() + "&next=/%3Flang=" + l.tag)
	return b
}

func (b *browser) listen(messages func(func(chromedp.ConsoleMessage, error) bool)) {
	for m, err := range messages {
		if err != nil {
			return
		}
		if m.Type == "error" || m.Type == chromedp.ConsoleException {
			b.mu.Lock()
			b.faults = append(b.faults, m.Text)
			b.mu.Unlock()
		}
	}
}

// complaints returns and forgets what the browser complained of, but the answers the test asked for.
func (b *browser) complaints(expected ...string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := slices.DeleteFunc(b.faults, func(text string) bool {
		return slices.ContainsFunc(expected, func(e string) bool { return strings.Contains(text, e) })
	})
	b.faults = nil
	return found
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.site.URL + path))
	b.scripted()
}

// scripted waits until the scripts of the page hear what is done on it.
func (b *browser) scripted() {
	b.t.Helper()
	b.until(`document.documentElement.classList.contains("js") || !document.querySelector("script[src*=live]")`)
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

func (b *browser) keys(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// until waits until the script's expression is true.
func (b *browser) until(expression string) {
	b.t.Helper()
	end := time.Now().Add(10 * time.Second)
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(10*time.Second)))
	for err != nil && strings.Contains(err.Error(), "Cannot find context") && time.Now().Before(end) { // of the page before: it has just been left
		_, err = chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(time.Until(end))))
	}
	if err != nil {
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
		b.t.Fatalf("never: %s: %v\n%s", expression, err, text)
	}
}

func (b *browser) evaluate(script string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any]("void ("+script+")")); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) fill(name, value string) {
	b.t.Helper()
	b.do(chromedp.Clear(chromedp.CSS("#"+name)), chromedp.SendKeys(chromedp.CSS("#"+name), value))
}

func (h *house) keysPressed() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.pressed, " ")
}

func TestFrontPanelInABrowser(t *testing.T) {
	h, s := inhabited(t)
	b := openBrowser(t, s, english)
	b.until(`document.getElementById("hook").getAttribute("aria-pressed") === "false"`)
	b.until(`(() => { const scripts = performance.getEntriesByType("resource").map((r) => new URL(r.name).pathname).filter((p) => p.endsWith(".js"));
		return scripts.length > 0 && new Set(scripts).size === scripts.length; })()`) // no module runs twice

	for _, key := range []string{"1", "0", "0", "2"} {
		b.click(`button[name=keys][value="` + key + `"]`)
	}
	b.do(chromedp.Blur(chromedp.CSS(`button[name=keys][value="2"]`)))
	b.keys("3#" + kb.Enter + "s" + kb.Escape + "h")
	// Requests go in order: when the handset is seen lifted, every key before it has reached the phone.
	b.until(`document.getElementById("hook").getAttribute("aria-pressed") === "true"`)
	if got, want := h.keysPressed(), "1 0 0 2 3 # ok speaker release"; got != want {
		t.Errorf("the phone saw %q, want %q", got, want)
	}

	b.do(chromedp.Focus(chromedp.CSS("select[name=lang]")))
	b.keys("5h")
	b.do(chromedp.Blur(chromedp.CSS("select[name=lang]")))
	b.keys("h")
	b.until(`document.getElementById("hook").getAttribute("aria-pressed") === "false"`)
	if strings.Contains(h.keysPressed(), "5") {
		t.Error("a key typed in a field reached the phone")
	}

	// What happens elsewhere comes by itself, in the middle of which the unsubmitted state of the page stays.
	if w := rest(s, "PATCH /lines/1/sip", `{"phone_number":"1009"}`); w.Code != 200 {
		t.Fatal(w.Body)
	}
	b.until(`document.querySelector(".strip").innerText.includes("1009")`)
	b.until(`document.querySelector("tbody").innerText.includes("settings changed: SIP User")`)

	b.click(`form:has([name=server][value=backup]) button[value=silent]`)
	b.until(`document.querySelector("form:has([name=server][value=backup]) button[value=silent]").getAttribute("aria-pressed") === "true"`)
	b.until(`!document.getElementById("toast").hidden`)
	if got, _ := h.Server(line.Backup); got.Mode != behaviour.Silent {
		t.Errorf("the lab's backup does %s", got.Mode)
	}
	if c := b.complaints(); len(c) != 0 {
		t.Errorf("the browser complained: %q", c)
	}

	// A connection that breaks is shown, and comes back by itself.
	b.evaluate(`new MutationObserver(([m]) => (window.wasLost ||= !m.target.hidden)).observe(document.getElementById("lost"), { attributes: true })`)
	b.site.CloseClientConnections()
	b.until(`window.wasLost && document.getElementById("lost").hidden`)
	if w := rest(s, "PATCH /lines/1/sip", `{"phone_number":"1010"}`); w.Code != 200 {
		t.Fatal(w.Body)
	}
	b.until(`document.querySelector(".strip").innerText.includes("1010")`)
}

// The steps (1) to (6) of the vendor document, in its language.
func TestLinePageInABrowser(t *testing.T) {
	h, s := inhabited(t)
	b := openBrowser(t, s, japanese)
	tab := func(name string) string {
		return fmt.Sprintf(`[...document.querySelectorAll("nav a")].find((a) => a.innerText === %q)`, name)
	}
	b.evaluate(tab("回線") + ".click()") // (1)
	b.do(chromedp.WaitVisible(chromedp.CSS("#sip")))
	b.until(tab("SIP") + `.getAttribute("aria-current") === "page"`)
	b.scripted()
	b.evaluate(`(() => { const s = document.getElementById("line"); s.value = "2"; s.dispatchEvent(new Event("change", { bubbles: true })); })()`) // (2)
	b.do(chromedp.WaitVisible(chromedp.CSS(`form[action="/line/sip?line=2"]`)))
	b.fill("phone_number", "1011") // (3)
	b.fill("auth_password", canary)
	b.click("#enabled")
	b.fill("register_addr", "192.0.2.1") // (4)
	b.fill("backup_addr", "192.0.2.2")
	b.fill("backup_port", "506000")
	b.until(`document.querySelector("#basic > summary").innerText === "基本設定"`)
	b.click("#basic > summary") // (5)
	b.fill("failback_interval", "600")
	b.until(`document.getElementById("changes").innerText.includes("プローブ間隔 1800 → 600")`)
	b.until(`document.getElementById("submit").innerText === "送信"`)
	b.click("#submit") // (6)

	b.until(`document.getElementById("backup_port").getAttribute("aria-invalid") === "true"`)
	b.until(`document.getElementById("faults").innerText.includes("SIPサーバー2 ポート: 0〜65535の整数を入力してください。入力値: 506000")`)
	b.until(`document.getElementById("backup_port").value === "506000" && document.getElementById("failback_interval").value === "600"`)
	if set, _ := h.Line(t.Context(), 2); set != line.Default() {
		t.Fatalf("a form with a fault was stored: %+v", set)
	}
	b.click(`#faults a[href="#backup_port"]`)
	b.until(`document.activeElement.id === "backup_port"`)
	b.fill("backup_port", "5070")
	b.click("#submit")
	b.do(chromedp.WaitVisible(chromedp.CSS("#toast"))) // on the page that comes back
	b.until(`document.getElementById("toast").innerText === "回線2に保存し、適用しました。"`)

	want := line.Default()
	if err := want.Merge(map[string]any{"enabled": true, "phone_number": "1011", "auth_password": canary, "register_addr": "192.0.2.1",
		"backup_addr": "192.0.2.2", "backup_port": 5070, "failback_interval": 600}); err != nil {
		t.Fatal(err)
	}
	if set, _ := h.Line(t.Context(), 2); set != want {
		t.Errorf("stored %+v, want %+v", set, want)
	}
	b.until(`document.querySelector(".strip") && !document.getElementById("unsaved").classList.contains("changed")`)
	if c := b.complaints("422"); len(c) != 0 {
		t.Errorf("the browser complained: %q", c)
	}
}

// The plan beside the form follows what is typed, keeps to it while the page refreshes itself, and goes back with Discard.
func TestPlanInABrowser(t *testing.T) {
	h, s := inhabited(t)
	b := openBrowser(t, s, english)
	lead := func(text string) string {
		return fmt.Sprintf(`document.querySelector("#plan .lead").innerText.replaceAll("\u00a0", " ").includes(%q)`, text)
	}
	b.open("/line/sip?line=1")
	b.until(lead("costs 7.5 s. The user is told after 39.5 s"))
	b.click("#basic > summary")
	b.fill("signal_retry_counts", "1")
	b.until(lead("costs 1.5 s (was 7.5 s)."))
	if w := rest(s, "PATCH /lines/2/sip", `{"phone_number":"1009"}`); w.Code != 200 {
		t.Fatal(w.Body)
	}
	b.until(`document.querySelector("#line option[value='2']").textContent.includes("1009")`) // the page has refreshed itself
	b.until(lead("costs 1.5 s (was 7.5 s)."))
	b.fill("signal_retry_counts", "99")
	b.until(`document.getElementById("plan").innerText.includes("has faults: Signal Retry Counts")`)
	b.until(lead("costs 7.5 s. The user"))
	b.click("#discard")
	b.until(`!document.getElementById("plan").innerText.includes("has faults")`)
	if set, _ := h.Line(t.Context(), 1); h.saves != 1 || set.SignalRetryCounts != 3 {
		t.Errorf("a plan was stored: %d saves, %d", h.saves, set.SignalRetryCounts)
	}
	if c := b.complaints(); len(c) != 0 {
		t.Errorf("the browser complained: %q", c)
	}
	// Who is logged out while something is typed keeps it, on the page and at Submit; who has typed nothing is sent to the login.
	b.fill("display_name", "still here")
	s.sessions.endAccount("admin", "")
	b.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`) // opens the stream anew, which is refused
	b.until(`document.getElementById("lost").innerText.includes("logged out")`)
	b.click("#submit")
	b.until(`!document.getElementById("submit").disabled && location.pathname === "/line/sip" && document.getElementById("display_name").value.includes("still here")`)
	b.click("#discard")
	b.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`)
	b.do(chromedp.WaitVisible(chromedp.CSS("input[name=password]")))
}

func TestPagesFitAPhoneScreen(t *testing.T) {
	_, s := inhabited(t)
	b := openBrowser(t, s, english)
	b.do(chromedp.EmulateViewport(360, 740))
	for _, l := range languages {
		for _, path := range []string{"/?", "/line/sip?", "/trace?message=2&", "/timeline?zoom=60&", "/events?", "/calls?", "/lab?", "/system/information?", "/system/accounts?", "/system/tokens?", "/docs?", "/docs/scenarios?"} {
			b.open(path + "lang=" + l.Tag.tag)
			width, err := chromedp.Run(b.ctx, chromedp.Evaluate[int]("document.documentElement.scrollWidth"))
			if err != nil {
				t.Fatal(err)
			}
			if width > 360 {
				t.Errorf("%s %s is %d pixels wide on a screen of 360", l.Tag, path, width)
			}
		}
	}
	if c := b.complaints(); len(c) != 0 {
		t.Errorf("the browser complained: %q", c)
	}
}
