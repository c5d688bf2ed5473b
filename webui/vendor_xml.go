package webui

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/db/device"
	"hilphone/db/sysconf"
	"hilphone/sip/line"
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
	data, err := readAll(c, maxBody)
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
		answer.Info, err = s.getItems(ctx, request.Items)
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

// item is where the vendor's XML service has a setting.
type item struct {
	line    int // of a setting of a line
	setting line.Setting
	action  device.Action // of the phone as a whole
}

// itemAt finds the setting at a path such as sip.line.1.RegisterAddr or cti.CallActiveUrl.
func itemAt(path string) (item, error) {
	if rest, ok := strings.CutPrefix(path, "sip.line."); ok {
		number, tag, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if err != nil || !lineExists(n) {
			return item{}, unprocessable(fmt.Sprintf("%.60s: there are the lines 1 to %d", path, line.MaxLines))
		}
		for _, d := range line.Table {
			if d.Key != "" && tagOf(d.Key) == tag {
				return item{line: n, setting: d}, nil
			}
		}
	}
	if tag, ok := strings.CutPrefix(path, "cti."); ok {
		i := slices.IndexFunc(device.Actions, func(a device.Action) bool { return a.Key != "" && tagOf(a.Key) == tag })
		if i >= 0 {
			return item{action: device.Actions[i]}, nil
		}
	}
	return item{}, unprocessable(fmt.Sprintf("%.60s is no setting of this phone", path))
}

// tagOf is the vendor's name of a key in XML: without its spaces.
func tagOf(key string) string { return strings.ReplaceAll(key, " ", "") }

// getItems reads settings, one a line.
func (s *Server) getItems(ctx context.Context, paths []string) (string, error) {
	var b strings.Builder
	for _, path := range paths {
		path = strings.TrimSpace(path)
		it, err := itemAt(path)
		if err != nil {
			return "", err
		}
		value := device.Mask(s.Device.Device().ActionURLs[it.action.Name])
		if it.line > 0 {
			if it.setting.Secret {
				return "", problem(http.StatusForbidden, path+" is never shown")
			}
			set, _, err := s.lineSettings(ctx, it.line)
			if err != nil {
				return "", err
			}
			value = it.setting.Text(set)
		}
		fmt.Fprintf(&b, "%s=%s\n", path, value)
	}
	return b.String(), nil
}

// setItems changes settings, of lines and of the phone as a whole: all of them, or where one is wrong none.
func (s *Server) setItems(ctx context.Context, who Visitor, items []string) error {
	if err := s.mayWrite(who); err != nil {
		return err
	}
	perLine, actions := map[int]map[string]any{}, map[string]string{}
	for _, text := range items {
		path, value, ok := strings.Cut(text, "=")
		path, value = strings.TrimSpace(path), strings.TrimSpace(value)
		it, err := itemAt(path)
		switch {
		case !ok:
			return unprocessable(fmt.Sprintf("%.60q is not path = value", path))
		case err != nil:
			return err
		case it.line == 0:
			actions[it.action.Name] = value
			continue
		}
		set := line.Default()
		if err := it.setting.SetText(&set, value); err != nil {
			return err
		}
		if perLine[it.line] == nil {
			perLine[it.line] = map[string]any{}
		}
		perLine[it.line][it.setting.Name] = it.setting.Get(set)
	}
	if !who.May(Setup) || len(actions) > 0 && !who.May(Admin) {
		return problem(http.StatusForbidden, "these settings are changed by the admin only")
	}
	return s.storeItems(ctx, who, perLine, actions)
}

// storeItems validates, stores and applies the changes, in one transaction. They are not the configuration as a whole: no copy is kept.
func (s *Server) storeItems(ctx context.Context, who Visitor, perLine map[int]map[string]any, actions map[string]string) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	var was, next sysconf.Configuration
	err := s.Whole.ChangeConfiguration(context.WithoutCancel(ctx), "", func(old sysconf.Configuration) (sysconf.Configuration, error) {
		was, next = old, old
		next.Lines, next.Device = maps.Clone(old.Lines), old.Device.Clone()
		for n, values := range perLine {
			set := old.Lines[n]
			if err := set.Merge(values); err != nil {
				return old, fmt.Errorf("line %d: %w", n, err)
			}
			next.Lines[n] = set
		}
		if len(actions) == 0 {
			return next, nil
		}
		given := old.Device.ActionURLs.Masked()
		maps.Copy(given, actions)
		var err error
		next.Device.ActionURLs, err = old.Device.ActionURLs.Changed(given, s.Lab != nil)
		return next, err
	})
	if err != nil {
		return err
	}
	s.applyAll(was, next, who.Source())
	return nil
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
