package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Names of the files of several runs, beside junit.xml.
const (
	IndexFile   = "index.html"
	TimingsFile = "timings.json"
)

// Summary writes what several runs have in common into dir, scenarios or rounds of one: junit.xml, index.html, timings.json. Each run's
// Folder leads from there to its own. The secrets are those of Folder.Hide.
func Summary(dir string, runs []Run, secrets ...string) error {
	return write(dir, runs, secrets, summaryFile{JUnitFile, junit}, summaryFile{TimingsFile, timingsFile}, summaryFile{IndexFile, index})
}

// JUnit writes junit.xml alone.
func JUnit(dir string, runs []Run, secrets ...string) error {
	return write(dir, runs, secrets, summaryFile{JUnitFile, junit})
}

type summaryFile struct {
	name string
	of   func(dir string, runs []Run) ([]byte, error)
}

func write(dir string, runs []Run, secrets []string, files ...summaryFile) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	hidden := hider(secrets)
	for _, f := range files {
		text, failed := f.of(dir, runs)
		if failed == nil {
			failed = put(root, f.name, hide(hidden, text))
		}
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("evidence: %s: %w", f.name, failed))
		}
	}
	return errors.Join(err, root.Close())
}

func timingsFile(_ string, runs []Run) ([]byte, error) {
	timings := Timings(runs)
	if timings == nil {
		timings = []Timing{}
	}
	text, err := json.MarshalIndent(timings, "", "  ")
	return append(text, '\n'), err
}

// put writes a file whole: a reader finds the old one or the new one, also after a crash.
func put(root *os.Root, name string, text []byte) error {
	begun := "." + name + ".part"
	file, err := root.OpenFile(begun, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Chmod(0o600), file.Sync(), file.Close())
	if err == nil {
		err = root.Rename(begun, name)
	}
	if err != nil {
		_ = root.Remove(begun)
	}
	return err
}

// tally counts runs in words: "3 passed, 1 failed".
func tally(counts map[Verdict]int) string {
	var parts []string
	for _, v := range []Verdict{Passed, Failed, Broken, NotRun} {
		if n := counts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v.words()))
		}
	}
	if len(parts) == 0 {
		return "no runs"
	}
	return strings.Join(parts, ", ")
}
