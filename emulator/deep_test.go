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

// allocated is how many octets were allocated while something was done.
func allocated(do func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

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
	missing := filepath.Join(dir, "missing.yaml")
	parsing := allocated(func() { refused(t, exitUsage, "", []string{"board", "check", missing}, missing) }) // of a command line alone
	used := int64(0)
	refuse := func(want string, args ...string) {
		t.Helper()
		used += allocated(func() { refused(t, exitUsage, "", args, want) }) - parsing
	}
	for name, text := range yaml {
		yaml := file(name+".yaml", text)
		refuse(yaml+places[name], "run", "--data", data, "--board", yaml)
		refuse(yaml+places[name], "board", "check", yaml)
		refuse(yaml+places[name], "bench", "run", scenario, "--place", yaml)
		refuse(yaml+places[name], "bench", "run", scenario, "--rig", yaml)
		refuse(yaml+places[name], "bench", "rig", yaml)
		used += allocated(func() {
			if err := (boardPage{&program{dir: dir}}).SetBoard(t.Context(), text); err == nil || !strings.Contains(err.Error(), "board: line ") {
				t.Errorf("on the page, %s: %v", name, err)
			}
		})
	}
	refuse("line 1, column 41: nested deeper than 32", "config", "import", "--data", data, file("deep.json", `{"lines":`+strings.Repeat("[", size)))
	refuse("line 2, column 94: nested deeper than 32", "config", "import", "--data", data, file("deep.xml", "<sysConf>\n"+strings.Repeat("<a>", size)))
	refuse("longer than 1048576 bytes", "bench", "check", file("long.scenario", strings.Repeat("#\n", limit.FileSize)))
	if used > 64<<20 {
		t.Errorf("%d MB were needed for the files, beside %d MB for each command line", used>>20, parsing>>20)
	}
	t.Logf("%d KB for the files, %d KB for each command line", used>>10, parsing>>10)
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
