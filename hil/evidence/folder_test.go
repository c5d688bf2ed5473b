package evidence

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const ms = time.Millisecond

func create(t *testing.T) (*Folder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "runs", "one")
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f, dir
}

func contents(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// entries reads events.jsonl.
func entries(t *testing.T, dir string) (all []Entry) {
	t.Helper()
	scanner := bufio.NewScanner(strings.NewReader(contents(t, dir, EventsFile)))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var e Entry
		if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
			t.Fatalf("%s: %v", scanner.Bytes(), err)
		}
		all = append(all, e)
	}
	return all
}

// TestFolderKeepsWhatWasAppended: what Run has written is there although the program ends without Finish.
func TestFolderKeepsWhatWasAppended(t *testing.T) {
	f, dir := create(t)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = f.Run(ctx) })
	f.Entry(Entry{At: 1500 * time.Microsecond, Kind: StepKind, From: FromBench, Step: 1, Text: "hook off"})
	f.Level(Level{At: 2 * ms, Name: "hook", Value: "off"})
	f.Message(Message{At: 3 * ms, Seen: FromPhone, Out: true, Start: "REGISTER sip:x SIP/2.0", Raw: []byte("REGISTER sip:x SIP/2.0\r\n\r\n")})
	if _, err := f.Console().Write([]byte("1 hook off\n")); err != nil {
		t.Fatal(err)
	}
	cancel()
	wg.Wait()
	all := entries(t, dir)
	if len(all) != 3 || all[0].At != 1500*time.Microsecond || all[0].Text != "hook off" || all[0].Step != 1 || all[1].Kind != LevelKind ||
		string(all[1].Data) != `{"name":"hook","value":"off"}` || all[2].From != FromPhone {
		t.Errorf("events.jsonl holds %+v", all)
	}
	var m Message
	if err := json.Unmarshal(all[2].Data, &m); err != nil || !m.Out || string(m.Raw) != "REGISTER sip:x SIP/2.0\r\n\r\n" {
		t.Errorf("message %+v, %v", m, err)
	}
	if text := contents(t, dir, ConsoleFile); text != "1 hook off\n" {
		t.Errorf("console.log holds %q", text)
	}
	if err := f.close(); err != nil {
		t.Error(err)
	}
}

func TestFolderIsNotWrittenOver(t *testing.T) {
	f, dir := create(t)
	if err := f.Finish(Run{Name: "one", Verdict: Passed}); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "already holds a run") {
		t.Errorf("a second run in the same folder: %v", err)
	}
}

// TestFolderStaysInside: a link that leads out of the folder is not followed.
func TestFolderStaysInside(t *testing.T) {
	f, dir := create(t)
	outside := filepath.Join(t.TempDir(), "outside")
	for _, name := range []string{SettingsFile, "." + ReportFile + ".part"} {
		if err := os.Symlink(outside, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Finish(Run{Settings: json.RawMessage(`{"a":1}`)}); err == nil || !strings.Contains(err.Error(), ReportFile) {
		t.Errorf("a file outside was to be written: %v", err)
	}
	if info, err := os.Lstat(filepath.Join(dir, SettingsFile)); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the link was not replaced: %v, %v", info, err)
	}
	if _, err := os.Stat(outside); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("outside of the folder: %v", err)
	}
}

func TestFolderHidesSecrets(t *testing.T) {
	f, dir := create(t)
	f.Hide("hunter<2>", "", "tok3n")
	f.Entry(Entry{Kind: RESTKind, Text: "Authorization: Bearer tok3n", Data: json.RawMessage(`{"auth_password":"x1x1","a":[{"api_token":"y2y2","n":12345678901234567890}]}`)})
	f.Message(Message{Raw: []byte("REGISTER sip:a SIP/2.0\r\nAuthorization: Digest username=\"1001\", response=\"abcd\",\r\n cnonce=ef, nc=1\r\n\r\n")})
	f.Message(Message{Raw: []byte("REGISTER sip:a SIP/2.0\r\nproxy-authorization: Basic aGk6aG8=\r\nTo: x\r\n\r\n")})
	_, _ = f.Console().Write([]byte("password hunter<2> of 1001\n"))
	if err := f.Finish(Run{Name: "hunter<2>", Settings: json.RawMessage(`{"lines":[{"auth_password":"z3z3"}]}`)}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 7 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text := contents(t, "", name)
		for _, secret := range []string{"hunter", "tok3n", "x1x1", "y2y2", "z3z3", "abcd", "=ef", "aGk6aG8="} {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells %q:\n%s", filepath.Base(name), secret, text)
			}
		}
	}
	if text := contents(t, dir, EventsFile); !strings.Contains(text, `12345678901234567890`) || !strings.Contains(text, `username=\"1001\"`) || !strings.Contains(text, `To: x`) {
		t.Errorf("more is hidden than the secrets:\n%s", text)
	}
}

// TestFolderWritesNothingAfterADiskError: the error is told, memory does not grow for it.
func TestFolderTellsDiskErrors(t *testing.T) {
	f, _ := create(t)
	if err := f.events.Close(); err != nil {
		t.Fatal(err)
	}
	f.Entry(Entry{Text: "lost"})
	if err := f.flush(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a write to a closed file: %v", err)
	}
	f.Entry(Entry{Text: "lost too"})
	if err := f.Finish(Run{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("finished with %v", err)
	}
}

func TestMessageRoundTrip(t *testing.T) {
	for _, raw := range [][]byte{[]byte("BYE"), {0xff, 0xfe, 0}, {}} {
		in := Message{Seen: FromBackup, Out: true, Line: 2, Slot: "backup", Transport: "tls", Local: "a:1", Remote: "b:2", CallID: "c", Start: "BYE", Raw: raw}
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out Message
		if err := json.Unmarshal(text, &out); err != nil || !bytes.Equal(out.Raw, raw) || out.Slot != "backup" || !out.Out || out.Line != 2 {
			t.Errorf("%s reads as %+v, %v", text, out, err)
		}
	}
}
