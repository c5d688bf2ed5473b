package sysconf

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// marks are the byte order marks, the longer ones before those that they begin with.
var marks = []struct {
	bytes, name string
	encoding    encoding.Encoding
}{
	{"\xff\xfe\x00\x00", "UTF-32", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)},
	{"\x00\x00\xfe\xff", "UTF-32", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)},
	{"\xff\xfe", "UTF-16", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	{"\xfe\xff", "UTF-16", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
}

// xmlDeclaration is an XML declaration that names an encoding, at the beginning of the file or after the line of text that phones want before XML.
var xmlDeclaration = regexp.MustCompile(`^\s*(?:<<VOIP CONFIG FILE>>[^\r\n]*[\r\n]+\s*)?<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']`)

// decode returns a file as UTF-8 without a byte order mark and with LF at the end of lines that end with CR alone, and a note where its encoding is
// not UTF-8 (IM-09).
func decode(data []byte) (text []byte, note string, err error) {
	for _, m := range marks {
		if rest, ok := bytes.CutPrefix(data, []byte(m.bytes)); ok {
			text, err := convert(rest, m.encoding, m.name)
			return text, "is read as " + m.name + ", as its byte order mark says", err
		}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if e := withoutMark(data); e != nil {
		text, err := convert(data, e, "UTF-16")
		return text, "is read as UTF-16, as its first character has two bytes", err
	}
	if declared := xmlDeclaration.FindSubmatch(data[:min(len(data), 1024)]); declared != nil {
		return decodeDeclared(data, string(declared[1]))
	}
	if utf8.Valid(data) {
		return unixLines(data), "", nil
	}
	if isText(data) {
		text, err := convert(data, charmap.Windows1252, "Latin-1")
		return text, "is no UTF-8 and so is read as Latin-1 (Windows-1252)", err
	}
	data = unixLines(data)
	at := newIndex(data).at(firstBroken(data))
	return nil, "", at.fault("is not UTF-8, and no other encoding is declared")
}

// withoutMark is the encoding of a file whose first character is written in two bytes; nil if it is not.
func withoutMark(data []byte) encoding.Encoding {
	if len(data) < 2 {
		return nil
	}
	switch {
	case strings.ContainsRune("<{ \r\n\t", rune(data[0])) && data[1] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case data[0] == 0 && strings.ContainsRune("<{ \r\n\t", rune(data[1])):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// decodeDeclared reads an XML file in the encoding that it declares.
func decodeDeclared(data []byte, label string) ([]byte, string, error) {
	e, err := htmlindex.Get(label)
	if err != nil {
		return nil, "", position{1, 1}.fault("its encoding %q is not known", label)
	}
	name, err := htmlindex.Name(e)
	if err != nil {
		name = label
	}
	switch {
	case name == "utf-8" || strings.HasPrefix(name, "utf-16") && utf8.Valid(data):
		// A declaration that could be read byte by byte is not UTF-16: programs convert a file and leave the declaration as it was.
		data = unixLines(data)
		if i := firstBroken(data); i >= 0 {
			return nil, "", newIndex(data).at(i).fault("is not UTF-8, as it says")
		}
		if name != "utf-8" {
			return data, fmt.Sprintf("is read as UTF-8, though it declares %s", label), nil
		}
		return data, "", nil
	case name == "replacement" || name == "x-user-defined":
		return nil, "", position{1, 1}.fault("its encoding %q is not known", label)
	}
	text, err := convert(data, e, label)
	if utf8.Valid(data) && bytes.Equal(text, unixLines(data)) {
		return text, "", err // ASCII in whatever encoding
	}
	return text, "is read as " + label + ", as its XML declaration says", err
}

// convert reads data in an encoding. What is no character in it is a fault.
func convert(data []byte, e encoding.Encoding, name string) ([]byte, error) {
	text, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return nil, position{1, 1}.fault("is not %s: %v", name, err)
	}
	text = unixLines(text)
	if i := bytes.IndexRune(text, utf8.RuneError); i >= 0 {
		return nil, newIndex(text).at(i).fault("is not %s", name)
	}
	return text, nil
}

// unixLines replaces each CR that no LF follows by LF: both end a line in XML (2.11), and files of old editors have no other ends of lines.
func unixLines(data []byte) []byte {
	if !bytes.Contains(data, []byte("\r")) {
		return data
	}
	data = bytes.Clone(data)
	for i, c := range data {
		if c == '\r' && (i+1 == len(data) || data[i+1] != '\n') {
			data[i] = '\n'
		}
	}
	return data
}

func firstBroken(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
