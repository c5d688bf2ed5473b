//go:build rig

package webui

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// axeScript returns the rules of axe-core in the version that testdata/axe names, installed with npm at first use.
func axeScript(t *testing.T) string {
	t.Helper()
	const script = "testdata/axe/node_modules/axe-core/axe.min.js"
	if _, err := os.Stat(script); err != nil {
		if out, err := exec.Command("npm", "ci", "--prefix", "testdata/axe", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
			t.Fatalf("axe-core: npm ci: %v\n%s", err, out)
		}
	}
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// looked are the pages, in groups that are looked at side by side, with a question mark or an & at the end. Aliases look the same.
var looked = map[string][]string{
	"phone":          {"/?", "/line/sip?line=1&", "/line/sip?line=2&"},
	"board":          {"/system/board?", "/events?"},
	"remote control": {"/system/action-urls?", "/system/remote-control?", "/phone/features?", "/line/basic-settings?"},
	"history":        {"/timeline?zoom=60&", "/calls?", "/lab?", "/trace?message=2&"},
	"access":         {"/system/information?", "/system/accounts?", "/system/tokens?", "/system/configuration?", "/system/audit?"},
	"docs":           {"/docs?", "/docs/scenarios?"},
	"login":          {"/login?"},
}

// Every page, in each language, wide and narrow, light and dark, at rest and while something is typed, keeps the rules of WCAG 2.2 A and AA.
func TestAccessibility(t *testing.T) {
	rest := pagePaths()
	for _, alias := range []string{"/phone", "/line", "/system", "/system/action-urls/test"} {
		delete(rest, alias)
	}
	axe := axeScript(t)
	for name, paths := range looked {
		for _, path := range paths {
			path, _, _ = strings.Cut(path, "?")
			delete(rest, path)
		}
		t.Run(name, func(t *testing.T) { t.Parallel(); accessible(t, axe, paths) })
	}
	for path := range rest {
		t.Errorf("nobody looks at %s", path)
	}
}

func accessible(t *testing.T, axe string, paths []string) {
	t.Helper()
	_, s := inhabited(t)
	b := openBrowser(t, s, english)
	if paths[0] == "/login?" {
		// Who is logged in is sent on, and a page that finds itself logged out would load itself again in the middle.
		b.do(chromedp.Navigate("about:blank"))
		if _, err := chromedp.Call(b.ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
			t.Fatal(err)
		}
	}
	const typed = `(() => {
		for (const d of document.querySelectorAll("details")) d.open = true;
		const count = document.getElementById("signal_retry_counts");
		if (!count) return;
		count.value = "1";
		count.dispatchEvent(new Event("input", { bubbles: true }));
	})()`
	const run = `;axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] }).then((r) =>
		r.violations.map((v) => v.id + ": " + v.help + "\n" + v.nodes.map((n) => "    " + n.html.slice(0, 200) + " " + n.failureSummary).join("\n")).join("\n"))`
	for _, scheme := range []string{"light", "dark"} {
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
		if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
			t.Fatal(err)
		}
		for _, width := range []int64{1280, 360} {
			b.do(chromedp.EmulateViewport(width, 900))
			for _, l := range languages {
				for _, path := range paths {
					b.open(path + "lang=" + l.Tag.tag)
					b.evaluate(typed)
					if strings.HasPrefix(path, "/line/sip?line=1") {
						b.until(`document.querySelector("#plan .was") !== null`)
					}
					found, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](axe+run, chromedp.EvalAwaitPromise))
					if err != nil {
						t.Fatal(err)
					}
					if found != "" {
						t.Errorf("%s, %d wide, %s:\n%s", path+l.Tag.tag, width, scheme, found)
					}
					b.evaluate(`document.getElementById("discard")?.click()`)
					if strings.HasPrefix(path, "/line/") {
						b.until(`!document.querySelector(".unsaved.changed")`)
					}
				}
			}
		}
	}
	if c := b.complaints(); len(c) != 0 {
		t.Errorf("the browser complained: %q", c)
	}
}
