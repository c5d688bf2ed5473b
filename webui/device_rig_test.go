//go:build rig

package webui

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// An address is typed, stored and tried by hand; it fits a narrow screen, and a password typed into it is not on the page afterwards.
func TestActionURLsInBrowser(t *testing.T) {
	h, s := inhabited(t)
	b := openBrowser(t, s, japanese)
	b.open("/system/action-urls")
	b.fill("failover", "http://lab:"+canary+"@192.0.2.1/?line=$line")
	b.fill("reg_on", "ftp://192.0.2.1/")
	b.submit()
	b.until(`document.getElementById("reg_on-e") !== null && document.getElementById("failover").value === "http://lab:***@192.0.2.1/?line=$line"`)
	b.fill("failover", "http://lab:"+canary+"@192.0.2.1/?line=$line")
	b.fill("reg_on", "http://192.0.2.1/on")
	b.submit()
	b.until(`document.getElementById("failover").value === "http://lab:***@192.0.2.1/?line=$line" && !document.documentElement.innerHTML.includes("` + canary + `")`)
	b.leave(`[form=test][value=failover]`)
	b.until(`document.getElementById("failover-r")?.textContent.startsWith("204")`)
	h.deviceMu.Lock()
	if len(h.tried) != 1 || !strings.Contains(h.tried[0], canary) || h.set.ActionURLs["reg_on"] != "http://192.0.2.1/on" {
		t.Errorf("tried %v, stored %v", h.tried, h.set.ActionURLs)
	}
	h.deviceMu.Unlock()

	b.open("/system/remote-control?lang=en")
	b.click("#enabled")
	b.fill("allow", "192.0.2.0/24, lab")
	b.submit()
	b.until(`document.getElementById("allow-e")?.textContent.includes("lab") && document.getElementById("enabled").checked`)
	b.fill("allow", "192.0.2.0/24")
	b.submit()
	b.until(`document.getElementById("allow-e") === null && document.getElementById("enabled").checked`)
	b.do(chromedp.EmulateViewport(360, 900))
	for _, path := range []string{"/system/action-urls?lang=en", "/system/action-urls?lang=ja", "/system/remote-control?lang=en", "/system/remote-control?lang=ja"} {
		b.open(path)
		b.until("document.documentElement.scrollWidth <= 360")
		if dir := os.Getenv("PICTURES"); dir != "" {
			data, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(dir+strings.NewReplacer("/", "_", "?", "_").Replace(path)+".png", data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if c := b.complaints("422"); len(c) != 0 {
		t.Errorf("the browser complained: %q", c)
	}
}

func (b *browser) submit() {
	b.t.Helper()
	b.leave("#submit")
}

// leave clicks on what leads to another page and waits for that.
func (b *browser) leave(selector string) {
	b.t.Helper()
	b.evaluate("document.body.dataset.before = 1")
	b.click(selector)
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		// While the page goes the browser has nobody to ask.
		if there, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!document.body.dataset.before && document.readyState === 'complete'")); err == nil && there {
			return
		}
	}
	b.t.Fatalf("%s leads nowhere", selector)
}
