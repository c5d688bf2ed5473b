package gpiovm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCrash: what guests said, and whether that is a crash, and one of a chip that goes.
func TestCrash(t *testing.T) {
	for name, want := range map[string]struct{ crash, unplugging bool }{
		"quiet.txt":     {false, false}, // a chip went, nobody was harmed; a program speaks of a panic
		"sysrq.txt":     {true, false},
		"unplugged.txt": {true, true},
		"elsewhere.txt": {true, false}, // a chip had gone, and something else crashed
		"alone.txt":     {true, false}, // in a chip's line, and none had gone
	} {
		text, err := os.ReadFile(filepath.Join("testdata", "console", name))
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		c := &console{crashed: func() { told++ }}
		for chunk := range strings.SplitAfterSeq(string(text), " ") {
			if _, err := c.Write([]byte(chunk)); err != nil {
				t.Fatal(err)
			}
		}
		crash := findCrash(c.text())
		if (crash != nil) != want.crash || (told == 1) != want.crash {
			t.Errorf("%s: %v, told %d times", name, crash, told)
		} else if crash != nil && crash.Unplugging() != want.unplugging {
			t.Errorf("%s: unplugging is %v", name, !want.unplugging)
		}
	}
}
