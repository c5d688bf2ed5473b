package scenario

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hilphone/db/journal/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestBadScenarios: what is wrong is told by file, line and field, all of it at once. The golden files are what a user reads.
func TestBadScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.scenario")
	if err != nil || len(files) != 9 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := Parse(filepath.Base(file), read(t, file))
			if err == nil {
				t.Fatal("nothing is wrong with it")
			}
			golden := strings.TrimSuffix(file, ".scenario") + ".txt"
			// The list of events is that of the table (BE-07), and not a part of the golden file.
			got := strings.ReplaceAll(err.Error()+"\n", strings.Join(event.Types(), ", "), "{events}")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(read(t, golden)); got != want {
				t.Errorf("got\n%v\nwant\n%s", got, want)
			}
		})
	}
}

// TestGoodScenario: every verb is read, and printed as a text that is the same scenario.
func TestGoodScenario(t *testing.T) {
	s, err := Parse("all.scenario", read(t, "testdata/good/all.scenario"))
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, step := range s.Steps {
		verb, _, _ := strings.Cut(step.String(), " ")
		used[verb] = true
	}
	for _, v := range Names(Verbs) {
		if !used[v] {
			t.Errorf("the example lacks %s", v)
		}
	}
	golden := "testdata/good/all.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(s.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(read(t, golden)); s.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", s, want)
	}
	again(t, s)
}

// TestNeeds: what the steps need is a need of the scenario, said or not.
func TestNeeds(t *testing.T) {
	s, err := Parse("x", []byte("scenario A\nserver primary silent\npeer busy\nexpect level line1 on within 1s\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := join(s.Needs); got != "servers, peer, rig" {
		t.Errorf("needs %s", got)
	}
}

func again(t *testing.T, s *Scenario) {
	t.Helper()
	printed := s.String()
	twice, err := Parse(s.File, []byte(printed))
	if err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	if twice.String() != printed {
		t.Errorf("printed\n%s\nand then\n%s", printed, twice)
	}
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// FuzzParse: any text is refused with its place, or is a scenario that is the same when it is printed and read again.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*.scenario", "testdata/good/*.scenario"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			f.Add(string(read(f, file)))
		}
	}
	f.Add("scenario \"a\\nb\"\nnote \"#\" \"at\"\npress 1 as a\nexpect event send k=\"0 1\" within 1s after a")
	f.Add("scenario a\npress 1\nexpect sip INVITE within 1s as a\nexpect sip BYE with Call-ID={a} without Via={a} X={ within 1s")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("f", []byte(text))
		if err != nil {
			if problems, ok := err.(Problems); !ok || len(problems) == 0 || problems[0].Field == "" || problems[0].Message == "" {
				t.Errorf("%#v", err)
			}
			return
		}
		again(t, s)
	})
}
