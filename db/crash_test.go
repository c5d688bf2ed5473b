package db

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"hilphone/db/journal"
	"hilphone/sip/line"
)

// writeChild writes line settings for ever and acknowledges each write on standard output once PutLine has returned.
func writeChild(dir string) {
	ctx := context.Background()
	d, err := Open(dir, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	start, _ := strconv.Atoi(os.Getenv("START"))
	go func() { // the event history goes into the same file
		for seq := int64(1); ; {
			batch := make([]journal.Event, 200)
			for i := range batch {
				batch[i] = journal.Event{Seq: seq, Time: time.Now(), Type: "key", Data: map[string]string{"key": "5"}}
				seq++
			}
			if err := d.SaveEvents(ctx, batch); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}()
	for i := start + 1; ; i++ {
		if err := d.PutLine(ctx, lineOf(i), numbered(i)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(i)
	}
}

func lineOf(i int) int { return 1 + i%line.MaxLines }

// numbered are settings that carry one number in several places.
func numbered(i int) line.Settings {
	s := line.Default()
	s.PhoneNumber, s.DisplayName, s.AuthPassword, s.RegisterAddr = fmt.Sprint(i), fmt.Sprint(i), fmt.Sprint(i), fmt.Sprint("h", i)
	s.RegisterTTL = 10 + i
	return s
}

// TestSettingsSurviveKill kills a writing process at any moment and looks for each acknowledged write, and for halves of one.
func TestSettingsSurviveKill(t *testing.T) {
	dir := t.TempDir()
	last := 0 // acknowledged
	for round := range 10 {
		c, out := startChild(t, "write", dir, fmt.Sprint("START=", last))
		more := 1 + rand.IntN(60)
		for last := last + more; ; {
			text, err := out.ReadString('\n')
			if err != nil {
				t.Fatalf("round %d: the child ended by itself: %v", round, err)
			}
			if i, err := strconv.Atoi(strings.TrimSpace(text)); err != nil || i >= last {
				break
			}
		}
		time.AfterFunc(time.Duration(rand.IntN(2000))*time.Microsecond, func() { _ = c.Process.Kill() })
		last += more
		for { // what it acknowledged until it died
			text, err := out.ReadString('\n')
			if i, e := strconv.Atoi(strings.TrimSpace(text)); err == nil && e == nil {
				last = i
			}
			if err != nil {
				break
			}
		}
		_ = c.Wait() // killed

		d := mustOpen(t, dir)
		lines, err := d.Lines(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := max(1, last-line.MaxLines+1); i <= last; i++ {
			got := lines[lineOf(i)]
			// The write after the last acknowledged one may be there or not, but whole.
			if got != numbered(i) && (i+line.MaxLines != last+1 || got != numbered(last+1)) {
				t.Fatalf("round %d, killed after write %d: line %d is not as written by %d: number %q, name %q, ttl %d",
					round, last, lineOf(i), i, got.PhoneNumber, got.DisplayName, got.RegisterTTL)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d acknowledged writes, 10 kills", last)
}
