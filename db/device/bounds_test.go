package device

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hilphone/sip/line"
)

// numberBounds are the numbers of the phone as a whole, written by hand: the default of the real phones (PHONE.md 1.3) and the range, which the
// vendor does not state.
var numberBounds = []struct {
	name, key           string
	standard, low, high int
}{
	{"call_timeout", "P1 Call Timeout", 120, 0, 3600},
	{"ring_timeout", "P1 Ring Timeout", 120, 0, 3600},
	{"auto_onhook", "P1 Auto Onhook", 1, 0, 1},
	{"auto_onhook_time", "P1 Auto Onhook Time", 3, 0, 300},
	{"busy_return_code", "P1 Busy Return Code", 486, 400, 699},
	{"reject_return_code", "P1 Reject Return Code", 603, 400, 699},
	{"sip_port", "SIP  Port", 5060, 1, 65535},
}

// IM-10, CA-14: each number begins at the default of the real phones, takes the first and the last value of its range and refuses those beyond, from
// files, by REST and from the store.
func TestBoundsOfNumbers(t *testing.T) {
	var listed, defined []string
	for _, b := range numberBounds {
		listed = append(listed, b.name)
		d, ok := NumberNamed(b.name)
		if !ok || d.Key != b.key || (Settings{}).Number(b.name) != b.standard {
			t.Errorf("%s: %+v, by default %d", b.name, d, (Settings{}).Number(b.name))
			continue
		}
		for _, n := range []int{b.low, b.standard, b.high} {
			for how, set := range numberWays(d, n) {
				var s Settings
				if err := set(&s); err != nil || s.Number(b.name) != n {
					t.Errorf("%s %d %s: %v, it is %d", b.name, n, how, err, s.Number(b.name))
				}
			}
		}
		for _, n := range []int{b.low - 1, b.high + 1} {
			for how, set := range numberWays(d, n) {
				var s Settings
				faults := line.FieldErrors(set(&s))
				if len(faults) != 1 || faults[0].Name != b.name || s.Number(b.name) != b.standard {
					t.Errorf("%s %d %s: %v, it is %d", b.name, n, how, faults, s.Number(b.name))
				}
			}
		}
	}
	for _, d := range Numbers {
		defined = append(defined, d.Name)
	}
	if !slices.Equal(listed, defined) {
		t.Errorf("the list of this test has %q, the phone has %q", listed, defined)
	}
}

// numberWays are the ways in which a number comes to the phone.
func numberWays(d Number, n int) map[string]func(*Settings) error {
	ways := map[string]func(*Settings) error{
		"from a file": func(s *Settings) error { return s.SetValue(d.Name, strconv.Itoa(n), false) },
		"from the store": func(s *Settings) (err error) {
			*s, err = FromText(map[string]string{d.Name: strconv.Itoa(n)})
			return err
		},
		"in the program": func(s *Settings) error {
			next := Settings{Numbers: map[string]int{d.Name: n}}
			err := next.Validate()
			if err == nil {
				*s = next
			}
			return err
		},
	}
	switch {
	case d.Kind != line.Switch:
		ways["by REST"] = func(s *Settings) error {
			return s.SetValues(d.Page, map[string]any{d.Name: json.Number(strconv.Itoa(n))})
		}
	case n == 0 || n == 1:
		ways["by REST"] = func(s *Settings) error { return s.SetValues(d.Page, map[string]any{d.Name: n == 1}) }
	}
	return ways
}

// What of lists and texts is the most, from both sides: addresses let in, the length of an address that is called, and how much is shown of a wrong one.
func TestBoundsOfTexts(t *testing.T) {
	var allow []string
	for i := range 33 {
		allow = append(allow, fmt.Sprintf("192.0.2.%d", i))
	}
	if err := (RemoteControl{Allow: allow[:32]}).Validate(); err != nil {
		t.Errorf("32 addresses: %v", err)
	}
	if faults := line.FieldErrors((RemoteControl{Allow: allow}).Validate()); len(faults) != 1 || faults[0].Name != "allow" || faults[0].Message != "must be 32 addresses at most" {
		t.Errorf("33 addresses: %v", faults)
	}
	const origin = "http://192.0.2.1/"
	if err := CheckURL(origin+strings.Repeat("a", 1024-len(origin)), false); err != nil {
		t.Errorf("an address of 1024 bytes: %v", err)
	}
	if err := CheckURL(origin+strings.Repeat("a", 1025-len(origin)), false); err == nil || err.Error() != "must be 1024 characters at most" {
		t.Errorf("an address of 1025 bytes: %v", err)
	}
	for n, want := range map[int]string{40: strings.Repeat("x", 40), 41: strings.Repeat("x", 40) + "…"} {
		faults := line.FieldErrors((RemoteControl{Allow: []string{strings.Repeat("x", n)}}).Validate())
		if len(faults) != 1 || !strings.Contains(faults[0].Message, `"`+want+`"`) {
			t.Errorf("a wrong address of %d characters: %v", n, faults)
		}
	}
	// A label of a name has 63 characters at most (RFC 1035 2.3.4).
	for n, good := range map[int]bool{63: true, 64: false} {
		if err := CheckURL("http://"+strings.Repeat("a", n)+".test/", false); (err == nil) != good {
			t.Errorf("a label of %d characters: %v", n, err)
		}
	}
}
