package main

import (
	"slices"
	"strings"
	"testing"
)

// What the program's file holds unchanged is given back; what may be written, was filled in, is swapped out or is of another file is not.
func TestUntouched(t *testing.T) {
	entry := func(head, dirty, anonymous, swap string) string {
		return head + "\nSize: 12 kB\nPrivate_Dirty: " + dirty + " kB\nAnonymous: " + anonymous + " kB\nSwap: " + swap + " kB\nSwapPss: 0 kB\nVmFlags: rd mr mw me \n"
	}
	smaps := strings.Join([]string{
		entry("00001000-00002000 r--p 00000000 fe:00 7                     /opt/hilphone", "0", "0", "0"),
		entry("00002000-00003000 r-xp 00001000 fe:00 7                     /opt/hilphone", "0", "0", "0"),
		entry("00003000-00004000 r--p 00002000 fe:00 7                     /opt/hilphone", "8", "8", "0"),
		entry("00004000-00005000 r--p 00003000 fe:00 7                     /opt/hilphone", "0", "0", "4"),
		entry("00005000-00006000 r--p 00004000 fe:00 7                     /opt/hilphone", "4", "0", "0"),
		entry("00006000-00007000 rw-p 00005000 fe:00 7                     /opt/hilphone", "0", "0", "0"),
		entry("00007000-00008000 r-xp 00000000 fe:00 8                     /lib/libc.so.6", "0", "0", "0"),
		entry("00008000-00009000 r--p 00000000 00:00 0 ", "0", "0", "0"),
		entry("00009000-0000a000 r-xp 00006000 fe:00 7                     /opt/hilphone", "0", "0", "0"),
		"0000a000-0000b000 r--p 00006000 fe:00 7                     /opt/hilphone\nSize: 12 kB\n", // cut off
	}, "")
	want := []mapping{{0x1000, 0x2000}, {0x2000, 0x3000}, {0x5000, 0x6000}, {0x9000, 0xa000}}
	if found := untouched(strings.NewReader(smaps), "/opt/hilphone"); !slices.Equal(found, want) {
		t.Errorf("%x, want %x", found, want)
	}
}
