package limit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// FileSize is how long a file may be that a setting or a flag names, unless its reader says less.
const FileSize = 1 << 20

// readTime is how long the reading of a file may take where the kernel can bound it: files of procfs and tracefs look regular and wait.
const readTime = 2 * time.Second

// ReadFile reads a file of at most so many bytes, and only if it is a regular one (SE-02): a device may have no end or do something when it
// is opened, and a FIFO waits for its other end. It does not wait for anything but the disk.
func ReadFile(name string, most int) ([]byte, error) {
	info, err := os.Stat(name) // before it is opened: opening some devices has an effect
	if err != nil {
		return nil, err
	}
	if err := regular(name, info); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	text, err := readOpen(f, most)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return text, nil
}

func readOpen(f *os.File, most int) ([]byte, error) {
	info, err := f.Stat() // it may have been exchanged since
	if err != nil {
		return nil, err
	}
	if err := regular(f.Name(), info); err != nil {
		return nil, err
	}
	_ = f.SetReadDeadline(time.Now().Add(readTime)) // regular files of a disk have none
	text, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err != nil {
		return nil, err
	}
	if err := checkSize(f.Name(), text, most); err != nil {
		return nil, err
	}
	return text, nil
}

// regular refuses what is no regular file and says what it is.
func regular(name string, info fs.FileInfo) error {
	mode, what := info.Mode(), "something else"
	switch {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		what = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		what = "a FIFO"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	case mode&fs.ModeDevice != 0:
		what = "a device"
	}
	return fmt.Errorf("%s: is %s, not a regular file", name, what)
}
