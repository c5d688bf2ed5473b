package phone

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/sip/line"
)

var update = flag.Bool("update", false, "write what the machine does into the golden traces")

// TestTraces plays every golden trace. A line that begins with > is an event, those with < below it are the actions it must cause;
// everything else is for the reader. Each file begins with a new phone in factory settings.
func TestTraces(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) != 18 {
		t.Fatalf("%d traces in testdata, want 18 (%v)", len(files), err)
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
			if line, a, b, same := firstDifference(string(want), got); !same {
				t.Errorf("%s:%d: the trace has\n\t%s\nthe phone does\n\t%s", file, line, a, b)
			}
		})
	}
}

// play returns the trace with the actions that its events cause.
func play(trace string) (string, error) {
	var out strings.Builder
	m := NewMachine(DefaultConfig())
	number, events := 0, 0
	for lines := bufio.NewScanner(strings.NewReader(trace)); lines.Scan(); {
		number++
		text := lines.Text()
		if strings.HasPrefix(text, "<") {
			continue
		}
		fmt.Fprintln(&out, text)
		if !strings.HasPrefix(text, ">") {
			continue
		}
		parsed, err := parseEvents(strings.Fields(text[1:]))
		if err != nil {
			return "", fmt.Errorf("line %d: %q: %w", number, text, err)
		}
		for _, e := range parsed {
			events++
			for _, a := range m.Step(e) {
				fmt.Fprintln(&out, "< "+a.String())
			}
		}
	}
	if events == 0 {
		return "", fmt.Errorf("no event in the trace")
	}
	return out.String(), nil
}

func firstDifference(a, b string) (number int, left, right string, same bool) {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(as), len(bs)) {
		left, right = "(end)", "(end)"
		if i < len(as) {
			left = as[i]
		}
		if i < len(bs) {
			right = bs[i]
		}
		if left != right {
			return i + 1, left, right, false
		}
	}
	return 0, "", "", true
}

// parseEvents reads the events of one line of a trace:
//
//	hook off|on                               the handset
//	keys 1002#                                as hal.ParseKeys reads them
//	expired no_digit                          a timer
//	call 1 2 outgoing 1002 ringback primary   id, line, direction, remote, state, server, and "peer" where that holds it
//	ended 1 peer response 486 0s Busy Here    id, by, cause, code, elapsed, reason
//	line 1 registered primary                 line, state, active server
//	named 1 Front desk                        line, label
//	dialled 1                                 the line's answer to dial
//	not_dialled line 2 is off                 or its refusal
//	place 1 1002, answer 1, reject 1 486, end 1   what scripts ask
//	lamp line2 slow                           too
func parseEvents(words []string) ([]Event, error) {
	if len(words) < 2 {
		return nil, fmt.Errorf("an event has a name and what it is about")
	}
	rest := strings.Join(words[1:], " ")
	if words[0] == "keys" {
		keys, err := hal.ParseKeys(rest)
		var events []Event
		for _, k := range keys {
			events = append(events, KeyPressed{k})
		}
		return events, err
	}
	arg := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	number := func(i int) int {
		n, err := strconv.Atoi(arg(i))
		if err != nil {
			return -1
		}
		return n
	}
	id := line.CallID(arg(1))
	switch words[0] {
	case "hook":
		return []Event{HookMoved{rest == "off"}}, nil
	case "expired":
		return []Event{Expired{Timer(rest)}}, nil
	case "call":
		return []Event{CallChanged{line.Call{ID: id, Line: number(2), Direction: line.Direction(arg(3)), Remote: arg(4),
			State: line.CallState(arg(5)), Server: line.Slot(arg(6)), HeldByPeer: arg(7) == line.ByPeer}}}, nil
	case "ended":
		elapsed, err := time.ParseDuration(arg(5))
		return []Event{CallChanged{line.Call{ID: id, State: line.Ended, End: line.End{By: arg(2), Cause: line.Cause(arg(3)),
			Code: number(4), Reason: strings.Join(words[min(6, len(words)):], " "), Elapsed: elapsed}}}}, err
	case "line":
		return []Event{LineChanged{number(1), line.State(arg(2)), line.Slot(arg(3))}}, nil
	case "named":
		return []Event{LineNamed{number(1), strings.Join(words[2:], " ")}}, nil
	case "dialled":
		return []Event{Dialled{id}}, nil
	case "not_dialled":
		return []Event{NotDialled{rest}}, nil
	case "place":
		return []Event{PlaceCall{number(1), strings.Join(words[2:], " ")}}, nil
	case "answer":
		return []Event{AnswerCall{id}}, nil
	case "reject":
		return []Event{RejectCall{id, number(2)}}, nil
	case "lamp":
		return []Event{ShowLamp{hal.Lamp(arg(1)), hal.Pattern(arg(2))}}, nil
	case "end":
		return []Event{EndCall{id}}, nil
	}
	return nil, fmt.Errorf("no event is called %q", words[0])
}
