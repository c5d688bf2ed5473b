package evidence

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The elements of a JUnit file, as build servers read them: a suite for each scenario, a case for each time it was played.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		XMLName    xml.Name        `xml:"testsuite"`
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		XMLName   xml.Name    `xml:"testcase"`
		Class     string      `xml:"classname,attr"`
		Name      string      `xml:"name,attr"`
		Time      string      `xml:"time,attr"`
		Files     *junitFiles `xml:"properties"`
		Skipped   *junitCause `xml:"skipped"`
		Error     *junitCause `xml:"error"`
		Failure   *junitCause `xml:"failure"`
		SystemOut string      `xml:"system-out"`
	}
	junitFiles struct {
		Properties []junitProperty `xml:"property"`
	}
	junitCause struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// junit makes the JUnit file of runs whose folders are in dir.
func junit(dir string, runs []Run) ([]byte, error) {
	all := junitSuites{Name: "hilphone bench"}
	var total time.Duration
	names := caseNames(runs)
	suites, members := suitesOf(runs)
	for i, of := range members {
		suite, took := junitOf(dir, suites[i], of, runs, names)
		all.Tests, all.Failures, all.Errors, all.Skipped = all.Tests+suite.Tests, all.Failures+suite.Failures, all.Errors+suite.Errors, all.Skipped+suite.Skipped
		all.Suites = append(all.Suites, suite)
		total += took
	}
	all.Time = seconds(total)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	encoder := xml.NewEncoder(&b)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// junitOf is the suite of a scenario: the runs with the indexes of.
func junitOf(dir string, scenario suite, of []int, runs []Run, names []caseName) (junitSuite, time.Duration) {
	first := runs[of[0]]
	suite := junitSuite{Name: scenario.String(), Tests: len(of), Timestamp: first.Started.UTC().Format("2006-01-02T15:04:05")}
	for _, p := range []junitProperty{{"proves", strings.Join(first.Proves, " ")}, {"file", first.File}, {"phone", first.Phone},
		{"servers", first.Servers}, {"rig", first.Rig}} {
		if p.Value != "" {
			suite.Properties = append(suite.Properties, p)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(first.Versions)) {
		suite.Properties = append(suite.Properties, junitProperty{"version of " + name, first.Versions[name]})
	}
	var took time.Duration
	for _, i := range of {
		r := runs[i]
		c := junitCase{Class: names[i].class, Name: names[i].title, Time: seconds(r.Duration), SystemOut: r.outline()}
		c.attach(dir, r)
		switch cause := (&junitCause{r.Cause, string(r.Verdict), r.place() + r.Cause}); r.Verdict {
		case Passed:
		case NotRun:
			c.Skipped = &junitCause{Message: r.Cause}
			suite.Skipped++
		case Failed:
			c.Failure = cause
			suite.Failures++
		default:
			c.Error = cause
			suite.Errors++
		}
		suite.Cases = append(suite.Cases, c)
		took += r.Duration
	}
	suite.Time = seconds(took)
	return suite, took
}

// place is where in the scenario it went wrong, empty or ending in ": ".
func (r Run) place() string {
	for _, s := range r.Steps {
		if s.Verdict == Failed || s.Verdict == Broken {
			return fmt.Sprintf("%s:%d: ", r.File, s.Line)
		}
	}
	return ""
}

// outline is the steps as plain text.
func (r Run) outline() string {
	var b strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "%10s  %-8s %s", seconds(s.Began), s.Verdict.words(), s.Text)
		if s.Measured != nil {
			fmt.Fprintf(&b, "  measured %s s", seconds(*s.Measured))
		}
		if s.Cause != "" {
			b.WriteString("  " + s.Cause)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// seconds writes a duration with three decimals.
func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
