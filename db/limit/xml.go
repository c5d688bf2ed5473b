package limit

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
)

// maxAttributes bounds the attributes of an element, which encoding/xml holds in memory together.
const maxAttributes = 64

// XML refuses a text of more than most bytes, one that is nested too deep, and an element with too many attributes. It does not see whether
// the text is XML otherwise: it reads as far as there are tokens, with the same tokenizer as those who read the text after it.
func XML(name string, text []byte, most int) error {
	if err := checkSize(name, text, most); err != nil {
		return err
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for depth := 0; ; {
		start := int(d.InputOffset())
		t, err := d.RawToken()
		if err != nil {
			return nil // the end, or what the reader will refuse in its own words
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth > Depth {
				return tooDeep(name, text, start)
			}
			if len(t.Attr) > maxAttributes {
				return errorAt(name, text, start, fmt.Sprintf("the element has more than %d attributes", maxAttributes))
			}
		case xml.EndElement:
			depth--
		}
	}
}
