//go:build rig

package webui

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// What a visitor may wait for.
const (
	eventToPixel  = 500 * time.Millisecond
	firstPageSize = 100_000 // bytes, all of its files
	firstPaint    = time.Second
)

// seenAfter has the page note, for each event whose row appears, how long after the event that was: both clocks are this machine's.
const noteRows = `(() => {
	window.seen = {};
	new MutationObserver(() => {
		const now = performance.timeOrigin + performance.now();
		for (const row of document.querySelectorAll("tr[id^=e]")) window.seen[row.id] ??= now;
	}).observe(document.getElementById("main"), { childList: true, subtree: true, attributes: true });
})()`

// An event of the phone is on the page within half a second, one after the other and in a burst.
func TestEventToPixel(t *testing.T) {
	_, s := inhabited(t)
	b := openBrowser(t, s, english)
	for _, path := range []string{"/", "/events"} {
		b.open(path)
		b.until(`document.querySelector("tr[id^=e]") !== null`)
		b.evaluate(noteRows)
		var took []time.Duration
		for i := range 20 {
			e := s.Journal.Event("line_state", 1, "", map[string]any{"state": "registered", "active": []string{"primary", "backup"}[i%2]})
			b.until(fmt.Sprintf(`window.seen["e%d"] !== undefined`, e.Seq))
			at, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](fmt.Sprintf(`window.seen["e%d"]`, e.Seq)))
			if err != nil {
				t.Fatal(err)
			}
			took = append(took, time.Duration((at-float64(e.Time.UnixMicro())/1000)*float64(time.Millisecond)))
		}
		slices.Sort(took)
		t.Logf("%s: event to pixel %v in the middle, %v at most", path, took[10].Round(time.Millisecond), took[19].Round(time.Millisecond))
		if took[19] > eventToPixel || took[0] < 0 {
			t.Errorf("%s: an event is on the page after %v to %v, want %v", path, took[0], took[19], eventToPixel)
		}
	}
}

// A message that is looked at stays so while others come; what only the stream knows comes without the page being loaded again.
func TestLadderInABrowser(t *testing.T) {
	s := calling(t)
	b := openBrowser(t, s, english)
	b.open("/trace")
	b.evaluate(`window.still = true`)
	b.evaluate(`document.querySelector("#m4").dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }))`)
	b.until(`document.querySelector("#m4").getAttribute("aria-current") === "true" && document.querySelector("pre.sip")?.innerText.startsWith("INVITE sip:1002")`)
	send(s, "MESSAGE sip:x SIP/2.0")
	s.Journal.Event("line_state", 1, "", map[string]any{"state": "registered", "active": "backup"})
	b.until(`document.querySelector("#m7") !== null && document.querySelector("#m4").getAttribute("aria-current") === "true"`)
	b.keys("j")
	b.until(`document.querySelector("#m5").getAttribute("aria-current") === "true"`)
	b.keys("k")
	b.until(`document.querySelector("#m4").getAttribute("aria-current") === "true"`)
	// By keyboard alone: messages are links in their order.
	b.do(chromedp.Focus(chromedp.CSS("#m1")))
	b.keys("\t\r")
	b.until(`document.querySelector("#m2").getAttribute("aria-current") === "true" && window.still`)
	if c := b.complaints(); len(c) != 0 {
		t.Errorf("the browser complained: %q", c)
	}
}

// Pause holds the page and counts, Go on shows what came.
func TestPauseInABrowser(t *testing.T) {
	_, s := inhabited(t)
	b := openBrowser(t, s, english)
	b.open("/events")
	b.click("#pause")
	b.until(`document.querySelector("main").innerText.includes("0 newer hidden")`)
	e := s.Journal.Event("call", 1, "1", map[string]any{"state": "talking"})
	b.until(`document.querySelector("main").innerText.includes("1 newer hidden")`)
	b.click("#pause")
	b.until(fmt.Sprintf(`document.getElementById("e%d") !== null`, e.Seq))
}

// What is chosen in the lab stays until it is sent, whatever comes meanwhile.
func TestLabInABrowser(t *testing.T) {
	h, s := inhabited(t)
	b := openBrowser(t, s, english)
	b.open("/lab")
	b.do(chromedp.SendKeys(chromedp.CSS("#backup_delay_ms"), "250"))
	b.evaluate(`document.querySelector("#lab-backup [value=hang]").click()`)
	if w := rest(s, "PUT /lab/servers/primary", `{"behaviour":"hang"}`); w.Code != 200 {
		t.Fatal(w.Body)
	}
	b.until(`document.querySelector("#lab-primary [value=hang]").checked`)
	b.until(`document.querySelector("#backup_delay_ms").value === "250" && document.querySelector("#lab-backup [value=hang]").checked`)
	b.click("#lab-backup button")
	b.until(`!document.getElementById("toast").hidden`)
	if got, _ := h.Server("backup"); got.Mode != "hang" || got.Delay.Milliseconds() != 250 {
		t.Errorf("%+v", got)
	}
}

// BenchmarkFirstPage opens the front panel in a browser that has none of its files yet.
func BenchmarkFirstPage(b *testing.B) {
	_, s := inhabited(b)
	for b.Loop() {
		page := openBrowser(b, s, english)
		page.until(`performance.getEntriesByName("first-contentful-paint").length > 0`)
		const figures = `[performance.getEntriesByName("first-contentful-paint")[0].startTime,
			[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((sum, e) => sum + e.transferSize, 0)]`
		got, err := chromedp.Run(page.ctx, chromedp.Evaluate[[]float64](figures))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(got[0], "paint-ms")
		b.ReportMetric(got[1], "bytes")
		if got[0] > float64(firstPaint.Milliseconds()) || got[1] > firstPageSize || got[1] == 0 {
			b.Errorf("painted after %.0f ms with %.0f bytes, want %v and %d", got[0], got[1], firstPaint, firstPageSize)
		}
	}
	b.ReportMetric(0, "ns/op")
}
