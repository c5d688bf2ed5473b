package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// binary builds the phone as a user does, once, and says where it is.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hilphone-built-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "hilphone")
	out, err := exec.Command("go", "build", "-trimpath", "-o", path, ".").CombinedOutput()
	if err != nil {
		os.Stderr.Write(out)
	}
	builtIn = dir
	return path, err
})

// builtIn is the folder of the binary, empty if none was built.
var builtIn string

func removeBuilt() {
	if builtIn != "" {
		_ = os.RemoveAll(builtIn) // a folder for temporary files
	}
}

func built(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
