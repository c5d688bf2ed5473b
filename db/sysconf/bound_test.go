package sysconf

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestBounds: each bound of a file, at it and one beyond it.
func TestBounds(t *testing.T) {
	xs := func(n int) string { return strings.Repeat("x", n) }
	key := func(n int) string { return currentText + "<NET CONFIG MODULE>\n" + xs(n) + ":1\n" + end }
	value := func(n int) string { return currentText + "<NET CONFIG MODULE>\nNote:" + xs(n) + "\n" + end }
	line := func(n int) string { return currentText + "SIP1 " + xs(n) + ":1\n" + end }
	list := func(n int) string { return currentText + "<NET CONFIG MODULE>\n--" + xs(n-4) + "--:\nA:1\n" + end }
	module := func(n int) string {
		return currentText + "<" + xs(n-len(" CONFIG MODULE")) + " CONFIG MODULE>\nA:1\n" + end
	}
	nested := func(n int) string { // elements in one another, the outermost one included
		return "<sysConf>" + strings.Repeat("<a>", n-1) + "1" + strings.Repeat("</a>", n-1) + "</sysConf>"
	}
	number := func(n int) string { return fmt.Sprintf(`{"lines":{"%d":{"keys":{"Need Reg On":"1"}}}}`, n) }
	keys := func(n int) string {
		var b strings.Builder
		b.WriteString(currentText + "<NET CONFIG MODULE>\n")
		for i := range n {
			fmt.Fprintf(&b, "K%d:\n", i)
		}
		return b.String() + end
	}
	size := func(n int) string { // of a file
		const begin = currentText + "A:1\n"
		comment := "#" + xs(99) + "\n"
		rest := n - len(begin) - len(end)
		return begin + strings.Repeat(comment, rest/len(comment)) + strings.Repeat("\n", rest%len(comment)) + end
	}
	for _, c := range []struct {
		what string
		file func(int) string
		most int
		want string // of the fault beyond
	}{
		{"octets of a key", key, 200, "line 3, column 203: " + xs(60) + "…: the key is longer than 200 bytes"},
		{"octets of a key of a line", line, 200, "line 2, column 208: SIP1 " + xs(55) + "…: the key is longer than 200 bytes"},
		{"octets of a value", value, 8192, "line 3, column 6: Note: the value is longer than 8192 bytes"},
		{"octets of a sub-list", list, 200, "line 4, column 3: A: the key is longer than 200 bytes"},
		{"octets of a module", module, 200, "line 3, column 3: A: the key is longer than 200 bytes"},
		{"elements in one another", nested, 12, "line 1, column 43: there are too many elements, or they are nested too deep"},
		{"lines of JSON", number, 999, `line 1, column 11: "1000" is no number of a line, 1 to 20`},
		{"keys", keys, 30_000, "line 30003, column 8: the file has more than 30000 keys"},
		{"octets of a file", size, 4 << 20, "a configuration file must not have more than 4194304 bytes"},
	} {
		if f, err := Parse([]byte(c.file(c.most))); err != nil || len(f.faults) > 0 || len(f.Entries) == 0 {
			t.Errorf("%d %s: %v, %v", c.most, c.what, err, f)
		}
		f, err := Parse([]byte(c.file(c.most + 1)))
		if err == nil && len(f.faults) == 1 {
			err = f.faults[0]
		}
		if err == nil || err.Error() != c.want && (c.what != "octets of a file" || !strings.HasSuffix(err.Error(), c.want)) {
			t.Errorf("%d %s: %v, want %s", c.most+1, c.what, err, c.want)
		}
	}
}

// TestFaultsAreBounded: a thousand faults of single keys are told, and with the last of them that there are more.
func TestFaultsAreBounded(t *testing.T) {
	faulty := func(n int) (int, error) {
		f, err := Parse([]byte(currentText + "<NET CONFIG MODULE>\nA:1\n" + strings.Repeat("nothing\n", n) + end))
		if err == nil {
			_, _, err = Factory().Merge(f, false)
		}
		return len(Faults(err)), err
	}
	if n, err := faulty(999); n != 999 || strings.Contains(err.Error(), "more faults") {
		t.Errorf("of 999 there are %d", n)
	}
	n, err := faulty(1000)
	all := Faults(err)
	if n != 1001 || all[1000].At != 1003 || all[1000].Message != "there are more faults; the rest of the file was not read" || all[0].Message != "is neither a module nor KEY:VALUE" {
		t.Errorf("of 1000 there are %d, the last %v", n, all[n-1])
	}
	if n, _ := faulty(1001); n != 1001 {
		t.Errorf("of 1001 there are %d", n)
	}
}

// TestShorten: what is quoted of a file has 60 octets at most, and no half character.
func TestShorten(t *testing.T) {
	for text, want := range map[string]string{"": "", strings.Repeat("x", 60): strings.Repeat("x", 60), strings.Repeat("x", 61): strings.Repeat("x", 60) + "…",
		strings.Repeat("x", 59) + "äb": strings.Repeat("x", 59) + "…", strings.Repeat("ä", 30): strings.Repeat("ä", 30), strings.Repeat("ä", 31): strings.Repeat("ä", 30) + "…"} {
		if got := shorten(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestForeignIsBounded: of keys that this phone has no use for, 512 KiB are kept: their paths, names, modules and values, and 16 octets for each.
func TestForeignIsBounded(t *testing.T) {
	file := func(last int) string { // 64 keys that take 8192 octets each, the last one so much more
		var b strings.Builder
		b.WriteString(currentText + "<ABC CONFIG MODULE>\n")
		for i := range 64 {
			path, name := fmt.Sprintf("ABC.K%02d", i), fmt.Sprintf("K%02d", i)
			length := 8192 - len(path) - len(name) - len("ABC CONFIG MODULE") - 16
			if i == 63 {
				length += last
			}
			fmt.Fprintf(&b, "%s:%s\n", name, strings.Repeat("x", length))
		}
		return b.String() + end
	}
	c, err := merge(Factory(), []byte(file(0)))
	if err != nil || c.foreignSize() != 512<<10 || len(c.Foreign) != 64 {
		t.Errorf("%d octets of %d keys, %v", c.foreignSize(), len(c.Foreign), err)
	}
	if _, err := merge(Factory(), []byte(file(1))); err == nil || err.Error() != "line 66, column 5: there are too many keys that this phone has no use for" {
		t.Errorf("%.200v", err)
	}
}

// TestPromoted: keys that an earlier program kept and that are settings now set them, once each, where they have their default still; what is wrong is dropped, and
// what says more than the setting stays as it was kept.
func TestPromoted(t *testing.T) {
	tries := func(value string) Entry {
		return Entry{Line: 1, Path: "UDPUpdateTryTimes", Key: "UDPUpdate Try Times", Value: value}
	}
	busy := Entry{Path: "TELE.P1BusyCode", Key: "P1 Busy Code", Module: "TELE CONFIG MODULE", Value: "1"}
	unknown := Entry{Line: 1, Path: "MoonPhase", Key: "Moon Phase", Value: "full"}
	for _, c := range []struct {
		name    string
		foreign []Entry
		set     int // options_fail_count before
		tries   int
		busy    string
		left    []Entry
	}{
		{"none", nil, 1, 1, "486", nil},
		{"an unknown one", []Entry{unknown}, 1, 1, "486", []Entry{unknown}},
		{"one of a line", []Entry{tries("4")}, 1, 4, "486", nil},
		{"one of the phone, by its legacy spelling", []Entry{busy}, 1, 1, "480", nil},
		{"both, and an unknown one", []Entry{busy, unknown, tries("4")}, 1, 4, "480", []Entry{unknown}},
		{"twice: the first counts", []Entry{tries("4"), tries("5")}, 1, 4, "486", nil},
		{"one that is set already", []Entry{tries("4")}, 7, 7, "486", []Entry{tries("4")}},
		{"a wrong one", []Entry{tries("11")}, 1, 1, "486", nil},
		{"another spelling of the value", []Entry{tries("04")}, 1, 4, "486", []Entry{tries("04")}},
	} {
		before := Factory()
		s := before.Lines[1]
		s.OptionsFailCount = c.set
		before.Lines[1], before.Foreign = s, c.foreign
		after := before.Promoted()
		if after.Lines[1].OptionsFailCount != c.tries || after.Device.Value("busy_return_code") != c.busy || !slices.Equal(after.Foreign, c.left) {
			t.Errorf("%s: %d, busy %s, %+v; want %d, %s, %+v", c.name, after.Lines[1].OptionsFailCount, after.Device.Value("busy_return_code"), after.Foreign, c.tries, c.busy, c.left)
		}
	}
}

// IM-08: text beside elements and values are placed where they stand, on the first line too.
func TestPlacesOnTheFirstLine(t *testing.T) {
	for file, want := range map[string]string{
		"<sysConf>x<a>1</a></sysConf>":                                        "line 1, column 10: <sysConf> has text beside its elements",
		"<sysConf><a>1</a>x</sysConf>":                                        "line 1, column 18: <sysConf> has text beside its elements",
		"<sysConf><a>x<b>1</b></a></sysConf>":                                 "line 1, column 13: <a> has text beside its elements",
		"<sysConf><sip><SIPPort>0</SIPPort></sip></sysConf>":                  "line 1, column 24: SIP  Port: must be a whole number from 1 to 65535",
		"<sysConf><sip><SIPPort>\n 0</SIPPort></sip></sysConf>":               "line 2, column 2: SIP  Port: must be a whole number from 1 to 65535",
		`{"device":[{"path":"sip.SIPPort","value":"0"}]}`:                     "line 1, column 42: SIP  Port: must be a whole number from 1 to 65535",
		`{"lines":{"1":{"register_port":70000}}}`:                             "line 1, column 32: SIP1 Register Port: must be a whole number from 0 to 65535",
		"<VOIP_CONFIG_FILE>x<A_MODULE><b>1</b></A_MODULE></VOIP_CONFIG_FILE>": "line 1, column 19: <VOIP_CONFIG_FILE> has text beside its elements",
	} {
		f, err := Parse([]byte(file))
		if err == nil {
			_, _, err = Factory().Merge(f, false)
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
}

// IM-13: what is a placeholder of a template that was not filled in, and what has its characters and is none.
func TestPlaceholdersInValues(t *testing.T) {
	for text, want := range map[string]string{
		"%name%": "%name%", " %name% ": "%name%", "a %name% b": "%name%", "x%name%": "", "%ab%": "%ab%", "a %ab% b": "", "%abc%20": "", "http://h/%C3%A4bc%20d": "", "http://h/%abc%2x": "%abc%", "100%": "",
		"%abc%2": "%abc%", "50% of %x.y-z%": "%x.y-z%", "__NAME__": "__NAME__", "a __NAME__ b": "__NAME__", "a__NAME__": "", "__NAME__b": "", "__name__": "__name__", "a __name__ b": "", "@NAME@": "@NAME@", "a@NAME@b": "",
		"{{x}}": "{{x}}", "a{{ x }}b": "{{ x }}", "{x}": "", "{% if x %}": "{% if x %}", "{$x}": "{$x}", "{if $x}": "{if $x}", "{/if}": "{/if}", "${x}": "${x}", "#{x}": "#{x}", "$x": "", "${1}": "",
		"<%= x %>": "<%= x %>", "<?php echo $x ?>": "<?php echo $x ?>", "<?= $x ?>": "<?= $x ?>", "[[x1]]": "[[x1]]", "[[x]]": "", "[[:alpha:]]": "", "$id@$ip": "", "{mac}": "", "": "",
	} {
		if got := placeholder(text); got != want {
			t.Errorf("%q has the placeholder %q, want %q", text, got, want)
		}
	}
}

// The words of the report and of the formats are those that REST and the command line promise.
func TestWords(t *testing.T) {
	got := fmt.Sprintln(Changed, NotObeyed, NotKnown, NotTaken, UseObeyed, UseKept, UseUnknown, Formats, Text, LegacyText, XML, LegacyXML, JSON)
	if got != "changed kept unknown refused obeyed kept unknown [text xml json legacy-text legacy-xml] text legacy-text xml legacy-xml json\n" {
		t.Error(got)
	}
}
