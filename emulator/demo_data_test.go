package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// RS-12: the demo says whether anything of it is kept, and that is so: with --data the directory keeps it, without nothing is left.
func TestDemoSaysWhatIsKept(t *testing.T) {
	t.Parallel()
	end := regexp.MustCompile(`(?s)Ctrl-C ends it; .*\.\n`)
	dir := filepath.Join(t.TempDir(), "data")
	for round := range 2 {
		p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--data", dir)
		if text := p.out.wait(t, p, end)[0]; strings.Contains(text, "nothing is kept") || !strings.Contains(text, dir+" keeps settings, calls and events") {
			t.Errorf("with --data it says %q", text)
		}
		var set struct {
			Name string `json:"display_name"`
		}
		if p.do("GET", "lines/2/sip", "", &set); round == 1 && set.Name != "of the first round" {
			t.Errorf("line 2 is called %q in the second round", set.Name)
		}
		p.do("PATCH", "lines/2/sip", `{"display_name":"of the first round"}`, nil)
		p.terminate()
	}
	temporary := t.TempDir()
	p := launchIn(t, self(t), []string{"TMPDIR=" + temporary}, "demo", "--listen", "127.0.0.1:0")
	if text := p.out.wait(t, p, end)[0]; !strings.Contains(text, "nothing is kept.") {
		t.Errorf("without --data it says %q", text)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) == 0 {
		t.Errorf("while it runs there is %v in the temporary directory, %v", left, err)
	}
	p.terminate()
	if left, err := os.ReadDir(temporary); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}
