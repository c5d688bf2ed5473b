package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"hilphone/db/limit"
	"hilphone/db/nearest"
	"hilphone/hil"
	"hilphone/hil/evidence"
	"hilphone/hil/scenario"
)

// benchCommands play scenarios against a phone, this one or another.
type benchCommands struct {
	Run         benchRun     `cmd:"" help:"Plays scenarios against a phone and keeps the evidence. Exit code 0: all passed, or answered what they ask; 1: some failed, 2: could not run."`
	Check       benchCheck   `cmd:"" help:"Reads scenarios and says what is wrong with them; needs no phone."`
	CompareRuns benchCompare `cmd:"" help:"Holds the evidence of a run against that of another: verdicts, times with a tolerance, what is missing. Exit code 0: the same, 1: they differ, 2: a folder cannot be read."`
	Serve       benchServe   `cmd:"" help:"A primary and a backup that misbehave on request, and a phone 1002, by themselves: for a phone of any make."`
	Help        benchHelp    `cmd:"" help:"The language of scenarios: every verb with its words, forms and examples, and what starts the clock."`
	List        benchList    `cmd:"" help:"The scenarios that come with the program; with a name its text."`
	Rig         benchRig     `cmd:"" help:"Tests the hands and eyes of a rig. Exit code 0: all is well, 1: a wire is at fault, 2: could not run."`
	Labgrid     benchLabgrid `cmd:"" help:"Prints what labgrid has to know of a phone: its inputs and lamps as resources."`
}

// benchFiles are scenarios: files, or names of those that come with the program.
type benchFiles struct {
	Files []string `arg:"" name:"file" help:"Scenario files, or names of scenarios or suites that come with the program: hilphone bench list."`
}

// read reads them all; faults are told each in a line of its own.
func (f benchFiles) read(w io.Writer) (all []*scenario.Scenario, err error) {
	faults := 0
	for _, name := range f.names() {
		s, err := readScenario(name)
		if problems := (scenario.Problems)(nil); errors.As(err, &problems) {
			fmt.Fprintln(w, err)
			faults += len(problems)
			continue
		} else if err != nil {
			return nil, usage("%w", err)
		}
		all = append(all, s)
	}
	if faults > 0 {
		return nil, usage("nothing was played: %s", count(faults, "fault"))
	}
	return all, nil
}

// names are the files, with the scenarios of a suite in its place; a file of that name goes first.
func (f benchFiles) names() (names []string) {
	for _, name := range f.Files {
		suite := hil.Suite(name)
		if info, err := os.Stat(name); err == nil && !info.IsDir() || suite == nil {
			suite = []string{name}
		}
		names = append(names, suite...)
	}
	return names
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprint(n, " ", what)
}

// readScenario reads a file, or the one of that name that comes with the program where there is no such file.
func readScenario(name string) (*scenario.Scenario, error) {
	text, err := limit.ReadFile(name, limit.FileSize)
	if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(name, `/\.`) {
		if _, ok := hil.ShippedText(name); ok {
			return hil.OpenShipped(name)
		}
		return nil, fmt.Errorf("%s: there is no such file, and no scenario or suite of that name%s", name, nearScenario(name))
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w%s", err, nearScenario(name))
	}
	if err != nil {
		return nil, err
	}
	return scenario.Parse(name, text)
}

// nearScenario is the name that was most likely meant: a file of the same folder, a scenario or a suite; else where they are listed.
func nearScenario(name string) string {
	dir := filepath.Dir(name)
	var files []string
	entries, _ := os.ReadDir(dir) // a folder that is not there has no files
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".scenario") && !e.IsDir() {
			files = append(files, e.Name())
		}
	}
	if file, ok := nearest.Name(filepath.Base(name), files); ok {
		return "; did you mean " + filepath.Join(dir, file) + "?"
	}
	if strings.ContainsAny(name, `/\`) {
		return ""
	}
	if hint := nearest.Hint(strings.TrimSuffix(name, ".scenario"), append(hil.Shipped(), hil.Suites()...)); hint != "" {
		return hint
	}
	return ": hilphone bench list"
}

type benchCheck struct{ benchFiles }

func (c *benchCheck) Run(env environment) error {
	all, err := c.benchFiles.read(env.Stderr)
	if err != nil {
		return err
	}
	for _, s := range all {
		fmt.Fprintf(env.Stdout, "%s: %s: %s\n", s.File, s.Name, count(len(s.Steps), "step"))
	}
	return nil
}

// benchPlace says where a scenario is played.
type benchPlace struct {
	Phone   string            `env:"HILPHONE_PHONE,HILPHONE_URL" placeholder:"URL" help:"The phone, as http://192.168.1.20:8080."`
	Token   string            `env:"HILPHONE_TOKEN" placeholder:"T" help:"API token of the phone: hilphone token new."`
	Place   string            `type:"path" placeholder:"FILE" help:"Place file: phone, servers, settings."`
	Rig     string            `type:"path" placeholder:"FILE" help:"Rig file: keys and handset moved by outputs, lamps and ringer seen by sensors."`
	Servers string            `placeholder:"KIND" enum:",lab,bench,own" default:"" help:"lab: the phone's own; bench: a pair of the bench's; own: as the place file says."`
	Set     map[string]string `placeholder:"NAME=VALUE" help:"Setting of the line while it is played with, as t1_ms=100."`
}

func (c benchPlace) read() (p hil.Place, err error) {
	if c.Place != "" {
		if p, err = hil.ReadPlace(c.Place); err != nil {
			return p, usage("%w", err)
		}
	}
	if c.Phone != "" {
		p.Phone = c.Phone
	}
	if c.Token != "" {
		p.Token = c.Token
	}
	if c.Servers != "" {
		p.Servers.Kind = c.Servers
	}
	if c.Rig != "" {
		p.Rig = c.Rig
	}
	if p.Phone == "" && p.Rig == "" {
		return p, usage("--phone: which phone? `hilphone demo` prints an export line for one; a phone without a REST interface needs --rig")
	}
	if err := p.Check(); err != nil {
		return p, usage("%w", err)
	}
	return p, nil
}

type benchRun struct {
	benchFiles
	benchPlace
	Out    string `type:"path" placeholder:"DIR" help:"Folder for the evidence; it must not hold a run. Default: hilphone-bench/ and the time."`
	JUnit  string `name:"junit" type:"path" placeholder:"FILE" help:"Writes the verdicts there too, for a build server."`
	HEP    string `name:"hep" placeholder:"ADDR[:PORT]" help:"Capture server, HOMER or sngrep, that is shown every SIP message by HEP version 3; port 9060 unless given."`
	Repeat int    `default:"1" placeholder:"N" help:"Plays all so many times, and makes a table of what was measured."`
}

func (c *benchRun) Run(env environment) (err error) {
	if c.Repeat < 1 || c.Repeat > 10000 {
		return usage("--repeat: %d is not 1 to 10000", c.Repeat)
	}
	all, err := c.benchFiles.read(env.Stderr)
	if err != nil {
		return err
	}
	place, err := c.benchPlace.read()
	if err != nil {
		return err
	}
	hands, err := openRig(place.Rig)
	if err != nil {
		return err
	}
	defer func() { err = closeRig(hands, err) }()
	shown, err := benchCapture(c.HEP, slog.New(slog.NewTextHandler(env.Stderr, nil)))
	if err != nil {
		return err
	}
	dir := c.Out
	if dir == "" {
		dir = filepath.Join("hilphone-bench", time.Now().Format("20060102-150405"))
	}
	transport := &http.Transport{} // no proxy: a phone of the lab
	defer transport.CloseIdleConnections()
	terminal := benchTerminal(env.Stdout, os.Getenv)
	bench := &hil.Bench{Place: place, Rig: hands, Client: &http.Client{Transport: transport}, Version: version, Watch: terminal}
	if err := bench.Adopt(env, c.Set); err != nil {
		return couldNotRun(env, err)
	}
	if err := bench.CheckScope(env, all); err != nil {
		return couldNotRun(env, err)
	}
	series := &hil.Series{Bench: bench, Terminal: terminal, Scenarios: all, Rounds: c.Repeat, Dir: dir, Show: shown.show()}
	if err := series.Check(env); err != nil {
		return couldNotRun(env, err)
	}
	if c.JUnit != "" && replaceable(c.JUnit) {
		series.Verdicts = func(file string) { _ = copyFile(c.JUnit, file) } // in case that this is killed; it is written again at the end
	}
	stop := shown.run(env)
	runs, err := series.Play(env)
	stop()
	if err != nil {
		return usage("--out: %w", err)
	}
	failed := hil.Table(env.Stdout, runs)
	answers := hil.Answers(runs)
	if err := c.scorecard(env, dir, runs, answers); err != nil {
		return usage("--out: %w", err)
	}
	fmt.Fprintf(env.Stdout, "evidence in %s\n", dir)
	if c.JUnit != "" {
		if err := copyFile(c.JUnit, filepath.Join(dir, evidence.JUnitFile)); err != nil {
			return usage("--junit: %w", err)
		}
	}
	switch {
	case env.Err() != nil:
		return errors.New("interrupted")
	}
	for _, a := range answers {
		if a.Answer == evidence.No {
			failed-- // an answer, not a failure of the bench
		}
	}
	if failed > 0 {
		return fmt.Errorf("%s failed", count(failed, "scenario"))
	}
	return nil
}

// serversOf names the servers of the runs: a run that could not begin names none (UX-30).
func serversOf(runs []evidence.Run) string {
	for _, r := range runs {
		if r.Servers != "" {
			return r.Servers
		}
	}
	return "servers that were not reached"
}

// scorecard shows what was answered, and leaves it beside the evidence.
func (c *benchRun) scorecard(env environment, dir string, runs []evidence.Run, answers []evidence.Answer) error {
	if len(answers) == 0 {
		return nil
	}
	var text bytes.Buffer
	err := hil.Scorecard(io.MultiWriter(env.Stdout, &text), serversOf(runs), answers)
	return errors.Join(err, writeEvidence(filepath.Join(dir, hil.ScorecardFile), text.Bytes()))
}

// couldNotRun tells what is wrong, each in a line of its own where it is the scenarios.
func couldNotRun(env environment, err error) error {
	if problems := (scenario.Problems)(nil); errors.As(err, &problems) {
		fmt.Fprintln(env.Stderr, problems)
		return usage("nothing was played: %s", count(len(problems), "fault"))
	}
	return usage("nothing was played: %w", err)
}

func copyFile(to, from string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeEvidence(to, text)
}

// writeEvidence writes a file that is its owner's alone, one that was there too (SE-15). A reader finds the old one or the new one, except where
// the folder takes no other file: then it is written over, as is what is no regular file, --junit /dev/stdout.
func writeEvidence(name string, text []byte) error {
	if !replaceable(name) {
		return os.WriteFile(name, text, 0o600)
	}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*") // of mode 0600
	if err != nil {
		return errors.Join(os.WriteFile(name, text, 0o600), os.Chmod(name, 0o600))
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// replaceable tells whether a file is a regular one, or can become one.
func replaceable(name string) bool {
	info, err := os.Stat(name)
	return err != nil || info.Mode().IsRegular()
}

// benchTerminal says what can be shown: on a terminal the step under way and colours, without NO_COLOR; plain lines elsewhere.
func benchTerminal(w io.Writer, environment func(string) string) *hil.Terminal {
	t := &hil.Terminal{Out: w}
	if !isTerminal(w) || environment("CI") != "" || environment("TERM") == "dumb" {
		return t
	}
	t.Live, t.Colour = true, environment("NO_COLOR") == ""
	t.Width = func() int {
		columns, _, err := term.GetSize(int(w.(*os.File).Fd()))
		if err != nil {
			return 0
		}
		return columns
	}
	return t
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
