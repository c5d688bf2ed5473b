package sysconf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"

	"hilphone/db/limit"
	"hilphone/sip/line"
)

// jsonFile is this phone's own format: the settings of a line as REST has them, and under "keys" those that it has no use for.
//
//	{"version": "2.0000000000", "lines": {"1": {"enabled": true, "keys": {"Need Reg On": "0"}}}, "device": [{"path": "sip.SIPPort", "value": "5060"}]}
type deviceEntry struct {
	Path   string `json:"path"`
	Key    string `json:"key,omitempty"`
	Module string `json:"module,omitempty"`
	List   string `json:"list,omitempty"`
	Value  string `json:"value"`
}

// jsonReader reads a JSON text in its own order.
type jsonReader struct {
	*json.Decoder
	rows []int // offsets of the ends of lines
	from int   // lines before the text
	file *File
}

func parseJSON(data []byte, before int) (*File, error) {
	if err := pastLimit(limit.JSON("", data, MaxSize), before); err != nil {
		return nil, err
	}
	r := &jsonReader{Decoder: json.NewDecoder(bytes.NewReader(data)), from: before, file: &File{Format: JSON}}
	r.UseNumber()
	for i, c := range data {
		if c == '\n' {
			r.rows = append(r.rows, i)
		}
	}
	err := r.object(func(name string, at int) error {
		switch name {
		case "version":
			v, err := r.scalar()
			r.file.Version, _ = v.(string)
			return err
		case "lines":
			return r.object(r.line)
		case "device":
			return r.device()
		}
		return faultAt(at, "%q is none of version, lines and device", shorten(name))
	})
	if err == nil {
		if _, e := r.Token(); e != io.EOF {
			err = faultAt(r.at(), "there is more than one JSON value")
		}
	}
	return r.file, err
}

// at is the line of the file that was read last.
func (r *jsonReader) at() int {
	end := int(r.InputOffset()) - 1
	return r.from + 1 + sort.SearchInts(r.rows, end)
}

func (r *jsonReader) token() (json.Token, error) {
	t, err := r.Token()
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, faultAt(r.at(), "ends too early")
	case errors.As(err, &syntax):
		return nil, faultAt(r.from+1+sort.SearchInts(r.rows, int(syntax.Offset)-1), "is not JSON: %s", syntax.Error())
	case err != nil:
		return nil, faultAt(r.at(), "is not JSON: %s", err)
	}
	return t, nil
}

// object reads an object and calls f at the value of each name.
func (r *jsonReader) object(f func(name string, at int) error) error {
	if err := r.open('{', "an object"); err != nil {
		return err
	}
	for r.More() {
		t, err := r.token()
		if err != nil {
			return err
		}
		name, _ := t.(string) // the decoder gives nothing else as a name
		if err := f(name, r.at()); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

func (r *jsonReader) open(want json.Delim, what string) error {
	t, err := r.token()
	if err == nil && t != want {
		err = faultAt(r.at(), "must be %s here", what)
	}
	return err
}

// scalar reads a value that is no object and no list: string, json.Number, bool or nil.
func (r *jsonReader) scalar() (any, error) {
	t, err := r.token()
	if _, composed := t.(json.Delim); composed && err == nil {
		err = faultAt(r.at(), "must be a string, a number, true or false here")
	}
	return t, err
}

func (r *jsonReader) line(name string, at int) error {
	n, ok := lineNumber(name)
	if !ok {
		return faultAt(at, "%q is no number of a line, 1 to %d", shorten(name), line.MaxLines)
	}
	return r.object(func(name string, at int) error {
		if name == "keys" {
			return r.object(func(key string, at int) error {
				v, err := r.scalar()
				text, isText := v.(string)
				if err == nil && !isText {
					err = &Fault{At: at, Key: shorten(key), Message: "must be a string"}
				}
				if err != nil {
					return err
				}
				return r.file.add(Entry{Line: n, Path: tagOf(key), Key: key, Value: text, At: at})
			})
		}
		return r.setting(n, name, at)
	})
}

func (r *jsonReader) setting(n int, name string, at int) error {
	d, known := line.ByName(name)
	secret, isSet := strings.CutSuffix(name, "_set")
	if s, ok := line.ByName(secret); isSet && ok && s.Secret {
		_, err := r.scalar() // as GET lines/N/sip has it
		return err
	}
	if !known || n > line.MaxLines {
		return &Fault{At: at, Key: shorten(name), Message: "is not a setting of a line"}
	}
	v, err := r.scalar()
	if err != nil {
		return err
	}
	e := Entry{Line: n, Path: tagOf(d.Key), Key: d.Key, At: at}
	if d.Key == "" {
		e.Path, e.Key = ownPrefix+name, ownPrefix+name
	}
	switch v := v.(type) {
	case string:
		e.Value = v
		for _, o := range d.Choices {
			if o.Name == v {
				e.Value = o.File
			}
		}
	case json.Number:
		e.Value = v.String()
	case bool:
		e.Value = "0"
		if v {
			e.Value = "1"
		}
	default:
		if d.Secret {
			return nil // null: it stays
		}
		return &Fault{At: at, Key: name, Path: e.FullPath(), Message: "must not be null"}
	}
	return r.file.add(e)
}

func (r *jsonReader) device() error {
	if err := r.open('[', "a list"); err != nil {
		return err
	}
	for r.More() {
		var d deviceEntry
		at := 0
		err := r.object(func(name string, row int) error {
			v, err := r.scalar()
			text, isText := v.(string)
			if err == nil && !isText {
				err = faultAt(row, "%q must be a string", shorten(name))
			}
			if err != nil {
				return err
			}
			at = row
			field, ok := map[string]*string{"path": &d.Path, "key": &d.Key, "module": &d.Module, "list": &d.List, "value": &d.Value}[name]
			if !ok {
				return faultAt(row, "%q is none of path, key, module, list and value", shorten(name))
			}
			*field = text
			return nil
		})
		if err != nil {
			return err
		}
		if d.Key == "" {
			if _, d.Key, _ = strings.Cut(d.Path, "."); d.Key == "" {
				d.Key = d.Path
			}
		}
		if err := r.file.add(Entry{Path: tagOf(d.Path), Key: d.Key, Module: d.Module, List: d.List, Value: d.Value, At: at}); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

// writeJSON writes this phone's own format.
func writeJSON(entries []Entry) []byte {
	var b strings.Builder
	device, lines := apart(entries)
	fmt.Fprintf(&b, "{\n  \"version\": %q,\n  \"lines\": {", currentVersion)
	for i := 0; i < len(lines); {
		n, comma := lines[i].Line, ","
		if i == 0 {
			comma = ""
		}
		fmt.Fprintf(&b, "%s\n    \"%d\": {", comma, n)
		var settings, keys []string
		for ; i < len(lines) && lines[i].Line == n; i++ {
			e := lines[i]
			d, used := e.setting()
			if used {
				value, spelled := jsonValue(d, e.Value)
				settings = append(settings, "\n      "+quoted(d.Name)+": "+value)
				used = !spelled
			}
			if !used {
				keys = append(keys, "\n        "+quoted(e.Key)+": "+quoted(e.Value))
			}
		}
		if len(keys) > 0 {
			settings = append(settings, "\n      \"keys\": {"+strings.Join(keys, ",")+"\n      }")
		}
		b.WriteString(strings.Join(settings, ",") + "\n    }")
	}
	b.WriteString("\n  },\n  \"device\": [")
	for i, e := range device {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n    " + marshalled(deviceEntry{e.Path, e.Key, e.Module, e.List, e.Value}))
	}
	b.WriteString("\n  ]\n}\n")
	return []byte(b.String())
}

// jsonValue is the value of a setting as REST has it, and whether the file's own spelling says more than that.
func jsonValue(d line.Setting, text string) (value string, spelled bool) {
	s := line.Default()
	if err := setText(d, &s, text); err != nil {
		return quoted(text), false // for the reader to refuse
	}
	return marshalled(d.Get(s)), d.Text(s) != text
}

func quoted(text string) string { return marshalled(text) }

func marshalled(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return strconv.Quote(err.Error()) // strings, numbers and bools do not fail
	}
	return strings.TrimRight(b.String(), "\n")
}
