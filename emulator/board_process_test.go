package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hilphone/webui"
)

// TestBoardSetByScript: the board that a script sets is used at the next start; one that this computer cannot have is a fault then, and
// the phone runs without, so that it can be set again.
func TestBoardSetByScript(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	begin := func(more ...string) *process {
		t.Helper()
		return start(t, self(t), append([]string{"demo", "--listen", "127.0.0.1:0", "--data", dir}, more...)...)
	}
	view := func(p *process) (v webui.BoardPageView) {
		t.Helper()
		p.do("GET", "system/board", "", &v)
		return v
	}
	p := begin()
	if v := view(p); v.Board != "auto" || v.Restart || v.Fixed {
		t.Errorf("at first: %+v", v)
	}
	if status, text := p.ask("PUT", "system/board", `{"board":"hook: {pin: 5}\nlamps: {power: {pin: 5}}\n"}`); status != 422 ||
		!strings.Contains(string(text), `"line 2: lamps.power.pin: GPIO5 is used already: hook in line 1"`) || !strings.Contains(string(text), `"body.board"`) {
		t.Errorf("two uses of a pin: %d %s", status, text)
	}
	const nowhere = "chip: pinctrl-nowhere\nhook: {pin: 17}\n"
	body, err := json.Marshal(map[string]string{"board": nowhere})
	if err != nil {
		t.Fatal(err)
	}
	p.do("PUT", "system/board", string(body), nil)
	if v := view(p); v.Board != nowhere || !v.Restart || v.Kind != "virtual" {
		t.Errorf("set: %+v", v)
	}
	began := time.Now()
	p.do("POST", "system/board/show", `{"name":"lamp_line3"}`, nil)
	if took := time.Since(began); took < walkShow {
		t.Errorf("a lamp was shown for %s", took)
	}
	if _, text := p.ask("GET", "events?type=lamp", ""); !strings.Contains(string(text), `"name":"line3","pattern":"on","test":true`) {
		t.Errorf("the lamp that was shown is not among the events: %s", text)
	}
	if status, _ := p.ask("POST", "system/board/walk", ""); status != 409 {
		t.Errorf("a walk through no keys: %d", status)
	}
	p.terminate()

	p = begin()
	p.await(0, "fault", func(e eventSeen) bool { return strings.Contains(e.Data.Message, "pinctrl-nowhere") })
	if v := view(p); v.Restart || v.Kind != "virtual+none" || len(v.Faults) != 1 || !strings.Contains(v.Faults[0].Message, "board.yaml:1: chip: ") || v.File == "" {
		t.Errorf("started with a chip that is not there: %+v", v)
	}
	p.do("PUT", "phone/hook", `{"state":"off"}`, nil)
	p.do("PUT", "phone/hook", `{"state":"on"}`, nil)
	p.do("PUT", "system/board", `{"board":"virtual"}`, nil)
	p.terminate()

	p = begin()
	if v := view(p); v.Board != "virtual" || v.Restart || v.Kind != "virtual" || len(v.Faults) != 0 {
		t.Errorf("set again: %+v", v)
	}
	p.terminate()
	p = begin("--board", "auto")
	if v := view(p); !v.Fixed || v.Board != "auto" {
		t.Errorf("with --board: %+v", v)
	}
	if status, text := p.ask("PUT", "system/board", `{"board":"virtual"}`); status != 409 || !strings.Contains(string(text), "--board auto") {
		t.Errorf("set although --board is given: %d %s", status, text)
	}
	p.terminate()
}
