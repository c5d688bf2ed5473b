package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// Finish appends the run as the last entry, writes the rest of the files and closes the folder; what comes after it is lost. Run must have
// ended, or end soon.
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
	for _, w := range []struct {
		name  string
		write func(Run) ([]byte, error)
	}{
		{SettingsFile, settingsFile},
	} {
		text, failed := w.write(r)
		if failed == nil {
			failed = f.put(w.name, text)
		}
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("evidence: %s: %w", w.name, failed))
		}
	}
	return errors.Join(err, f.events.Sync(), f.console.Sync(), f.close())
}

// put writes a file of the folder whole.
func (f *Folder) put(name string, text []byte) error {
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(hide(f.hidden, text))
	return errors.Join(err, file.Close())
}

func settingsFile(r Run) ([]byte, error) {
	if len(r.Settings) == 0 {
		return []byte("{}\n"), nil
	}
	var b bytes.Buffer
	if err := json.Indent(&b, r.Settings, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
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
