package gpiovm

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// archive writes the first file system of a guest: a cpio archive of the "newc" kind, see initramfs-buffer-format in the kernel's
// documentation. It is not compressed: the emulator puts it into memory faster than the guest could unpack it.
type archive struct {
	w       *bufio.Writer
	entries int
	folders map[string]bool
}

// Types and permissions of entries, in octal.
const (
	folderMode = 0o040755
	fileMode   = 0o100755
	deviceMode = 0o020600
)

// writeArchive writes an archive of files, by their path in the guest, and the console.
func writeArchive(w io.Writer, files map[string][]byte) error {
	a := &archive{w: bufio.NewWriter(w), folders: map[string]bool{}}
	a.folder("dev")
	a.entry("dev/console", deviceMode, 5, 1, nil)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		guest := strings.TrimPrefix(path.Clean("/"+name), "/")
		a.folder(path.Dir(guest))
		a.entry(guest, fileMode, 0, 0, files[name])
	}
	a.entry("TRAILER!!!", 0, 0, 0, nil)
	if err := a.w.Flush(); err != nil {
		return fmt.Errorf("writing the guest's file system: %w", err)
	}
	return nil
}

// folder makes a folder and those it is in.
func (a *archive) folder(name string) {
	if name == "." || a.folders[name] {
		return
	}
	a.folder(path.Dir(name))
	a.folders[name] = true
	a.entry(name, folderMode, 0, 0, nil)
}

// entry writes one file or device; what the writer cannot take shows when it is flushed.
func (a *archive) entry(name string, mode, major, minor int, data []byte) {
	a.entries++
	const owner, group, links, modified, deviceMajor, deviceMinor, checksum = 0, 0, 1, 0, 0, 0, 0
	fmt.Fprintf(a.w, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", a.entries, mode, owner, group, links, modified,
		len(data), deviceMajor, deviceMinor, major, minor, len(name)+1, checksum)
	const header = 110
	fmt.Fprintf(a.w, "%s\x00%s", name, padding(header+len(name)+1))
	_, _ = a.w.Write(data)
	_, _ = a.w.WriteString(padding(len(data)))
}

// padding fills up to the next multiple of four.
func padding(n int) string { return "\x00\x00\x00"[:(4-n%4)%4] }

// readFiles reads files of the host, by their path in the guest.
func readFiles(names map[string]string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for guest, host := range names {
		data, err := os.ReadFile(host)
		if err != nil {
			return nil, fmt.Errorf("file %s of the guest: %w", guest, err)
		}
		files[guest] = data
	}
	return files, nil
}
