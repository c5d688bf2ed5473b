package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"hilphone/db/limit"
)

// SE-05: files that are nested too deep are refused by file, line and column wherever the program reads one, with little memory, and nothing
// is stored.
func TestDeepFiles(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	scenario := file("good.scenario", "scenario a\nhook off\nexpect hook off within 1s\n")
	const size = 64 << 10
	yaml := map[string]string{
		"brackets":  strings.Repeat("[", size),
		"braces":    "hook:\n  pin: " + strings.Repeat("{a: ", size/5),
		"sequences": strings.Repeat("- ", size/2),
		"lines":     "a: |" + strings.Repeat("\n", size/2),
		"shallow":   "a: " + strings.Repeat("[", 40),
	}
	places := map[string]string{
		"brackets": ":1: column 33: nested deeper than 32", "braces": ":2: column ", "sequences": ":1: column 65: nested deeper than 32",
		"lines":   ":2048: column 1: there are more than 2048 lines",
		"shallow": ":1: column 35: nested deeper than 32",
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for name, text := range yaml {
		yaml := file(name+".yaml", text)
		for _, args := range [][]string{
			{"run", "--data", data, "--board", yaml},
			{"board", "check", yaml},
			{"bench", "run", scenario, "--place", yaml},
			{"bench", "run", scenario, "--rig", yaml},
			{"bench", "rig", yaml},
		} {
			refused(t, exitUsage, "", args, yaml+places[name])
		}
		if err := (boardPage{&program{dir: dir}}).SetBoard(t.Context(), text); err == nil || !strings.Contains(err.Error(), "board: line ") {
			t.Errorf("on the page, %s: %v", name, err)
		}
	}
	for name, c := range map[string]struct{ text, want string }{
		"json": {`{"lines":` + strings.Repeat("[", size), "line 1, column 41: nested deeper than 32"},
		"xml":  {"<sysConf>\n" + strings.Repeat("<a>", size), "line 2, column 94: nested deeper than 32"},
	} {
		refused(t, exitUsage, "", []string{"config", "import", "--data", data, file("deep."+name, c.text)}, c.want)
	}
	refused(t, exitUsage, "", []string{"bench", "check", file("long.scenario", strings.Repeat("#\n", limit.FileSize))}, "longer than 1048576 bytes")
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 256<<20 {
		t.Errorf("%d MB were needed", used>>20)
	}
	if _, err := os.Stat(filepath.Join(dir, storedBoard)); err == nil {
		t.Error("a board was stored")
	}
}

// SE-05: aliases, which a short file can multiply without end, are refused in a place file.
func TestAliases(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	var text strings.Builder
	text.WriteString("phone: http://127.0.0.1:1\nsettings:\n  a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n")
	for c := 'b'; c < 'j'; c++ {
		text.WriteString("  " + string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 9), ", ") + "]\n")
	}
	place, scenario := filepath.Join(dir, "bomb.yaml"), filepath.Join(dir, "good.scenario")
	for name, text := range map[string]string{place: text.String(), scenario: "scenario a\nhook off\nexpect hook off within 1s\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	refused(t, exitUsage, "", []string{"bench", "run", scenario, "--place", place}, place+":4: aliases are not supported")
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it took %v", took)
	}
}
