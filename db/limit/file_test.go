package limit

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// SE-02: only regular files of a bounded size are read, by whatever name, and none is waited for.
func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("ten", "0123456789")
	write("eleven", "0123456789a")
	write("empty", "")
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(syscall.Mkfifo(at("fifo"), 0o600))
	socket, err := net.Listen("unix", at("socket"))
	must(err)
	defer socket.Close()
	for name, to := range map[string]string{"link": "ten", "link-to-fifo": "fifo", "link-to-zero": "/dev/zero", "loop": "loop", "dangling": "none"} {
		must(os.Symlink(to, at(name)))
	}
	for name, want := range map[string]string{
		at("ten"): "", at("empty"): "", at("link"): "", at("eleven"): "eleven: longer than 10 bytes",
		at("fifo"): "is a FIFO, not a regular file", at("link-to-fifo"): "is a FIFO", at("socket"): "is a socket", dir: "is a directory",
		"/dev/zero": "/dev/zero: is a device, not a regular file", at("link-to-zero"): "is a device", "/dev/null": "is a device", "/dev/tty": "is a device",
		at("none"): "no such file", at("dangling"): "no such file", at("loop"): "too many", at("ten") + "/x": "not a directory", "": "no such file",
		"a\x00b": "invalid argument", "/proc/kallsyms": "longer than 10 bytes", strings.Repeat("x", 300): "too long",
	} {
		began := time.Now()
		text, err := ReadFile(name, 10)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) || err != nil && text != nil {
			t.Errorf("%.40q: %q %v, want %q", name, text, err, want)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%.40q took %v", name, took)
		}
	}
	if _, err := ReadFile(at("none"), 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if os.Geteuid() != 0 {
		must(os.Chmod(at("ten"), 0))
		if _, err := ReadFile(at("ten"), 10); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("a file that may not be read: %v", err)
		}
	}
}

// SE-02: a file that a setting names has 1 MiB at most.
func TestFileSize(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	for size, good := range map[int]bool{1 << 20: true, 1<<20 + 1: false} {
		if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		text, err := ReadFile(name, FileSize)
		if (err == nil) != good || good && len(text) != size || !good && !strings.HasSuffix(err.Error(), "longer than 1048576 bytes") {
			t.Errorf("%d bytes: %d, %v", size, len(text), err)
		}
	}
}

// SE-02: a file that becomes another kind of file between the two looks is refused by the second.
func TestReadFileExchanged(t *testing.T) {
	f, err := os.OpenFile("/dev/zero", os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if text, err := readOpen(f, 10); text != nil || err == nil || !strings.Contains(err.Error(), "is a device") {
		t.Errorf("%q %v", text, err)
	}
}
