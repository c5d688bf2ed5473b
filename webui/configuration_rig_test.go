//go:build rig

package webui

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// A file is pasted, its difference looked at, applied, and taken back: in a browser, in Japanese.
func TestBrowserConfiguration(t *testing.T) {
	h, s := inhabited(t)
	b := openBrowser(t, s, japanese)
	b.open("/system/configuration")
	b.do(chromedp.SendKeys(chromedp.CSS("#text"), `{"lines":{"1":{"failback_interval":75,"keys":{"Moon Phase":"full"}}}}`))
	arrive := func(selector string) { t.Helper(); b.do(chromedp.WaitReady(chromedp.CSS(selector))); b.scripted() }
	b.click("#try")
	arrive("#difference")
	b.until(`document.querySelector("#difference")?.innerText.includes("SIP1 Failback Interval")`)
	b.until(`document.querySelector("#difference").innerText.includes("変更1件、保持のみ(効果なし)0件、不明1件")`)
	h.mu.Lock()
	interval := h.settings[1].FailbackInterval
	h.mu.Unlock()
	if interval == 75 {
		t.Error("it is applied before it was asked for")
	}
	b.click("#apply")
	arrive(`form[action$="/restore"] button`)
	b.until(`document.getElementById("toast").innerText.includes("適用しました")`)
	b.click(`form[action$="/restore"] button`)
	arrive("#difference")
	b.click("#apply")
	arrive("tr + tr form[action$='/restore']")
	b.until(`document.querySelectorAll('form[action$="/restore"]').length === 2`)
	b.do(chromedp.SendKeys(chromedp.CSS("#confirm"), "no"))
	b.click("#f-reset button")
	arrive("#confirm-e")
	b.do(chromedp.SendKeys(chromedp.CSS("#confirm"), "factory-reset"))
	b.click("#f-reset button")
	arrive("#toast:not([hidden])")
	b.until(`document.getElementById("toast").innerText.includes("工場出荷時")`)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.settings[1].FailbackInterval != 1800 || len(h.resets) != 1 {
		t.Errorf("%+v, %v", h.settings[1], h.resets)
	}
	if c := b.complaints("422"); len(c) > 0 {
		t.Errorf("the browser complains: %q", c)
	}
}
