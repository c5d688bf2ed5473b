package webui

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"hilphone/hal/press"
)

func TestKeys(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	if w := rest(s, "POST /phone/keys", `{"keys":"1002#{release}{line1}*"}`); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if want := []string{"1", "0", "0", "2", "#", "release", "line1", "*"}; !slices.Equal(h.pressed, want) {
		t.Errorf("pressed %q, want %q", h.pressed, want)
	}
	for _, body := range []string{
		`{"keys":"10 02"}`, `{"keys":"{"}`, `{"keys":"{}"}`, `{"keys":"{release"}`, `{"keys":"}"}`, `{"keys":"1é"}`, `{"keys":"A"}`, `{"keys":"{nonsense}"}`,
		`{"keys":"` + strings.Repeat("1", press.MaxKeys+1) + `"}`, `{"keys":"1234567","press_ms":9000,"gap_ms":10}`, `{"keys":"1","press_ms":9}`, `{"keys":"1","gap_ms":9}`, `{"keys":"1","gap_ms":10001}`, `{"keys":1}`, `{}`, `{"key":"1"}`,
	} {
		w := rest(s, "POST /phone/keys", body)
		if p := problemIn(t, w); p.Status != http.StatusUnprocessableEntity || len(p.Errors) == 0 || !strings.HasPrefix(p.Errors[0].Location, "body") {
			t.Errorf("%s: %s", body, w.Body)
		}
	}
	if len(h.pressed) != 8 {
		t.Errorf("a refused request pressed %q", h.pressed[8:])
	}
}

// UX-08: keys that had no effect are in the answer, by their position; where all had one the list is empty.
func TestKeysWithoutEffect(t *testing.T) {
	s := newServer(t, newHouse())
	for keys, want := range map[string]string{
		"12":               `"no_effect":[]`,
		"1{line17}2{hold}": `"no_effect":[{"position":2,"key":"line17","reason":"there is a call on line 1"}]`,
	} {
		if w := rest(s, "POST /phone/keys", `{"keys":"`+keys+`"}`); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) || !strings.Contains(w.Body.String(), `"state":"idle"`) {
			t.Errorf("%s: %d %s, want %s", keys, w.Code, w.Body, want)
		}
	}
}

func FuzzSplitKeys(f *testing.F) {
	for _, seed := range []string{"1002#", "{release}", "{}", "{", "}{", "{line1}*#0", "é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := splitKeys(text)
		if err != nil {
			return
		}
		var back strings.Builder
		for _, k := range keys {
			if len(k) != 1 || !strings.Contains("0123456789*#", k) {
				k = "{" + k + "}"
			}
			back.WriteString(k)
		}
		// A digit in braces is the digit: the only other spelling.
		if back.String() != text && !strings.Contains(text, "{") {
			t.Errorf("%q reads as %q", text, keys)
		}
	})
}

// RS-09: the document has the limits of the board.
func TestKeysInTheDocument(t *testing.T) {
	s := newServer(t, newHouse())
	body := s.bodySchema(http.MethodPost, "/phone/keys")
	for _, name := range []string{"press_ms", "gap_ms"} {
		p := body.Properties[name]
		if *p.Minimum != float64(press.Min.Milliseconds()) || *p.Maximum != float64(press.Max.Milliseconds()) || p.Default != int(press.Usual.Milliseconds()) {
			t.Errorf("%s is %v to %v, %v without", name, *p.Minimum, *p.Maximum, p.Default)
		}
	}
}
