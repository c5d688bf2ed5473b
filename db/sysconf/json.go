package sysconf

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"hilphone/db/limit"
	"hilphone/db/nearest"
	"hilphone/sip/line"
)

// deviceEntry is an entry of the device in this phone's own format: the settings of a line as REST has them, and under "keys" those that it has no use for.
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
	index *index
	start int // offset of the JSON in the text
	token position
	file  *File
}

func parseJSON(text []byte, start int) (*File, error) {
	x := newIndex(text)
	data := text[start:]
	if err := pastLimit(limit.JSON("", data, MaxSize), x.at(start)); err != nil {
		return nil, err
	}
	r := &jsonReader{Decoder: json.NewDecoder(bytes.NewReader(data)), index: x, start: start, file: &File{Format: JSON}}
	r.UseNumber()
	err := r.object(func(name string) error {
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
		return r.token.fault("%q is none of version, lines and device", shorten(name))
	})
	if err == nil {
		if _, e := r.Token(); e != io.EOF {
			err = r.next().fault("there is more than one JSON value")
		}
	}
	if err != nil && len(r.file.faults) > 0 && len(r.file.faults) < maxFaults {
		err = joined(r.file.faults, err)
	}
	return r.file, err
}

// next is the position of the token to come.
func (r *jsonReader) next() position {
	at := r.start + int(r.InputOffset())
	text := r.index.text
	for at < len(text) && strings.IndexByte(" \t\r\n,:", text[at]) >= 0 {
		at++
	}
	return r.index.at(at)
}

// read reads the next token.
func (r *jsonReader) read() (json.Token, error) {
	r.token = r.next()
	t, err := r.Token()
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		at := r.index.end()
		return nil, at.fault("ends too early: the file ends early, at line %d", at.line)
	case errors.As(err, &syntax):
		at := r.index.at(r.start + int(syntax.Offset) - 1)
		return nil, at.fault("%s", hint("is not JSON: "+syntax.Error(), r.index.row(at.line)))
	case err != nil:
		return nil, r.token.fault("is not JSON: %s", err)
	}
	if text, ok := t.(string); ok && strings.ContainsRune(text, utf8.RuneError) {
		return nil, r.token.fault("is not JSON: the string has half a surrogate pair or U+FFFD")
	}
	return t, nil
}

// object reads an object and calls f at the value of each name.
func (r *jsonReader) object(f func(name string) error) error {
	if err := r.open('{', "an object"); err != nil {
		return err
	}
	for r.More() {
		t, err := r.read()
		if err != nil {
			return err
		}
		name, _ := t.(string) // the decoder gives nothing else as a name
		if err := f(name); err != nil {
			return err
		}
	}
	_, err := r.read()
	return err
}

func (r *jsonReader) open(want json.Delim, what string) error {
	t, err := r.read()
	if err == nil && t != want {
		err = r.token.fault("must be %s here", what)
	}
	return err
}

// scalar reads a value that is no object and no list: string, json.Number, bool or nil.
func (r *jsonReader) scalar() (any, error) {
	t, err := r.read()
	if _, composed := t.(json.Delim); composed && err == nil {
		err = r.token.fault("must be a string, a number, true or false here")
	}
	return t, err
}

func (r *jsonReader) line(name string) error {
	n, ok := lineNumber(name)
	if !ok {
		return r.token.fault("%q is no number of a line, 1 to %d", shorten(name), line.MaxLines)
	}
	return r.object(func(name string) error {
		if name == "keys" {
			return r.object(func(key string) error { return r.key(n, key) })
		}
		return r.setting(n, name)
	})
}

// key reads a key of a line that is none of its settings.
func (r *jsonReader) key(n int, key string) error {
	v, err := r.scalar()
	if err != nil {
		return err
	}
	e := r.at(Entry{Line: n, Path: tagOf(key), Key: key, Unset: v == nil})
	text, isText := v.(string)
	if !isText && v != nil {
		return r.wrong(e, "must be a string")
	}
	e.Value = text
	return r.file.add(e)
}

// at is an entry with the position of the token that was read last.
func (r *jsonReader) at(e Entry) Entry {
	e.At, e.Column = r.token.line, r.token.column
	return e
}

// wrong refuses an entry.
func (r *jsonReader) wrong(e Entry, message string) error {
	return r.file.refuse(&Fault{At: e.At, Column: e.Column, Key: shorten(e.Key), Path: shorten(e.FullPath()), Message: message})
}

func (r *jsonReader) setting(n int, name string) error {
	here := r.token
	d, known := line.ByName(name)
	secret, isSet := strings.CutSuffix(name, "_set")
	if s, ok := line.ByName(secret); isSet && ok && s.Secret {
		_, err := r.scalar() // as GET lines/N/sip has it
		return err
	}
	v, err := r.scalar()
	switch {
	case err != nil:
		return err
	case !known || n > line.MaxLines:
		return r.file.refuse(&Fault{At: here.line, Column: here.column, Key: shorten(name), Message: "is not a setting of a line" + nearest.Hint(name, line.Names())})
	}
	e := r.at(Entry{Line: n, Path: tagOf(d.Key), Key: d.Key, Unset: v == nil})
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
	}
	return r.file.add(e)
}

func (r *jsonReader) device() error {
	if err := r.open('[', "a list"); err != nil {
		return err
	}
	for r.More() {
		if err := r.deviceEntry(); err != nil {
			return err
		}
	}
	_, err := r.read()
	return err
}

func (r *jsonReader) deviceEntry() error {
	var d deviceEntry
	e := Entry{}
	err := r.object(func(name string) error {
		here := r.token
		field, ok := map[string]*string{"path": &d.Path, "key": &d.Key, "module": &d.Module, "list": &d.List, "value": &d.Value}[name]
		if !ok {
			return here.fault("%q is none of path, key, module, list and value", shorten(name))
		}
		v, err := r.scalar()
		text, isText := v.(string)
		e.Unset = e.Unset || name == "value" && v == nil
		switch {
		case err != nil:
			return err
		case !isText && v != nil:
			return r.token.fault("%q must be a string", shorten(name))
		}
		if name == "value" || e.At == 0 {
			e = r.at(e)
		}
		*field = text
		return nil
	})
	if err != nil {
		return err
	}
	if d.Key == "" {
		_, _, d.Key = splitPath(d.Path)
	}
	if d.Path == "" && d.Key != "" {
		d.Path = devicePath(d.Module, d.List, d.Key)
	}
	e.Path, e.Key, e.Module, e.List, e.Value = tagOf(d.Path), d.Key, d.Module, d.List, d.Value
	return r.file.add(e)
}
