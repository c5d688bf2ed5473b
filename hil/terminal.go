package hil

import (
	"fmt"
	"io"
	"strings"
	"time"

	"hilphone/hil/evidence"
)

// Terminal shows how runs go: on a terminal the step that is under way with its colours, elsewhere plain lines of what has ended.
type Terminal struct {
	Out     io.Writer
	Live    bool       // Out is a terminal, on which a line can be written over
	Colour  bool       // and that may have colours
	Width   func() int // columns of the terminal, 0 if it is not known; nil: not known
	Console io.Writer  // gets the plain lines too; nil: nobody

	open bool // the last line has no end yet
}

// Begins prints the name of a scenario.
func (t *Terminal) Begins(run evidence.Run) {
	text := run.Name
	if run.Round > 0 {
		text += fmt.Sprintf(" (%d)", run.Round)
	}
	if len(run.Proves) > 0 {
		text += "  [" + strings.Join(run.Proves, " ") + "]"
	}
	t.print("", text)
}

// StepBegins shows what is under way, where it can be taken away again.
func (t *Terminal) StepBegins(step evidence.Step) {
	if t.Live {
		fmt.Fprintf(t.Out, "\r\x1b[K%s", t.fit("  ..   "+fmt.Sprintf("%3d %s", step.Line, step.Text)))
		t.open = true
	}
}

// fit shortens a text so that it stays in one line, which alone can be taken away again.
func (t *Terminal) fit(text string) string {
	if t.Width == nil {
		return text
	}
	left := t.Width() - 1 // in the last column some terminals begin a new line
	if left <= 0 {
		return text
	}
	for i, r := range text {
		left--
		if r >= 0x1100 { // from here on there are letters of two columns; too short does no harm
			left--
		}
		if left < 0 {
			return text[:i]
		}
	}
	return text
}

// StepEnds prints a step and what it measured.
func (t *Terminal) StepEnds(step evidence.Step) {
	text := fmt.Sprintf("%3d %s", step.Line, step.Text)
	if step.Measured != nil {
		text += "  " + seconds(*step.Measured)
	}
	switch step.Verdict {
	case evidence.Passed:
		t.print("  ok   ", text)
	default:
		t.print("  FAIL ", text)
		t.print("", "           "+step.Cause)
	}
}

// Ends prints the verdict.
func (t *Terminal) Ends(run evidence.Run) {
	text := fmt.Sprintf("%s: %s in %s", run.Name, run.Verdict, seconds(run.Duration))
	for _, step := range run.Steps {
		if step.Cause != "" {
			text += fmt.Sprintf("\n%s:%d", run.File, step.Line)
		}
	}
	if run.Cause != "" {
		text += ": " + run.Cause
	}
	t.print("", text)
}

// Say prints a line of the bench's own.
func (t *Terminal) Say(text string) { t.print("", text) }

func (t *Terminal) print(mark, text string) {
	if t.Console != nil {
		fmt.Fprintf(t.Console, "%s%s\n", mark, text)
	}
	if t.open {
		fmt.Fprint(t.Out, "\r\x1b[K")
		t.open = false
	}
	if t.Colour {
		switch strings.TrimSpace(mark) {
		case "ok":
			mark = "\x1b[32m" + mark + "\x1b[0m"
		case "FAIL":
			mark = "\x1b[1;31m" + mark + "\x1b[0m"
		}
	}
	fmt.Fprintf(t.Out, "%s%s\n", mark, text)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
