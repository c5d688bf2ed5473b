package webui

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/sip/line"
)

const maxShownCalls = 50

type callsData struct {
	frame
	Lines    []lineChoice
	Filters  []filterChoice
	Remote   string
	Running  []callRow
	Ended    []callRow
	Older    string // link; empty: there are none
	Newest   string // link; empty: this is it
	MayCall  bool
	Activate bool // no line can place a call
}

// filterChoice is a drop-down list of what is wanted.
type filterChoice struct {
	Name, Label string
	Options     []formOption
}

// callRow is a call in words.
type callRow struct {
	CallView
	Began     string
	Way       string
	StateText string
	ServerTxt string
	Lasted    string
	TalkingAt int64  // since when they talk, in milliseconds; 0: they do not
	EndText   string // by whom and why
	EndCode   string
	Elapsed   string
	Trace     string
	Rings     bool
	Talks     bool
	OnHold    bool
	IsMuted   bool
}

func (s *Server) callsPage(c echo.Context, who Visitor) error {
	l := languageOf(c.Request())
	q := c.QueryParams()
	f, cards, err := s.frame(c, who, l, "/calls", "calls.title", "GET /api/v1/calls", "GET /api/v1/calls?state=ended", "POST /api/v1/calls")
	if err != nil {
		return err
	}
	wanted := CallFilter{Direction: q.Get("direction"), Server: q.Get("server"), By: q.Get("by"), Cause: callCause(q.Get("cause")), Remote: q.Get("remote")}
	if wanted.Line, _ = strconv.Atoi(q.Get("line")); !lineExists(wanted.Line) {
		wanted.Line = 0
	}
	d := callsData{frame: f, Remote: wanted.Remote, Filters: callFilters(l, wanted, cards), MayCall: who.May(Control), Activate: true}
	for _, card := range cards {
		if card.Settings.Usable() {
			d.Activate = false
			d.Lines = append(d.Lines, lineChoice{card.N, card.Number, false})
		}
	}
	for _, v := range s.currentCalls(wanted) {
		d.Running = append(d.Running, newCallRow(l, v))
	}
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64)
	ended, err := s.callLog(c.Request().Context(), wanted, maxShownCalls+1, max(0, before))
	if err != nil {
		return err
	}
	if before > 0 {
		d.Newest = linkWith("/calls", q, "before", 0)
	}
	if len(ended) > maxShownCalls {
		ended = ended[:maxShownCalls]
		d.Older = linkWith("/calls", q, "before", ended[maxShownCalls-1].Key)
	}
	for _, v := range ended {
		d.Ended = append(d.Ended, newCallRow(l, v))
	}
	return s.show(c, http.StatusOK, "calls", d)
}

// callFilters are the drop-down lists above the log.
func callFilters(l language, f CallFilter, cards []lineCard) []filterChoice {
	lines := filterChoice{Name: "line", Label: l.say("line"), Options: []formOption{{Text: l.say("all")}}}
	for _, card := range cards {
		if card.inUse() || card.N == f.Line {
			lines.Options = append(lines.Options, formOption{strconv.Itoa(card.N), fmt.Sprintf("%d: %s", card.N, card.Number), card.N == f.Line})
		}
	}
	choice := func(name, group, chosen string, values ...string) filterChoice {
		c := filterChoice{Name: name, Label: l.say("calls." + name), Options: []formOption{{Text: l.say("all")}}}
		for _, v := range values {
			c.Options = append(c.Options, formOption{v, l.word(group, v), v == chosen})
		}
		return c
	}
	return []filterChoice{
		lines,
		choice("direction", "direction", f.Direction, string(line.Outgoing), string(line.Incoming)),
		choice("server", "active", f.Server, string(line.Primary), string(line.Backup), string(line.None)),
		choice("by", "by", f.By, line.ByUser, line.ByPeer, line.ByServer, line.ByPhone),
		choice("cause", "cause", string(f.Cause), callCauses...),
	}
}

// named is a number with the name that goes with it, if there is one that says more.
func named(number, name string) string {
	if name == "" || name == number {
		return number
	}
	return number + " " + name
}

// Name is the name of the other side where it says more than the number.
func (r callRow) Name() string { return strings.TrimPrefix(named(r.Remote, r.RemoteName), r.Remote) }

func newCallRow(l language, v CallView) callRow {
	r := callRow{CallView: v, Way: l.word("direction", string(v.Direction)), StateText: l.word("phone", string(v.State)), ServerTxt: l.word("active", string(v.Server)),
		Rings: v.State == line.Ringing, Talks: v.talking(), OnHold: v.State == line.Held, IsMuted: v.Media != nil && v.Media.Muted}
	if !v.Started.IsZero() {
		if day := l.dayOf(v.Started.Time); day != "" {
			r.Began = day + " "
		}
		r.Began += l.clockTime(v.Started.Time)
	}
	switch {
	case v.Answered.IsZero():
		r.Lasted = "–"
	case v.Ended.IsZero():
		r.TalkingAt = v.Answered.UnixMilli()
		r.Lasted = countdown(time.Since(v.Answered.Time))
	default:
		r.Lasted = countdown(v.Ended.Sub(v.Answered.Time))
	}
	if v.SIPCallID != "" {
		r.Trace = "/trace?" + url.Values{"call": {v.SIPCallID}}.Encode()
	}
	if v.End != nil {
		r.EndText = l.word("by", v.End.By)
		if v.End.Cause != "" {
			r.EndText = l.say("calls.endedby", r.EndText, l.word("cause", string(v.End.Cause)))
		}
		if v.End.Code != 0 {
			r.EndCode = fmt.Sprintf("%d %s", v.End.Code, v.End.Reason)
		}
		r.Elapsed = l.seconds(time.Duration(v.End.ElapsedMS * float64(time.Millisecond)))
	}
	return r
}

// What the forms take is what the operations of the same name take.
var (
	numberForm = regexp.MustCompile(`^[^\s<>"\\]{1,128}$`)
	digitsForm = regexp.MustCompile(`^[0-9A-D*#]{1,64}$`)
)

// callsForm answers the forms of the page: a new call, and what is done to one.
func (s *Server) callsForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control, formRules{flags: []string{"muted"}}); err != nil {
		return err
	}
	ctx, do := c.Request().Context(), c.FormValue("do")
	if do == "dial" {
		to := c.FormValue("to")
		if !numberForm.MatchString(to) {
			return &line.FieldError{Name: "to", Message: "a number or name without spaces, quotes, < or >", Value: to}
		}
		n, err := chosenLine(c.Request().PostForm)
		if err != nil {
			return err
		}
		if _, err := s.Calls.Dial(ctx, n, to); err != nil {
			return err
		}
		return back(c, "")
	}
	a := CallAction{Do: CallVerb(do)}
	switch a.Do {
	case Answer, Reject, HangUp, Hold, Resume:
	case Mute:
		a.Muted = c.FormValue("muted") == "1"
	case DTMF:
		if a.Digits = c.FormValue("digits"); !digitsForm.MatchString(a.Digits) {
			return &line.FieldError{Name: "digits", Message: "0 to 9, A to D, * and #", Value: a.Digits}
		}
	default:
		return &line.FieldError{Name: "do", Message: "is no action on a call", Value: do}
	}
	if err := s.Calls.Act(ctx, line.CallID(c.FormValue("id")), a); err != nil {
		return err
	}
	return back(c, "")
}
