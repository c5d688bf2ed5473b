package webui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
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
		data, nulls, err := checkJSON(data, lines)
		if err != nil {
			return err
		}
		c.Set(nullsKey, nulls)
		r.Header.Set(echo.HeaderContentType, kind) // Huma does not know Application/JSON
		r.Body = io.NopCloser(bytes.NewReader(data))
		return nil
	}
}

// refuseBody refuses a body that an operation would pass over: {"dry_run":true} where dry_run belongs in the query (RS-01). An empty object
// says nothing.
func refuseBody(c echo.Context) error {
	r := c.Request()
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	data, err := io.ReadAll(r.Body) // bodyOf has read and checked it
	if err != nil {
		return bodyProblem(err, "the body ended too early")
	}
	if len(data) == 0 {
		return nil
	}
	const why = "is not known: this operation takes nothing in a body"
	var members map[string]json.RawMessage
	if err := limit.DecodeJSON("body", data, maxBody, &members); err != nil || members == nil {
		return problem(http.StatusUnprocessableEntity, "nothing was done", fault("body", why, nil))
	}
	var faults []*huma.ErrorDetail
	for _, name := range slices.Sorted(maps.Keys(members)) {
		faults = append(faults, fault("body."+name, why, nil))
	}
	if faults == nil {
		return nil
	}
	return problem(http.StatusUnprocessableEntity, "nothing was done", faults...)
}

// readAll reads a body of at most so many bytes in bounded time.
func readAll(c echo.Context, most int64, timeout time.Duration) ([]byte, error) {
	r := c.Request()
	if coding := r.Header.Get(echo.HeaderContentEncoding); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, refuseWith(problem(http.StatusUnsupportedMediaType, "the body must not be compressed or encoded otherwise"), echo.HeaderAcceptEncoding, "identity")
	}
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
// there. It returns the text, with whole numbers written as such (60 for 60.0 and 6e1, which decoders of integers do not take), and the names of the
// body's properties that are null.
func checkJSON(data []byte, lines bool) (text []byte, nulls []string, err error) {
	past := limit.JSON("body", data, maxBody)
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return nil, nil, brokenJSON("body", "begins with a byte order mark, which JSON does not have (RFC 8259 8.1)")
	}
	if !utf8.Valid(data) {
		return nil, nil, brokenJSON("body", fmt.Sprintf("is not UTF-8 at byte %d", invalidAt(data)))
	}
	d := &jsonChecker{Decoder: json.NewDecoder(bytes.NewReader(data)), data: data, lines: lines, nulls: &nulls}
	d.UseNumber()
	err = d.value("body", 0)
	if deep := (tooDeep)(""); errors.As(err, &deep) {
		return nil, nil, brokenJSON(string(deep), past.Error())
	}
	if err != nil {
		return nil, nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, nil, brokenJSON("body", "has more than one value")
	}
	return append(d.text, data[d.copied:]...), nulls, nil
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

	text   []byte // as it was read, but for the numbers
	copied int    // from data to text
}

// whole writes a number that was read, if it is whole and is not written so.
func (d *jsonChecker) whole(n json.Number, f float64) {
	mantissa, _, _ := strings.Cut(strings.ToLower(string(n)), "e")
	if !strings.ContainsAny(string(n), ".eE") || f != math.Trunc(f) || math.Abs(f) >= 1<<53 || f == 0 && strings.Trim(mantissa, "-0.") != "" {
		return
	}
	end := int(d.InputOffset())
	d.text = strconv.AppendInt(append(d.text, d.data[d.copied:end-len(n)]...), int64(f), 10)
	d.copied = end
}

func (d *jsonChecker) value(at string, depth int) error {
	t, err := d.token(at)
	if err != nil {
		return err
	}
	if n, ok := t.(json.Number); ok {
		f, err := n.Float64()
		if err != nil {
			return problem(http.StatusUnprocessableEntity, "nothing was changed", fault(at, "is a number too large to be read", n.String()))
		}
		d.whole(n, f)
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
