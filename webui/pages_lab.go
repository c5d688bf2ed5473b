package webui

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hilphone/sip/line"
)

type labData struct {
	frame
	Servers []labPanel
	Phone   labPhonePanel
	MaySet  bool
}

// labPanel is a server of the lab with all its controls.
type labPanel struct {
	Slot   line.Slot
	Name   string
	Modes  []formOption
	Fields []labControl
	Faults []labControl
}

// labControl is a control of the form, as labField says.
type labControl struct {
	Name, ID, Label string
	Control         string // number, text, select, checkbox
	Value, Hint     string
	Options         []formOption
	Error           string
}

func (s *Server) labPage(c echo.Context, who Visitor) error {
	return s.showLab(c, who, http.StatusOK, "", nil, nil)
}

// showLab shows the page; after a form with a fault with what was typed for that server.
func (s *Server) showLab(c echo.Context, who Visitor, status int, typedFor line.Slot, typed url.Values, faults []*line.FieldError) error {
	if s.Lab == nil {
		return noLab()
	}
	l := languageOf(c.Request())
	f, _, err := s.frame(c, who, l, "/lab", "lab.title", "GET PUT /api/v1/lab/servers/primary", "GET PUT /api/v1/lab/servers/backup", "GET PUT /api/v1/lab/phone", "GET POST DELETE /api/v1/lab/phone/calls")
	if err != nil {
		return err
	}
	d := labData{frame: f, MaySet: who.May(Control), Phone: newLabPhonePanel(l, s.Lab.Phone1002())}
	if typedFor == labPhoneTyped {
		d.Phone.typed(l, typed, faults)
	}
	for _, slot := range []line.Slot{line.Primary, line.Backup} {
		v, err := s.Lab.Server(slot)
		if err != nil {
			return err
		}
		if slot == typedFor {
			d.Servers = append(d.Servers, newLabPanel(l, slot, v, typed, faults))
		} else {
			d.Servers = append(d.Servers, newLabPanel(l, slot, v, nil, nil))
		}
	}
	return s.show(c, status, "lab", d)
}

func newLabPanel(l language, slot line.Slot, v LabView, typed url.Values, faults []*line.FieldError) labPanel {
	p := labPanel{Slot: slot, Name: l.say("server." + string(slot))}
	mode := v.Behaviour
	if typed != nil {
		mode = typed.Get("behaviour")
	}
	for _, m := range labModes {
		text := l.word("lab", m)
		if m == "status" {
			text = l.say("lab.answer")
		}
		p.Modes = append(p.Modes, formOption{m, text, m == mode})
	}
	for _, f := range labFields {
		c := labControl{Name: f.Name, ID: fmt.Sprintf("%s_%s", slot, f.Name), Label: l.say("lab.field." + f.Name), Value: f.text(v), Control: "number"}
		if typed != nil {
			c.Value = typed.Get(f.Name)
		}
		switch f.get(&v).(type) {
		case *bool:
			c.Control = "checkbox"
		case *string:
			c.Control = "select"
			c.Options = append(c.Options, formOption{"", l.say("lab.same"), c.Value == ""})
			for _, m := range labModes {
				c.Options = append(c.Options, formOption{m, l.word("lab", m), c.Value == m})
			}
		case *[]string:
			c.Control, c.Hint = "text", l.say("lab.hint.methods")
		case *float64:
			c.Control, c.Hint = "text", l.say("lab.hint.part")
		default:
			c.Hint = l.say("lab.hint.range", strconv.FormatFloat(f.Min, 'f', -1, 64), strconv.FormatFloat(f.Max, 'f', -1, 64))
		}
		if i := slices.IndexFunc(faults, func(e *line.FieldError) bool { return e.Name == f.Name }); i >= 0 {
			c.Error = l.say("lab.wrong", faults[i].Message, shorten(c.Value))
			p.Faults = append(p.Faults, c)
		}
		p.Fields = append(p.Fields, c)
	}
	return p
}

// labServerForm answers the form of one server, with all that it does.
func (s *Server) labServerForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control); err != nil {
		return err
	}
	if s.Lab == nil {
		return noLab()
	}
	slot, form := line.Slot(c.FormValue("server")), c.Request().PostForm
	if slot != line.Primary && slot != line.Backup {
		return &line.FieldError{Name: "server", Message: "must be primary or backup", Value: string(slot)}
	}
	v := LabView{Behaviour: form.Get("behaviour")}
	var faults []error
	if !slices.Contains(labModes, v.Behaviour) {
		return &line.FieldError{Name: "behaviour", Message: "must be one of " + strings.Join(labModes, ", "), Value: v.Behaviour}
	}
	for _, f := range labFields {
		faults = append(faults, f.set(&v, form.Get(f.Name)))
	}
	if v.Status == 0 && (v.Behaviour == "status" || v.Then == "status") {
		v.Status = http.StatusServiceUnavailable
	}
	err := errors.Join(faults...)
	if err == nil {
		err = s.setLab(slot, v)
	}
	if wrong := line.FieldErrors(err); wrong != nil {
		return s.showLab(c, who, http.StatusUnprocessableEntity, slot, form, wrong)
	}
	if err != nil {
		return err
	}
	return back(c, "lab")
}
