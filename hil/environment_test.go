package hil

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// SE-15: commands get what any program needs, the documented variables of the phone and what the place names; never the token, not even by name,
// and never the whole environment.
func TestCommandEnvironment(t *testing.T) {
	given := []string{"PATH=/bin", "HOME=/root", "LANG=C", "HILPHONE_URL=http://a", "HILPHONE_TOKEN=t", "HILPHONE_OTHER=x", "SSH_AUTH_SOCK=/s", "PATHS=1", "EMPTY=", "=odd"}
	got := commandEnvironment(given, []string{"SSH_AUTH_SOCK", "EMPTY", "HILPHONE_TOKEN", "MISSING"})
	if want := []string{"PATH=/bin", "HOME=/root", "LANG=C", "HILPHONE_URL=http://a", "SSH_AUTH_SOCK=/s", "EMPTY="}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := commandEnvironment([]string{"A=b"}, nil); got == nil || len(got) != 0 {
		t.Errorf("%q would be the whole environment", got)
	}
}

// SE-15: every variable that the README documents is passed on, but for the token.
func TestPassedOn(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := regexp.MustCompile(`HILPHONE_[A-Z_]+`).FindAllString(string(text), -1)
	if len(documented) < 10 {
		t.Fatalf("the README documents %q", documented)
	}
	for _, name := range documented {
		if passes := slices.Contains(passedOn, name); passes == (name == tokenVariable) {
			t.Errorf("%s: passed on %v", name, passes)
		}
	}
	for _, name := range passedOn {
		if strings.HasPrefix(name, "HILPHONE_") && name != "HILPHONE_PHONE" && !slices.Contains(documented, name) {
			t.Errorf("%s is not documented", name)
		}
	}
}
