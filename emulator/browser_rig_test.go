//go:build rig

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// pictures is where TestPictures puts the README's pictures; without it they are made and thrown away.
var pictures = flag.String("pictures", "", "folder for the README's pictures")

// browser is a real browser at a real phone.
type browser struct {
	t   *testing.T
	ctx context.Context
	*process
}

// visit starts a demo and opens it in a browser by its one-time link, at next, a path with escaped query.
func visit(t *testing.T, next string) *browser {
	t.Helper()
	const path = "/usr/bin/chromium"
	if _, err := exec.LookPath(path); err != nil {
		t.Fatalf("there is no %s, which this test needs: make deps installs it (%v)", path, err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.DisableGPU,
		chromedp.NoSandbox, chromedp.WindowSize(1280, 900), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en"))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, process: start(t, self(t), "demo", "--listen", "127.0.0.1:0")}
	b.registered("primary")
	b.do(chromedp.Navigate(b.out.wait(t, b.process, loginLink)[1] + "&next=" + next))
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// until waits until an expression of the page's script is true.
func (b *browser) until(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience))); err != nil {
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
		b.t.Fatalf("never: %s: %v\n%s", expression, err, text)
	}
}

// shows waits until a part of the page contains a text, in whatever case.
func (b *browser) shows(selector, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelector(%q)?.innerText.toLowerCase().includes(%q)`, selector, text))
}

func (b *browser) lab(server, behaviour string) {
	b.t.Helper()
	button := fmt.Sprintf(`form:has([name=server][value=%s]) button[value=%s]`, server, behaviour)
	b.click(button)
	b.until(fmt.Sprintf(`document.querySelector(%q).getAttribute("aria-pressed") === "true"`, button))
}

func (b *browser) handset(lifted bool) {
	b.t.Helper()
	b.click("#hook")
	b.until(fmt.Sprintf(`document.getElementById("hook").getAttribute("aria-pressed") === "%v"`, lifted))
}

// typed sends keys to the page, not to a button that still has the focus.
func (b *browser) typed(keys string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](`void document.activeElement.blur()`)); err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.KeyEvent(keys))
}

// onBackup has the line moved to the backup by hanging up a call whose primary has fallen silent.
func (b *browser) onBackup() {
	b.t.Helper()
	b.handset(true)
	for _, key := range []string{"1", "0"} {
		b.click(`button[name=keys][value="` + key + `"]`)
	}
	b.typed("02#")
	b.until(`document.querySelector("#display [role=timer]") !== null`) // talking
	b.shows("#display", "1002")
	b.shows("#display", "primary")
	b.lab("primary", "silent")
	b.handset(false)
	b.shows(".strip", "backup")
	b.shows("#served", "backup")
}

// TestFailoverInABrowser is what the README has a visitor do.
func TestFailoverInABrowser(t *testing.T) {
	t.Parallel()
	b := visit(t, "/")
	b.shows(".strip", "primary")
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](`void (window.still = true)`)); err != nil {
		t.Fatal(err)
	}
	b.onBackup()
	b.until(`/\d/.test(document.querySelector(".strip [data-until]")?.innerText)`)
	b.until(`(() => { const now = document.querySelector("#served").closest("section").querySelector("[data-until]")?.innerText;
		window.first ??= now; return now && window.first !== now; })()`) // it counts down

	b.typed("h1002#")
	b.until(`document.querySelector("#display [role=timer]") !== null`)
	b.shows("#display", "backup")
	b.typed("h")
	b.until(`document.getElementById("hook").getAttribute("aria-pressed") === "false"`)
	b.lab("primary", "serve")
	b.shows(".strip", "primary")
	b.shows("#served", "primary")
	b.until(`window.still === true`) // the page was never loaded again
	if s := b.status(); s.Active != "primary" || s.State != "registered" {
		t.Errorf("the page says primary, REST says %+v", s)
	}
	b.terminate()
}

// TestLinePage goes the vendor document's steps (1) to (6), in its language.
func TestLinePage(t *testing.T) {
	t.Parallel()
	b := visit(t, "/%3Flang=ja")
	tab := func(name string) string {
		return fmt.Sprintf(`[...document.querySelectorAll("nav a")].find((a) => a.innerText.trim() === %q)`, name)
	}
	script := func(text string) {
		t.Helper()
		if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any]("void "+text)); err != nil {
			t.Fatal(err)
		}
	}
	fill := func(name, value string) {
		t.Helper()
		b.do(chromedp.Clear(chromedp.CSS("#"+name)), chromedp.SendKeys(chromedp.CSS("#"+name), value))
	}
	b.until(`document.documentElement.lang === "ja"`)
	script(tab("回線") + ".click()") // (1)
	b.do(chromedp.WaitVisible(chromedp.CSS("#sip")))
	b.until(tab("SIP") + `.getAttribute("aria-current") === "page"`)
	script(`(() => { const s = document.getElementById("line"); s.value = "2"; s.dispatchEvent(new Event("change", { bubbles: true })); })()`) // (2)
	b.do(chromedp.WaitVisible(chromedp.CSS(`form[action="/line/sip?line=2"]`)))
	fill("phone_number", "1003") // (3)
	fill("register_addr", "192.0.2.1")
	fill("register_port", "5070") // (4)
	fill("backup_addr", "192.0.2.2")
	b.until(`document.querySelector("#basic > summary").innerText.trim() === "基本設定"`)
	b.click("#basic > summary") // (5)
	fill("failback_interval", "600")
	b.until(`document.getElementById("submit").innerText.trim() === "送信"`)
	b.click("#submit") // (6)
	b.do(chromedp.WaitVisible(chromedp.CSS("#toast")))

	want := map[string]any{"phone_number": "1003", "register_addr": "192.0.2.1", "register_port": 5070.0, "backup_addr": "192.0.2.2",
		"failback_interval": 600.0, "enabled": false, "backup_port": 5060.0}
	var stored map[string]any
	b.process.do("GET", "lines/2/sip", "", &stored)
	for name, value := range want {
		if stored[name] != value {
			t.Errorf("%s is %v, want %v", name, stored[name], value)
		}
	}
	_, other := b.ask("GET", "lines/1/sip", "")
	if !json.Valid(other) || bytes.Contains(other, []byte("192.0.2.1")) {
		t.Errorf("line 1 has changed: %s", other)
	}
	b.terminate()
}

// TestPictures makes the README's pictures: they must show what they are named for, and be small.
func TestPictures(t *testing.T) {
	t.Parallel()
	folder := *pictures
	if folder == "" {
		folder = t.TempDir()
	}
	b := visit(t, "/")
	b.do(chromedp.EmulateViewport(1280, 860))
	b.onBackup()
	b.typed("h1002#")
	b.until(`document.querySelector("#display [role=timer]") !== null`)
	b.shows("#display", "backup")
	b.until(`document.getElementById("toast").hidden`)
	b.picture(filepath.Join(folder, "panel.png"))
	b.typed("h")
	b.do(chromedp.EmulateViewport(1280, 1000), chromedp.Navigate(b.url+"/trace?method=REGISTER&method=BYE"))
	b.until(`/7\.(49|5\d)\d s/.test(document.querySelector("main svg").textContent)`)
	b.until(`(scrollTo(0, 0), scrollY === 0)`)
	b.picture(filepath.Join(folder, "ladder.png"))
	b.do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(b.url+"/timeline?zoom=60"))
	b.shows("#sel", "failover")
	b.picture(filepath.Join(folder, "timeline.png"))
	b.do(chromedp.EmulateViewport(1280, 1060), chromedp.Navigate(b.url+"/line/sip"))
	b.click("#basic > summary")
	b.shows("#basic", "failback interval")
	b.until(`(scrollTo(0, 0), scrollY === 0)`)
	b.picture(filepath.Join(folder, "line.png"))
	evidence := filepath.Join(t.TempDir(), "run")
	if code, said, err := command(t, "", "bench", "run", "silent-primary", "--phone", b.process.url, "--token", b.token, "--out", evidence); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, said, err)
	}
	b.do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate("file://"+filepath.Join(evidence, "report.html")))
	b.shows("#timeline", "failover")
	b.picture(filepath.Join(folder, "report.png"))
}

func (b *browser) picture(file string) {
	b.t.Helper()
	data, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	shown, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		b.t.Fatal(err)
	}
	if w := shown.Bounds().Dx(); w != 1280 {
		b.t.Errorf("%s is %d pixels wide", file, w)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, shown); err != nil {
		b.t.Fatal(err)
	}
	if len(data) < small.Len() {
		small = *bytes.NewBuffer(data)
	}
	if small.Len() > 200_000 {
		b.t.Errorf("%s has %d bytes", file, small.Len())
	}
	if err := os.WriteFile(file, small.Bytes(), 0o644); err != nil {
		b.t.Fatal(err)
	}
	b.t.Logf("%s: %d bytes", filepath.Base(file), small.Len())
}
