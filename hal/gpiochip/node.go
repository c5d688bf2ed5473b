package gpiochip

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"unsafe"
)

// What the kernel tells of a chip and its lines without being asked for one of them: linux/gpio.h, version 2. periph asks for this only
// once, when it starts, and a holder may have come since.

type chipInfo struct {
	name, label [32]byte
	lines       uint32
}

type lineInfo struct {
	name, consumer      [32]byte
	offset, attributes_ uint32
	flags               uint64
	_                   [176]byte
}

const (
	getChipInfo = 0x8044b401 // GPIO_GET_CHIPINFO_IOCTL
	getLineInfo = 0xc100b405 // GPIO_V2_GET_LINEINFO_IOCTL
)

// Flags of a line: GPIO_V2_LINE_FLAG_USED, _OUTPUT.
const (
	flagUsed   = 1 << 0
	flagOutput = 1 << 3
)

// LineState is a line as it is now.
type LineState struct {
	Name   string // that the kernel has for it; empty: none
	Used   bool
	Holder string // who uses it, in his own words
	Output bool
}

// askChip asks a chip of its names.
func askChip(f *os.File) (info chipInfo, err error) {
	return info, ask(f, getChipInfo, unsafe.Pointer(&info))
}

// askLine asks a chip of one of its lines.
func askLine(f *os.File, offset int) (LineState, error) {
	info := lineInfo{offset: uint32(offset)}
	if err := ask(f, getLineInfo, unsafe.Pointer(&info)); err != nil {
		return LineState{}, fmt.Errorf("line %d: %w", offset, err)
	}
	return LineState{
		Name: text(info.name[:]), Holder: text(info.consumer[:]),
		Used: info.flags&flagUsed != 0, Output: info.flags&flagOutput != 0,
	}, nil
}

func ask(f *os.File, question uintptr, answer unsafe.Pointer) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), question, uintptr(answer))
	runtime.KeepAlive(f)
	if e != 0 {
		return e
	}
	return nil
}

func text(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}

// node is a chip that this computer has.
type node struct {
	path        string // /dev/gpiochip0
	name, label string
	lines       int
}

func (n node) String() string { return n.name + " (" + n.label + ")" }

// nodes returns the chips of this computer, each once: /dev may have two names of one. The error is that of chips that were not let look
// at, as far as there are any.
func nodes() (found []node, err error) {
	paths, err := filepath.Glob("/dev/gpiochip*")
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, path := range paths {
		path, e := filepath.EvalSymlinks(path)
		if e != nil || seen[path] { // a name of nothing, or a second one
			continue
		}
		seen[path] = true
		n, e := look(path)
		if e != nil {
			err = fmt.Errorf("looking at %s: %w", path, e)
			continue
		}
		found = append(found, n)
	}
	return found, err
}

func look(path string) (node, error) {
	f, err := os.Open(path)
	if err != nil {
		return node{}, err
	}
	defer f.Close()
	info, err := askChip(f)
	n := node{path: path, name: text(info.name[:]), label: text(info.label[:]), lines: int(info.lines)}
	if n.label == "" {
		n.label = n.name
	}
	return n, err
}
