package webui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"hilphone/db/limit"
)

const (
	maxBody  = 64 << 10
	maxDepth = limit.Depth
)

const (
	jsonKind = "application/json"

	// multiLine is the key in an operation's metadata that says that texts in its body may have more than one line.
	multiLine = "lines"
)

// bodyOf returns what reads the body of a request to the end and sees that it is one sound JSON text of one of the media types: what follows
// may take it as read.
func bodyOf(lines bool, kinds ...string) func(echo.Context) error {
	refusal := problem(http.StatusUnsupportedMediaType, "the body must be JSON in UTF-8 and say so: Content-Type: "+strings.Join(kinds, " or "))
	return func(c echo.Context) error {
		r := c.Request()
		if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
			return nil
		}
		given := r.Header.Values(echo.HeaderContentType)
		kind, params, err := mime.ParseMediaType(strings.Join(given, ", "))
		if charset, named := params["charset"]; err != nil || len(given) > 1 || !slices.Contains(kinds, kind) || named && !strings.EqualFold(charset, "utf-8") {
			return refusal
		}
		data, err := readAll(c, maxBody, bodyTimeout)
		if err != nil {
			return err
		}
		nulls, err := checkJSON(data, lines)
		if err != nil {
			return err
		}
		c.Set(nullsKey, nulls)
		r.Header.Set(echo.HeaderContentType, kind) // Huma does not know Application/JSON
		r.Body = io.NopCloser(bytes.NewReader(data))
		return nil
	}
}

// readAll reads a body of at most so many bytes in bounded time.
func readAll(c echo.Context, most int64, timeout time.Duration) ([]byte, error) {
	r := c.Request()
	if r.ContentLength > most {
		return nil, tooLarge(most)
	}
	limitBody(c, most, timeout)
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, bodyProblem(err, "the body ended too early")
	}
	return data, nil
}

func tooLarge(most int64) error {
	return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body must not have more than %d bytes", most))
}

// nullsKey is where bodyOf leaves which properties of the body are null.
const nullsKey = "nulls"

// checkNulls refuses null for a property of the body whose schema does not know it: huma takes it for absent.
func checkNulls(c echo.Context, body *huma.Schema) error {
	nulls, _ := c.Get(nullsKey).([]string)
	var faults []*huma.ErrorDetail
	for _, name := range nulls {
		if p := body.Properties[name]; p != nil && !p.Nullable && len(p.AnyOf) == 0 {
			faults = append(faults, fault("body."+name, "must not be null", nil))
		}
	}
	if faults == nil {
		return nil
	}
	return problem(http.StatusUnprocessableEntity, "validation failed", faults...)
}

// checkJSON sees that data is one JSON text in UTF-8 in which no object has the same name twice, every number can be read and every text is
// one: without halves of surrogate pairs, which Go would read as U+FFFD, and without control characters; with lines, those between lines may be
// there. It returns the names of the body's properties that are null.
func checkJSON(data []byte, lines bool) (nulls []string, err error) {
	past := limit.JSON("body", data, maxBody)
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return nil, brokenJSON("body", "begins with a byte order mark, which JSON does not have (RFC 8259 8.1)")
	}
	if !utf8.Valid(data) {
		return nil, brokenJSON("body", fmt.Sprintf("is not UTF-8 at byte %d", invalidAt(data)))
	}
	d := &jsonChecker{Decoder: json.NewDecoder(bytes.NewReader(data)), data: data, lines: lines, nulls: &nulls}
	d.UseNumber()
	err = d.value("body", 0)
	if deep := (tooDeep)(""); errors.As(err, &deep) {
		return nil, brokenJSON(string(deep), past.Error())
	}
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, brokenJSON("body", "has more than one value")
	}
	return nulls, nil
}

// tooDeep is the place of a value that is nested deeper than maxDepth.
type tooDeep string

func (t tooDeep) Error() string { return string(t) + " is nested too deep" }

// jsonChecker goes through a JSON text.
type jsonChecker struct {
	*json.Decoder
	data  []byte
	lines bool
	nulls *[]string
}

func (d *jsonChecker) value(at string, depth int) error {
	t, err := d.token(at)
	if err != nil {
		return err
	}
	if n, ok := t.(json.Number); ok {
		if _, err := n.Float64(); err != nil {
			return problem(http.StatusUnprocessableEntity, "nothing was changed", fault(at, "is a number too large to be meant", n.String()))
		}
	}
	if name, top := strings.CutPrefix(at, "body."); t == nil && top && depth == 1 {
		*d.nulls = append(*d.nulls, name)
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if depth == maxDepth {
		return tooDeep(at)
	}
	names := map[string]bool{}
	for i := 0; d.More(); i++ {
		inner := at + "[" + strconv.Itoa(i) + "]"
		if open == '{' {
			t, err := d.token(at)
			if err != nil {
				return err
			}
			name, _ := t.(string) // the decoder gives nothing else as a name
			inner = at + "." + name
			if names[name] {
				return brokenJSON(inner, "is given twice")
			}
			names[name] = true
		}
		if err := d.value(inner, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return syntaxProblem(at, d.Decoder, err)
	}
	return nil
}

// token reads a name or a value, and sees that a text is one.
func (d *jsonChecker) token(at string) (json.Token, error) {
	began := d.InputOffset()
	t, err := d.Token()
	if err != nil {
		return nil, syntaxProblem(at, d.Decoder, err)
	}
	text, ok := t.(string)
	if !ok {
		return t, nil
	}
	why := ""
	switch {
	case limit.LoneSurrogate(d.data[began:d.InputOffset()]) >= 0:
		why = "has half of a surrogate pair, which is no character"
	case strings.ContainsFunc(text, func(r rune) bool { return isControl(r) && (!d.lines || !strings.ContainsRune("\t\r\n", r)) }):
		why = "must not contain control characters"
	default:
		return t, nil
	}
	return nil, problem(http.StatusUnprocessableEntity, "nothing was changed", fault(at, why, nil))
}

// invalidAt is where data is not UTF-8.
func invalidAt(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return len(data)
}

func syntaxProblem(at string, d *json.Decoder, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return brokenJSON(at, "ends too early")
	}
	return brokenJSON(at, fmt.Sprintf("is not JSON near byte %d", d.InputOffset()))
}

func brokenJSON(at, message string) error {
	return problem(http.StatusBadRequest, "the body cannot be read as JSON", fault(at, message, nil))
}
