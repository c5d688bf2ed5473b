package webui

import (
	"slices"
	"strconv"
	"strings"

	"hilphone/sip/line"
)

// LabView is how a server of the embedded lab behaves.
type LabView struct {
	Behaviour    string   `json:"behaviour" enum:"serve,silent,refuse,hang,close,status" doc:"serve: works; silent: takes everything, answers nothing; refuse: ICMP port unreachable; hang: answers 100 Trying and no more; close: ends the connection of every message; status: answers with the status"`
	Status       int      `json:"status,omitempty" required:"false" minimum:"300" maximum:"699" default:"503" doc:"the SIP status of behaviour status"`
	RetryAfterS  int      `json:"retry_after_s" required:"false" minimum:"0" maximum:"86400" doc:"Retry-After of the status, 0 for none"`
	DelayMS      int      `json:"delay_ms" required:"false" minimum:"0" maximum:"60000" doc:"how long each answer is held back"`
	Drop         float64  `json:"drop" required:"false" minimum:"0" maximum:"1" doc:"part of the messages that is lost"`
	DropFirst    int      `json:"drop_first,omitempty" required:"false" minimum:"0" maximum:"100000" doc:"the first so many messages are lost, counted from now"`
	Seed         int64    `json:"seed,omitempty" required:"false" minimum:"0" maximum:"9007199254740991" doc:"of drop: the same seed loses the same messages"`
	MinExpiresS  int      `json:"min_expires_s,omitempty" required:"false" minimum:"0" maximum:"86400" doc:"a shorter registration is answered 423; 0 takes any"`
	MaxExpiresS  int      `json:"max_expires_s,omitempty" required:"false" minimum:"0" maximum:"86400" doc:"the longest registration granted; 0: one hour"`
	CloseAfter   int      `json:"close_after,omitempty" required:"false" minimum:"0" maximum:"100000" doc:"the n-th message from now ends its connection, once; 0: none"`
	Then         string   `json:"then,omitempty" required:"false" enum:"serve,silent,refuse,hang,close,status" doc:"the behaviour after the first registration that was granted"`
	Methods      []string `json:"methods,omitempty" required:"false" maxItems:"16" pattern:"^[A-Z]{1,16}$" doc:"only messages of these methods are meant; none: all" example:"REGISTER,INVITE"`
	NoHandshake  bool     `json:"no_handshake,omitempty" required:"false" doc:"new TLS connections are taken and the handshake is never answered"`
	BadHandshake bool     `json:"bad_handshake,omitempty" required:"false" doc:"new TLS connections get a fatal alert"`
}

// plain leaves out what the behaviour does not use, so that equal behaviours are equal values.
func (v LabView) plain() LabView {
	if v.Behaviour != "status" && v.Then != "status" {
		v.Status, v.RetryAfterS = 0, 0
	}
	if len(v.Methods) == 0 {
		v.Methods = nil
	}
	return v
}

func (v LabView) same(other LabView) bool {
	equal := slices.Equal(v.Methods, other.Methods)
	v.Methods, other.Methods = nil, nil
	a, b := v.values(), other.values()
	return equal && slices.Equal(a, b)
}

// counts reports whether the behaviour counts messages from the instant it is set.
func (v LabView) counts() bool { return v.DropFirst > 0 || v.CloseAfter > 0 }

// labField is a number or a choice of a behaviour, as the page has it.
type labField struct {
	Name     string
	Min, Max float64
	Whole    bool
	get      func(*LabView) any // a pointer to its place
}

// labFields are all of them but the behaviour itself, in the order of the page. Bounds are those of the schema of LabView.
var labFields = []labField{
	{"status", 300, 699, true, func(v *LabView) any { return &v.Status }},
	{"retry_after_s", 0, 86400, true, func(v *LabView) any { return &v.RetryAfterS }},
	{"delay_ms", 0, 60000, true, func(v *LabView) any { return &v.DelayMS }},
	{"drop", 0, 1, false, func(v *LabView) any { return &v.Drop }},
	{"drop_first", 0, 100000, true, func(v *LabView) any { return &v.DropFirst }},
	{"seed", 0, 9007199254740991, true, func(v *LabView) any { return &v.Seed }},
	{"min_expires_s", 0, 86400, true, func(v *LabView) any { return &v.MinExpiresS }},
	{"max_expires_s", 0, 86400, true, func(v *LabView) any { return &v.MaxExpiresS }},
	{"close_after", 0, 100000, true, func(v *LabView) any { return &v.CloseAfter }},
	{"methods", 0, 0, false, func(v *LabView) any { return &v.Methods }},
	{"then", 0, 0, false, func(v *LabView) any { return &v.Then }},
	{"no_handshake", 0, 0, false, func(v *LabView) any { return &v.NoHandshake }},
	{"bad_handshake", 0, 0, false, func(v *LabView) any { return &v.BadHandshake }},
}

// text is the field's value as it stands in a form; 0 is left empty.
func (f labField) text(v LabView) string {
	switch p := f.get(&v).(type) {
	case *int:
		if *p != 0 {
			return strconv.Itoa(*p)
		}
	case *int64:
		if *p != 0 {
			return strconv.FormatInt(*p, 10)
		}
	case *float64:
		if *p != 0 {
			return strconv.FormatFloat(*p, 'g', -1, 64)
		}
	case *string:
		return *p
	case *[]string:
		return strings.Join(*p, " ")
	case *bool:
		if *p {
			return "1"
		}
	}
	return ""
}

// values are all fields as texts.
func (v LabView) values() []string {
	all := []string{v.Behaviour}
	for _, f := range labFields {
		all = append(all, f.text(v))
	}
	return all
}

// set reads what was typed. The error is a *line.FieldError.
func (f labField) set(v *LabView, typed string) error {
	typed = strings.TrimSpace(typed)
	wrong := func(message string) error { return &line.FieldError{Name: f.Name, Message: message, Value: typed} }
	switch p := f.get(v).(type) {
	case *string:
		*p = typed
		if typed != "" && !slices.Contains(labModes, typed) {
			return wrong("must be one of " + strings.Join(labModes, ", "))
		}
		return nil
	case *[]string:
		*p = nil
		for _, method := range strings.FieldsFunc(strings.ToUpper(typed), func(r rune) bool { return r == ' ' || r == ',' }) {
			if len(method) > 16 || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
				return wrong("method names such as REGISTER INVITE")
			}
			*p = append(*p, method)
		}
		if len(*p) > 16 {
			return wrong("at most 16 methods")
		}
		return nil
	case *bool:
		*p = typed == "1"
		return nil
	}
	return f.setNumber(v, typed, wrong)
}

func (f labField) setNumber(v *LabView, typed string, wrong func(string) error) error {
	n := 0.0
	if typed != "" {
		var err error
		if n, err = strconv.ParseFloat(typed, 64); err != nil || n < f.Min || n > f.Max || n != n || f.Whole && n != float64(int64(n)) {
			return wrong("must be a number from " + strconv.FormatFloat(f.Min, 'f', -1, 64) + " to " + strconv.FormatFloat(f.Max, 'f', -1, 64))
		}
	}
	switch p := f.get(v).(type) {
	case *int:
		*p = int(n)
	case *int64:
		*p = int64(n)
	case *float64:
		*p = n
	}
	return nil
}

// labModes are all behaviours a server can have.
var labModes = []string{"serve", "silent", "refuse", "hang", "close", "status"}
