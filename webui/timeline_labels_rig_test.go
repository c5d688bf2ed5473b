//go:build rig

package webui

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hilphone/db/journal/event"
)

// overlaps lists the texts of a drawing that stand upon one another: boxes that have more than a pixel in common. The box of a text is as high as
// its line, so a quarter is left off above and below.
const overlaps = `(() => {
	const found = [];
	for (const svg of document.querySelectorAll("main svg.draw")) {
		const boxes = [...svg.querySelectorAll("text")].map((t) => [t.textContent, t.getBoundingClientRect()]).filter(([, r]) => r.width > 0);
		for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
			const [a, p] = boxes[i], [b, q] = boxes[j], h = Math.min(p.height, q.height) / 4;
			if (Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 2 * h) found.push(a + " / " + b);
		}
	}
	return found.join("; ");
})()`

// UX-25: at no zoom and on no screen do labels of the timeline, and of the seconds around a change, stand upon one another.
func TestTimelineLabelsDoNotOverlap(t *testing.T) {
	_, s := inhabited(t)
	for i := range 3 {
		branch := fmt.Sprintf("z9hG4bK%d", i)
		s.Journal.Event("lab", 0, "", event.Lab{Server: "primary", Behaviour: "silent"})
		s.Journal.Event("attempt_start", 1, "", event.AttemptStart{Method: "REGISTER", Slot: "primary", Branch: branch})
		s.Journal.Event("send", 1, "", event.Send{Branch: branch})
		s.Journal.Event("attempt_end", 1, "", event.AttemptEnd{Method: "REGISTER", Slot: "primary", Branch: branch, Cause: "no_response"})
		s.Journal.Event("failover", 1, "", event.Failover{From: "primary", To: "backup", Trigger: "refresh", Method: "REGISTER", Cause: "no_response"})
		s.Journal.Event("lab", 0, "", event.Lab{Server: "backup", Behaviour: "refuse"})
		s.Journal.Event("attempt_start", 1, "", event.AttemptStart{Method: "REGISTER", Slot: "backup", Branch: branch + "b"})
		s.Journal.Event("send", 1, "", event.Send{Branch: branch + "b"})
		s.Journal.Event("failback", 1, "", event.Failback{From: "backup", To: "primary"})
		<-time.After(400 * time.Millisecond) // the drawing has room for them side by side, and not for their labels
	}
	b := openBrowser(t, s, english)
	for _, width := range []int{320, 360, 640, 700, 1280, 1920} {
		b.do(chromedp.EmulateViewport(int64(width), 900))
		for _, l := range languages {
			for _, z := range zooms {
				b.open(fmt.Sprintf("/timeline?zoom=%d&lang=%s", z.Seconds, l.Tag.tag))
				b.until(`document.querySelectorAll("main svg.draw text").length > 5`)
				got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](overlaps))
				if err != nil {
					t.Fatal(err)
				}
				if got != "" {
					t.Errorf("%d pixels, zoom %d, %s: %s", width, z.Seconds, l.Name, got)
				}
			}
		}
	}
}
