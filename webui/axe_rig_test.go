//go:build rig

package webui

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
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

// Every page, in each language, wide and narrow, light and dark, at rest and while something is typed, keeps the rules of WCAG 2.2 A and AA.
func TestAccessibility(t *testing.T) {
	accessible(t, "/?", "/line/sip?line=1&", "/line/sip?line=2&", "/trace?message=2&", "/events?", "/system/board?")
}

func TestAccessibilityOfRemoteControl(t *testing.T) {
	accessible(t, "/system/action-urls?", "/system/remote-control?")
}

func TestAccessibilityOfHistory(t *testing.T) {
	accessible(t, "/timeline?zoom=60&", "/calls?", "/lab?")
}

func TestAccessibilityOfAccess(t *testing.T) {
	accessible(t, "/system/information?", "/system/accounts?", "/system/tokens?")
}

func TestAccessibilityOfConfiguration(t *testing.T) { accessible(t, "/system/configuration?") }

func TestAccessibilityOfDocs(t *testing.T) { accessible(t, "/docs?") }

func accessible(t *testing.T, paths ...string) {
	t.Helper()
	axe := axeScript(t)
	_, s := inhabited(t)
	b := openBrowser(t, s, english)
	const typed = `(() => {
		for (const d of document.querySelectorAll("details")) d.open = true;
		const count = document.getElementById("signal_retry_counts");
		if (!count) return;
		count.value = "1";
		count.dispatchEvent(new Event("input", { bubbles: true }));
	})()`
	const run = `;axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) =>
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
					if path[1] == 'l' {
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
