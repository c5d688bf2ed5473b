package uas

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden traces again")

// TestTraces plays the files of testdata. The first line is "transaction invite|non-invite udp|tcp [T1 T2 T4]"; lines that begin with > are events and
// waits, lines that begin with < what the transaction does, with the instant in seconds.
func TestTraces(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no traces: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func play(t *testing.T, text string) string {
	var out strings.Builder
	var d *driver
	for _, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if strings.HasPrefix(l, "< ") {
			continue
		}
		fmt.Fprintln(&out, l)
		fields := strings.Fields(l)
		switch {
		case strings.HasPrefix(l, "transaction "):
			timers := Timers{500 * time.Millisecond, 4 * time.Second, 5 * time.Second}
			if len(fields) == 6 {
				timers = Timers{duration(t, fields[3]), duration(t, fields[4]), duration(t, fields[5])}
			}
			d = &driver{Transaction: New(fields[1] == "invite", fields[2] == "tcp", timers), timers: map[Timer]time.Duration{}}
		case strings.HasPrefix(l, "> "):
			d.out = &out
			d.input(t, fields[1:])
		}
	}
	return out.String()
}

func duration(t testing.TB, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// driver runs a transaction on a simulated clock.
type driver struct {
	*Transaction
	now    time.Duration
	timers map[Timer]time.Duration
	out    *strings.Builder
	did    []Action // by the last step
}

func (d *driver) input(t testing.TB, fields []string) {
	switch fields[0] {
	case "wait":
		d.wait(d.now + duration(t, fields[1]))
	case "repeated":
		d.step(Repeated{})
	case "ack":
		d.step(Acknowledged{})
	case "failed":
		d.step(Failed{})
	default:
		code, err := strconv.Atoi(fields[0])
		if err != nil {
			t.Fatalf("no event %q", fields[0])
		}
		d.step(Respond{code})
	}
}

// wait lets time pass and fires the timers that end.
func (d *driver) wait(until time.Duration) {
	for {
		var first Timer
		for name, at := range d.timers {
			if at <= until && (first == "" || at < d.timers[first] || at == d.timers[first] && name < first) {
				first = name
			}
		}
		if first == "" {
			d.now = until
			return
		}
		d.now = d.timers[first]
		delete(d.timers, first)
		d.step(Expired{first})
	}
}

func (d *driver) step(e Event) {
	d.did = d.Step(d.now, e)
	for _, a := range d.did {
		switch a := a.(type) {
		case Set:
			d.timers[a.Timer] = a.At
		case Stop:
			delete(d.timers, a.Timer)
		case End:
			clear(d.timers)
		}
		if d.out != nil {
			fmt.Fprintf(d.out, "< %8.3f %s\n", d.now.Seconds(), text(a))
		}
	}
}

func text(a Action) string {
	switch a := a.(type) {
	case Send:
		return "send the newest response"
	case Set:
		return fmt.Sprintf("set timer %s for %.3f", a.Timer, a.At.Seconds())
	case Stop:
		return fmt.Sprintf("stop timer %s", a.Timer)
	case PassACK:
		return "pass the ACK"
	case End:
		return map[bool]string{true: "end", false: "end, not acknowledged"}[a.Confirmed]
	}
	return fmt.Sprintf("%+v", a)
}
