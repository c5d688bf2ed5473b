package db

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"hilphone/sip/line"
)

// child names, in the environment, what the test binary does instead of testing.
const child = "HILPHONE_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(child) {
	case "hold":
		holdChild(os.Getenv("DIR"))
	case "write":
		writeChild(os.Getenv("DIR"))
	default:
		os.Exit(m.Run())
	}
}

// startChild runs this binary as another process until the test kills it or ends, and returns its output.
func startChild(t *testing.T, what, dir string, env ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(append(os.Environ(), child+"="+what, "DIR="+dir), env...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return c, bufio.NewReader(out)
}

// holdChild opens dir as the phone does and holds it.
func holdChild(dir string) {
	d, err := Open(dir, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	secret, err := d.NewToken(context.Background(), "child", ScopeRead)
	fmt.Println(secret, err)
	_, _ = io.Copy(io.Discard, os.Stdin)
	select {}
}

func mustOpen(t testing.TB, dir string) *DB {
	t.Helper()
	d, err := Open(dir, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestOpenCreatesPrivateFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "hil phone?#%41;ü")
	d := mustOpen(t, dir)
	if err := d.PutLine(t.Context(), 1, line.Default()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"": 0o700 | os.ModeDir, File: 0o600, File + "-wal": 0o600, File + "-shm": 0o600, lockFile: 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if info.Mode() != want {
			t.Errorf("%q has mode %v, want %v", name, info.Mode(), want)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, File+"-wal")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log is left beside the closed database: %v", err)
	}
	if err := os.Chmod(filepath.Join(dir, File), 0o644); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, dir)
	if info, err := os.Stat(filepath.Join(dir, File)); err != nil || info.Mode() != 0o600 {
		t.Errorf("opened again the file has mode %v, error %v", info.Mode(), err)
	}
}

func TestEveryConnectionHasThePragmas(t *testing.T) {
	d := mustOpen(t, t.TempDir())
	for name, pool := range map[string]*sql.DB{"read": d.read, "write": d.write} {
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
			var got string
			if err := pool.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s is %q, want %q (%v)", name, pragma, got, want, err)
			}
		}
	}
	if _, err := d.read.Exec("DELETE FROM token"); err == nil {
		t.Error("the reading connections write")
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	put := func(name, content string) string {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	file := put("file", "")
	noise := filepath.Dir(put("noise/"+File, strings.Repeat("this is no database ", 1000)))
	if err := os.MkdirAll(filepath.Join(dir, "odd", File), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dir, want string }{
		{file, "data directory " + file + ": not a directory"},
		{filepath.Join(file, "below"), "data directory " + filepath.Join(file, "below") + ": not a directory"},
		{noise, "database " + filepath.Join(noise, File) + " is damaged: file is not a database; move it away to begin with the factory settings"},
		{filepath.Join(dir, "odd"), "database " + filepath.Join(dir, "odd", File) + ": is not a file"},
	} {
		d, err := Open(c.dir, nil)
		if err == nil {
			d.Close()
		}
		if got := fmt.Sprint(err); got != c.want {
			t.Errorf("Open(%s)\n got %s\nwant %s", c.dir, got, c.want)
		}
	}
}

func TestOpenNeedsRightsToTheDirectory(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "data")
	if err := os.Mkdir(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	// Others may pass, so that only the directory in question refuses.
	for dir, mode := range map[string]os.FileMode{filepath.Dir(outer): 0o755, outer: 0o555} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(outer, 0o700) })
	var wrong [3]error
	done := make(chan struct{})
	go func() { // as nobody, for nothing refuses root: on a thread of its own, which ends with this goroutine
		defer close(done)
		runtime.LockOSThread()
		_ = syscall.Setfsuid(65534)
		_ = syscall.Setfsgid(65534)
		_, wrong[0] = Open(dir, nil)
		_, wrong[1] = OpenShared(dir, nil)
		_, wrong[2] = Open(filepath.Join(outer, "new"), nil)
	}()
	<-done
	for i, want := range []string{
		"data directory " + dir + ": file lock: permission denied",
		"database " + filepath.Join(dir, File) + ": permission denied",
		"data directory " + filepath.Join(outer, "new") + ": permission denied",
	} {
		if got := fmt.Sprint(wrong[i]); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

func TestDamageIsFoundAtOpen(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, dir)
	for n := range line.MaxLines {
		if err := d.PutLine(t.Context(), n+1, line.Default()); err != nil {
			t.Fatal(err)
		}
	}
	var root int64
	if err := d.read.QueryRow("SELECT rootpage FROM sqlite_schema WHERE name = 'line_setting'").Scan(&root); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, File), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(make([]byte, 100), (root-1)*4096)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if d, err := Open(dir, nil); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("Open says %v", err)
		if err == nil {
			d.Close()
		}
	}
}

func TestOneProcessPerDirectory(t *testing.T) {
	dir := t.TempDir()
	c, out := startChild(t, "hold", dir)
	answer, err := out.ReadString('\n')
	if err != nil || !strings.HasPrefix(answer, tokenPrefix) {
		t.Fatalf("the child said %q (%v)", answer, err)
	}

	want := fmt.Sprintf("data directory %s is in use by another phone, process %d", dir, c.Process.Pid)
	if _, err := Open(dir, nil); !errors.Is(err, ErrInUse) || err.Error() != want {
		t.Errorf("second Open:\n got %v\nwant %s", err, want)
	}

	// A command beside the running phone.
	d, err := OpenShared(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if tok, err := d.Token(t.Context(), strings.Fields(answer)[0]); err != nil || tok.Name != "child" {
		t.Errorf("the phone's token reads as %+v, %v", tok, err)
	}
	if _, err := d.NewToken(t.Context(), "mine", ScopeAdmin); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}

	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // killed
	tokens, err := mustOpen(t, dir).Tokens(t.Context())
	if err != nil || len(tokens) != 2 {
		t.Errorf("after the phone was killed: %v, %v", tokens, err)
	}
}

func TestManyOpenANewDirectoryAtOnce(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			d, err := OpenShared(dir, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := d.NewToken(t.Context(), fmt.Sprint("token ", i), ScopeRead); err != nil {
				t.Error(err)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if tokens, err := mustOpen(t, dir).Tokens(t.Context()); err != nil || len(tokens) != 6 {
		t.Errorf("%d tokens, %v", len(tokens), err)
	}
}

func FuzzParseLock(f *testing.F) {
	for _, s := range []string{"", "12\n", "12 1001\n", "12 -5", "-1", "99999999999999999999", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		pid, first, ok := parseLock(content)
		if ok && (pid <= 0 || !strings.Contains(content, fmt.Sprint(pid)[:1])) || first < 0 {
			t.Errorf("%q is process %d, event %d", content, pid, first)
		}
	})
}
