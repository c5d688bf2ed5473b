package webui

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"hilphone/sip/line"
)

// timelineDrawing draws lanes over a time: x in percent, heights in pixels.
type timelineDrawing struct {
	strings.Builder
	from, to time.Time
}

// x is where an instant stands, in percent; what is outside stands at the edge.
func (d *timelineDrawing) x(t time.Time) float64 {
	return min(max(float64(t.Sub(d.from))/float64(d.to.Sub(d.from)), 0), 1) * 100
}

func (d *timelineDrawing) add(format string, args ...any) { fmt.Fprintf(d, format, args...) }

// thinnest is the width of a bar that would be too thin to be seen, in percent.
const thinnest = .15

// bar draws a time as a bar.
func (d *timelineDrawing) bar(class string, since, until time.Time, y, height int, title string) {
	x := d.x(since)
	width := max(d.x(until)-x, thinnest)
	if !until.After(d.from) || since.After(d.to) {
		return
	}
	d.add(`<rect class="%s" x="%.3f%%" y="%d" width="%.3f%%" height="%d"><title>%s</title></rect>`, class, x, y, width, height, template.HTMLEscapeString(title))
}

// axis draws upright lines at round times.
func (d *timelineDrawing) axis(l language, height int) {
	step := 24 * time.Hour
	for _, s := range []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
		10 * time.Minute, 20 * time.Minute, time.Hour, 3 * time.Hour} {
		if d.to.Sub(d.from)/s <= 9 {
			step = s
			break
		}
	}
	format := "15:04"
	if step < time.Minute {
		format = time.TimeOnly
	}
	local := l.at(d.from)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	at := midnight.Add(local.Sub(midnight).Truncate(step))
	var row labelRow
	for ; !at.After(d.to); at = at.Add(step) {
		x := d.x(at)
		if at.Before(d.from) {
			continue
		}
		d.add(`<line class="grid" x1="%.3f%%" x2="%.3f%%" y1="18" y2="%d"/>`, x, x, height)
		text := at.Format(format)
		width := textWidth(text)
		class, left := "d m", -width/2
		switch edge := width / 2 / narrowDrawing * 100; {
		case x < edge:
			class, left = "d", 0
		case x > 100-edge:
			class, left = "d e", -width
		}
		if wide, ok := row.place(x, left, width); ok {
			d.add(`<text class="%s%s" x="%.3f%%" y="12">%s</text>`, class, wide, x, text)
		}
	}
}

const hatch = `<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="b" width="5" height="5"/><rect class="gap" width="1.4" height="5"/></pattern></defs>`

// serverClass is the look of a bar of a server: the primary is solid, the backup hatched.
func serverClass(server line.Slot) string {
	switch server {
	case line.Backup:
		return "hatched"
	case line.Primary:
		return "p"
	}
	return "o"
}

// orThen is the end of a time, or an instant while it lasts.
func orThen(until Time, then time.Time) time.Time {
	if until.IsZero() {
		return then
	}
	return until.Time
}

const timelineHeight = 300

// drawTimeline draws the lanes: registered to, outages of both servers, probes, calls.
func drawTimeline(l language, v TimelineView, now time.Time, link func(seq int64) string, chosen *ChangeView) template.HTML {
	d := &timelineDrawing{from: v.Since.Time, to: v.Until.Time}
	end := now
	if d.to.Before(now) {
		end = d.to
	}
	d.add(`<svg class="draw" height="%d" role="group" aria-label="%s">`, timelineHeight, template.HTMLEscapeString(l.say("timeline.label", v.Line, l.clockTime(d.from)[:8], l.clockTime(d.to)[:8])))
	d.add(hatch)
	d.axis(l, timelineHeight)
	for y := 84; y <= 284; y += 50 {
		d.add(`<line class="grid" x1="0" x2="100%%" y1="%d" y2="%d"/>`, y, y)
	}
	for _, s := range v.Registered {
		until := orThen(s.Until, end)
		d.bar(serverClass(s.Server), s.Since.Time, until, 60, 14, l.spanTitle(l.word("slot", string(s.Server)), s.Since.Time, until))
	}
	for _, o := range v.Outages {
		d.outage(l, o, end)
	}
	lanes := laneNames(l, v)
	for _, p := range v.Probes {
		d.probe(l, p, textWidth(lanes[3]))
	}
	for _, c := range v.Calls {
		until := orThen(c.Until, end)
		d.bar(serverClass(c.Server), c.Since.Time, until, 260, 14, l.spanTitle(c.Remote, c.Since.Time, until))
	}
	for i, text := range lanes {
		d.add(`<text class="k" x="0" y="%d">%s</text>`, 50+50*i, template.HTMLEscapeString(text))
	}
	d.flags(l, v.Changes, link, chosen)
	if !now.After(d.to) {
		x := d.x(now)
		d.add(`<line id="now" x1="%.3f%%" x2="%.3f%%" y1="18" y2="%d" class="then"/><text class="k e" x="%.3f%%" y="296">%s</text>`, x, x, timelineHeight, x-.5, template.HTMLEscapeString(l.say("timeline.now")))
	}
	d.add("</svg>")
	return template.HTML(d.String()) // what comes from the network is escaped above
}

// laneNames are the texts above the lanes.
func laneNames(l language, v TimelineView) (names []string) {
	for _, word := range []string{"lane.registered", "lane.primary", "lane.backup", "lane.probes", "lane.calls"} {
		text := l.say(word)
		if proxy := v.Proxies[line.Slot(strings.TrimPrefix(word, "lane."))]; proxy != "" {
			text = l.say("server.proxy", text, proxy)
		}
		names = append(names, text)
	}
	return names
}

// spanTitle says what a bar is, and from when to when.
func (l language) spanTitle(what string, since, until time.Time) string {
	return fmt.Sprintf("%s: %s – %s, %s", what, l.at(since).Format(time.TimeOnly), l.at(until).Format(time.TimeOnly), l.long(until.Sub(since)))
}

// outage draws what the phone saw thick and what the lab did thin below it.
func (d *timelineDrawing) outage(l language, o OutageView, end time.Time) {
	y, height, text := 111, 6, l.failure(o.Text, o.Reason)
	if o.By == "lab" {
		y, height, text = 120, 3, l.say("timeline.bylab", l.word("lab", o.Text))
	}
	if o.Server == line.Backup {
		y += 50
	}
	until := orThen(o.Until, end)
	d.bar("f", o.Since.Time, until, y, height, l.spanTitle(text, o.Since.Time, until))
}

// probe draws a diamond for an answer, a cross for none, and a hollow diamond for one that is due.
func (d *timelineDrawing) probe(l language, p ProbeView, name float64) {
	shape, class := "M-6 0 0-6 6 0 0 6Z", "p"
	text := l.word("result", p.Result)
	switch {
	case p.Due:
		class, text = "o", l.say("timeline.due")
	case p.Result == "":
		class, text = "o", l.say("probe.now")
	case p.Result == "recovered":
	default:
		shape, class = "M-5-5 5 5M5-5-5 5", "l"
	}
	d.add(`<svg x="%.3f%%" y="218" overflow="visible"><path class="%s" d="%s"><title>%s %s</title></path></svg>`, d.x(p.Time.Time), class, shape, l.clockTime(p.Time.Time)[:8], template.HTMLEscapeString(text))
	if !p.Due {
		return
	}
	var row labelRow // with the name of the lane
	row.place(0, 0, name)
	x, width := d.x(p.Time.Time), textWidth(text)
	anchor, left := "m", -width/2
	if x > 100-width/2/narrowDrawing*100 {
		anchor, left = "e", -width
	}
	if wide, ok := row.place(x, left, width); ok {
		d.add(`<text class="d %s%s" x="%.3f%%" y="207">%s</text>`, anchor, wide, x, template.HTMLEscapeString(text))
	}
}

// flags draws the changes of the active server. Where their labels have no room beside one another, the chosen one and the newest are labelled.
func (d *timelineDrawing) flags(l language, changes []ChangeView, link func(seq int64) string, chosen *ChangeView) {
	var row labelRow
	current := func(c ChangeView) bool { return chosen != nil && chosen.Seq == c.Seq }
	for _, first := range []bool{true, false} {
		for _, c := range slices.Backward(changes) {
			if current(c) == first {
				d.flag(l, c, link(c.Seq), first, &row)
			}
		}
	}
}

// flag draws a change of the active server over all lanes, as a link to the seconds around it.
func (d *timelineDrawing) flag(l language, c ChangeView, link string, current bool, row *labelRow) {
	class, x := "b", d.x(c.Time.Time)
	if c.Kind == "failback" {
		class = "p"
	}
	state := ""
	if current {
		state = ` aria-current="true"`
	}
	word := l.say("timeline.flag." + c.Kind)
	width, left := 10+int(math.Ceil(textWidth(word))), 0
	if x > 75 {
		left = -width
	}
	name := template.HTMLEscapeString(word + " " + l.clockTime(c.Time.Time))
	d.add(`<a href="%s" id="flag%d" data-swap="" class="flag"%s aria-label="%s"><title>%s</title><line class="%s whole" x1="%.3f%%" x2="%.3f%%" y1="18" y2="%d"/>`,
		template.HTMLEscapeString(link), c.Seq, state, name, name, class, x, x, timelineHeight)
	if wide, ok := row.place(x, float64(left), float64(width)); ok {
		d.add(`<svg class="%s" x="%.3f%%" y="22" overflow="visible"><rect class="%s" x="%d" y="-4" width="%d" height="14"/><text class="inv k" x="%d" y="7">%s</text></svg>`,
			strings.TrimSpace(wide), x, class, left, width, left+5, template.HTMLEscapeString(word))
	}
	d.add(`</a>`)
}

// label writes a text from x on, or to x where it would not end within the drawing, if the row has room for it.
func (d *timelineDrawing) label(row *labelRow, x float64, y int, text string) {
	class, width := "d", textWidth(text)
	left := 0.
	if x+width/narrowDrawing*100 > 100 {
		class, left = "d e", -width
	}
	if wide, ok := row.place(x, left, width); ok {
		d.add(`<text class="%s%s" x="%.3f%%" y="%d">%s</text>`, class, wide, x, y, template.HTMLEscapeString(text))
	}
}

const flagHeight = 128

// drawFlag draws the seconds around a change: the server in use and the search for one, what the lab did, each send of a request.
func drawFlag(l language, v TimelineView, sends []requestSend, change ChangeView) template.HTML {
	d := &timelineDrawing{from: v.Since.Time, to: v.Until.Time}
	d.add(`<svg class="draw" height="%d" role="img" aria-label="%s">`, flagHeight, template.HTMLEscapeString(l.say("timeline.around", l.clockTime(d.from)[:8], l.clockTime(d.to)[:8])))
	d.axis(l, 120)
	for _, s := range v.Registered {
		until := orThen(s.Until, d.to)
		d.bar(serverClass(s.Server), s.Since.Time, until, 28, 14, l.spanTitle(l.word("slot", string(s.Server)), s.Since.Time, until))
	}
	var lab, requests labelRow
	for _, o := range v.Outages {
		if o.By == "lab" {
			until, y := orThen(o.Until, d.to), 58
			if o.Server == line.Backup {
				y = 64
			}
			d.bar("f", o.Since.Time, until, y, 3, l.spanTitle(l.say("timeline.bylab", l.word("lab", o.Text)), o.Since.Time, until))
			d.label(&lab, d.x(o.Since.Time), 78, l.say("timeline.bylab", l.word("lab", o.Text)))
		}
	}
	for _, x := range sends {
		if x.at.Before(d.from) || x.at.After(d.to) {
			continue
		}
		class := "p"
		if x.Slot == line.Backup {
			class = "b"
		}
		at := d.x(x.at)
		d.add(`<rect class="%s" x="%.3f%%" y="86" width="2" height="24"><title>%s %s</title></rect>`, class, at, l.clockTime(x.at), template.HTMLEscapeString(x.Method))
		if !x.again && (x.given || x.Slot != change.From) {
			d.label(&requests, at, 124, x.Method+", "+l.word("active", string(x.Slot)))
		}
	}
	x := d.x(change.Time.Time)
	d.add(`<line class="b whole" x1="%.3f%%" x2="%.3f%%" y1="18" y2="110"/></svg>`, x, x)
	return template.HTML(d.String()) // what comes from the network is escaped above
}
