package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hilphone/hil"
	"hilphone/hil/evidence"
)

// TestPairSuite asks a pair of the bench's everything, once with shared registrations and once without: the answers have to differ in what hangs on
// that, and a no is no failure.
func TestPairSuite(t *testing.T) {
	t.Parallel()
	var cards [2]string
	var playing sync.WaitGroup
	for i, separate := range []bool{false, true} {
		p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
		p.registered("primary")
		place := pairAt(t, 200+20*i)
		text, err := os.ReadFile(place)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(place, fmt.Appendf(text, "  separate: %v\n", separate), 0o644); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "card")
		args := append([]string{"run", "pair", "--place", place, "--out", dir}, quickly...)
		playing.Go(func() {
			code, stdout, stderr := p.bench(t.Context(), args...)
			if code != 0 {
				t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
			}
			card, err := os.ReadFile(filepath.Join(dir, hil.ScorecardFile))
			if err != nil || !strings.Contains(stdout, string(card)) {
				t.Errorf("the scorecard is not what was shown: %v", err)
			}
			cards[i] = string(card)
		})
	}
	playing.Wait()
	t.Logf("shared:\n%s\nnot shared:\n%s", cards[0], cards[1])
	for question, want := range map[string][2]string{
		"Does the backup know at once":           {evidence.Yes, evidence.No},
		"Does the primary, back again, know":     {evidence.Yes, evidence.No},
		"Does the backup take a call right":      {evidence.Yes, evidence.Yes},
		"Does that BYE reach":                    {evidence.Yes, evidence.Yes},
		"Does the primary take the phone back":   {evidence.Yes, evidence.Yes},
		"Does a call that rings at the other":    {evidence.No, evidence.No}, // the servers are proxies
		"Does the primary take a hundred":        {evidence.Yes, evidence.Yes},
		"Is the phone reached over both servers": {evidence.Yes, evidence.Yes},
	} {
		for i, card := range cards {
			if got := answered(card, question); got != want[i] {
				t.Errorf("%s: %q, want %q in\n%s", question, got, want[i], card)
			}
		}
	}
}

// answered is the answer to a question in a scorecard.
func answered(card, question string) string {
	for line := range strings.Lines(card) {
		if answer, _, ok := strings.Cut(line, "  "+question); ok {
			return strings.TrimSpace(answer)
		}
	}
	return ""
}
