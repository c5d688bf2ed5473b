package webui

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/db/limit"
)

const (
	maxItems = 256
	maxDelay = 10 // seconds, of all Delay: together
)

// xmlRequest is a request to the vendor's XML service.
type xmlRequest struct {
	XMLName xml.Name
	Cmd     string   `xml:"cmd,attr"`
	Items   []string `xml:"Item"`
	Execute []struct {
		URI string `xml:"URI,attr"`
	} `xml:"ExecuteItem"`
}

// xmlAnswer is the answer. RetCode 0 is success.
type xmlAnswer struct {
	XMLName xml.Name
	Cmd     string `xml:"cmd,attr,omitempty"`
	RetCode int    `xml:"RetCode"`
	Message string `xml:"Message,omitempty"`
	Info    string `xml:"info,omitempty"`
}

// xmlService answers POST /xmlService: settings read and changed, lamps and keys.
func (s *Server) xmlService(c echo.Context, who Visitor) error {
	data, err := readAll(c, maxBody, bodyTimeout)
	if err != nil {
		return err
	}
	request, err := readXML(data)
	if err != nil {
		return s.answerXML(c, http.StatusBadRequest, xmlAnswer{XMLName: xml.Name{Local: "FanvilConfiguration"}, RetCode: 1, Message: err.Error()})
	}
	answer := xmlAnswer{XMLName: request.XMLName, Cmd: request.Cmd}
	ctx, cancel := s.untilShutdown(c.Request().Context())
	defer cancel()
	switch {
	case request.XMLName.Local == "FanvilIPPhoneExecute":
		err = s.execute(ctx, who, request)
	case request.Cmd == "get":
		answer.Info, err = s.getItems(ctx, who, request.Items)
	case request.Cmd == "set":
		err = s.setItems(ctx, who, request.Items)
	default:
		err = unprocessable("cmd must be set or get")
	}
	status := http.StatusOK
	if err != nil {
		status, answer.Message = s.vendorFault(err)
		answer.RetCode = 1
		if s.Device.Device().RemoteControl.Faithful && request.Cmd != "get" {
			status, answer.RetCode, answer.Message = http.StatusOK, 0, ""
		}
	}
	return s.answerXML(c, status, answer)
}

func (s *Server) answerXML(c echo.Context, status int, answer xmlAnswer) error {
	body, err := xml.Marshal(answer)
	if err != nil {
		return fmt.Errorf("answer of the XML service: %w", err)
	}
	return c.Blob(status, "text/xml; charset=utf-8", append(body, '\n'))
}

// readXML reads one document of a kind that this service knows. Document types, and with them entities of their own, are refused.
func readXML(data []byte) (r xmlRequest, err error) {
	if err := limit.XML("body", data, maxBody); err != nil {
		return r, err
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("the encoding %.20q is not UTF-8", charset)
	}
	if bytes.Contains(data, []byte("<!DOCTYPE")) || bytes.Contains(data, []byte("<!ENTITY")) {
		return r, errors.New("the body must have no document type")
	}
	if err := d.Decode(&r); err != nil {
		return r, errors.New("the body cannot be read as XML")
	}
	if _, err := d.Token(); err != io.EOF {
		if text, ok := nextText(d); !ok || strings.TrimSpace(text) != "" {
			return r, errors.New("the body has more than one element")
		}
	}
	if r.XMLName.Local != "FanvilConfiguration" && r.XMLName.Local != "FanvilIPPhoneExecute" {
		return r, fmt.Errorf("the element must be FanvilConfiguration or FanvilIPPhoneExecute, not %.40q", r.XMLName.Local)
	}
	r.XMLName.Space = ""
	if len(r.Items) > maxItems || len(r.Execute) > maxItems {
		return r, fmt.Errorf("there are more than %d items", maxItems)
	}
	return r, nil
}

// nextText reads what is left: white space at the end of the body is none of its elements.
func nextText(d *xml.Decoder) (string, bool) {
	var text strings.Builder
	for {
		t, err := d.Token()
		if err == io.EOF {
			return text.String(), true
		}
		chars, ok := t.(xml.CharData)
		if err != nil || !ok {
			return "", false
		}
		text.Write(chars)
	}
}

// execute carries out a FanvilIPPhoneExecute: Led:, Key: and Delay:, in order, after all of them were read.
func (s *Server) execute(ctx context.Context, who Visitor, r xmlRequest) error {
	if !who.May(Control) {
		return problem(http.StatusForbidden, "this account may not do that")
	}
	if err := s.mayWrite(who); err != nil {
		return err
	}
	var todo []func() error
	delay := 0
	for _, e := range r.Execute {
		kind, what, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(e.URI), "/"), ":")
		switch kind {
		case "Led":
			name, pattern, _ := strings.Cut(what, "=")
			todo = append(todo, func() error { return s.lampOf(ctx, name, pattern) })
		case "Key":
			keys := strings.TrimPrefix(strings.ToUpper(what), "KEY_")
			if _, err := keySteps(keys); err != nil {
				return err
			}
			todo = append(todo, func() error { return s.pressed(ctx, who, keys) })
		case "Delay":
			n, err := strconv.Atoi(what)
			if delay += n; err != nil || n < 0 || delay > maxDelay {
				return unprocessable(fmt.Sprintf("Delay: is in seconds, %d at most all together", maxDelay))
			}
			todo = append(todo, func() error { return pause(ctx, time.Duration(n)*time.Second) })
		default:
			return unprocessable(fmt.Sprintf("%.40q is not Led:, Key: or Delay:", e.URI))
		}
	}
	if len(todo) == 0 {
		return unprocessable("there is no ExecuteItem")
	}
	for _, do := range todo {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
