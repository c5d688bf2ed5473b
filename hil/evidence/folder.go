// Package evidence is the folder that a run leaves behind, so that a colleague who was not there can see what happened: every key press,
// lamp, SIP message, server fault and REST call on one clock, and the verdict. Its files have the same names in every run:
//
//	report.html    all of it to read, in one file that needs no other
//	junit.xml      the verdict for a build server
//	events.jsonl   every entry, one a line, written as it happens
//	console.log    what the terminal showed, written as it happens
//	sip.pcapng     every SIP message, for Wireshark
//	gpio.vcd       hook, keys, lamps, ringer and call, for a logic analyser's viewer
//	settings.json  the phone's settings when the run began, without secrets
//
// The folder and its files are their owner's alone: numbers, addresses and what was called are in them.
package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// Names of the files in the folder.
const (
	ReportFile   = "report.html"
	JUnitFile    = "junit.xml"
	EventsFile   = "events.jsonl"
	ConsoleFile  = "console.log"
	CaptureFile  = "sip.pcapng"
	WavesFile    = "gpio.vcd"
	SettingsFile = "settings.json"
)

// Folder takes the evidence of one run. Its methods may be called from several goroutines; none but Run and Finish waits for a disk.
type Folder struct {
	root    *os.Root // nothing is written outside of it
	events  *os.File
	console *os.File

	show func(Message)

	mu       sync.Mutex
	queue    []pending
	hidden   *strings.Replacer
	secrets  []string
	finished bool
	err      error // the first
	wake     chan struct{}

	writing sync.Mutex // held while the queue is written, so that what is appended keeps its order
}

// pending is what waits for the disk: an entry, or text for the console.
type pending struct {
	entry *Entry
	text  []byte
}

// Create makes the folder dir, with those above it, and begins events.jsonl and console.log in it. A folder that already holds a run is refused:
// evidence is not written over.
func Create(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	f := &Folder{root: root, wake: make(chan struct{}, 1)}
	if f.events, err = f.begin(EventsFile); err == nil {
		f.console, err = f.begin(ConsoleFile)
	}
	if err != nil {
		err = errors.Join(err, f.close())
		if errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("evidence: %s already holds a run: %w", dir, err)
		}
		return nil, fmt.Errorf("evidence: %w", err)
	}
	return f, nil
}

func (f *Folder) begin(name string) (*os.File, error) {
	return f.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
}

// Hide keeps these texts, passwords and tokens, out of every file: *** stands for each. Empty ones are ignored.
func (f *Folder) Hide(secrets ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range secrets {
		if s != "" {
			f.secrets = append(f.secrets, s)
		}
	}
	f.hidden = hider(f.secrets)
}

// Entry appends an entry. Members of its data that are named like a secret (…password, …token) become null.
func (f *Folder) Entry(e Entry) {
	e.Data = withoutSecrets(e.Data)
	f.append(pending{entry: &e})
}

// Message appends a SIP message.
func (f *Folder) Message(m Message) {
	f.mu.Lock()
	hidden := f.hidden
	f.mu.Unlock()
	m.Raw = hide(hidden, Mask(m.Raw)) // what is no text is base64 in its entry, where no secret is found
	e := m.entry()
	f.append(pending{entry: &e})
	if f.show != nil {
		f.show(m)
	}
}

// Show has every message, its secrets masked, shown to somebody else too, who does not wait. It is called before the first message; nil is nobody.
func (f *Folder) Show(to func(Message)) { f.show = to }

// Level appends a level.
func (f *Folder) Level(l Level) {
	e := l.entry()
	f.append(pending{entry: &e})
}

// Console takes what the terminal shows, for console.log. Its Write never fails and never waits.
func (f *Folder) Console() io.Writer { return console{f} }

type console struct{ folder *Folder }

func (c console) Write(text []byte) (int, error) {
	c.folder.append(pending{text: append([]byte(nil), text...)})
	return len(text), nil
}

func (f *Folder) append(p pending) {
	f.mu.Lock()
	if !f.finished {
		f.queue = append(f.queue, p)
	}
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// syncEvery is how much of a run a power cut may cost; what ends only the program costs none of what Run has written.
const syncEvery = 2 * time.Second

// Run writes what is appended as it comes, until ctx ends. Without it all is written by Finish. It returns the first error of the disk;
// the run need not end for it, Finish tells it again.
func (f *Folder) Run(ctx context.Context) error {
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	dirty := false
	for {
		select {
		case <-ctx.Done():
			return f.flush()
		case <-f.wake:
			dirty = true
			_ = f.flush() // kept in f.err
		case <-tick.C:
			if dirty {
				f.sync()
				dirty = false
			}
		}
	}
}

// flush writes the queue.
func (f *Folder) flush() error {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.mu.Lock()
	queue, hidden := f.queue, f.hidden
	f.queue = nil
	err := f.err
	f.mu.Unlock()
	if len(queue) == 0 || err != nil {
		return err
	}
	var events, text []byte
	for _, p := range queue {
		if p.entry == nil {
			text = append(text, p.text...)
			continue
		}
		line, err := json.Marshal(p.entry)
		if err != nil { // cannot be: withoutSecrets has seen the data
			line, _ = json.Marshal(Entry{At: p.entry.At, Kind: p.entry.Kind, From: p.entry.From, Step: p.entry.Step, Text: p.entry.Text})
		}
		events = append(append(events, line...), '\n')
	}
	for _, w := range []struct {
		file *os.File
		text []byte
	}{{f.events, events}, {f.console, text}} {
		if len(w.text) > 0 && err == nil {
			_, err = w.file.Write(hide(hidden, w.text))
		}
	}
	return f.fail(err)
}

// fail keeps the first error.
func (f *Folder) fail(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && f.err == nil {
		f.err = fmt.Errorf("evidence: %w", err)
	}
	return f.err
}

func (f *Folder) sync() {
	f.writing.Lock()
	defer f.writing.Unlock()
	_ = f.fail(errors.Join(f.events.Sync(), f.console.Sync()))
}

func (f *Folder) close() error {
	var errs []error
	for _, file := range []*os.File{f.events, f.console} {
		if file != nil {
			errs = append(errs, file.Close())
		}
	}
	return errors.Join(append(errs, f.root.Close())...)
}
