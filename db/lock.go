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

// lockFile is the file in the data directory that the running phone holds locked; it contains its process id and the number of its first
// event. It stays when the phone ends, for to remove it would let two processes lock two files; it is empty then, unless the phone was killed.
const lockFile = "lock"

// ErrInUse says that another process has the data directory.
var ErrInUse = errors.New("is in use by another phone")

// lock is a lock file that is held.
type lock struct {
	*os.File
	killed bool  // the phone before did not end by itself
	first  int64 // the number of its first event
}

// lockDirectory makes dir this process's own until the file is closed, at the latest by the end of the process.
func lockDirectory(dir string) (*lock, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory %s: file %s: %w", dir, lockFile, bare(err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("data directory %s: lock: %w", dir, err)
		}
		content, _ := io.ReadAll(io.LimitReader(f, 64)) // who has it is told if it is known
		if pid, _, ok := parseLock(string(content)); ok {
			return nil, fmt.Errorf("data directory %s %w, process %d", dir, ErrInUse, pid)
		}
		return nil, fmt.Errorf("data directory %s %w", dir, ErrInUse)
	}
	l := &lock{File: f}
	content, _ := io.ReadAll(io.LimitReader(f, 64))
	_, l.first, l.killed = parseLock(string(content))
	l.write(l.first)
	return l, nil
}

// write names the process and the number of its first event. The lock holds without them.
func (l *lock) write(first int64) {
	if err := l.Truncate(0); err == nil {
		_, _ = l.WriteAt(fmt.Appendf(nil, "%d %d\n", os.Getpid(), first), 0)
	}
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

// parseLock reads a process id and, where it is written, the number of an event.
func parseLock(content string) (pid int, first int64, ok bool) {
	fields := append(strings.Fields(content), "", "")
	pid, err := strconv.Atoi(fields[0])
	first, _ = strconv.ParseInt(fields[1], 10, 64)
	return pid, max(first, 0), err == nil && pid > 0
}
