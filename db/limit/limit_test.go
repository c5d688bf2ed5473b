package limit

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/parser"
)

// SE-05: 32 levels are read, 33 are refused with file, line and column, in each format.
func TestDepth(t *testing.T) {
	times := strings.Repeat
	for _, c := range []struct {
		name   string
		check  func(string, []byte, int) error
		levels func(n int) string
		want   string // of 33
	}{
		{"JSON arrays", JSON, func(n int) string { return times("[", n) + times("]", n) }, "f:1:33: nested deeper than 32"},
		{"JSON objects", JSON, func(n int) string { return times("{\"a\":\n", n) + "1" + times("}", n) }, "f:33:1: nested deeper than 32"},
		{"JSON never closed", JSON, func(n int) string { return times("[", n) }, "f:1:33: nested deeper than 32"},
		{"XML", XML, func(n int) string { return times("<a>\n", n) + times("</a>", n) }, "f:33:1: nested deeper than 32"},
		{"XML of another encoding", XML, func(n int) string { return `<?xml version="1.0" encoding="latin1"?>` + times("<a>", n) }, "f:1:136: nested deeper than 32"},
		{"YAML brackets", YAML, func(n int) string { return "a: " + times("[", n-1) + times("]", n-1) }, "f:1:35: nested deeper than 32"},
		{"YAML braces", YAML, func(n int) string { return times("{a: ", n) + times("}", n) }, "f:1:129: nested deeper than 32"},
		{"YAML never closed", YAML, func(n int) string { return times("{", n) }, "f:1:33: nested deeper than 32"},
		{"YAML compact sequences", YAML, func(n int) string { return times("- ", n) + "1" }, "f:1:65: nested deeper than 32"},
		{"YAML complex keys", YAML, func(n int) string { return times("? ", n) + "1" }, "f:1:65: nested deeper than 32"},
		{"YAML mappings", YAML, func(n int) string {
			var b strings.Builder
			for i := range n {
				b.WriteString(times("  ", i) + "ä:\n")
			}
			return b.String()
		}, "f:33:65: nested deeper than 32"},
		{"YAML sequences in mappings at one column", YAML, func(n int) string {
			var b strings.Builder
			for i := range n / 2 {
				b.WriteString("a:\n" + times(" ", 2*i) + "- ")
			}
			if n%2 == 1 {
				b.WriteString("a:")
			}
			return b.String()
		}, "f:17:33: nested deeper than 32"},
		{"YAML mixed", YAML, func(n int) string { return "a:\n - - b: " + times("[", n-4) }, "f:2:37: nested deeper than 32"},
	} {
		if err := c.check("f", []byte(c.levels(32)), FileSize); err != nil {
			t.Errorf("%s: %d levels: %v", c.name, Depth, err)
		}
		err := c.check("f", []byte(c.levels(33)), FileSize)
		var past *Error
		if !errors.As(err, &past) || err.Error() != c.want {
			t.Errorf("%s: %d levels: %v, want %s", c.name, Depth+1, err, c.want)
		}
	}
}

// SE-05: what only looks like depth is none.
func TestShallow(t *testing.T) {
	times := strings.Repeat
	for text, check := range map[string]func(string, []byte, int) error{
		`["` + times("[", 100) + `", "\"[[[[` + times("{", 100) + `"]`: JSON,
		times("[1],", 500): JSON,
		"<a>" + times("<b/>", 100) + times("<b></b>", 100) + "<!-- " + times("<c>", 100) + " --></a>": XML,
		"<![CDATA[" + times("<c>", 100) + "]]>":                                                       XML,
		"a: '" + times("[", 100) + "'":                                                                YAML,
		"a: \"\\\"" + times("[", 100) + "\"":                                                          YAML,
		"a: 'it''s " + times("{", 100) + "' # [[":                                                     YAML,
		"# " + times("[", 100) + "\na: 1":                                                             YAML,
		"a: 1 # " + times("[", 100):                                                                   YAML,
		times("- [1, [2]]\n", 100):                                                                    YAML,
		times("a: {b: [1, 2]}\n", 100):                                                                YAML,
		times("a:\n  - b: 1\n    c: 2\n", 100):                                                        YAML,
		"a: \"\n" + times("[", 100) + "\n\"\nb: 1":                                                    YAML,
		times("a: [x, 'y', \"z\"]\r\n", 100):                                                          YAML,
		times("down: test [ -e x ] && sh -c \"it's {}\"\n", 100):                                      YAML,
		"a: b-c\n---\nd: ?\n":                                                                         YAML,
		"":                                                                                            YAML,
	} {
		if err := check("f", []byte(text), FileSize); err != nil {
			t.Errorf("%.60q: %v", text, err)
		}
	}
}

// SE-05: the size is looked at first, and what a YAML text consists of.
func TestSize(t *testing.T) {
	long := []byte(strings.Repeat(" ", 11))
	for name, check := range map[string]func(string, []byte, int) error{"JSON": JSON, "XML": XML, "YAML": YAML} {
		if err := check("f", long, 10); err == nil || err.Error() != "f: longer than 10 bytes" {
			t.Errorf("%s: %v", name, err)
		}
		if err := check("f", long, 11); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for text, want := range map[string]string{
		strings.Repeat("[]", 1025):            "f:1:2049: there are more than 1024 brackets",
		strings.Repeat("a: []\n", 1025):       "f:1025:4: there are more than 1024 brackets",
		strings.Repeat("- 1\n", 1025):         "f:1025:1: there are more than 1024 markers - and ?",
		"!!seq " + strings.Repeat("- ", 1025): "f:1:2055: there are more than 1024 markers - and ?",
		strings.Repeat("\r\n", 2048):          "f:2048:2: there are more than 2048 lines",
		"a: |" + strings.Repeat("\n", 2048):   "f:2048:1: there are more than 2048 lines",
		"a: " + strings.Repeat("x", 4096):     "f:1:4098: there are more than 4096 bytes in a line",
	} {
		if err := YAML("f", []byte(text), FileSize); err == nil || err.Error() != want {
			t.Errorf("%.20q: %v, want %s", text, err, want)
		}
	}
	// As many as there may be of each.
	for _, text := range []string{strings.Repeat("[]", 1024), strings.Repeat("a: []\n", 1024), strings.Repeat("- 1\n", 1024), strings.Repeat("\r\n", 2047), "a: |" + strings.Repeat("\n", 2047),
		"a: " + strings.Repeat("x", 4093)} {
		if err := YAML("f", []byte(text), FileSize); err != nil {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	if err := XML("f", []byte("<a"+strings.Repeat(" b='1'", 64)+"/>"), FileSize); err != nil {
		t.Errorf("64 attributes: %v", err)
	}
	if err := XML("f", []byte("<a"+strings.Repeat(" b='1'", 65)+"/>"), FileSize); err == nil || err.Error() != "f:1:1: the element has more than 64 attributes" {
		t.Errorf("attributes: %v", err)
	}
}

// SE-05: what YAML lets through the parser reads with little memory, also where the scanner was misled.
func TestYAMLParserMemory(t *testing.T) {
	const most = 32 << 20
	for _, c := range []struct{ before, again, after string }{
		{"", "[", ""}, {"", "{a: ", ""}, {"", "- ", "a"}, {"!!seq ", "- ", ""}, {"&a ", "- ", ""}, {"a: |\n", "\n", ""}, {"a: |\n", "\r", ""},
		{"a: x [, 'y\nb: ", "[", ""}, {"a: \"", "\t", ""}, {"", "<<: \n", ""}, {"", "a: ]\n", ""}, {"? ", "*a ", ""}, {"", "&a ", "a"},
	} {
		for _, n := range []int{64 << 10, 4096, 2048, 1024, 512, 30} {
			text := []byte(c.before + strings.Repeat(c.again, n/len(c.again)) + c.after)
			if YAML("f", text, 64<<10) != nil {
				continue
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _ = parser.ParseBytes(text, 0)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > most {
				t.Errorf("%q, %q again, %d bytes: the parser needs %d MB", c.before, c.again, len(text), used>>20)
			}
			break
		}
	}
}

// SE-05: DecodeJSON decodes, and no more than it may.
func TestDecodeJSON(t *testing.T) {
	var v any
	if err := DecodeJSON("f", []byte(`{"a":[1]}`), 10, &v); err != nil || v == nil {
		t.Errorf("%v %v", v, err)
	}
	var past *Error
	if err := DecodeJSON("f", []byte(`[`+strings.Repeat("[", 99)), 100, &v); !errors.As(err, &past) || past.Column != 33 {
		t.Errorf("%v", err)
	}
	var syntax *json.SyntaxError
	if err := DecodeJSON("f", []byte(`{`), 10, &v); !errors.As(err, &syntax) && err == nil {
		t.Errorf("%v", err)
	}
}

// FuzzYAML: whatever text the scanner lets through has bounded work for the parser, and an error names a place in the text.
func FuzzYAML(f *testing.F) {
	for _, text := range []string{"a: [1, {b: 'c'}]\n- \"d\\\"\" # e\n", "? - ? [", "!t &a - - x\n|\n\n", "'it''s'\r\n{'a':'b'}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		const most = 64 << 10
		err := YAML("f", text, most)
		if past := (*Error)(nil); errors.As(err, &past) {
			if past.Line > 1+strings.Count(string(text), "\n") || past.Line > 0 && past.Column < 1 {
				t.Errorf("%v of %d lines", err, strings.Count(string(text), "\n"))
			}
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = parser.ParseBytes(text, 0)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
			t.Errorf("the parser needs %d MB", used>>20)
		}
	})
}

// FuzzJSON: JSON that encoding/json reads and that is let through is no deeper than it may be, and what is refused is deeper or has half of a surrogate pair.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{`{"a":["[\"",{}]}`, strings.Repeat("[", 33) + strings.Repeat("]", 33), strings.Repeat("[", 32) + strings.Repeat("]", 32), `"\\"`, `"\ud800"`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := JSON("f", text, FileSize)
		var v any
		if json.Unmarshal(text, &v) != nil || len(text) > FileSize {
			return
		}
		if deep := depthOf(v); (err != nil) != (deep > Depth || LoneSurrogate(text) >= 0) {
			t.Errorf("depth %d: %v", deep, err)
		}
	})
}

func depthOf(v any) (deepest int) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			deepest = max(deepest, depthOf(one))
		}
	case map[string]any:
		for _, one := range v {
			deepest = max(deepest, depthOf(one))
		}
	default:
		return 0
	}
	return deepest + 1
}

// RS-04: half of a surrogate pair is no character: it is refused where it stands, and a whole pair, an escaped backslash before a u and U+FFFD
// itself are read.
func TestLoneSurrogate(t *testing.T) {
	for text, want := range map[string]int{
		`"\ud800"`: 1, `"a\uDFFF"`: 2, `"\ud83d\ude00"`: -1, `"\ud83d\ud83d\ude00"`: 1, `"\ude00\ud83d"`: 1, `"\ud83dx"`: 1, `"\ud83d\n\ude00"`: 1, `"\\ud800"`: -1,
		`"\\\ud800"`: 3, `"\u005cud800"`: -1, `"\ufffd"`: -1, "\"\ufffd\"": -1, `"\ud83d`: 1, `"\ud8`: -1, `"\`: -1, ``: -1, `"\uD83D\uDE00\uD800"`: 13, `{"\udc00":1}`: 2, `"\nd800"`: -1, `"\td800"`: -1, `"\ud83dxudc00"`: 1,
	} {
		if got := LoneSurrogate([]byte(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
	err := JSON("f", []byte("{\n \"a\": \"\\ud800\"}"), 100)
	if err == nil || err.Error() != "f:2:8: half of a surrogate pair, which is no character" {
		t.Errorf("%v", err)
	}
	if err := JSON("f", []byte(`\udfff`), 100); err == nil || err.Error() != "f:1:1: half of a surrogate pair, which is no character" {
		t.Errorf("without quotes: %v", err)
	}
	if err := DecodeJSON("f", []byte(`"\udfff"`), 100, new(string)); err == nil {
		t.Error("it was decoded")
	}
}
