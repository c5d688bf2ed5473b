package main

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dropProgram lets the kernel take back the pages of the program's file that only the start has used: code, and tables of what lies
// where in it. They stay in its page cache, where they are found again without the disk. Whatever fails leaves all as it is.
func dropProgram() {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer maps.Close()
	for _, m := range untouched(maps, self) {
		// The address is the kernel's own word for where they are.
		pages := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&m.start))), m.end-m.start)
		_ = unix.Madvise(pages, unix.MADV_DONTNEED)
	}
}

// mapping is where a part of a file is in memory.
type mapping struct{ start, end uint64 }

// untouched lists, from smaps (proc(5)), the mappings of a file that cannot be written and are as they are in the file. Not so the
// tables that the loader has filled in and then locked, which are anonymous: taken back, they would be empty. Dirty does not matter:
// that is a file that was only just installed and is not on the disk yet.
func untouched(smaps io.Reader, file string) (found []mapping) {
	var m mapping
	candidate, clean := false, false
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		f := strings.Fields(lines.Text())
		switch {
		case len(f) >= 5 && !strings.HasSuffix(f[0], ":"):
			m, candidate = readOnly(f, file)
			clean = false
		case len(f) == 3 && f[0] == "Anonymous:":
			clean = f[1] == "0"
		case len(f) == 3 && f[0] == "Swap:" && f[1] == "0" && candidate && clean:
			found = append(found, m)
		}
	}
	return found
}

// readOnly reads the first line of a mapping, of the file and not to be written.
func readOnly(f []string, file string) (m mapping, ok bool) {
	from, to, _ := strings.Cut(f[0], "-")
	var err1, err2 error
	m.start, err1 = strconv.ParseUint(from, 16, 64)
	m.end, err2 = strconv.ParseUint(to, 16, 64)
	return m, err1 == nil && err2 == nil && m.end > m.start && len(f) == 6 && f[5] == file && (f[1] == "r-xp" || f[1] == "r--p")
}
