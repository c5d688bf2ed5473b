package hil

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
)

// verdicts are what a JUnit file says.
type verdicts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
	Suites   []struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Cases    []struct {
			Class   string `xml:"classname,attr"`
			Name    string `xml:"name,attr"`
			Failure *cause `xml:"failure"`
			Error   *cause `xml:"error"`
			Skipped *cause `xml:"skipped"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

type cause struct {
	Message string `xml:"message,attr"`
}

// readVerdicts reads a JUnit file and checks what holds for each: names are different, and the counts are those of the cases (BE-01).
func readVerdicts(t *testing.T, file string) (v verdicts, cases []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	names, suites := map[string]bool{}, map[string]bool{}
	var tests, failures, errs, skipped int
	for _, s := range v.Suites {
		if suites[s.Name] {
			t.Errorf("two suites are %q", s.Name)
		}
		suites[s.Name] = true
		var f, e, k int
		for _, c := range s.Cases {
			name := c.Class + " " + c.Name
			if names[name] {
				t.Errorf("two cases are %q", name)
			}
			names[name] = true
			switch {
			case c.Failure != nil:
				name += ": failure: " + c.Failure.Message
				f++
			case c.Error != nil:
				name += ": error: " + c.Error.Message
				e++
			case c.Skipped != nil:
				name += ": skipped: " + c.Skipped.Message
				k++
			}
			cases = append(cases, name)
		}
		if s.Tests != len(s.Cases) || s.Failures != f || s.Errors != e || s.Skipped != k {
			t.Errorf("the suite %q counts %d, %d, %d and %d of %d, %d, %d and %d", s.Name, s.Tests, s.Failures, s.Errors, s.Skipped, len(s.Cases), f, e, k)
		}
		tests, failures, errs, skipped = tests+len(s.Cases), failures+f, errs+e, skipped+k
	}
	if v.Tests != tests || v.Failures != failures || v.Errors != errs || v.Skipped != skipped {
		t.Errorf("counts %d, %d, %d and %d of %d, %d, %d and %d", v.Tests, v.Failures, v.Errors, v.Skipped, tests, failures, errs, skipped)
	}
	return v, cases
}

// seriesOf is a series of scenarios, each a file with its text, at a fake phone.
func seriesOf(t *testing.T, p *fakePhone, files ...[2]string) *Series {
	t.Helper()
	terminal := &Terminal{Out: &bytes.Buffer{}}
	s := &Series{Bench: &Bench{Place: Place{Phone: "http://phone"}, Client: &http.Client{Transport: p}, Watch: terminal}, Terminal: terminal,
		Dir: filepath.Join(t.TempDir(), "out")}
	for _, f := range files {
		one, err := scenario.Parse(f[0], []byte(f[1]))
		if err != nil {
			t.Fatal(err)
		}
		s.Scenarios = append(s.Scenarios, one)
	}
	return s
}

const (
	short = "scenario Short\nhook off\nexpect hook off within 1s\nhook on\nexpect hook on within 1s\n"
	long  = "scenario Long\nhook off\nwait 1m\nexpect hook off within 1s\nhook on\nexpect hook on within 1s\n"
	wrong = "scenario Wrong\nhook on\nexpect hook off within 1s\n"
)

// BE-01: the same scenario twice, two of one name, files of one name in several folders: the cases of the JUnit file have different names, and
// each its folder.
func TestSeriesNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := seriesOf(t, newFakePhone(), [2]string{"a.scenario", short}, [2]string{"a.scenario", short}, [2]string{"./a.scenario", short}, [2]string{"b/a.scenario", short},
			[2]string{"/b/a.scenario", short}, [2]string{"a_2.scenario", short}, [2]string{"c.scenario", short}, [2]string{"junit.xml.scenario", short}, [2]string{"b.a.scenario", short},
			[2]string{"w.scenario", wrong})
		runs, err := s.Play(t.Context())
		if err != nil || len(runs) != len(s.Scenarios) {
			t.Fatalf("%d runs, %v", len(runs), err)
		}
		v, cases := readVerdicts(t, filepath.Join(s.Dir, evidence.JUnitFile))
		if v.Tests != 10 || v.Failures != 1 || v.Errors != 0 || v.Skipped != 0 {
			t.Errorf("%+v", v)
		}
		for i, want := range []string{"hilphone.a Short", "hilphone.a Short, number 2", "hilphone.a Short, number 3", "hilphone.b.a Short", "hilphone.b.a Short, number 2",
			"hilphone.a_2 Short", "hilphone.c Short", "hilphone.junit_xml Short", "hilphone.b_a Short", "hilphone.w Wrong: failure: "} {
			if !strings.HasPrefix(cases[i], want) {
				t.Errorf("case %d is %q, want %q", i, cases[i], want)
			}
		}
		folders := map[string]bool{}
		for _, r := range runs {
			folders[r.Folder] = true
			if _, err := os.Stat(filepath.Join(s.Dir, r.Folder, evidence.ReportFile)); err != nil {
				t.Error(err)
			}
		}
		if len(folders) != len(runs) {
			t.Errorf("folders %v", folders)
		}
	})
}

// BE-01: rounds of the same scenario, which is there twice.
func TestSeriesRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := seriesOf(t, newFakePhone(), [2]string{"a.scenario", short}, [2]string{"a.scenario", short})
		s.Rounds = 2
		if _, err := s.Play(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, cases := readVerdicts(t, filepath.Join(s.Dir, evidence.JUnitFile))
		const want = "[hilphone.a Short, round 1 hilphone.a Short, round 1, number 2 hilphone.a Short, round 2 hilphone.a Short, round 2, number 2]"
		if got := fmt.Sprint(cases); got != want {
			t.Errorf("cases %s, want %s", got, want)
		}
	})
}

// BE-01: when a series is interrupted, its files have all of it: the run under way says so, what was not played is skipped.
func TestSeriesInterrupted(t *testing.T) {
	for name, c := range map[string]struct {
		rounds int
		files  [][2]string
		want   []string // of the cases, in order
	}{
		"scenarios": {1, [][2]string{{"w.scenario", wrong}, {"l.scenario", long}, {"a.scenario", short}, {"a.scenario", short}},
			[]string{"hilphone.w Wrong: failure: ", "hilphone.l Long: error: wait 1m: interrupted", "hilphone.a Short: skipped: not played: interrupted",
				"hilphone.a Short, number 2: skipped: not played: interrupted"}},
		"rounds": {2, [][2]string{{"a.scenario", short}, {"l.scenario", long}},
			[]string{"hilphone.a Short, round 1", "hilphone.a Short, round 2: skipped: not played: interrupted", "hilphone.l Long, round 1: error: wait 1m: interrupted",
				"hilphone.l Long, round 2: skipped: not played: interrupted"}},
		"one": {1, [][2]string{{"l.scenario", long}}, []string{"hilphone.l Long: error: wait 1m: interrupted"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := seriesOf(t, newFakePhone(), c.files...)
				s.Rounds = c.rounds
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				runs, err := s.Play(ctx)
				if err != nil || len(runs) != len(c.want) {
					t.Fatalf("%d runs, %v", len(runs), err)
				}
				_, cases := readVerdicts(t, filepath.Join(s.Dir, evidence.JUnitFile))
				for i, want := range c.want {
					if len(cases) != len(c.want) || !strings.HasPrefix(cases[i], want) {
						t.Fatalf("cases\n%s\nwant\n%s", strings.Join(cases, "\n"), strings.Join(c.want, "\n"))
					}
				}
				var b strings.Builder
				rest := strings.Count(strings.Join(c.want, "\n"), "skipped")
				if Table(&b, runs); rest > 0 && !strings.HasSuffix(b.String(), fmt.Sprintf(" s, %d not played\n", rest)) {
					t.Errorf("the table says %s", b.String())
				}
				nothingBegun(t, s.Dir)
			})
		})
	}
}

// nothingBegun fails the test if a file was begun and not finished.
func nothingBegun(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".part") {
			t.Errorf("%s was left behind", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// BE-01: a bench that is killed leaves the JUnit file as it was at the beginning of a run: that one in error, the rest skipped.
func TestSeriesKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := seriesOf(t, newFakePhone(), [2]string{"a.scenario", short}, [2]string{"l.scenario", long}, [2]string{"b.scenario", short})
		var told atomic.Int32
		s.Verdicts = func(string) { told.Add(1) }
		done := make(chan error)
		go func() {
			_, err := s.Play(t.Context())
			done <- err
		}()
		time.Sleep(30 * time.Second)
		_, cases := readVerdicts(t, filepath.Join(s.Dir, evidence.JUnitFile))
		const want = "[hilphone.a Short hilphone.l Long: error: the bench was ended in the middle of it hilphone.b Short: skipped: not played]"
		if got := fmt.Sprint(cases); got != want || told.Load() != 2 {
			t.Errorf("cases %s, want %s; told %d times", got, want, told.Load())
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if v, _ := readVerdicts(t, filepath.Join(s.Dir, evidence.JUnitFile)); v.Errors+v.Failures+v.Skipped != 0 || told.Load() != 4 {
			t.Errorf("at the end %+v; told %d times", v, told.Load())
		}
	})
}

// A folder that holds another series is left as it is.
func TestSeriesRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := seriesOf(t, newFakePhone(), [2]string{"a.scenario", short}, [2]string{"b.scenario", short})
		if _, err := s.Play(t.Context()); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile(filepath.Join(s.Dir, evidence.JUnitFile))
		again := seriesOf(t, newFakePhone(), [2]string{"a.scenario", long}, [2]string{"c.scenario", short})
		again.Dir = s.Dir
		runs, err := again.Play(t.Context())
		if err == nil || len(runs) != 2 || runs[0].Verdict != evidence.NotRun {
			t.Errorf("%v %+v", err, runs)
		}
		if after, _ := os.ReadFile(filepath.Join(s.Dir, evidence.JUnitFile)); !bytes.Equal(before, after) {
			t.Errorf("the files of the other series were changed:\n%s", after)
		}
	})
}
