package nearest

import "testing"

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
