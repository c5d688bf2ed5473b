package scenario

import (
	"os"
	"strings"
	"testing"

	"hilphone/db/journal/event"
)

// example puts an example into a scenario in which it can stand.
func example(text string) string {
	word, _, _ := strings.Cut(text, " ")
	head, body := "scenario Example\n", "press 1 as dial\nexpect sip INVITE within 1s as invite\n"
	switch {
	case word == "scenario":
		return text + "\n" + body + "expect call talking within 1s as answer\n"
	case find(Headers, word) != nil:
		return head + text + "\n" + body + "expect call talking within 1s as answer\n"
	}
	return head + body + text + "\n"
}

// UX-09: each verb, header, form and topic of the reference has words about it and an example that is read.
func TestExamples(t *testing.T) {
	for _, v := range append(append([]Verb(nil), Headers...), Verbs...) {
		if v.Doc == "" || len(v.Forms) == 0 {
			t.Errorf("%s: no words about it", v.Word)
		}
		for _, f := range v.Forms {
			if !strings.HasPrefix(f.Syntax, v.Word+" ") || !strings.HasPrefix(f.Example, v.Word+" ") {
				t.Errorf("%s: syntax %q, example %q", v.Word, f.Syntax, f.Example)
			}
			if _, err := Parse("example", []byte(example(f.Example))); err != nil {
				t.Errorf("%s: %v", f.Example, err)
			}
		}
	}
	for _, topic := range Topics {
		text := topic.Example
		if !strings.HasPrefix(text, "scenario ") {
			text = "scenario Example\n" + text
		}
		if _, err := Parse("example", []byte(text)); err != nil {
			t.Errorf("%s: %v", topic.Name, err)
		}
	}
}

// UX-09: the words that the reference lists are those that are read. A state that is listed can be expected, a mode set, an event and each of its
// fields expected.
func TestReferenceWords(t *testing.T) {
	lines := []string{}
	for _, c := range phoneStates {
		lines = append(lines, "expect phone "+c.Name+" within 1s")
	}
	for _, c := range callStates {
		lines = append(lines, "expect call "+c.Name+" within 1s")
	}
	for _, c := range lineStates {
		lines = append(lines, "expect line "+c.Name+" within 1s")
	}
	for _, name := range LampNames() {
		lines = append(lines, "expect lamp "+name+" slow within 1s")
	}
	for _, name := range keyNames() {
		lines = append(lines, "press {"+name+"}")
	}
	for _, info := range event.All {
		text := "expect event " + info.Type()
		for _, f := range info.Fields() {
			text += " " + f.Name + "=x"
		}
		lines = append(lines, text+" within 1s")
	}
	if _, err := Parse("words", []byte("scenario Words\npress 1\n"+strings.Join(lines, "\n"))); err != nil {
		t.Error(err)
	}
	for _, info := range event.All {
		var b strings.Builder
		if err := Help(&b, "expect", "event", info.Type()); err != nil || !strings.Contains(b.String(), info.Doc) {
			t.Errorf("help expect event %s: %v\n%s", info.Type(), err, &b)
		}
		for _, f := range info.Fields() {
			if !strings.Contains(b.String(), f.Name) {
				t.Errorf("help expect event %s lacks %s", info.Type(), f.Name)
			}
		}
	}
}

// UX-09: doc/SCENARIOS.md is what the tables say.
func TestDocument(t *testing.T) {
	const file = "../../doc/SCENARIOS.md"
	got := Markdown()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if string(read(t, file)) != got {
		t.Errorf("%s is not what the tables say: go test ./hil/scenario -update", file)
	}
}

// UX-09: help has an overview, each verb, header and topic, each subject of an expectation; what it does not have is refused with the nearest word.
func TestHelp(t *testing.T) {
	help := func(words ...string) string {
		var b strings.Builder
		if err := Help(&b, words...); err != nil {
			t.Errorf("%q: %v", words, err)
		}
		return b.String()
	}
	whole := help()
	for _, word := range Entries() {
		if !strings.Contains(whole, "\n  "+word) {
			t.Errorf("the overview lacks %s", word)
		}
		if help(word) == "" {
			t.Errorf("nothing about %s", word)
		}
	}
	if !strings.Contains(strings.Join(strings.Fields(whole), " "), "Without `after`, time counts from the last line that acts") {
		t.Error("the overview does not say what starts the clock")
	}
	if !strings.HasSuffix(whole, "\nhilphone bench help VERB has the words, forms and examples of a line; help expect WHAT those of one expectation.\n") {
		t.Errorf("the overview ends %q", whole[max(0, len(whole)-200):])
	}
	for _, s := range subjects {
		if text := help("expect", string(s.what)); !strings.Contains(text, s.form.Syntax) {
			t.Errorf("expect %s: %s", s.what, text)
		}
	}
	for words, want := range map[string]string{
		"expct": "did you mean expect?", "clok": "did you mean clock?", "settings": "did you mean setting?", "expect evnt": "did you mean event?",
		"expect event failver": "did you mean failover?", "press keys": "is too much", "clock now": "is too much", "expect event failover from": "is too much", "zzzzzzzz": "there is nothing about",
	} {
		var b strings.Builder
		if err := Help(&b, strings.Fields(words)...); err == nil || !strings.Contains(err.Error(), want) || b.Len() > 0 {
			t.Errorf("%s: %v, want %s", words, err, want)
		}
	}
}

// UX-09: help says of each form how it is written, what it is for, its words and an example.
func TestHelpOfForms(t *testing.T) {
	forms := 0
	for _, v := range append(Headers[:len(Headers):len(Headers)], Verbs...) {
		var b strings.Builder
		if err := Help(&b, v.Word); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(b.String()), " ")
		for _, f := range v.Forms {
			said := []string{f.Syntax, f.Doc, "Example: " + f.Example}
			for _, w := range f.Words {
				said = append(said, w.Name, w.Doc)
			}
			for _, want := range said {
				if !strings.Contains(text, strings.Join(strings.Fields(want), " ")) {
					t.Errorf("help %s lacks %q", v.Word, want)
				}
			}
			forms++
		}
	}
	if forms < 37 {
		t.Errorf("%d forms", forms)
	}
	var b strings.Builder
	const want = "expect [no] line [N] STATE [none|primary|backup] DEADLINE\n  A line is in a state or a phase"
	if err := Help(&b, "expect", "line"); err != nil || !strings.HasPrefix(b.String(), want) {
		t.Errorf("help expect line begins %q, %v, want %q", b.String()[:min(b.Len(), 100)], err, want)
	}
}

// UX-09: help is for a terminal of 100 columns: a line has as many words as fit, each line with the same indentation.
func TestHelpIsWrapped(t *testing.T) {
	ten := "ninelette "
	for text, want := range map[string]string{
		"":                                       "\n",
		"one  two\n three":                       "    one two three\n",
		strings.Repeat(ten, 20):                  "    " + strings.Repeat(ten, 8) + "ninelette\n    " + strings.Repeat(ten, 8) + "ninelette\n    ninelette ninelette\n",
		strings.Repeat(ten, 9) + "fives " + ten:  "    " + strings.Repeat(ten, 9) + "fives\n    ninelette\n",
		strings.Repeat(ten, 9) + "sixsix " + ten: "    " + strings.Repeat(ten, 9) + "sixsix\n    ninelette\n",
		strings.Repeat(ten, 9) + "seven77":       "    " + strings.Repeat(ten, 8) + "ninelette\n    seven77\n",
	} {
		var b strings.Builder
		if wrap(&b, "    ", text); b.String() != want {
			t.Errorf("%q is\n%s\nwant\n%s", text, b.String(), want)
		}
	}
}
