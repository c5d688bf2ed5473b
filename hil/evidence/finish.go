package evidence

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Finish appends the run as the last entry, writes the rest of the files and closes the folder; what comes after it is lost. Run must have
// ended, or end soon. A file that cannot be written does not keep the others from being written.
func (f *Folder) Finish(r Run) error {
	r.Settings = withoutSecrets(r.Settings)
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	f.Entry(Entry{At: r.Duration, Kind: RunKind, From: FromBench, Text: r.headline(), Data: data})
	f.mu.Lock()
	f.finished = true
	f.mu.Unlock()
	err = f.flush()
	f.writing.Lock()
	defer f.writing.Unlock()
	entries, failed := f.readEntries()
	if failed != nil {
		err = errors.Join(err, fmt.Errorf("evidence: %s: %w", EventsFile, failed))
	}
	for _, w := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{SettingsFile, func(w io.Writer) error { return writeSettings(w, r) }},
		{JUnitFile, func(w io.Writer) error {
			single := r
			single.Folder = "" // the files are beside it
			text, err := junit(f.root.Name(), []Run{single})
			_, wrong := w.Write(text)
			return errors.Join(err, wrong)
		}},
		{CaptureFile, func(w io.Writer) error { _, err := w.Write(capture(r, entries)); return err }},
		{WavesFile, func(w io.Writer) error { return writeWaves(w, r, entries) }},
		{ReportFile, func(w io.Writer) error { return writeReport(w, r, entries) }},
	} {
		var b bytes.Buffer
		failed := w.write(&b)
		text := b.Bytes()
		if w.name != CaptureFile { // its messages have been through events.jsonl
			text = hide(f.hidden, text)
		}
		if failed == nil {
			failed = put(f.root, w.name, text)
		}
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("evidence: %s: %w", w.name, failed))
		}
	}
	return errors.Join(err, f.events.Sync(), f.console.Sync(), f.close())
}

// readEntries reads what has been appended back, so that a long run is not kept in memory. A line that was cut short is left out.
func (f *Folder) readEntries() ([]Entry, error) {
	if _, err := f.events.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var entries []Entry
	for lines := bufio.NewReader(f.events); ; {
		line, err := lines.ReadBytes('\n')
		var e Entry
		if len(line) > 0 && json.Unmarshal(line, &e) == nil {
			entries = append(entries, e)
		}
		if err == io.EOF {
			return entries, nil
		}
		if err != nil {
			return entries, err
		}
	}
}

func writeSettings(w io.Writer, r Run) error {
	var b bytes.Buffer
	if len(r.Settings) == 0 {
		b.WriteString("{}")
	} else if err := json.Indent(&b, r.Settings, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

// headline is the run in one line.
func (r Run) headline() string {
	line := r.Name + ": " + r.Verdict.words()
	if r.Cause != "" {
		line += ": " + r.Cause
	}
	return line
}

// words are the verdict as one reads it.
func (v Verdict) words() string {
	if v == NotRun {
		return "not run"
	}
	return string(v)
}
