package webui

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hilphone/db/nearest"
	"hilphone/hil/behaviour"
	"hilphone/sip/line"
)

// formRules are what readForm has to know of the fields of a form beside that they are text.
type formRules struct {
	flags   []string // check boxes: absent, 0 or 1
	several []string // may be given more than once
	// settings says that they are those of a line or of the phone as a whole: a check box comes after its hidden 0, and each field of a line has
	// its own check.
	settings bool
}

// readForm reads a form with a bounded body, for a visitor who may do what needs the scope. Like a body of REST it says plainly what is wanted,
// or nothing is done (RS-01, RS-04): text is UTF-8 without control characters, a field is given once, and a box is ticked or not.
func readForm(c echo.Context, who Visitor, needed Scope, rules ...formRules) error {
	if !who.May(needed) {
		return problem(http.StatusForbidden, "this account may not do that")
	}
	limitBody(c, maxForm, bodyTimeout)
	r := c.Request()
	if err := r.ParseForm(); err != nil {
		return bodyProblem(err, "the form cannot be read: "+printable(err.Error()))
	}
	var all formRules
	for _, one := range rules {
		all.flags, all.several, all.settings = append(all.flags, one.flags...), append(all.several, one.several...), all.settings || one.settings
	}
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if why := all.check(name, r.PostForm[name]); why != "" {
			return fieldOfForm(name, why)
		}
	}
	for _, name := range all.flags {
		if values, given := r.PostForm[name]; given {
			value := map[string]string{"true": "1", "false": "0"}[flagOf(values[0])]
			if value == "" {
				return fieldOfForm(name, "must be 1 or 0")
			}
			r.PostForm.Set(name, value)
			r.Form.Set(name, value)
		}
	}
	return nil
}

// fieldOfForm is the answer to a field that is not what it may be.
func fieldOfForm(name, why string) error {
	return problem(http.StatusUnprocessableEntity, printable(name)+" "+why+"; nothing was done", fault("body."+printable(name), why, nil))
}

// flagOf is true or false for the values of a switch, as checkParameters has them and as browsers send a box without a value; empty for others.
func flagOf(text string) string {
	switch text = strings.ToLower(text); text {
	case "on":
		return "true"
	case "off":
		return "false"
	}
	return flags[text]
}

func (f formRules) check(name string, values []string) string {
	if why := whyNotText(name); why != "" {
		return why
	}
	box := f.settings && slices.Equal(values, []string{"0", "1"})
	if len(values) > 1 && !box && !slices.Contains(f.several, name) {
		return "is given more than once"
	}
	_, setting := line.ByName(name)
	for _, v := range values {
		why := whyNotText(strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(v))
		if why != "" && !(f.settings && setting) {
			return why
		}
	}
	return ""
}

// labRules are those of a form that is drawn from a table of properties.
func labRules[T any](fields []behaviour.Field[T]) (rules formRules) {
	var v T
	for _, f := range fields {
		switch f.At(&v).(type) {
		case *bool:
			rules.flags = append(rules.flags, f.Name)
		case *[]string:
			rules.several = append(rules.several, f.Name)
		}
	}
	return rules
}

// lineRules are those of the form of a line's settings.
func lineRules() formRules {
	rules := formRules{settings: true}
	for _, d := range line.Table {
		if d.Secret {
			rules.flags = append(rules.flags, d.Name+"_remove")
		}
	}
	return rules
}

// formQueries are the parameters in the query of a form's address. A form has no others.
var formQueries = map[string][]string{"/line/sip": {"line"}, "/line/plan": {"line"}}

// checkFormQuery refuses a form that is sent with other parameters in the query than it has: ?lin=2 would change line 1 (RS-01).
func checkFormQuery(c echo.Context) error {
	given, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return problem(http.StatusBadRequest, "the query cannot be read: "+err.Error())
	}
	known := append([]string{"lang", "done"}, formQueries[c.Path()]...) // of the page it is on
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch {
		case !slices.Contains(known, name):
			return problem(http.StatusUnprocessableEntity, "query parameter "+printable(name)+" is not known here"+nearest.Hint(name, known)+"; nothing was done")
		case len(given[name]) > 1:
			return problem(http.StatusUnprocessableEntity, "query parameter "+name+" is given more than once; nothing was done")
		}
	}
	return nil
}

// chosenLine returns the line that a form names, 1 where it names none. Where it names none that exists nothing is done.
func chosenLine(given url.Values) (int, error) {
	text, ok := given["line"]
	if !ok {
		return 1, nil
	}
	n, err := strconv.Atoi(text[0])
	if err != nil || !lineExists(n) || len(text) > 1 {
		return 0, problem(http.StatusUnprocessableEntity, "line must be a whole number from 1 to "+strconv.Itoa(line.MaxLines)+"; nothing was done")
	}
	return n, nil
}
