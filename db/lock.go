package db

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lockFile is the file in the data directory that the running phone holds locked; it contains its process id. It stays when the
// phone ends, for to remove it would let two processes lock two files.
const lockFile = "lock"

// ErrInUse says that another process has the data directory.
var ErrInUse = errors.New("is in use by another phone")

// lockDirectory makes dir this process's own until the file is closed, at the latest by the end of the process.
func lockDirectory(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory %s: file %s: %w", dir, lockFile, bare(err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("data directory %s: lock: %w", dir, err)
		}
		content, _ := io.ReadAll(io.LimitReader(f, 32)) // who has it is told if it is known
		if pid, ok := parsePID(string(content)); ok {
			return nil, fmt.Errorf("data directory %s %w, process %d", dir, ErrInUse, pid)
		}
		return nil, fmt.Errorf("data directory %s %w", dir, ErrInUse)
	}
	// The lock holds without the number in it.
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return f, nil
}

// Running reports whether a phone runs on the data directory: another process has it as its own.
func (d *DB) Running() (bool, error) {
	if d.lock != nil {
		return false, nil
	}
	f, err := os.OpenFile(filepath.Join(filepath.Dir(d.file), lockFile), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil // none ever did
	}
	if err != nil {
		return false, fmt.Errorf("data directory: file %s: %w", lockFile, bare(err))
	}
	defer f.Close() // which gives the lock back
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

func parsePID(content string) (int, bool) {
	pid, err := strconv.Atoi(strings.TrimSpace(content))
	return pid, err == nil && pid > 0
}
