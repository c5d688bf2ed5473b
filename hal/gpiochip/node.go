package gpiochip

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/warthog618/go-gpiocdev/uapi"
)

// LineState is a line as it is now.
type LineState struct {
	Name   string // that the kernel has for it; empty: none
	Used   bool
	Holder string // who uses it, in his own words
	Output bool
}

// askChip asks a chip of its names.
func askChip(f *os.File) (uapi.ChipInfo, error) { return uapi.GetChipInfo(f.Fd()) }

// askLine asks a chip of one of its lines.
func askLine(f *os.File, offset int) (LineState, error) {
	info, err := uapi.GetLineInfoV2(f.Fd(), offset)
	if err != nil {
		return LineState{}, fmt.Errorf("line %d: %w", offset, err)
	}
	return LineState{
		Name: uapi.BytesToString(info.Name[:]), Holder: uapi.BytesToString(info.Consumer[:]),
		Used: info.Flags.IsUsed(), Output: info.Flags.IsOutput(),
	}, nil
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
	n := node{path: path, name: uapi.BytesToString(info.Name[:]), label: uapi.BytesToString(info.Label[:]), lines: int(info.Lines)}
	if n.label == "" {
		n.label = n.name
	}
	return n, err
}
