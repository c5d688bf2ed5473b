//go:build rig

package webui

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// Messages that could not be read break nothing in a browser: no script of theirs runs, the page stays as wide as the screen, labels stay in
// their place, and the keys lead from one message to the next.
func TestUnreadableMessagesInABrowser(t *testing.T) {
	s := strangers(t)
	b := openBrowser(t, s, english)
	for _, width := range []int64{1280, 360} {
		b.do(chromedp.EmulateViewport(width, 900))
		for i := range unreadable {
			b.open(fmt.Sprint("/trace?method=OPTIONS&method=other&message=", i+1))
			b.until(fmt.Sprintf("document.documentElement.scrollWidth <= %d", width))
			b.until(`!document.querySelector("main script, main img") && document.querySelector("pre.sip") !== null`)
			b.until(`document.getElementById("msg").getBoundingClientRect().height < 160`)
		}
	}
	b.open("/trace?method=OPTIONS&method=other&message=1")
	b.until(`document.querySelector("svg a[aria-current] title").textContent.endsWith("no SIP, other to phone, 20 octets")`)
	b.keys("j")
	b.until(`document.getElementById("msg").innerText.startsWith("no SIP, 56 octets")`)
	if c := b.complaints(); len(c) != 0 {
		t.Errorf("the browser complained: %q", c)
	}
}
