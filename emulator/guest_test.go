//go:build gpiosim

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hilphone/hal/board"
	"hilphone/hil/gpiosim"
)

// The front of the phone under test. A keypad of one row needs nobody to play its wires: a column that is low is a key that is down.
const guestBoard = `
keypad:
  rows: [5]
  columns: [12, 16, 20, 21]
  keys: [[1, 0, 2, pound]]
hook: {pin: 17}
lamps:
  power: {pin: 22}
  line1: {pin: 25}
ringer: {pin: 18}
`

const (
	guestHook = 17
	powerLED  = 22
	line1LED  = 25
)

var guestKeys = map[rune]int{'1': 12, '0': 16, '2': 20, '#': 21}

// TestPhoneOnPins: a phone on a computer with pins. Keys on pins leave as an INVITE, a server answers it, and the handset put back ends
// the call. A script's keys and the real ones are those of one phone.
func TestPhoneOnPins(t *testing.T) {
	chip, err := gpiosim.NewChip("bench", "pinctrl-bcm2835", make([]string, 54))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "board.yaml")
	if err := os.WriteFile(file, []byte(guestBoard), 0o644); err != nil {
		t.Fatal(err)
	}
	p := start(t, "/hilphone", "demo", "--listen", "127.0.0.1:0", "--board", file)
	p.registered("primary")
	pull := func(line int, high bool) {
		t.Helper()
		if err := chip.Pull(line, high); err != nil {
			t.Fatal(err)
		}
	}
	lit := func(line int) bool {
		high, err := chip.Level(line)
		if err != nil {
			t.Fatal(err)
		}
		return high
	}
	if !lit(powerLED) {
		t.Error("the power lamp is off")
	}
	since := p.seq()
	moved := func(types, source string) {
		t.Helper()
		e := p.await(since, types, nil)
		since = e.Seq
		if e.Data.Source != source {
			t.Errorf("%s: source %q, want %q", types, e.Data.Source, source)
		}
	}
	first := since
	pull(guestHook, false)
	moved("hook", "board")
	for _, k := range "100" {
		pull(guestKeys[k], false)
		moved("key", "board")
		pull(guestKeys[k], true)
		moved("key", "board")
	}
	p.do("POST", "phone/keys", `{"keys":"2"}`, nil)
	moved("key", "api")
	moved("key", "api")
	began := time.Now()
	pull(guestKeys['#'], false)
	moved("key", "board")
	pull(guestKeys['#'], true)
	c := p.talking(first)
	t.Logf("# was pressed, and 1002 answered %s later (it rings %s)", time.Since(began).Round(time.Millisecond), demoRinging)
	if c.Server != "primary" || !lit(line1LED) {
		t.Errorf("call %+v, the lamp of line 1 is lit: %v", c, lit(line1LED))
	}
	var trace []struct{ Direction, Start string }
	p.do("GET", "trace", "", &trace)
	var seen []string
	for _, m := range trace {
		if strings.HasPrefix(m.Start, "INVITE ") || strings.HasPrefix(m.Start, "SIP/2.0 180") {
			seen = append(seen, m.Direction+" "+strings.Fields(m.Start)[0]+" "+strings.Fields(m.Start)[1])
		}
	}
	if all := strings.Join(seen, ", "); !strings.Contains(all, "sent INVITE sip:1002@") || !strings.HasSuffix(all, "received SIP/2.0 180") {
		t.Errorf("messages: %s", all)
	}
	pull(guestHook, true)
	p.await(since, "call", func(e event) bool { return e.Data.State == "ended" })

	// The chip goes and comes back; the phone stays.
	if err := chip.Unplug(); err != nil {
		t.Fatal(err)
	}
	since = p.await(since, "fault", func(e event) bool { return e.Data.Message != "" }).Seq
	if err := chip.Plug(); err != nil {
		t.Fatal(err)
	}
	since = p.await(since, "fault", func(e event) bool { return e.Data.Message == "" }).Seq
	pull(guestHook, false)
	moved("hook", "board")
	p.terminate()
	if lit(powerLED) {
		t.Error("the phone is off, its power lamp is on")
	}
}

// TestBoardCheck: the command tells of every pin.
func TestBoardCheck(t *testing.T) {
	code, out, errs := command(t, "", "board", "check")
	if code != 0 || errs != "" || !strings.Contains(out, "(pinctrl-bcm2835)") {
		t.Errorf("exit code %d, %s:\n%s", code, errs, out)
	}
	for _, u := range board.Default().Uses() {
		row := regexp.MustCompile(fmt.Sprintf(`(?m)^%s +%s +%d +- +(input|output) +[01] +-$`, u.Part, u.Pin, u.Pin.Offset))
		if !row.MatchString(out) {
			t.Errorf("no %s in\n%s", row, out)
		}
	}
}
