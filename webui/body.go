package webui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
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

// readBody reads the body of a request to the end and sees that it is one sound JSON text: what follows may take it as read.
func readBody(c echo.Context) error {
	r := c.Request()
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if charset := params["charset"]; err != nil || kind != "application/json" || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return problem(http.StatusUnsupportedMediaType, "the body must be JSON and say so: Content-Type: application/json")
	}
	data, err := readAll(c, maxBody, bodyTimeout)
	if err != nil {
		return err
	}
	nulls, err := checkJSON(data)
	if err != nil {
		return err
	}
	c.Set(nullsKey, nulls)
	r.Body = io.NopCloser(bytes.NewReader(data))
	return nil
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

// nullsKey is where readBody leaves which properties of the body are null.
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

// checkJSON sees that data is one JSON text in UTF-8 in which no object has the same name twice and every number can be read. It
// returns the names of the body's properties that are null.
func checkJSON(data []byte) (nulls []string, err error) {
	past := limit.JSON("body", data, maxBody)
	if !utf8.Valid(data) {
		return nil, brokenJSON("body", "is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	err = checkValue(d, "body", 0, &nulls)
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

func checkValue(d *json.Decoder, at string, depth int, nulls *[]string) error {
	t, err := d.Token()
	if err != nil {
		return syntaxProblem(at, d, err)
	}
	if n, ok := t.(json.Number); ok {
		if _, err := n.Float64(); err != nil {
			return problem(http.StatusUnprocessableEntity, "nothing was changed", fault(at, "is a number too large to be meant", n.String()))
		}
	}
	if name, top := strings.CutPrefix(at, "body."); t == nil && top && depth == 1 {
		*nulls = append(*nulls, name)
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
			t, err := d.Token()
			if err != nil {
				return syntaxProblem(at, d, err)
			}
			name, _ := t.(string) // the decoder gives nothing else as a name
			inner = at + "." + name
			if names[name] {
				return brokenJSON(inner, "is given twice")
			}
			names[name] = true
		}
		if err := checkValue(d, inner, depth+1, nulls); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return syntaxProblem(at, d, err)
	}
	return nil
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
