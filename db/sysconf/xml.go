package sysconf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"hilphone/db/limit"
)

// element is a part of an XML file.
type element struct {
	tag    string
	marks  map[string]string // attributes: <line index="1">
	at     position
	text   strings.Builder
	textAt position // of the first text that is not white space
	parts  []*element
}

const (
	currentRoot = "sysConf"
	legacyRoot  = "VOIP_CONFIG_FILE"
	// keyTag is the element of a key that cannot be an element itself. Its attributes are name, the text file's key, and directly below the outermost
	// element line or path, module and list.
	keyTag = "X-key"
)

// parseXML reads an XML file in the current or the legacy form that begins at an offset of the text.
func parseXML(text []byte, start int) (*File, error) {
	x := newIndex(text)
	root, err := readElements(x, start)
	if err != nil {
		return nil, err
	}
	f := &File{Format: XML}
	switch root.tag {
	case currentRoot:
	case legacyRoot:
		f.Format = LegacyXML
	default:
		return nil, root.at.fault("is no configuration file: the outermost element is <%s>, not <%s> or <%s>", shorten(root.tag), currentRoot, legacyRoot)
	}
	if root.textAt.line > 0 {
		if err := f.refuse(beside(x, root)); err != nil {
			return nil, err
		}
	}
	for _, e := range root.parts {
		if strings.EqualFold(e.tag, "version") && len(e.parts) == 0 {
			f.Version = strings.TrimSpace(e.text.String())
			continue
		}
		if err := f.addElement(x, e, where{}); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// elementReader reads the elements as they stand in one another.
type elementReader struct {
	*index
	start int // offset of the XML in the text
	*xml.Decoder
	root  *element
	open  []*element
	count int
}

// readElements reads the elements of an XML text. Entities other than XML's own five, and so bombs made of them, are faults, as is a document type.
func readElements(x *index, start int) (*element, error) {
	data := x.text[start:]
	if err := pastLimit(limit.XML("", data, MaxSize), x.at(start)); err != nil {
		return nil, err
	}
	r := &elementReader{index: x, start: start, Decoder: xml.NewDecoder(bytes.NewReader(data))}
	r.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now, whatever it declares
	for {
		begin := start + int(r.InputOffset())
		t, err := r.Token()
		if err == io.EOF {
			if r.root == nil {
				return nil, x.end().fault("there is no element")
			}
			return r.root, nil
		}
		if err != nil {
			return nil, r.notXML(err)
		}
		if err := r.token(t, begin); err != nil {
			return nil, err
		}
	}
}

func (r *elementReader) token(t xml.Token, begin int) error {
	switch t := t.(type) {
	case xml.Directive:
		if fields := strings.Fields(string(t)); len(fields) > 1 && strings.EqualFold(fields[1], "html") {
			return r.at(begin).fault("is a web page, not a configuration file")
		}
		return r.at(begin).fault("a document type is not allowed")
	case xml.ProcInst:
		if len(r.open) > 0 { // it would be dropped from the value that it stands for
			return r.at(begin).fault("%s", hint(fmt.Sprintf("a processing instruction <?%s is not allowed here", shorten(t.Target)), r.row(r.at(begin).line)))
		}
	case xml.StartElement:
		return r.begin(t, begin)
	case xml.EndElement:
		r.open = r.open[:len(r.open)-1]
	case xml.CharData:
		raw := r.text[begin : r.start+int(r.InputOffset())]
		behind := begin + len(raw) - len(bytes.TrimLeft(raw, " \t\r\n"))
		blank := len(bytes.TrimSpace(t)) == 0
		switch {
		case len(r.open) > 0:
			e := r.open[len(r.open)-1]
			if e.text.Write(t); !blank && e.textAt.line == 0 {
				e.textAt = r.at(behind)
			}
		case !blank:
			return r.at(behind).fault("%s", hint("there is text outside of the elements", r.row(r.at(behind).line)))
		}
	}
	return nil
}

func (r *elementReader) begin(t xml.StartElement, begin int) error {
	e := &element{tag: t.Name.Local, marks: map[string]string{}, at: r.at(begin)}
	for _, a := range t.Attr {
		e.marks[a.Name.Local] = a.Value
	}
	if r.count++; r.count > 2*maxKeys || len(r.open) == maxDepth {
		return e.at.fault("there are too many elements, or they are nested too deep")
	}
	switch {
	case len(r.open) > 0:
		inner := r.open[len(r.open)-1]
		inner.parts = append(inner.parts, e)
	case r.root == nil:
		r.root = e
	default:
		return e.at.fault("there is more than one outermost element")
	}
	r.open = append(r.open, e)
	return nil
}

// notXML is the fault of a text that the decoder refuses, at the place where it stopped.
func (r *elementReader) notXML(err error) error {
	at := r.at(r.start + int(r.InputOffset()))
	message := strings.TrimPrefix(err.Error(), "xml: ")
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		if message = xmlMessage(syntax.Msg); len(r.open) > 0 && strings.Contains(message, "unexpected EOF") {
			message += fmt.Sprintf(", the file ends early: <%s> of line %d has no end", shorten(r.open[len(r.open)-1].tag), r.open[len(r.open)-1].at.line)
		}
	}
	return at.fault("%s", hint("is not XML: "+message, r.row(at.line)))
}

// xmlMessage is a message of the decoder without what it quotes of the text, which may be a part of a password (IM-05).
func xmlMessage(text string) string {
	switch {
	case strings.Contains(text, "closed by"), strings.Contains(text, "unexpected end element"):
		return "an element ends that is not the innermost open one"
	case strings.Contains(text, "entity"):
		return "invalid character entity: & begins none of &amp; &lt; &gt; &apos; &quot; &#N;"
	}
	before, _, _ := strings.Cut(text, ": ")
	return before
}

// beside is the fault of an element that has text beside its elements, at the place of the text (IM-08).
func beside(x *index, e *element) error {
	return e.textAt.fault("%s", hint(fmt.Sprintf("<%s> has text beside its elements", shorten(e.tag)), x.row(e.textAt.line)))
}

// addElement adds the keys of an element.
func (f *File) addElement(x *index, e *element, at where) error {
	if len(e.parts) == 0 {
		return f.add(f.leaf(e, at))
	}
	if e.textAt.line > 0 {
		if err := f.refuse(beside(x, e)); err != nil {
			return err
		}
	}
	parts := e.parts
	id, isEntry := "", false
	if first := parts[0]; f.Format == LegacyXML && first.tag == "ID" && len(first.parts) == 0 && strings.HasSuffix(e.tag, entryTag) {
		id, isEntry = strings.TrimSpace(first.text.String()), true
		parts = parts[1:]
	}
	if isEntry {
		at = at.entry(e.tag, id)
	} else {
		at = at.below(f.Format, e)
	}
	for _, part := range parts {
		if err := f.addElement(x, part, at); err != nil {
			return err
		}
	}
	return nil
}

// leaf is an element without others in it, as an entry.
func (f *File) leaf(e *element, at where) Entry {
	entry := f.key(e, at)
	entry.Value, entry.At, entry.Column = e.text.String(), e.at.line, e.at.column
	if e.textAt.line > 0 {
		entry.At, entry.Column = e.textAt.line, e.textAt.column
	}
	if strings.TrimSpace(entry.Value) == "" && strings.Contains(entry.Value, "\n") {
		entry.Value = "" // an element that holds nothing but its indentation
	}
	return entry
}

func lineNumber(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= maxLine && strconv.Itoa(n) == text
}
