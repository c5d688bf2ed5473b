package evidence

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// The elements of a JUnit file, as build servers read them: a suite for each scenario, a case for each time it was played.
type (
	junitSuites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Name     string   `xml:"name,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Time     string   `xml:"time,attr"`
		Suites   []junitSuite
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
		Cases      []junitCase
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
		Skipped   *junitCause `xml:"skipped"`
		Error     *junitCause `xml:"error"`
		Failure   *junitCause `xml:"failure"`
		SystemOut string      `xml:"system-out"`
	}
	junitCause struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// junit makes the JUnit file of runs.
func junit(runs []Run) ([]byte, error) {
	all := junitSuites{Name: "hilphone bench"}
	var total time.Duration
	for _, of := range byScenario(runs) {
		suite, took := junitOf(of)
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

func junitOf(rounds []Run) (junitSuite, time.Duration) {
	first := rounds[0]
	suite := junitSuite{Name: first.Name, Tests: len(rounds), Timestamp: first.Started.UTC().Format("2006-01-02T15:04:05")}
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
	for _, r := range rounds {
		c := junitCase{Class: class(r), Name: r.title(), Time: seconds(r.Duration), SystemOut: r.outline()}
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

// byScenario puts the rounds of a scenario together, in the order in which the scenarios came.
func byScenario(runs []Run) (groups [][]Run) {
	at := map[string]int{}
	for _, r := range runs {
		key := r.File + "\x00" + r.Name
		i, known := at[key]
		if !known {
			i = len(groups)
			at[key], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

// class is what build servers group by: the scenario's file without its extension.
func class(r Run) string {
	name := path.Base(strings.ReplaceAll(r.File, `\`, "/"))
	return "hilphone." + cmp.Or(strings.TrimSuffix(name, path.Ext(name)), "scenario")
}

// title is the run among others.
func (r Run) title() string {
	if r.Round > 0 {
		return fmt.Sprintf("%s, round %d", r.Name, r.Round)
	}
	return r.Name
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
