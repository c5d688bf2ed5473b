package wire

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// nameIn is the display name in the From of a request.
func nameIn(t *testing.T, from string) string {
	t.Helper()
	a, err := readAddress(from)
	if err != nil {
		t.Fatalf("%q: %v", from, err)
	}
	return DisplayName(a.name)
}

// RS-13: a display name is read as RFC 3261 25.1 has it, and nothing in it controls what is around it.
func TestDisplayName(t *testing.T) {
	const uri = " <sip:1002@192.0.2.1>;tag=x"
	for _, c := range []struct{ from, want string }{
		{"<sip:1002@192.0.2.1>", ""},
		{"sip:1002@192.0.2.1;tag=x", ""},
		{`""` + uri, ""},
		{`"Alice"` + uri, "Alice"},
		{`Alice` + uri, "Alice"},
		{`Alice  Liddell` + uri, "Alice Liddell"},
		{`"  Alice Liddell "` + uri, "Alice Liddell"},
		{`"Alice \"Al\" L\\iddell"` + uri, `Alice "Al" L\iddell`},
		{`"\A\l\i\c\e"` + uri, "Alice"},
		{`Al"ice` + uri, `Al"ice`},
		{`"<b>&amp; 'x', y; z"` + uri, "<b>&amp; 'x', y; z"}, // pages escape it
		{`"山田太郎"` + uri, "山田太郎"},
		{"\"M\xfcller\"" + uri, "M\ufffdller"},
		{"\"a\tb\x00c\x1b[31md\x7f\"" + uri, "a bc[31md"},
		{"\"a\\\tb\"" + uri, "a b"},
		{"\"abc\u202edcba\u2066x\ufeff\"" + uri, "abcdcbax"},
		{"\"a\u2028b\u0085c\u00a0d\"" + uri, "a b c d"},
		{"\"👩\u200d💻\"" + uri, "👩\u200d💻"},
		{`"` + strings.Repeat("山", 1000) + `"` + uri, strings.Repeat("山", MaxDisplayName)},
	} {
		if got := nameIn(t, c.from); got != c.want {
			t.Errorf("%q: %q, want %q", c.from, got, c.want)
		}
	}
}

func FuzzDisplayName(f *testing.F) {
	f.Add(`Alice \"Al\" Liddell`)
	f.Add("a\\\t\u202eb\xff \\")
	f.Fuzz(func(t *testing.T, quoted string) {
		got := DisplayName(quoted)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > MaxDisplayName+1 || strings.ContainsFunc(got, unicode.IsControl) || strings.TrimSpace(got) != got {
			t.Errorf("%q: %q", quoted, got)
		}
		if plain := strings.NewReplacer(`\`, `\\`).Replace(got); DisplayName(plain) != got && utf8.RuneCountInString(got) <= MaxDisplayName {
			t.Errorf("%q: %q, read again %q", quoted, got, DisplayName(plain))
		}
	})
}
