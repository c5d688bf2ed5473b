package webui

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hilphone/sip/line"
)

// planPanel says on the page Line > SIP what settings mean in time: a sentence, a drawing, facts.
type planPanel struct {
	Lang  language
	Lead  []planPart
	Draw  *planDrawing
	Facts []planFact
	Hints []string
}

// planPart is a piece of a sentence, the figure after it and, where it differs, what the stored settings mean by that figure.
type planPart struct {
	Text string
	figure
	Was string
}

// figure is a number in a sentence. What says the same in another sentence has the same key.
type figure struct{ key, Figure string }

// planFact is a line below the drawing. Two facts that share a key say the same of other settings.
type planFact struct {
	Keys  []string
	Name  string
	Parts []planPart
}

// T returns a text in the page's language.
func (p planPanel) T(key string, args ...any) string { return p.Lang.say(key, args...) }

// planForm answers POST /line/plan, the form as it is being filled in, with the part of the page that says what it means. It
// stores nothing.
func (s *Server) planForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Read, lineRules()); err != nil {
		return err
	}
	ctx, l := c.Request().Context(), languageOf(c.Request())
	n, err := chosenLine(c.QueryParams())
	if err != nil {
		return err
	}
	stored, err := s.storedLine(ctx, n)
	if err != nil {
		return err
	}
	return s.show(c, http.StatusOK, "plan", s.typedPlan(ctx, l, n, stored, formValues(c.Request().PostForm)))
}

// typedPlan says what the stored settings mean with the given values in their place, or, if those have faults, without them.
func (s *Server) typedPlan(ctx context.Context, l language, n int, stored line.Settings, values map[string]any) planPanel {
	typed := stored
	var faulty []string
	for _, e := range line.FieldErrors(typed.Merge(values)) {
		if d, ok := line.ByName(e.Name); ok {
			faulty = append(faulty, l.say("quoted", groupOf(l, d)+d.Label.In(l.tag)))
		}
	}
	hint := "plan.stored"
	if typed != stored {
		hint = "plan.typed"
	}
	p := planPanel{Lang: l, Hints: []string{l.say(hint)}}
	if len(faulty) > 0 {
		p.Hints = append(p.Hints, l.say("plan.faulty", strings.Join(slices.Compact(faulty), l.say("list"))))
	}
	now, err := s.plan(ctx, typed, s.addresses(n, stored, typed))
	was := now
	if err == nil && typed != stored {
		was, err = s.plan(ctx, stored, s.addresses(n, stored, stored))
	}
	if err != nil {
		p.Hints = []string{l.say("plan.busy")}
		return p
	}
	p.Lead = planLead(l, now)
	if now == nil {
		return p
	}
	p.Draw = drawPlan(l, now.REGISTER)
	p.Facts = planFacts(l, typed, now)
	if jitter := max(typed.FailoverJitter, typed.FailbackJitter); jitter > 0 {
		p.Hints = append(p.Hints, l.say("plan.jitter", l.brief(int64(jitter))))
	}
	if slices.ContainsFunc(typed.Slots(), func(slot line.Slot) bool { return typed.Server(slot).Transport == line.UDP }) {
		p.Hints = append(p.Hints, l.say("plan.long"))
	}
	if !typed.Enabled {
		p.Hints = append(p.Hints, l.say("plan.inactive"))
	}
	if was != nil {
		p.compare(planLead(l, was), planFacts(l, stored, was))
	}
	return p
}

// compare puts the old figures beside those that differ.
func (p *planPanel) compare(lead []planPart, facts []planFact) {
	p.compareParts(p.Lead, lead)
	for _, f := range p.Facts {
		for _, old := range facts {
			if slices.Contains(old.Keys, f.Keys[0]) {
				p.compareParts(f.Parts, old.Parts)
			}
		}
	}
}

func (p *planPanel) compareParts(now, was []planPart) {
	for i, part := range now {
		old := slices.IndexFunc(was, func(o planPart) bool { return o.key == part.key && o.Figure != "" })
		if part.Figure != "" && old >= 0 && was[old].Figure != part.Figure {
			now[i].Was = p.T("plan.was", was[old].Figure)
		}
	}
}

// said puts figures where a text has %s.
func said(text string, figures ...figure) []planPart {
	var parts []planPart
	for i, piece := range strings.Split(text, "%s") {
		part := planPart{Text: piece}
		if i < len(figures) {
			part.figure = figures[i]
		}
		parts = append(parts, part)
	}
	return parts
}

// brief writes milliseconds as seconds with no more digits than they need.
func (l language) brief(ms int64) string { return l.say("unit.brief", plainSeconds(ms)) }

func plainSeconds(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) }

// planLead is the sentence: what a silent primary costs.
func planLead(l language, p *line.Plan) []planPart {
	switch {
	case p == nil:
		return said(l.say("plan.none"))
	case p.REGISTER.Told == nil:
		return nil
	case p.REGISTER.Failover == nil:
		return said(l.say("plan.lead.one"), figure{"told", l.brief(*p.REGISTER.Told)})
	}
	lead := said(l.say("plan.lead"), figure{"failover", l.brief(*p.REGISTER.Failover)}, figure{"told", l.brief(*p.REGISTER.Told)})
	if off := p.REGISTER.NoConnection; off != nil && off.Failover != nil && off.Told != nil {
		lead = append(lead, said(l.say("plan.lead.off"), figure{"failover off", l.brief(*off.Failover)}, figure{"told off", l.brief(*off.Told)})...)
	}
	if i := p.INVITE; i.Failover != nil && i.Told != nil && (*i.Failover != *p.REGISTER.Failover || *i.Told != *p.REGISTER.Told) {
		lead = append(lead, said(l.say("plan.lead.call"), figure{"call failover", l.brief(*i.Failover)}, figure{"call told", l.brief(*i.Told)})...)
	}
	return lead
}

// planFacts are the lines below the drawing.
func planFacts(l language, set line.Settings, p *line.Plan) []planFact {
	var facts []planFact
	add := func(key, name string, parts []planPart) {
		facts = append(facts, planFact{[]string{key}, name, parts})
	}
	two := p.REGISTER.Failover != nil
	for _, slot := range set.Slots() {
		if v, ok := p.Proxies[slot]; ok {
			add("way "+string(slot), l.say("server."+string(slot)), said(l.say("server.proxy"), figure{"server", v.Server}, figure{"proxy", v.Proxy + " " + string(v.Transport)}))
		}
	}
	for _, slot := range set.Slots() {
		if t := p.Transports[slot]; t != line.UDP {
			add("over "+string(slot), l.say("server."+string(slot)), said(l.say("plan.over"), figure{"over", strings.ToUpper(string(t))}))
		}
		if n := p.Addresses[slot]; n > 1 {
			add("addresses "+string(slot), l.say("server."+string(slot)), said(l.say("plan.addresses"), figure{"addresses", strconv.Itoa(n)}))
		}
	}
	if two {
		if at := atOnce(l, set); at != "" {
			add("at once", l.say("plan.atonce"), said("%s", figure{"codes", at}))
		}
		add("idle", l.say("plan.idle"), planIdle(l, set, p.Idle))
		add("recovers", l.say("plan.recovers"), planReturn(l, set, p.Probe))
	}
	facts = append(facts, methodFacts(l, p)...)
	if two {
		before := l.say("plan.first.register")
		if set.RegistersFirst() {
			add("BYE first", "INVITE, BYE", said(before))
		} else {
			add("BYE first", "BYE", said(before))
			add("INVITE first", "INVITE", said(l.say("plan.first.none")))
		}
	}
	renew := l.brief(int64(p.RefreshS[set.Slots()[0]] * 1000))
	if two && p.RefreshS[line.Primary] != p.RefreshS[line.Backup] {
		renew = l.say("plan.each", renew, l.brief(int64(p.RefreshS[line.Backup]*1000)))
	}
	add("renew", l.say("plan.renew"), said(l.say("plan.after"), figure{"after", renew}))
	if set.RegBackoff == line.Fixed {
		add("retry", l.say("plan.retry"), said(l.say("plan.after"), figure{"after", l.brief(int64(p.RetryS * 1000))}))
	}
	return facts
}

// atOnce says what makes the line ask the backup without waiting.
func atOnce(l language, set line.Settings) string {
	var causes []string
	if set.ICMPFailover {
		causes = append(causes, "ICMP")
	}
	if set.RegisterCodes != "" {
		causes = append(causes, "REGISTER "+string(set.RegisterCodes))
	}
	if set.RequestCodes != "" {
		causes = append(causes, "INVITE, BYE "+string(set.RequestCodes))
	}
	return strings.Join(causes, " · ")
}

// planIdle says how long an idle line does not notice a silent primary, and what would shorten that and at what price (UX-15).
func planIdle(l language, set line.Settings, idle *line.IdlePlan) []planPart {
	after, every := figure{"idle", l.brief(idle.Backup)}, figure{"every", l.brief(1000 * int64(idle.Every))}
	if set.OptionsKeepalive {
		return said(l.say("plan.idle.options"), after, every)
	}
	return said(l.say("plan.idle.refresh"), after, figure{"with options", l.brief(idle.WithOptions)}, every)
}

// planReturn says how soon a primary that has recovered serves again. At worst it recovers right after the last datagram of a probe.
func planReturn(l language, set line.Settings, probe *line.ProbePlan) []planPart {
	if probe == nil || len(probe.Sends) == 0 {
		return said(l.say("plan.return.never"))
	}
	worst := figure{"worst", l.brief(probe.Next - probe.First - probe.Sends[len(probe.Sends)-1])}
	parts := said(l.say("plan.return"), worst)
	if set.FailbackSuccessCount > 1 {
		parts = said(l.say("plan.return.count"), worst, figure{"count", strconv.Itoa(set.FailbackSuccessCount)})
	}
	if set.FailbackIdleOnly {
		parts = append(parts, planPart{Text: l.say("plan.return.idle")})
	}
	return parts
}

// methodFacts says when each method is sent; methods with the same times stand together.
func methodFacts(l language, p *line.Plan) []planFact {
	var facts []planFact
	var plans []*line.MethodPlan
	for _, m := range []struct {
		name string
		plan *line.MethodPlan
	}{{"REGISTER", p.REGISTER}, {"INVITE", p.INVITE}, {"BYE", p.BYE}, {"CANCEL", p.CANCEL}, {"OPTIONS", p.OPTIONS}} {
		if m.plan == nil {
			continue
		}
		i := slices.IndexFunc(plans, func(other *line.MethodPlan) bool { return sameTimes(m.plan, other) })
		if i < 0 {
			i = len(plans)
			plans = append(plans, m.plan)
			facts = append(facts, planFact{Parts: methodParts(l, m.plan, i == 0)})
		}
		facts[i].Keys = append(facts[i].Keys, m.name)
	}
	for i, f := range facts {
		facts[i].Name = l.say("plan.sent", strings.Join(f.Keys, ", "))
	}
	return facts
}

func sameTimes(a, b *line.MethodPlan) bool {
	if a.NoConnection == nil || b.NoConnection == nil {
		return a.NoConnection == b.NoConnection && alike(a.Times, b.Times)
	}
	return alike(a.Times, b.Times) && alike(*a.NoConnection, *b.NoConnection)
}

func alike(a, b line.Times) bool {
	return slices.Equal(a.Sends, b.Sends) && sameInstant(a.Failover, b.Failover) && sameInstant(a.Told, b.Told)
}

func sameInstant(a, b *int64) bool { return a == b || a != nil && b != nil && *a == *b }

// methodParts is when a method is sent and, unless the sentence says it, when the backup is asked and the user told.
func methodParts(l language, m *line.MethodPlan, first bool) []planPart {
	times := make([]string, len(m.Sends))
	for i, ms := range m.Sends {
		times[i] = plainSeconds(ms)
	}
	parts := said("%s", figure{"sends", l.say("unit.brief", strings.Join(times, "\u2002"))})
	if first {
		return parts
	}
	parts = append(parts, endParts(l, m.Times, "plan", "")...)
	if m.NoConnection != nil {
		parts = append(parts, endParts(l, *m.NoConnection, "plan.off", " off")...)
	}
	return parts
}

// endParts is when the backup is asked and the user told.
func endParts(l language, t line.Times, text, key string) []planPart {
	switch {
	case t.Told == nil:
		return nil
	case t.Failover == nil:
		return said(l.say(text+".told"), figure{"told" + key, l.brief(*t.Told)})
	}
	return said(l.say(text+".failover"), figure{"failover" + key, l.brief(*t.Failover)}, figure{"told" + key, l.brief(*t.Told)})
}
