package server

import (
	"bytes"
	"strconv"
	"strings"
)

// text is a message as its lines, to be written in another way than sipgo would.
type text struct {
	start  string
	fields []fieldLine
	body   []byte
}

// fieldLine is one header line. Without a colon it has no value and is written as its name alone.
type fieldLine struct {
	name, value string
	bare        bool
}

// readText takes a message apart: lines are unfolded, and what is behind the empty line is the body, whatever Content-Length says.
func readText(data []byte) text {
	head, body, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	var t text
	t.body = body
	for i, line := range strings.Split(string(head), "\r\n") {
		switch {
		case i == 0:
			t.start = line
		case line != "" && (line[0] == ' ' || line[0] == '\t') && len(t.fields) > 0: // RFC 3261 7.3.1
			last := &t.fields[len(t.fields)-1]
			joined := strings.TrimRight(last.value, " \t") + " " + strings.Trim(line, " \t")
			last.value = strings.Trim(joined, " ")
		default:
			name, value, ok := strings.Cut(line, ":")
			t.fields = append(t.fields, fieldLine{strings.TrimRight(name, " \t"), strings.Trim(value, " \t"), !ok})
		}
	}
	return t
}

// bytes is the message as it is sent.
func (t text) bytes() []byte {
	var b bytes.Buffer
	b.WriteString(t.start + "\r\n")
	for _, f := range t.fields {
		if f.bare {
			b.WriteString(f.name + "\r\n")
			continue
		}
		b.WriteString(f.name + ":")
		if f.value != "" && f.value[0] != '\r' {
			b.WriteByte(' ')
		}
		b.WriteString(f.value + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(t.body)
	return b.Bytes()
}

// is tells whether the line is of this header field, in its long or its compact form.
func (f fieldLine) is(name string) bool {
	own := strings.TrimRight(f.name, " ")
	return !f.bare && (strings.EqualFold(own, name) || len(own) == 1 && strings.EqualFold(own, compactForms[name]))
}

// compactForms are those of RFC 3261 7.3.3 and 20, and of RFC 3265 and 3515.
var compactForms = map[string]string{"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Content-Length": "l", "Content-Type": "c",
	"Content-Encoding": "e", "Subject": "s", "Supported": "k", "Event": "o", "Refer-To": "r", "Allow-Events": "u"}

// each changes the value of every line of a header field.
func (t *text) each(name string, change func(value string) string) {
	for i := range t.fields {
		if t.fields[i].is(name) {
			t.fields[i].value = change(t.fields[i].value)
		}
	}
}

// first changes the value of the first line of a header field.
func (t *text) first(name string, change func(value string) string) {
	if i := t.index(name); i >= 0 {
		t.fields[i].value = change(t.fields[i].value)
	}
}

// index is that of the first line of a header field, -1 without one; last that of the last.
func (t *text) index(name string) int {
	for i, f := range t.fields {
		if f.is(name) {
			return i
		}
	}
	return -1
}

func (t *text) last(name string) int {
	at := -1
	for i, f := range t.fields {
		if f.is(name) {
			at = i
		}
	}
	return at
}

func (t *text) has(name string) bool { return t.index(name) >= 0 }

// get is the value of the first line of a header field.
func (t *text) get(name string) string {
	if i := t.index(name); i >= 0 {
		return t.fields[i].value
	}
	return ""
}

// values are those of all lines of a header field.
func (t *text) values(name string) (all []string) {
	for _, f := range t.fields {
		if f.is(name) {
			all = append(all, f.value)
		}
	}
	return all
}

// remove takes away the lines of which drop says so.
func (t *text) remove(drop func(fieldLine) bool) {
	kept := t.fields[:0:0]
	for _, f := range t.fields {
		if !drop(f) {
			kept = append(kept, f)
		}
	}
	t.fields = kept
}

// insert puts lines before the line of this index.
func (t *text) insert(at int, lines ...fieldLine) {
	t.fields = append(t.fields[:at:at], append(lines, t.fields[at:]...)...)
}

// add puts a line before Content-Length, or at the end.
func (t *text) add(name, value string) {
	at := t.index("Content-Length")
	if at < 0 {
		at = len(t.fields)
	}
	t.insert(at, fieldLine{name: name, value: value})
}

// isRequest tells a request from a response, and method and uri are those of a request.
func (t *text) isRequest() bool { return !strings.HasPrefix(strings.ToUpper(t.start), "SIP/") }

func (t *text) method() string {
	if t.isRequest() {
		method, _, _ := strings.Cut(t.start, " ")
		return method
	}
	_, method, _ := strings.Cut(t.get("CSeq"), " ")
	return strings.TrimSpace(method)
}

// status is that of a response, 0 of a request.
func (t *text) status() int {
	if words := strings.Fields(t.start); len(words) > 1 && !t.isRequest() {
		code, _ := strconv.Atoi(words[1])
		return code
	}
	return 0
}

// uri changes the Request-URI.
func (t *text) uri(change func(string) string) {
	if words := strings.SplitN(t.start, " ", 3); t.isRequest() && len(words) == 3 {
		words[1] = change(words[1])
		t.start = strings.Join(words, " ")
	}
}

// outside calls f with every part of a value that is neither quoted nor in angle brackets, and puts what it gives in its place.
func outside(value string, f func(part string) string) string {
	var b strings.Builder
	begin := 0
	for i := 0; i < len(value); i++ {
		end := protected(value, i)
		if end == i {
			continue
		}
		b.WriteString(f(value[begin:i]))
		b.WriteString(value[i:end])
		begin, i = end, end-1
	}
	b.WriteString(f(value[begin:]))
	return b.String()
}

// protected is the end of the quoted string or the angle brackets that begin at i; i where none do.
func protected(value string, i int) int {
	switch value[i] {
	case '"':
		for j := i + 1; j < len(value); j++ {
			switch value[j] {
			case '\\':
				j++
			case '"':
				return j + 1
			}
		}
	case '<':
		if j := strings.IndexByte(value[i:], '>'); j >= 0 {
			return i + j + 1
		}
	}
	return i
}

// splitList cuts a value at the commas that are neither quoted nor in angle brackets.
func splitList(value string) (items []string) {
	begin := 0
	for i := 0; i < len(value); i++ {
		if end := protected(value, i); end > i {
			i = end - 1
		} else if value[i] == ',' {
			items, begin = append(items, strings.Trim(value[begin:i], " \t")), i+1
		}
	}
	return append(items, strings.Trim(value[begin:], " \t"))
}
