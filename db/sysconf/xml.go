package sysconf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"hilphone/db/limit"
)

// element is a part of an XML file.
type element struct {
	tag, index string // <line index="1">
	at         int
	text       strings.Builder
	parts      []*element
}

const (
	currentRoot = "sysConf"
	legacyRoot  = "VOIP_CONFIG_FILE"
	// keyTag is the element of a key whose name cannot be that of an element; the name is its attribute.
	keyTag = "X-key"
)

// parseXML reads an XML file in the current or the legacy form.
func parseXML(data []byte, before int) (*File, error) {
	root, err := readElements(data, before)
	if err != nil {
		return nil, err
	}
	f := &File{Format: XML}
	switch root.tag {
	case currentRoot:
	case legacyRoot:
		f.Format = LegacyXML
	default:
		return nil, faultAt(root.at, "is no configuration file: the outermost element is <%s>, not <%s> or <%s>", shorten(root.tag), currentRoot, legacyRoot)
	}
	for _, e := range root.parts {
		if strings.EqualFold(e.tag, "version") && len(e.parts) == 0 {
			f.Version = strings.TrimSpace(e.text.String())
			continue
		}
		if err := f.addElement(e, "", 0); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// readElements reads the elements as they stand in one another. Entities other than XML's own five, and so bombs made of them, are
// faults, as is a document type.
func readElements(data []byte, before int) (*element, error) {
	if err := pastLimit(limit.XML("", data, MaxSize), before); err != nil {
		return nil, err
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(name string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(name, "us-ascii") || strings.EqualFold(name, "ascii") {
			return in, nil
		}
		return nil, errors.New("it must be UTF-8")
	}
	var root *element
	var open []*element
	count := 0
	for {
		t, err := d.Token()
		row, _ := d.InputPos()
		at := before + row
		if err == io.EOF {
			if root == nil {
				return nil, faultAt(at, "there is no element")
			}
			return root, nil
		}
		if err != nil {
			return nil, xmlFault(at, before, err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, faultAt(at, "a document type is not allowed")
		case xml.StartElement:
			e := &element{tag: t.Name.Local, at: at}
			for _, a := range t.Attr {
				if a.Name.Local == "index" || e.tag == keyTag && a.Name.Local == "name" {
					e.index = a.Value
				}
			}
			if count++; count > 2*maxKeys || len(open) == maxDepth {
				return nil, faultAt(at, "there are too many elements, or they are nested too deep")
			}
			switch {
			case len(open) > 0:
				inner := open[len(open)-1]
				inner.parts = append(inner.parts, e)
			case root == nil:
				root = e
			default:
				return nil, faultAt(at, "there is more than one outermost element")
			}
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text.Write(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, faultAt(at, "there is text outside of the elements")
			}
		}
	}
}

func xmlFault(at, before int, err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return faultAt(before+syntax.Line, "is not XML: %s", syntax.Msg)
	}
	return faultAt(at, "is not XML: %s", strings.TrimPrefix(err.Error(), "xml: "))
}

// addElement adds the keys of an element that stands at path, or in line n.
func (f *File) addElement(e *element, path string, n int) error {
	if len(e.parts) == 0 {
		return f.addLeaf(e, path, n)
	}
	if strings.TrimSpace(e.text.String()) != "" {
		return faultAt(e.at, "<%s> has text beside its elements", shorten(e.tag))
	}
	parts := e.parts
	switch {
	case path == "sip" && e.tag == "line" && isNumber(e.index):
		n, _ = lineNumber(e.index)
		path = ""
	case f.Format == LegacyXML && len(parts) > 0 && parts[0].tag == "ID" && len(parts[0].parts) == 0 && strings.HasSuffix(e.tag, "_Entry"):
		id := strings.TrimSpace(parts[0].text.String())
		number, isLine := lineNumber(strings.TrimPrefix(id, "SIP"))
		if isLine && strings.HasPrefix(id, "SIP") && strings.HasPrefix(path, "sip.") {
			n, path = number, ""
		} else {
			path = join(path, legacyName(id)) // the list's own name is there already
		}
		parts = parts[1:]
	default:
		path = join(path, f.segment(e, path == ""))
		if e.index != "" {
			path = join(path, e.index)
		}
	}
	for _, part := range parts {
		if err := f.addElement(part, path, n); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) addLeaf(e *element, path string, n int) error {
	name := e.tag
	switch {
	case e.tag == keyTag:
		name = e.index
	case f.Format == LegacyXML:
		name = legacyName(e.tag)
		if n > 0 {
			name = wholeKey(name, deviceColumns-len("SIP"+strconv.Itoa(n)+" "))
		}
	}
	entry := Entry{Line: n, Key: name, Path: join(path, tagOf(name)), Value: e.text.String(), At: e.at}
	if e.tag != keyTag && e.index != "" {
		entry.Path = join(entry.Path, e.index)
	}
	below := entry.Path
	if n == 0 {
		_, below, _ = strings.Cut(entry.Path, ".")
	}
	if below != "" && below != tagOf(name) {
		entry.Key = below // it stands deeper than the text file has words for
	}
	if k, known := keysByTag()[entry.Path]; known && n > 0 {
		entry.Key = k.Name
	}
	if k, known := deviceKeys()[entry.Path]; known && n == 0 {
		entry.Key = k.Name
	}
	if strings.TrimSpace(entry.Value) == "" && strings.Contains(entry.Value, "\n") {
		entry.Value = "" // an element that holds nothing but its indentation
	}
	return f.add(entry)
}

// segment is the part of a path that an element stands for; outermost ones of legacy files are modules.
func (f *File) segment(e *element, outermost bool) string {
	switch {
	case e.tag == keyTag:
		return e.index
	case f.Format == LegacyXML && outermost:
		return groupOf(strings.ReplaceAll(e.tag, "_", " "))
	case f.Format == LegacyXML:
		return tagOf(legacyName(e.tag))
	}
	return e.tag
}

// legacyName is the text key of a legacy tag, which has underscores where the key has spaces.
func legacyName(tag string) string {
	if strings.HasPrefix(tag, ownPrefix) {
		return tag
	}
	return strings.TrimSpace(strings.ReplaceAll(tag, "_", " "))
}

func lineNumber(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= maxLine && strconv.Itoa(n) == text
}

func isNumber(text string) bool { _, ok := lineNumber(text); return ok }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
