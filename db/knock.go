package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// knock tells the phone that has the data directory that its configuration was changed beside it: the times of its lock file change,
// which Watch sees. A phone that is not told finds the change at its next start.
func (d *DB) knock() {
	if d.lock != nil {
		return // this is that phone
	}
	now := time.Now()
	if err := os.Chtimes(filepath.Join(filepath.Dir(d.file), lockFile), now, now); err != nil && !errors.Is(err, os.ErrNotExist) {
		d.log.Warn("a running phone is not told of the new configuration", "err", bare(err))
	}
}

// Watch calls changed when it has begun, and whenever another process has changed the configuration as a whole, until ctx ends:
// inotify(7), for a phone that only looked now and then would never sleep long.
func (d *DB) Watch(ctx context.Context, changed func()) error {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return fmt.Errorf("watching the data directory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "inotify")
	if _, err := syscall.InotifyAddWatch(fd, filepath.Join(filepath.Dir(d.file), lockFile), syscall.IN_ATTRIB); err != nil {
		return errors.Join(fmt.Errorf("watching the data directory: file %s: %w", lockFile, err), f.Close())
	}
	var ending sync.WaitGroup
	defer ending.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ending.Go(func() {
		<-ctx.Done()
		_ = f.Close() // ends the read
	})
	for events := make([]byte, 4096); ; {
		changed()
		if _, err := f.Read(events); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("watching the data directory: %w", err)
		}
	}
}
