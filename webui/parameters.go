package webui

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"hilphone/db/nearest"
)

// checkParameters refuses a request whose path or query does not say plainly what is wanted, and names the parameter and what it may be. Huma
// takes an empty value for an absent one, the first of several, and any number that Go can read; a request with ?dry_run= or ?dryrun=1 would
// then be carried out (RS-01, RS-03).
func (s *Server) checkParameters(ctx huma.Context, next func(huma.Context)) {
	c := humaecho.Unwrap(ctx)
	r, op := c.Request(), ctx.Operation()
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		s.answerError(problem(http.StatusBadRequest, "the query cannot be read", fault("query", err.Error(), nil)), c)
		return
	}
	var faults []*huma.ErrorDetail
	known := map[string]*huma.Param{}
	for _, p := range op.Parameters {
		switch p.In {
		case "path":
			if text := c.Param(p.Name); whyNotText(text) != "" || p.Schema.Type == huma.TypeInteger && !wholeNumber.MatchString(text) {
				faults = append(faults, fault("path."+p.Name, mustBe(p), printable(text)))
			}
		case "query":
			known[p.Name] = p
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if p, values := known[name], given[name]; p == nil {
			faults = append(faults, unknownParameter(name, known))
		} else if why := checkParameter(p, values); why != "" {
			faults = append(faults, fault("query."+name, why, printable(strings.Join(values, ", "))))
		}
	}
	if faults != nil {
		s.answerError(problem(http.StatusUnprocessableEntity, "nothing was done", faults...), c)
		return
	}
	normalised := false
	for name, p := range known {
		if values := given[name]; len(values) == 1 && p.Schema.Type == huma.TypeBoolean {
			values[0], normalised = flags[strings.ToLower(values[0])], true
		}
	}
	if normalised {
		r.URL.RawQuery = given.Encode()
	}
	next(ctx)
}

// flags are the values of a switch in a query. A flag that is there without a value is on.
var flags = map[string]string{"": "true", "1": "true", "true": "true", "0": "false", "false": "false"}

var (
	wholeNumber = regexp.MustCompile(`^-?[0-9]{1,19}$`)
	realNumber  = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$`)
)

// checkParameter says why the values of a parameter are not what it may be; empty: they are.
func checkParameter(p *huma.Param, values []string) string {
	if len(values) > 1 {
		if p.Schema.Type == huma.TypeArray {
			return "is given more than once; separate its values by commas"
		}
		return "is given more than once"
	}
	value := values[0]
	if why := whyNotText(value); why != "" {
		return why
	}
	if p.Schema.Type == huma.TypeArray {
		for one := range strings.SplitSeq(value, ",") {
			if one == "" {
				return "must not be empty, nor have an empty part; " + mustBe(p)
			}
			if !allowed(p.Schema.Items, one) {
				return mustBe(p) + nearest.Hint(one, names(p.Schema.Items.Enum))
			}
		}
		return ""
	}
	if !allowed(p.Schema, value) {
		return mustBe(p) + nearest.Hint(value, names(p.Schema.Enum))
	}
	return ""
}

// allowed reports whether a value is what its schema says. Patterns and lengths are left to Huma.
func allowed(s *huma.Schema, value string) bool {
	switch s.Type {
	case huma.TypeBoolean:
		return flags[strings.ToLower(value)] != ""
	case huma.TypeInteger:
		n, err := strconv.ParseInt(value, 10, 64)
		return wholeNumber.MatchString(value) && err == nil && inRange(s, float64(n))
	case huma.TypeNumber:
		f, err := strconv.ParseFloat(value, 64)
		return realNumber.MatchString(value) && err == nil && !math.IsInf(f, 0) && inRange(s, f)
	}
	if s.Format == "date-time" {
		_, err := time.Parse(time.RFC3339, value)
		return err == nil
	}
	return value != "" && (s.Enum == nil || slices.Contains(s.Enum, any(value)))
}

func inRange(s *huma.Schema, f float64) bool {
	return (s.Minimum == nil || f >= *s.Minimum) && (s.Maximum == nil || f <= *s.Maximum)
}

// mustBe says what a parameter may be.
func mustBe(p *huma.Param) string {
	s, what := p.Schema, "must be one of "
	if s.Type == huma.TypeArray {
		s, what = s.Items, "must be one or more, separated by commas, of "
	}
	switch {
	case s.Enum != nil:
		return what + strings.Join(names(s.Enum), ", ")
	case s.Type == huma.TypeBoolean:
		return "must be true or false, or without a value, which is true"
	case s.Type == huma.TypeInteger:
		return "must be a whole number" + rangeOf(s, p)
	case s.Type == huma.TypeNumber:
		return "must be a number" + rangeOf(s, p)
	case s.Format == "date-time":
		return "must be a time such as 2026-01-31T12:00:00Z; a + in it is written %2B"
	}
	return "must be text, not empty and without control characters"
}

func rangeOf(s *huma.Schema, p *huma.Param) string {
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		return " from " + number(*s.Minimum) + " to " + number(*s.Maximum)
	case s.Minimum != nil:
		return " not less than " + number(*s.Minimum)
	case p.In == "path" && p.Description != "":
		return ": " + p.Description
	}
	return ""
}

func names(enum []any) []string {
	all := make([]string, len(enum))
	for i, e := range enum {
		all[i] = fmt.Sprint(e)
	}
	return all
}

// unknownParameter is the fault of a name that the operation does not know.
func unknownParameter(name string, known map[string]*huma.Param) *huma.ErrorDetail {
	why := "is not known: this operation has no parameters in the query"
	if len(known) > 0 {
		all := slices.Sorted(maps.Keys(known))
		why = "is not known: there are " + strings.Join(all, ", ") + nearest.Hint(name, all)
	}
	return fault("query."+printable(name), why, nil)
}

// whyNotText says why a text is none that can be meant; empty: it is.
func whyNotText(text string) string {
	switch {
	case !utf8.ValidString(text):
		return "must be UTF-8"
	case strings.ContainsFunc(text, isControl):
		return "must not contain control characters"
	}
	return ""
}

// isControl reports whether a character has no place in a line of text: the control characters, and the two noncharacters that XML forbids.
func isControl(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\ufffe' || r == '\uffff'
}

// printable is a text from a request that can be shown in an answer.
func printable(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	return shorten(strings.Map(func(r rune) rune {
		if isControl(r) {
			return '\ufffd'
		}
		return r
	}, text))
}
