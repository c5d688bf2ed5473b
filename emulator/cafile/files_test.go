package cafile_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hilphone/db/limit"
	"hilphone/emulator/cafile"
	"hilphone/hil/server"
)

func authority(t *testing.T) []byte {
	t.Helper()
	a, err := server.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a.PEM()
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// SE-02: a file is a regular one of 1 MiB at most with a certificate, named by an absolute path; the error says what it is instead.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	good := authority(t)
	write(t, at("good.pem"), good)
	write(t, at("none.pem"), []byte("hello"))
	write(t, at("key.pem"), []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	write(t, at("empty.pem"), nil)
	write(t, at("longest.pem"), append(good, make([]byte, limit.FileSize-len(good))...))
	write(t, at("longer.pem"), append(good, make([]byte, limit.FileSize-len(good)+1)...))
	if err := syscall.Mkfifo(at("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		at("good.pem"): "", at("longest.pem"): "", at("none.pem"): "holds no certificate in PEM", at("key.pem"): "holds no certificate in PEM",
		at("empty.pem"): "holds no certificate in PEM", at("longer.pem"): "longer than 1048576 bytes", at("fifo"): "is a FIFO, not a regular file",
		dir: "is a directory", "/dev/zero": "is a device", at("missing.pem"): "no such file", "good.pem": "must be an absolute path", "": "must be an absolute path",
	} {
		err := cafile.Check(name)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// SE-02: what a file had is held until it is read again, whatever becomes of the file; what cannot be read changes nothing that is held.
func TestHeld(t *testing.T) {
	name := filepath.Join(t.TempDir(), "ca.pem")
	one, two := authority(t), authority(t)
	var f cafile.Files
	if _, err := f.Roots(name); err == nil || !strings.Contains(err.Error(), "has not been read") {
		t.Errorf("before it is read: %v", err)
	}
	if err := f.Load(name); err == nil {
		t.Error("a missing file was loaded")
	}
	if _, err := f.Roots(name); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing file: %v", err)
	}
	read := func(want bool) {
		t.Helper()
		if changed, err := f.Read(name); err != nil || changed != want {
			t.Errorf("changed %v %v, want %v", changed, err, want)
		}
	}
	write(t, name, one)
	read(true)
	first, err := f.Roots(name)
	if err != nil {
		t.Fatal(err)
	}
	read(false)
	write(t, name, two)
	if err := f.Load(name); err != nil {
		t.Error(err)
	}
	if held, err := f.Roots(name); err != nil || !held.Equal(first) {
		t.Errorf("another change of the file is in force before it is read again: %v", err)
	}
	read(true)
	second, err := f.Roots(name)
	if err != nil || second.Equal(first) {
		t.Errorf("read again it is the same: %v", err)
	}
	write(t, name, []byte("broken"))
	if changed, err := f.Read(name); err == nil || changed {
		t.Error("a broken file was read")
	}
	if held, err := f.Roots(name); err != nil || !held.Equal(second) {
		t.Errorf("a broken file has taken away what was held: %v", err)
	}
	f.Keep(func(n string) bool { return n == name })
	if _, err := f.Roots(name); err != nil {
		t.Errorf("what is used was released: %v", err)
	}
	f.Keep(func(string) bool { return false })
	if _, err := f.Roots(name); err == nil {
		t.Error("what is not used is held")
	}
}
