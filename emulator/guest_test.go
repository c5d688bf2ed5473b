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

// pinned is a phone on a computer with pins.
type pinned struct {
	*process
	chip *gpiosim.Chip
	last int64 // event that has been seen
}

// onPins starts a phone with a front on the pins of a new chip.
func onPins(t testing.TB) *pinned {
	t.Helper()
	chip := newChip(t)
	file := filepath.Join(t.TempDir(), "board.yaml")
	if err := os.WriteFile(file, []byte(guestBoard), 0o644); err != nil {
		t.Fatal(err)
	}
	p := &pinned{process: start(t, "/hilphone", "demo", "--listen", "127.0.0.1:0", "--board", file), chip: chip}
	p.registered("primary")
	p.last = p.seq()
	return p
}

// newChip makes a chip for the time of a test.
func newChip(t testing.TB) *gpiosim.Chip {
	t.Helper()
	chip, err := gpiosim.NewChip("bench", "pinctrl-bcm2835", make([]string, 54))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chip.Remove(); err != nil {
			t.Error(err)
		}
	})
	return chip
}

func (p *pinned) pull(line int, high bool) {
	p.t.Helper()
	if err := p.chip.Pull(line, high); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pinned) lit(line int) bool {
	p.t.Helper()
	high, err := p.chip.Level(line)
	if err != nil {
		p.t.Fatal(err)
	}
	return high
}

// moved waits for a movement, and for who made it.
func (p *pinned) moved(types, source string) {
	p.t.Helper()
	e := p.await(p.last, types, nil)
	p.last = e.Seq
	if e.Data.Source != source {
		p.t.Errorf("%s: source %q, want %q", types, e.Data.Source, source)
	}
}

// TestPhoneOnPins: a phone on a computer with pins. Keys on pins leave as an INVITE, a server answers it, and the handset put back ends
// the call. A script's keys and the real ones are those of one phone.
func TestPhoneOnPins(t *testing.T) {
	p := onPins(t)
	if !p.lit(powerLED) {
		t.Error("the power lamp is off")
	}
	first := p.last
	p.pull(guestHook, false)
	p.moved("hook", "board")
	for _, k := range "100" {
		p.pull(guestKeys[k], false)
		p.moved("key", "board")
		p.pull(guestKeys[k], true)
		p.moved("key", "board")
	}
	p.do("POST", "phone/keys", `{"keys":"2"}`, nil)
	p.moved("key", "api")
	p.moved("key", "api")
	began := time.Now()
	p.pull(guestKeys['#'], false)
	p.moved("key", "board")
	p.pull(guestKeys['#'], true)
	c := p.talking(first)
	t.Logf("# was pressed, and 1002 answered %s later (it rings %s)", time.Since(began).Round(time.Millisecond), demoRinging)
	if c.Server != "primary" || !p.lit(line1LED) {
		t.Errorf("call %+v, the lamp of line 1 is lit: %v", c, p.lit(line1LED))
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
	p.pull(guestHook, true)
	p.await(p.last, "call", func(e eventSeen) bool { return e.Data.State == "ended" })
	p.terminate()
	if p.lit(powerLED) {
		t.Error("the phone is off, its power lamp is on")
	}
}

// TestPhoneLosesItsChip: the chip goes and comes back; the phone stays, and is used meanwhile from its page.
func TestPhoneLosesItsChip(t *testing.T) {
	p := onPins(t)
	if err := p.chip.Unplug(); err != nil {
		t.Fatal(err)
	}
	p.last = p.await(p.last, "fault", func(e eventSeen) bool { return e.Data.Message != "" }).Seq
	p.do("POST", "phone/keys", `{"keys":"1"}`, nil)
	p.moved("key", "api")
	p.moved("key", "api")
	if err := p.chip.Plug(); err != nil {
		t.Fatal(err)
	}
	p.last = p.await(p.last, "fault", func(e eventSeen) bool { return e.Data.Message == "" }).Seq
	if !p.lit(powerLED) {
		t.Error("the power lamp does not come back")
	}
	p.pull(guestHook, false)
	p.moved("hook", "board")
	p.terminate()
}

// BenchmarkHookOnPins is from the edge of the hook's pin to its event at a script, beyond the debounce time.
func BenchmarkHookOnPins(b *testing.B) {
	p := onPins(b)
	const debounce = 20 * time.Millisecond
	var took []time.Duration
	for b.Loop() {
		took = append(took, hookToREST(b, p.process, 100, debounce, func(off bool) { p.pull(guestHook, !off) })...)
	}
	report(b, "hook", took)
	b.ReportMetric(0, "ns/op")
	p.terminate()
}

// TestBoardCheck: the command tells of every pin.
func TestBoardCheck(t *testing.T) {
	newChip(t)
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
