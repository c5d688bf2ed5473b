package webui

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/hil/behaviour"
	"hilphone/sip/line"
)

// linePanel is a line and its two servers on the front panel.
type linePanel struct {
	lineCard
	Served    string
	ProbeWord string     // why no probe is due
	Last      []lastView // failover and failback, the newer one first
	Servers   []serverPanel
	Legend    string
}

// lastView is the last failover or failback.
type lastView struct{ Name, Time, Ways, Cause, Trigger string }

// serverPanel is one server: what it last answered, its history and, in the lab, how it behaves.
type serverPanel struct {
	Slot    line.Slot
	Name    string
	Address string
	Class   string // look of Result
	Result  string
	Hint    string
	InCall  string // how the last request of a call ended
	Reason  string // why the line is not registered here, and what to do
	Remedy  string
	Chart   *chart
	LabName string
	Lab     []labChoice
}

type labChoice struct {
	Value, Text string
	On          bool
}

func (s *Server) linePanel(l language, card lineCard, now time.Time) linePanel {
	p := linePanel{lineCard: card, Served: l.say("panel.served."+card.ActiveClass(), l.say("line.n", card.N))}
	switch fb := card.Status.Failback; {
	case card.Probing():
		p.ProbeWord = l.say("panel.probing")
	case !fb.Enabled:
		p.ProbeWord = l.say("panel.probe.off")
	default:
		p.ProbeWord = l.say("panel.probe.idle")
	}
	p.Last = lastViews(l, card.Status)
	p.Servers = []serverPanel{
		s.serverPanel(l, line.Primary, card, card.Status.Servers.Primary),
		s.serverPanel(l, line.Backup, card, card.Status.Servers.Backup),
	}
	h := s.history(card.N, now)
	p.Legend = l.say("server.legend", int(h.span().Minutes()))
	for i := range p.Servers {
		p.Servers[i].Chart = h.chart(l, p.Servers[i].Slot)
	}
	return p
}

func lastViews(l language, v StatusView) []lastView {
	var all []lastView
	if v.LastFailover != nil {
		all = append(all, newLastView(l, "panel.last", *v.LastFailover))
	}
	if v.LastFailback != nil {
		all = append(all, newLastView(l, "panel.last.back", *v.LastFailback))
	}
	if len(all) == 2 && v.LastFailback.Time.After(v.LastFailover.Time.Time) {
		slices.Reverse(all)
	}
	return all
}

func newLastView(l language, name string, last LastChangeView) lastView {
	v := lastView{Name: l.say(name)}
	v.Time = l.at(last.Time.Time).Format("15:04:05.000")
	v.Ways = l.say("panel.fromto", l.word("active", string(last.From)), l.word("active", string(last.To)))
	v.Cause = l.failure(string(last.Cause), last.Reason)
	if last.ElapsedMS > 0 {
		v.Cause = l.say("cause.after", v.Cause, l.seconds(milliseconds(last.ElapsedMS)))
	}
	v.Trigger = l.word("trigger", last.Trigger)
	if last.Method != "" {
		v.Trigger += " (" + string(last.Method) + ")"
	}
	return v
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

func (s *Server) serverPanel(l language, slot line.Slot, card lineCard, v ServerView) serverPanel {
	p := serverPanel{Slot: slot, Name: l.say("server." + string(slot)), Address: v.where(l), LabName: l.say("lab." + string(slot))}
	switch {
	case v.Address == "":
		p.Result, p.Class = l.say("server.none"), "none"
	case v.Why.Answer:
		p.Result, p.Class = "✕ "+v.Why.Result, "fault"
	case v.LastCause == "":
		p.Result, p.Class = l.say("server.unasked"), "none"
	case v.LastCause != line.CauseResponse:
		p.Result, p.Class = "✕ "+l.failure(string(v.LastCause), v.Why.Word), "fault"
	case faultAnswer(v.LastResult):
		p.Result, p.Class = "✕ "+v.LastResult, "fault"
	case card.Status.Active == slot:
		p.Result, p.Class = "● "+l.say("server.serving"), string(slot)
	default:
		p.Result = l.say("server.answered", v.LastResult)
	}
	switch {
	case !v.QuarantinedUntil.IsZero() && v.QuarantinedUntil.After(time.Now()):
		p.Hint = l.say("server.rest", l.at(v.QuarantinedUntil.Time).Format(time.TimeOnly))
	case !v.RegisteredUntil.IsZero():
		p.Hint = l.say("server.until", l.at(v.RegisteredUntil.Time).Format(time.TimeOnly))
	default:
		p.Hint = l.say("server.registered")
	}
	if r := v.LastInCall; r != nil {
		text := l.say("server.answered", r.Result)
		if r.Cause != line.CauseResponse {
			text = l.word("cause", string(r.Cause))
		}
		p.InCall = string(r.Method) + ": " + text
	}
	if v.Why.Answer || card.Status.State == line.StateTimeout {
		p.Reason, p.Remedy = v.Why.Text(l), v.Why.Remedy(l)
	}
	p.Lab = s.labChoices(l, slot)
	return p
}

// faultAnswer reports whether an answer to REGISTER or OPTIONS says that the server cannot serve: a 5xx.
func faultAnswer(result string) bool { return strings.HasPrefix(result, "5") }

var labBehaviours = []string{"serve", "silent", "refuse", "hang", "status"}

func (s *Server) labChoices(l language, slot line.Slot) []labChoice {
	if s.Lab == nil {
		return nil
	}
	now, err := s.Lab.Server(slot)
	if err != nil {
		return nil
	}
	var choices []labChoice
	for _, b := range labBehaviours {
		on := string(now.Mode) == b
		text := l.word("lab", b)
		if on && b == "status" && now.Status != 0 {
			text = strconv.Itoa(now.Status)
		}
		choices = append(choices, labChoice{b, text, on})
	}
	return choices
}

// labForm answers the form beside a server of the lab. It changes the behaviour and leaves delay and loss as they are.
func (s *Server) labForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control); err != nil {
		return err
	}
	if s.Lab == nil {
		return echo.ErrNotFound
	}
	slot := line.Slot(c.FormValue("server"))
	v, err := s.Lab.Server(slot)
	if err != nil {
		return err
	}
	v.Mode = behaviour.Mode(c.FormValue("behaviour"))
	if !slices.Contains(labBehaviours, string(v.Mode)) {
		return problem(http.StatusUnprocessableEntity, "behaviour must be one of "+strings.Join(labBehaviours, ", "))
	}
	if _, err := s.setLab(slot, v); err != nil {
		return err
	}
	return back(c, "lab")
}
