package line

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// wantFault checks that err is one FieldError, of the named setting.
func wantFault(t *testing.T, name string, err error) {
	t.Helper()
	var fe *FieldError
	if !errors.As(err, &fe) {
		t.Errorf("%s: %v, want a FieldError", name, err)
		return
	}
	if fe.Name != name || fe.Message == "" {
		t.Errorf("the fault of %s is %+v", name, fe)
	}
}

// each runs a test for each setting of the table.
func each(t *testing.T, test func(*testing.T, Setting)) {
	for _, d := range Table {
		t.Run(d.Name, func(t *testing.T) { test(t, d) })
	}
}

func TestTable(t *testing.T) {
	names, keys := map[string]bool{}, map[string]bool{}
	pages := []Page{Registration, Server1, Server2, BasicSettings, Advanced}
	page := 0
	for _, d := range Table {
		if names[d.Name] || d.Name == "" || strings.Trim(d.Name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("name %q", d.Name)
		}
		if keys[d.Key] && d.Key != "" {
			t.Errorf("%s: key %q is there twice", d.Name, d.Key)
		}
		names[d.Name], keys[d.Key] = true, true
		for _, l := range []Label{d.Label, d.Hint} {
			for _, text := range []string{l.EN, l.JA, l.ZH} {
				if strings.TrimSpace(text) == "" || !utf8.ValidString(text) {
					t.Errorf("%s: a label or hint lacks a language: %+v", d.Name, l)
				}
			}
		}
		i := slices.Index(pages, d.Page)
		if i < page {
			t.Errorf("%s: page %q is not in the order of the pages", d.Name, d.Page)
		}
		page = max(page, i)
		if got, ok := ByName(d.Name); !ok || got.Name != d.Name {
			t.Errorf("%s is not found by its name", d.Name)
		}
		if got, ok := ByKey(d.Key); ok != (d.Key != "") || got.Key != d.Key {
			t.Errorf("%s is not found by its key", d.Name)
		}
	}
	if _, ok := ByName("nothing"); ok {
		t.Error("a setting without a row")
	}
}

func TestLabelIn(t *testing.T) {
	l := Label{EN: "a", JA: "b", ZH: "c"}
	for lang, want := range map[string]string{"en": "a", "ja": "b", "zh": "c", "fr": "a", "": "a"} {
		if got := l.In(lang); got != want {
			t.Errorf("%q: %q, want %q", lang, got, want)
		}
	}
	if got := (Label{EN: "a"}).In("ja"); got != "a" {
		t.Errorf("a missing text reads %q, want the English one", got)
	}
}

// The defaults that the vendor document states, in the words of the vendor's files.
func TestDefaults(t *testing.T) {
	for key, want := range map[string]string{
		"Enable Reg": "0", "Register Addr": "", "Register Port": "5060", "Register TTL": "3600", "Transport": "0",
		"Backup Addr": "", "Backup Port": "5060", "Backup TTL": "3600", "Backup Transport": "0",
		"Enable Failback": "1", "Failback Interval": "1800", "Signal Retry Counts": "3",
		"Session Timer T1": "500", "Session Timer T2": "4000", "Session Timer T4": "5000",
	} {
		d, ok := ByKey(key)
		if !ok {
			t.Errorf("no setting with the key %q", key)
		} else if d.Default != want {
			t.Errorf("%s is %q by default, want %q", key, d.Default, want)
		}
	}
	s := Default()
	if err := s.Validate(); err != nil {
		t.Errorf("the defaults are not valid: %v", err)
	}
	each(t, func(t *testing.T, d Setting) {
		if got := d.Text(s); got != d.Default {
			t.Errorf("Default() has %q, the table %q", got, d.Default)
		}
	})
}

// another is a valid value that is not the default, as REST gives it.
func another(t *testing.T, d Setting) any {
	t.Helper()
	switch d.Kind {
	case Number:
		return d.Get(Default()).(int) + 1
	case Switch:
		return d.Default == "0"
	case Choice:
		return d.Choices[len(d.Choices)-1].Name
	case Host:
		return "pbx.example.test"
	case List:
		return "5??,408"
	case Source:
		return "servers,192.0.2.0/24"
	case Text:
		return "ab12"
	}
	t.Fatalf("%s has the unknown kind %q", d.Name, d.Kind)
	return nil
}

func TestSettingRoundTrip(t *testing.T) {
	base := Default()
	base.PhoneNumber = "1" // so that the line can be activated
	each(t, func(t *testing.T, d Setting) {
		s := base
		v := another(t, d)
		if err := d.Set(&s, v); err != nil {
			t.Fatal(err)
		}
		if d.Get(s) != v {
			t.Errorf("%v became %v", v, d.Get(s))
		}
		if got := Changed(base, s); !slices.Equal(got, []string{d.Name}) {
			t.Errorf("changed %v", got)
		}
		text := d.Text(s)
		fromFile := base
		if err := d.SetText(&fromFile, text); err != nil {
			t.Fatal(err)
		}
		if fromFile != s {
			t.Errorf("written %q, read %v", text, d.Get(fromFile))
		}
		// Through JSON, as REST and the database keep it.
		data, err := json.Marshal(map[string]any{d.Name: v})
		if err != nil {
			t.Fatal(err)
		}
		var values map[string]any
		if err := json.Unmarshal(data, &values); err != nil {
			t.Fatal(err)
		}
		merged := base
		if err := merged.Merge(values); err != nil {
			t.Fatal(err)
		}
		if merged != s {
			t.Errorf("%s became %v", data, d.Get(merged))
		}
	})
}

func TestSettingRange(t *testing.T) {
	each(t, func(t *testing.T, d Setting) {
		accepted := func(v any) {
			t.Helper()
			s := Default()
			if err := d.Set(&s, v); err != nil {
				t.Errorf("%v: %v", v, err)
			}
		}
		refused := func(v any) {
			t.Helper()
			s := Default()
			wantFault(t, d.Name, d.Set(&s, v))
			if s != Default() {
				t.Errorf("%v was refused and stored", v)
			}
		}
		switch {
		case d.Kind == Number:
			accepted(d.Min)
			accepted(d.Max)
			refused(d.Min - 1)
			if d.Max < math.MaxInt32 {
				refused(d.Max + 1)
			}
			refused(float64(1 << 31))
		case d.Kind == Host:
			accepted(strings.Repeat("a.", d.Max/2) + "a")
			refused(strings.Repeat("a.", d.Max/2) + "ab")
		case d.Kind == List:
			accepted(strings.TrimSuffix(strings.Repeat("503,", d.Max/4), ","))
			refused(strings.Repeat("503,", d.Max/4) + "503")
		case d.Kind == Source:
			accepted(strings.TrimSuffix(strings.Repeat("10.0.0.1,", d.Max/9), ","))
			refused(strings.Repeat("10.0.0.1,", d.Max/9) + "10.0.0.12")
		case d.Kind == Text:
			accepted(strings.Repeat("é", d.Max))
			refused(strings.Repeat("é", d.Max+1))
		}
	})
}

func TestSettingTypes(t *testing.T) {
	each(t, func(t *testing.T, d Setting) {
		wrong := []any{nil, []any{"1"}, map[string]any{}, 1.5, math.NaN(), math.Inf(1), json.Number("1e3"), json.Number("x")}
		switch d.Kind {
		case Number:
			wrong = append(wrong, "7", true, json.Number("99999999999999999999"), json.Number("1.0"))
		case Switch:
			wrong = append(wrong, "1", 1, 1.0)
		default:
			wrong = append(wrong, 1, true)
		}
		for _, v := range wrong {
			s := Default()
			wantFault(t, d.Name, d.Set(&s, v))
			if s != Default() {
				t.Errorf("%#v was refused and stored", v)
			}
		}
		if d.Kind == Number {
			for _, v := range []any{d.Min, float64(d.Min), json.Number(d.Text(Default()))} {
				s := Default()
				if err := d.Set(&s, v); err != nil {
					t.Errorf("%#v: %v", v, err)
				}
			}
		}
	})
}

func TestSetText(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       any // nil: refused
	}{
		{"register_port", "5061", 5061},
		{"register_port", " 5061 ", 5061},
		{"register_port", "", nil},
		{"register_port", "5061x", nil},
		{"register_port", "-1", nil},
		{"register_port", "99999999999", nil},
		{"enable_failback", "0", false},
		{"enable_failback", "1", true},
		{"enable_failback", "true", nil},
		{"enable_failback", "", nil},
		{"transport", "0", "udp"},
		{"transport", "1", "tcp"},
		{"transport", "3", "tls"},
		{"transport", "tls", "tls"},
		{"transport", "2", nil},
		{"transport", "", nil},
		{"transport", "UDP", nil},
		{"register_addr", "192.0.2.1", "192.0.2.1"},
		{"register_addr", "2001:db8::1", "2001:db8::1"},
		{"register_addr", "sip-1.example.test", "sip-1.example.test"},
		{"register_addr", "localhost", "localhost"},
		{"register_addr", "_sip.example.test", "_sip.example.test"},
		{"register_addr", "example.test.", "example.test."},
		{"register_addr", "", ""},
		{"register_addr", "fe80::1%eth0", nil},
		{"register_addr", "[2001:db8::1]", "2001:db8::1"}, // WR-11
		{"domain", "[::1]", "::1"},
		{"register_addr", "[192.0.2.1]", nil},
		{"register_addr", "[2001:db8::1", nil},
		{"register_addr", "[2001:db8::1]:5060", nil},
		{"register_addr", "192.0.2.256", nil},
		{"register_addr", "192.0.2", nil},
		{"register_addr", "a b", nil},
		{"register_addr", "sip:example.test", nil},
		{"register_addr", "example.test:5060", nil},
		{"register_addr", "-a.test", nil},
		{"register_addr", "a..test", nil},
		{"register_addr", strings.Repeat("a", 64) + ".test", nil},
		{"phone_number", "1001", "1001"},
		{"phone_number", "+81-3-0000-0000", "+81-3-0000-0000"},
		{"phone_number", "10 01", nil},
		{"phone_number", "1001@a", nil},
		{"phone_number", "<1001>", nil},
		{"phone_number", "1001;x", nil},
		{"display_name", "受付 <1>", "受付 <1>"},
		{"display_name", "a\r\nInjected: header", nil},
		{"display_name", "a\x00", nil},
		{"display_name", "\xff", nil},
		{"auth_password", "p w\"d", "p w\"d"},
		{"auth_password", "a\nb", nil},
		{"register_failover_codes", "", ""},
		{"register_failover_codes", "500, 5??", "500, 5??"},
		{"register_failover_codes", "???", nil},
		{"register_failover_codes", "4??", nil},
		{"register_failover_codes", "401", nil},
		{"register_failover_codes", "407", nil},
		{"register_failover_codes", "423", nil},
		{"register_failover_codes", "200", nil},
		{"register_failover_codes", "700", nil},
		{"register_failover_codes", "50", nil},
		{"register_failover_codes", "500,", nil},
		{"register_failover_codes", "500;503", nil},
	} {
		d, ok := ByName(c.name)
		if !ok {
			t.Fatalf("no setting %q", c.name)
		}
		s := Default()
		err := d.SetText(&s, c.text)
		switch {
		case c.want == nil:
			wantFault(t, c.name, err)
			if s != Default() {
				t.Errorf("%s = %q was refused and stored", c.name, c.text)
			}
		case err != nil:
			t.Errorf("%s = %q: %v", c.name, c.text, err)
		case d.Get(s) != c.want:
			t.Errorf("%s = %q reads %v", c.name, c.text, d.Get(s))
		}
	}
}

func TestCodes(t *testing.T) {
	for _, c := range []struct {
		codes Codes
		yes   []int
		no    []int
	}{
		{"", nil, []int{0, 500, 503}},
		{"500,503", []int{500, 503}, []int{50, 501, 5000, 403}},
		{" 500 , 503 ", []int{500, 503}, []int{501}},
		{"5??", []int{500, 599}, []int{499, 600, 5000, 5}},
		{"50?,486", []int{500, 509, 486}, []int{510, 487}},
	} {
		for _, code := range c.yes {
			if !c.codes.Match(code) {
				t.Errorf("%q does not match %d", c.codes, code)
			}
		}
		for _, code := range c.no {
			if c.codes.Match(code) {
				t.Errorf("%q matches %d", c.codes, code)
			}
		}
	}
}

// FuzzSetText: whatever a file says is refused with the setting's name, or can be written and read again.
func FuzzSetText(f *testing.F) {
	for i, text := range []string{"1", "0", "tls", "3", "192.0.2.1", "2001:db8::1", "a.example.test", "500,5??", "", "\xff", "a\r\nb", "99999999999", "-1", "1e3"} {
		f.Add(uint8(i), text)
		f.Add(uint8(i+14), text)
		f.Add(uint8(i+28), text)
	}
	f.Fuzz(func(t *testing.T, row uint8, text string) {
		d := Table[int(row)%len(Table)]
		s := Default()
		if err := d.SetText(&s, text); err != nil {
			wantFault(t, d.Name, err)
			if s != Default() {
				t.Errorf("%q was refused and stored", text)
			}
			return
		}
		again := Default()
		if err := d.SetText(&again, d.Text(s)); err != nil || again != s {
			t.Errorf("%q was taken as %v and written as %q: %v", text, d.Get(s), d.Text(s), err)
		}
		if got := Changed(Default(), s); len(got) > 1 || len(got) == 1 && got[0] != d.Name {
			t.Errorf("%q changed %v", text, got)
		}
		if strings.ContainsAny(d.Text(s), "\r\n\x00") {
			t.Errorf("%q would break a line of a file or a header", text)
		}
	})
}

// FuzzCodes: a list that was accepted never makes a line fail over on what a working server answers, nor on success.
func FuzzCodes(f *testing.F) {
	for _, s := range []string{"500,503", "5??", "", "???", "4?1", "40?", " 503 ", "503,,", "5?3,6??", "４００"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := Codes(text)
		accepted := c.check() == nil
		for code := range 1000 {
			if match := c.Match(code); match && accepted && (code < 300 || code > 699 || code == 401 || code == 407 || code == 423) {
				t.Fatalf("%q is accepted and matches %d", text, code)
			}
		}
	})
}
