package rpi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"unsafe"
)

// watchDevices calls changed when a GPIO chip appears, disappears or gets other permissions, until ctx ends: inotify(7). A line tells
// nobody that its chip is gone: who waits for an edge of it goes on waiting.
func watchDevices(ctx context.Context, changed func()) error {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return fmt.Errorf("watching /dev: %w", err)
	}
	f := os.NewFile(uintptr(fd), "inotify")
	if _, err := syscall.InotifyAddWatch(fd, "/dev", syscall.IN_CREATE|syscall.IN_DELETE|syscall.IN_ATTRIB); err != nil {
		return errors.Join(fmt.Errorf("watching /dev: %w", err), f.Close())
	}
	var ending sync.WaitGroup
	defer ending.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ending.Go(func() {
		<-ctx.Done()
		_ = f.Close() // ends the read
	})
	events := make([]byte, 4096)
	for {
		n, err := f.Read(events)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("watching /dev: %w", err)
		}
		if namesChip(events[:n]) {
			changed()
		}
	}
}

// namesChip reports whether one of the events is of a GPIO chip: struct inotify_event, whose last field is the length of the name that
// follows.
func namesChip(events []byte) bool {
	for len(events) >= syscall.SizeofInotifyEvent {
		e := (*syscall.InotifyEvent)(unsafe.Pointer(&events[0]))
		end := min(syscall.SizeofInotifyEvent+int(e.Len), len(events))
		if strings.HasPrefix(string(events[syscall.SizeofInotifyEvent:end]), "gpiochip") {
			return true
		}
		events = events[end:]
	}
	return false
}
