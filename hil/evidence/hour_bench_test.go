package evidence

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// hour fills a folder with an hour of calls, one every 20 s, each of them a failover with all its messages seen by both ends.
func hour(b *testing.B, dir string) (*Folder, Run) {
	b.Helper()
	f, err := Create(dir)
	if err != nil {
		b.Fatal(err)
	}
	s := &story{Folder: f}
	r := Run{Name: "An hour", File: "hour.scenario", Started: started, Verdict: Passed, Duration: time.Hour}
	for i := range 180 {
		s.step, s.at = i+1, time.Duration(i)*20*second
		r.Steps = append(r.Steps, Step{Number: s.step, Line: s.step, Text: "call 1002", Began: s.at, Ended: s.at + 20*second, Verdict: Passed})
		s.call = i
		s.failover()
	}
	return f, r
}

// BenchmarkHour: how large the folder of a run of an hour is, and how long it takes to finish it.
func BenchmarkHour(b *testing.B) {
	var folder, report int64
	var entries int
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		dir := filepath.Join(b.TempDir(), fmt.Sprint(i))
		f, r := hour(b, dir)
		entries = len(f.queue)
		if err := f.flush(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := f.Finish(r); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		folder = 0
		files, err := os.ReadDir(dir)
		if err != nil {
			b.Fatal(err)
		}
		for _, file := range files {
			info, err := file.Info()
			if err != nil {
				b.Fatal(err)
			}
			if folder += info.Size(); file.Name() == ReportFile {
				report = info.Size()
			}
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(report)/1e6, "MB/report")
	b.ReportMetric(float64(folder)/1e6, "MB/folder")
	b.ReportMetric(float64(entries), "entries")
}

// BenchmarkMessage: what a message costs whoever hands it over; the disk is not its business.
func BenchmarkMessage(b *testing.B) {
	f, err := Create(filepath.Join(b.TempDir(), "run"))
	if err != nil {
		b.Fatal(err)
	}
	m := Message{Seen: FromPhone, Out: true, Slot: "primary", Local: "127.0.0.1:5070", Remote: "127.0.0.2:5060", Start: "REGISTER sip:127.0.0.2 SIP/2.0",
		Raw: []byte("REGISTER sip:127.0.0.2 SIP/2.0\r\nAuthorization: Digest username=\"1001\", realm=\"lab\", response=\"0123456789abcdef\"\r\nContent-Length: 0\r\n\r\n")}
	b.ReportAllocs()
	for b.Loop() {
		f.Message(m)
		f.queue = f.queue[:0]
	}
}
