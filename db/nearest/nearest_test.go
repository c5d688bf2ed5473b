package nearest

import (
	"strings"
	"testing"
)

// RS-01, UX-11: a name that is nearly right is answered with the right one; a name that is not is answered with none.
func TestHint(t *testing.T) {
	names := []string{"dry_run", "secrets", "format", "wait_s"}
	for given, want := range map[string]string{
		"dryrun": "dry_run", "dry-run": "dry_run", "DRY_RUN": "dry_run", "dry_rum": "dry_run", "dry run": "dry_run", "secret": "secrets", "waits": "wait_s",
		"": "", "x": "", "partial": "", "no_such_parameter": "", "sekrits": "secrets", "frmo": "", "formta": "format", "wait": "wait_s", "dry": "dry_run", "dr": "",
	} {
		if want != "" {
			want = "; did you mean " + want + "?"
		}
		if got := Hint(given, names); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"abc", "abc", 0}, {"ab", "ba", 1}, {"form", "from", 1}, {"abcd", "badc", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// UX-11: how far off a name may be, and which of several near ones is meant.
func TestName(t *testing.T) {
	for _, c := range []struct {
		given string
		names []string
		want  string
	}{
		{"hld", []string{"hold"}, "hold"},                            // one of three letters
		{"refsue", []string{"reject", "refuse", "re-use"}, "refuse"}, // the nearest, wherever it stands
		{"reuse", []string{"refuse", "re use"}, "re use"},            // spaces do not count
		{"re-use", []string{"refuse", "reuse"}, "reuse"},             // nor do hyphens
		{"halt", []string{"hold"}, ""},                               // two letters of four are half of it
		{"wiatz", []string{"waits"}, "waits"},                        // two of five
		{"holding", []string{"folded"}, ""},                          // four of seven
		{"signal_rety_cuonts", []string{"signal_retry_counts"}, "signal_retry_counts"},
		{"sgnl_rtry_cnts", []string{"signal_retry_counts"}, "signal_retry_counts"}, // a third of a long name
		{"sgnl_rtr_cns", []string{"signal_retry_counts"}, ""},
		{"sig", []string{"signal_retry_counts", "signals"}, "signals"}, // the shortest that begins so
		{strings.Repeat("a", 64), []string{strings.Repeat("a", 63) + "b"}, strings.Repeat("a", 63) + "b"},
		{strings.Repeat("a", 65), []string{strings.Repeat("a", 64) + "b"}, ""}, // longer than any name
	} {
		if got, ok := Name(c.given, c.names); got != c.want || ok != (c.want != "") {
			t.Errorf("%q of %q: %q, want %q", c.given, c.names, got, c.want)
		}
	}
}
