package webui

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hilphone/sip/line"
)

// labAnswers are the ways to treat a call, labVias the servers to call through.
var (
	labAnswers = []string{"answer", "busy", "decline", "ring", "ignore", "status"}
	labVias    = []string{"primary", "backup"}
	labNumber  = regexp.MustCompile(`^[A-Za-z0-9+._-]{1,64}$`)
)

// labPhonePanel is the phone 1002 on the page of the lab.
type labPhonePanel struct {
	Modes  []formOption
	Fields []labControl
	Calls  []labCallRow
	Busy   bool // there is a call to hang up
	To     string
	Via    []formOption
	Faults []labControl
	Wrong  string // what is wrong with To
}

// labPhoneTyped stands for the forms of the phone 1002 where those of a server are told by its slot.
const labPhoneTyped line.Slot = "phone"

// typed puts back what was typed, with what is wrong with it.
func (p *labPhonePanel) typed(l language, form url.Values, faults []*line.FieldError) {
	told := func(name, value string) string {
		if i := slices.IndexFunc(faults, func(e *line.FieldError) bool { return e.Name == name }); i >= 0 {
			return l.say("lab.wrong", faults[i].Message, shorten(value))
		}
		return ""
	}
	if form.Has("to") {
		p.To, p.Wrong = form.Get("to"), told("to", form.Get("to"))
		return
	}
	for i := range p.Modes {
		p.Modes[i].Selected = p.Modes[i].Value == form.Get("answering")
	}
	for i := range p.Fields {
		f := &p.Fields[i]
		f.Value = form.Get(f.Name)
		if f.Error = told(f.Name, f.Value); f.Error != "" {
			p.Faults = append(p.Faults, *f)
		}
	}
}

type labCallRow struct{ Remote, Direction, State string }

// labPhoneStatus is the status of a phone that is told no other, as in the schema of LabPhoneView.
const labPhoneStatus = 480

// shownLabCalls is how many calls the page shows.
const shownLabCalls = 3

func newLabPhonePanel(l language, phone LabPhone) labPhonePanel {
	v := phone.Answering().plain()
	p := labPhonePanel{To: "1001"}
	for _, m := range labAnswers {
		p.Modes = append(p.Modes, formOption{m, l.say("lab.phone." + m), m == v.Answering})
	}
	for _, f := range labPhoneFields(&v) {
		text := ""
		if *f.value != 0 {
			text = strconv.Itoa(*f.value)
		}
		p.Fields = append(p.Fields, labControl{Name: f.name, ID: "phone_" + f.name, Label: l.say("lab.phone.field." + f.name), Value: text,
			Control: "number", Hint: l.say("lab.hint.range", strconv.Itoa(f.min), strconv.Itoa(f.max))})
	}
	for _, via := range labVias {
		p.Via = append(p.Via, formOption{via, l.say("server." + via), via == "primary"})
	}
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

// labPhoneNumber is a number of the form; the bounds are those of the schema of LabPhoneView.
type labPhoneNumber struct {
	name     string
	min, max int
	value    *int
}

func labPhoneFields(v *LabPhoneView) []labPhoneNumber {
	const day = 86400000
	return []labPhoneNumber{{"after_ms", 0, day, &v.AfterMS}, {"hang_up_after_ms", 0, day, &v.HangUpAfterMS}, {"status", 300, 699, &v.Status}}
}

// labPhoneForm answers the form of how the phone 1002 treats calls.
func (s *Server) labPhoneForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control); err != nil {
		return err
	}
	v := LabPhoneView{Answering: c.FormValue("answering")}
	if !slices.Contains(labAnswers, v.Answering) {
		return &line.FieldError{Name: "answering", Message: "must be one of " + strings.Join(labAnswers, ", "), Value: v.Answering}
	}
	var faults []*line.FieldError
	for _, f := range labPhoneFields(&v) {
		typed := strings.TrimSpace(c.FormValue(f.name))
		if typed == "" {
			if f.name == "status" {
				*f.value = labPhoneStatus
			}
			continue
		}
		n, err := strconv.Atoi(typed)
		if err != nil || n < f.min || n > f.max {
			faults = append(faults, &line.FieldError{Name: f.name, Message: "must be a number from " + strconv.Itoa(f.min) + " to " + strconv.Itoa(f.max), Value: typed})
		}
		*f.value = n
	}
	if len(faults) > 0 {
		return s.showLab(c, who, http.StatusUnprocessableEntity, labPhoneTyped, c.Request().PostForm, faults)
	}
	if err := s.setLabPhone(v); err != nil {
		return err
	}
	return back(c, "lab")
}

// labCallForm has the phone 1002 call, or hang up.
func (s *Server) labCallForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control); err != nil {
		return err
	}
	phone, err := s.labPhone()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	switch c.FormValue("do") {
	case "hangup":
		err = hangUpLab(ctx, phone)
	case "call":
		call := LabCallInput{To: strings.TrimSpace(c.FormValue("to")), Via: line.Slot(c.FormValue("via"))}
		switch {
		case !labNumber.MatchString(call.To):
			fault := &line.FieldError{Name: "to", Message: "must be a number: letters, digits, + . _ and -, 64 at most", Value: call.To}
			return s.showLab(c, who, http.StatusUnprocessableEntity, labPhoneTyped, c.Request().PostForm, []*line.FieldError{fault})
		case !slices.Contains(labVias, string(call.Via)):
			return &line.FieldError{Name: "via", Message: "must be primary or backup", Value: string(call.Via)}
		}
		err = phone.Call(ctx, call)
	default:
		return problem(http.StatusBadRequest, "do must be call or hangup")
	}
	if err != nil {
		return err
	}
	return back(c, "")
}
