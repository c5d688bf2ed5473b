package contact_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hilphone/hal"
)

var update = flag.Bool("update", false, "write what the machines do into the golden traces")

// TestTraces plays every golden trace. A line that begins with = is the part, one with > moves its contacts, those with < are what
// it tells; everything else is for the reader. Times are since the beginning, or with a + since the line before.
//
//	> 10ms down 1            a contact is moved
//	> +5ms                   time passes
//	> +5ms asks?             what the part waits for: an edge, or an instant
//	> +0ms bounce 2ms down 1 the contact moves, back and forth for that long
//	> +0ms pulses 10 7       a dial makes so many pulses a second, 7 in all, 60 % break
func TestTraces(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) != 16 {
		t.Fatalf("%d traces in testdata, want 16 (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := play(string(want))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s: the part does\n%s", file, got)
			}
		})
	}
}

// play returns the trace with what the part tells.
func play(trace string) (string, error) {
	var out strings.Builder
	w := world{now: dawn}
	w.tell = func(e hal.Event) { fmt.Fprintf(&out, "< %s %s\n", w.now.Sub(dawn), eventText(e)) }
	number, moved := 0, 0
	var notes strings.Builder // for the reader; they stand before what happens next
	for lines := bufio.NewScanner(strings.NewReader(trace)); lines.Scan(); {
		number++
		text := lines.Text()
		mark, rest, _ := strings.Cut(text, " ")
		words := strings.Fields(rest)
		var err error
		switch mark {
		case "<":
			continue
		case "=":
			fmt.Fprintln(&notes, text)
			w.part, err = newPart(words)
			w.again = time.Time{}
		case ">":
			moved++
			var until time.Time
			if until, err = instant(words[0], w.now); err != nil {
				break
			}
			if w.part == nil {
				err = fmt.Errorf("no part yet")
				break
			}
			w.pass(until)
			fmt.Fprintln(&out, notes.String()+text)
			notes.Reset()
			err = w.act(words[1:], &out)
		default:
			fmt.Fprintln(&notes, text)
		}
		if err != nil {
			return "", fmt.Errorf("line %d: %q: %w", number, text, err)
		}
	}
	if moved == 0 {
		return "", fmt.Errorf("nothing moves in the trace")
	}
	return out.String() + notes.String(), nil
}

func instant(word string, now time.Time) (time.Time, error) {
	since, isLater := strings.CutPrefix(word, "+")
	d, err := time.ParseDuration(since)
	if isLater {
		return now.Add(d), err
	}
	if at := dawn.Add(d); !at.Before(now) {
		return at, err
	}
	return now, fmt.Errorf("%s is over", word)
}

func (w *world) act(words []string, out *strings.Builder) error {
	switch {
	case len(words) == 0:
		return nil
	case words[0] == "asks?":
		if w.again.IsZero() {
			fmt.Fprintln(out, "< sleeps")
		} else {
			fmt.Fprintf(out, "< asks for %s\n", w.again.Sub(dawn))
		}
		return nil
	case words[0] == "bounce":
		length, err := time.ParseDuration(words[1])
		if err != nil {
			return err
		}
		end := w.now.Add(length)
		for i := 0; w.now.Before(end); i++ {
			if err := w.move(opposite(words[2:], i%2 == 1)); err != nil {
				return err
			}
			w.pass(w.now.Add(length / 10))
		}
		return w.move(words[2:])
	case words[0] == "pulses":
		var speed, n int
		if _, err := fmt.Sscan(words[1]+" "+words[2], &speed, &n); err != nil {
			return err
		}
		period := time.Second / time.Duration(speed)
		for range n {
			if err := w.move([]string{"open"}); err != nil {
				return err
			}
			w.pass(w.now.Add(period * 6 / 10))
			if err := w.move([]string{"closed"}); err != nil {
				return err
			}
			w.pass(w.now.Add(period * 4 / 10))
		}
		return nil
	}
	return w.move(words)
}

func opposite(words []string, turned bool) []string {
	if !turned {
		return words
	}
	other := map[string]string{"down": "up", "up": "down", "off": "on", "on": "off", "open": "closed", "closed": "open"}
	return append([]string{other[words[0]]}, words[1:]...)
}
