//go:build rig

package webui

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The board is looked at, tested and set; what is wrong with a file is told by line and field, and what was typed stays.
func TestBoardPageInABrowser(t *testing.T) {
	h, s := inhabited(t)
	b := openBrowser(t, s, english)
	b.open("/system/board")
	b.until(`document.getElementById("board-faults").innerText.includes("button hold on GPIO16: has been down for 30s: stuck")`)
	b.until(`document.querySelector("#p-hook").innerText.includes("lifted") && document.querySelector("#p-key_1").innerText.includes("at rest")`)
	b.click(`#p-lamp_power button`)
	b.evaluate(`[...document.querySelectorAll("button")].find((b) => b.innerText === "Walk through the keys").click()`)
	b.until(`document.getElementById("walk").innerText.includes("Not moved yet: 1")`)
	b.click(`button[name=walk][value=end]`)
	b.until(`document.querySelector("button[name=walk][value=begin]") !== null`)
	if got := strings.Join(h.byHand, ", "); got != "show lamp_power" {
		t.Errorf("done: %s", got)
	}

	b.evaluate(`document.querySelector("input[name=board][value=file]").click()`)
	b.until(`document.getElementById("text").value === "name: usual\n"`) // the example that the page begins with
	b.do(chromedp.Clear(chromedp.CSS("#text")), chromedp.SendKeys(chromedp.CSS("#text"), "hook: {pin: 5}"+kb.Enter+"lamps: {}"))
	b.click("#submit")
	b.do(chromedp.WaitVisible(chromedp.CSS("#faults")))
	b.scripted()
	b.until(`document.getElementById("faults").innerText.includes("line 1: hook.pin: GPIO5 is used already") && document.getElementById("faults").innerText.includes("lamps: <b>is missing")`)
	b.until(`document.getElementById("text").value === "hook: {pin: 5}\nlamps: {}" && document.querySelector("input[name=board][value=file]").checked`)
	if h.board != "" {
		t.Fatalf("%q was stored", h.board)
	}
	b.do(chromedp.Clear(chromedp.CSS("#text")), chromedp.SendKeys(chromedp.CSS("#text"), "chip: auto"))
	b.click("#submit")
	b.do(chromedp.WaitVisible(chromedp.CSS("#restart")))
	b.scripted()
	b.until(`document.getElementById("toast").innerText.includes("used when the phone starts again") && document.getElementById("text").value === "chip: auto"`)
	if h.board != "chip: auto" {
		t.Errorf("%q is stored", h.board)
	}
	if c := b.complaints("422"); len(c) != 0 {
		t.Errorf("the browser complained: %q", c)
	}
	b.do(chromedp.EmulateViewport(360, 740))
	for _, l := range languages {
		b.open("/system/board?lang=" + l.Tag.tag)
		width, err := chromedp.Run(b.ctx, chromedp.Evaluate[int]("document.documentElement.scrollWidth"))
		if err != nil {
			t.Fatal(err)
		}
		if width > 360 {
			t.Errorf("%s is %d pixels wide on a screen of 360", l.Tag, width)
		}
	}
}

// A fault of the board is on the front panel while it lasts, and among the events.
func TestFaultOnThePanelInABrowser(t *testing.T) {
	h, s := inhabited(t)
	b := openBrowser(t, s, english)
	b.until(`document.getElementById("board-faults").innerText === ""`)
	tell := func(message string, faults ...string) {
		h.mu.Lock()
		h.faults = faults
		h.mu.Unlock()
		s.Journal.Event("fault", 0, "", map[string]string{"device": "hook on GPIO4", "message": message})
	}
	tell("it bounces", "hook on GPIO4: it bounces")
	b.until(`document.getElementById("board-faults").innerText.includes("hook on GPIO4: it bounces")`)
	b.until(`document.querySelector("tbody").innerText.includes("fault of hook on GPIO4: it bounces")`)
	tell("")
	b.until(`document.getElementById("board-faults").innerText === "" && document.querySelector("tbody").innerText.includes("fault of hook on GPIO4 is over")`)
	if c := b.complaints(); len(c) != 0 {
		t.Errorf("the browser complained: %q", c)
	}
}
