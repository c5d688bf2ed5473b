package db

import (
	"fmt"
	"strings"
	"testing"

	"hilphone/db/sysconf"
)

// largeFile is a text file of the size of a desk phone's: 1400 keys, of six lines and of the device, in modules and sub-lists.
func largeFile(n int) []byte {
	var b strings.Builder
	b.WriteString("<<VOIP CONFIG FILE>>Version:2.0000000000\r\n<SIP CONFIG MODULE>\r\n--SIP Line List--  :\r\n")
	left := 1400
	for line := 1; line <= 6; line++ {
		for _, k := range sysconf.LineKeys() {
			value := k.Default
			if k.Name == "Failback Interval" {
				value = fmt.Sprint(60 + n)
			}
			fmt.Fprintf(&b, "SIP%d %s:%s\r\n", line, k.Name, value)
			left--
		}
	}
	for module := 1; left > 0; module++ {
		fmt.Fprintf(&b, "<M%d CONFIG MODULE>\r\n", module)
		for list := 1; list <= 10 && left > 0; list++ {
			fmt.Fprintf(&b, "--Config%d--:\r\n", list)
			for key := 1; key <= 14 && left > 0; key++ {
				fmt.Fprintf(&b, "Fkey%d Value:%d@%d/bc\r\n", key, n, key)
				left--
			}
		}
	}
	b.WriteString("<<END OF FILE>>\r\n")
	return []byte(b.String())
}

// BenchmarkImport takes a file of 1400 keys over, of which some 400 change each time: read, merged, a copy of what was there and the whole stored in one
// transaction. It is to take less than 50 ms.
func BenchmarkImport(b *testing.B) {
	d := mustOpen(b, b.TempDir())
	n := 0
	for b.Loop() {
		n++
		f, err := sysconf.Parse(largeFile(n))
		if err != nil {
			b.Fatal(err)
		}
		err = d.ChangeConfiguration(b.Context(), BeforeImport, func(c sysconf.Configuration) (sysconf.Configuration, error) {
			next, report, err := c.Merge(f, false)
			if report.Keys != 1400 || len(report.Changes) < 400 {
				b.Fatalf("%d keys, %d changes", report.Keys, len(report.Changes))
			}
			return next, err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
