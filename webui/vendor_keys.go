package webui

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hilphone/hal/press"
	"hilphone/sip/line"
)

// vendorPress is how long the vendor's scripts hold a key, and wait before the next.
const vendorPress = 40 * time.Millisecond

// keyStep is one thing that a key= asks for.
type keyStep struct {
	do     string // dial, transfer, press, or an action on the call: answer, reject, end, hold, mute; redial
	number string // dial, transfer
	line   int    // dial; 0: 1
	keys   []string
}

// keyParameter is the value of key= (or Key=) in a query, where a semicolon is part of it.
func keyParameter(query string) string {
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if strings.EqualFold(name, "key") {
			if text, err := url.PathUnescape(value); err == nil { // + is a character of numbers
				return text
			}
		}
	}
	return ""
}

// keySteps reads a key=: all of it, before anything is done.
func keySteps(text string) ([]keyStep, error) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ';' })
	switch {
	case len(words) == 0:
		return nil, unprocessable("key= is missing or empty")
	case press.CheckKeys(len(words)) != nil:
		return nil, unprocessable(fmt.Sprintf("key= has more than %d keys", press.MaxKeys))
	}
	if restarts(words) {
		return []keyStep{{do: "restart"}}, nil
	}
	if step, ok := dialled(words); ok {
		return []keyStep{step}, nil
	}
	var steps []keyStep
	pressed := 0
	for i := 0; i < len(words); i++ {
		if isTransfer(words[i:]) {
			steps = append(steps, keyStep{do: "transfer", number: words[i+1]})
			i += 2
			continue
		}
		step, err := oneKey(words[i])
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
		if pressed += len(step.keys); pressed > press.MaxKeys {
			return nil, unprocessable(fmt.Sprintf("key= presses more than %d keys", press.MaxKeys))
		}
	}
	return steps, nil
}

// isTransfer reads F_TRANSFER;1003;F_TRANSFER and F_TRANSFER;1003;OK.
func isTransfer(words []string) bool {
	return len(words) > 2 && slices.Contains(transferKeys, strings.ToUpper(words[0])) && isNumber(words[1]) &&
		slices.Contains(append([]string{"OK", "ENTER"}, transferKeys...), strings.ToUpper(words[2]))
}

func oneKey(given string) (keyStep, error) {
	word := strings.ToUpper(given)
	if do := callKeys[word]; do != "" {
		return keyStep{do: do}, nil
	}
	if key := plainKeys[word]; key != "" {
		return keyStep{do: "press", keys: []string{key}}, nil
	}
	if n, ok := lineWord(word); ok {
		return keyStep{do: "press", keys: []string{"line" + strconv.Itoa(n)}}, nil
	}
	if strings.Trim(given, "0123456789*#") == "" {
		return keyStep{do: "press", keys: strings.Split(given, "")}, nil
	}
	bare, _, _ := strings.Cut(word, "&")
	switch {
	case slices.Contains(transferKeys, bare):
		return keyStep{}, problem(http.StatusNotImplemented, bare+" needs a number, and "+bare+" or OK after it")
	case isIdle(bare):
		return keyStep{}, problem(http.StatusNotImplemented, fmt.Sprintf("the key %.20s has no function in this phone; %s", bare, keysThere()))
	}
	return keyStep{}, unprocessable(fmt.Sprintf("there is no key %.20q; %s", given, keysThere()))
}

func lineWord(word string) (int, bool) {
	digits, ok := strings.CutPrefix(word, "L")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && lineExists(n)
}

// isNumber reports whether a word is something to call.
func isNumber(word string) bool {
	return word != "" && len(word) <= 128 && strings.IndexFunc(word, func(r rune) bool {
		return (r < '0' || r > '9') && !strings.ContainsRune("*#+.@-_:", r) && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}

// dialled reads SPEAKER;1002;OK and 1002;ENTER, with a line key where there is one.
func dialled(words []string) (keyStep, bool) {
	step := keyStep{do: "dial", line: 1}
	if n, ok := lineWord(strings.ToUpper(words[0])); ok {
		step.line, words = n, words[1:]
	}
	named := false
	if len(words) > 0 && strings.EqualFold(words[0], "SPEAKER") {
		named, words = true, words[1:]
	}
	if len(words) != 2 || !isNumber(words[0]) {
		return keyStep{}, false
	}
	// Without SPEAKER before it a word that is not made of digits is a key.
	if word := strings.ToUpper(words[0]); isKey(word) || !named && strings.Trim(word, "0123456789*#+") != "" {
		return keyStep{}, false
	}
	step.number = words[0]
	return step, slices.Contains([]string{"OK", "ENTER", "SEND", "POUND", "#"}, strings.ToUpper(words[1]))
}

// restarts reads F_REBOOT;OK and what older phones take.
func restarts(words []string) bool {
	all := strings.ToUpper(strings.Join(words, ";"))
	return all == "F_REBOOT;OK" || all == "F_REBOOT" || all == "REBOOT"
}

func isKey(word string) bool {
	return callKeys[word] != "" || plainKeys[word] != "" || isIdle(word) || slices.Contains(transferKeys, word)
}

// pressed carries a key= out.
func (s *Server) pressed(ctx context.Context, who Visitor, text string) error {
	steps, err := keySteps(text)
	if err != nil {
		return err
	}
	ctx, cancel := s.untilShutdown(ctx)
	defer cancel()
	for i, step := range steps {
		if err := s.keyStep(ctx, who, step); err != nil {
			if i > 0 {
				return fmt.Errorf("after %d of %d keys: %w", i, len(steps), err)
			}
			return err
		}
	}
	return nil
}

func (s *Server) keyStep(ctx context.Context, who Visitor, step keyStep) error {
	switch step.do {
	case "press":
		return s.pressAll(ctx, who, step.keys)
	case "dial":
		_, err := s.Calls.Dial(ctx, step.line, step.number)
		return err
	case "redial":
		return s.redial(ctx)
	case "restart":
		return s.restart(ctx, who)
	}
	calls := s.Calls.Current()
	if len(calls) == 0 {
		if step.do == "end" { // clears a number, or the loudspeaker
			return s.pressAll(ctx, who, []string{"release"})
		}
		return fmt.Errorf("there is no call: %w", ErrConflict)
	}
	return s.callKey(ctx, calls[0], step)
}

// pressAll presses keys. One that has no effect is an error: the vendor's answer is a yes or a no (UX-08).
func (s *Server) pressAll(ctx context.Context, who Visitor, keys []string) error {
	without, err := s.Phone.Keys(ctx, who.Source(), keys, vendorPress, vendorPress)
	if err == nil && len(without) > 0 {
		err = fmt.Errorf("the key %s had no effect: %s: %w", without[0].Key, without[0].Reason, ErrConflict)
	}
	return err
}

// callKey does something to a call, each key what it does on the phone.
func (s *Server) callKey(ctx context.Context, call CallView, step keyStep) error {
	a := CallAction{To: step.number}
	switch {
	case step.do == "answer":
		a.Do = Answer
	case step.do == "reject" || step.do == "end" && call.State == line.Ringing:
		a.Do = Reject
	case step.do == "end":
		a.Do = HangUp
	case step.do == "hold" && call.State == line.Held:
		a.Do = Resume
	case step.do == "hold":
		a.Do = Hold
	case step.do == "transfer":
		a.Do = Transfer
	case step.do == "mute":
		a.Do = Mute
		a.Muted = call.Media == nil || !call.Media.Muted
	}
	return s.Calls.Act(ctx, call.ID, a)
}

// redial calls the number that was called last.
func (s *Server) redial(ctx context.Context) error {
	log, err := s.CallLog.Log(ctx, 100, 0)
	if err != nil {
		return err
	}
	for _, c := range log {
		if c.Direction == line.Outgoing {
			_, err := s.Calls.Dial(ctx, c.Line, c.Remote)
			return err
		}
	}
	return errors.Join(errors.New("no number was called yet"), ErrConflict)
}
