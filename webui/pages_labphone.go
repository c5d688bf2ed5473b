package webui

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"hilphone/hil/behaviour"
	"hilphone/sip/line"
)

// labPhonePanel is the phone 1002 on the page of the lab.
type labPhonePanel struct {
	Modes     []formOption
	Answering labForm
	Call      labForm // the properties of a call
	Request   labForm // those of any other request
	Calls     []labCallRow
	Busy      bool // there is a call to hang up
}

// What stands for the forms of the phone 1002 where those of a server are named by its slot.
const (
	labPhoneTyped   line.Slot = "phone"
	labCallTyped    line.Slot = "call"
	labRequestTyped line.Slot = "request"
)

type labCallRow struct{ Remote, Direction, State string }

// shownLabCalls is how many calls the page shows.
const shownLabCalls = 3

func newLabPhonePanel(l language, phone LabPhone, typedFor line.Slot, typed url.Values, faults []*line.FieldError) labPhonePanel {
	form := func(name line.Slot) (url.Values, []*line.FieldError) {
		if name != typedFor {
			return nil, nil
		}
		return typed, faults
	}
	a := phone.Answering().Clean()
	mode := string(a.Mode)
	answered, wrong := form(labPhoneTyped)
	if answered != nil {
		mode = answered.Get("answering")
	}
	var p labPhonePanel
	for _, m := range behaviour.Names(behaviour.AnswerModes) {
		p.Modes = append(p.Modes, formOption{m, l.say("lab.phone." + m), m == mode})
	}
	const label = "lab.phone.field."
	p.Answering = newLabForm(l, behaviour.AnsweringFields[1:], a, "phone", label, answered, wrong)
	called, wrong := form(labCallTyped)
	p.Call = newLabForm(l, behaviour.CallFields, behaviour.Request{To: "1001", Via: "primary"}, "call", label, called, wrong)
	asked, wrong := form(labRequestTyped)
	p.Request = newLabForm(l, behaviour.RequestFields, behaviour.Request{Method: "OPTIONS", To: "1001", Via: "primary"}, "request", label, asked, wrong)
	calls := phone.Calls()
	slices.Reverse(calls)
	for i, c := range calls {
		p.Busy = p.Busy || c.State != "over"
		if i < shownLabCalls {
			p.Calls = append(p.Calls, labCallRow{c.Remote, l.say("lab.phone." + c.Direction), l.say("lab.phone.call." + c.State)})
		}
	}
	return p
}

// labPhoneForm answers the form of how the phone 1002 treats calls.
func (s *Server) labPhoneForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control, labRules(behaviour.AnsweringFields)); err != nil {
		return err
	}
	form := c.Request().PostForm
	a := behaviour.Answering{Mode: behaviour.AnswerMode(form.Get("answering"))}
	if modes := behaviour.Names(behaviour.AnswerModes); !slices.Contains(modes, string(a.Mode)) {
		return &line.FieldError{Name: "answering", Message: "must be one of " + strings.Join(modes, ", "), Value: string(a.Mode)}
	}
	err := readLabForm(behaviour.AnsweringFields[1:], &a, form)
	if err == nil {
		_, err = s.setLabPhone(a)
	}
	return s.afterLab(c, who, labPhoneTyped, err)
}

// afterLab shows the page again with what was wrong in a form, or goes back to it.
func (s *Server) afterLab(c echo.Context, who Visitor, form line.Slot, err error) error {
	if wrong := line.FieldErrors(err); wrong != nil {
		return s.showLab(c, who, http.StatusUnprocessableEntity, form, c.Request().PostForm, wrong)
	}
	if err != nil {
		return err
	}
	return back(c, "lab")
}

// labCallForm has the phone 1002 call, send another request, or hang up.
func (s *Server) labCallForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control, labRules(behaviour.CallFields), labRules(behaviour.RequestFields)); err != nil {
		return err
	}
	phone, err := s.labPhone()
	if err != nil {
		return err
	}
	ctx, form := c.Request().Context(), c.Request().PostForm
	var r behaviour.Request
	switch c.FormValue("do") {
	case "hangup":
		return s.afterLab(c, who, labCallTyped, hangUpLab(ctx, phone))
	case "call":
		if err = readLabForm(behaviour.CallFields, &r, form); err == nil {
			err = labFault(r.Check())
		}
		if err == nil {
			err = labFault(phone.Call(ctx, r))
		}
		return s.afterLab(c, who, labCallTyped, err)
	case "send":
		if err = readLabForm(behaviour.RequestFields, &r, form); err == nil {
			err = labFault(phone.Send(ctx, r))
		}
		return s.afterLab(c, who, labRequestTyped, err)
	}
	return problem(http.StatusBadRequest, "do must be call, send or hangup")
}
