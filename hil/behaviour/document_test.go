package behaviour

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write BEHAVIOURS.md again")

// TestDocument: BEHAVIOURS.md says what the tables say.
func TestDocument(t *testing.T) {
	const file = "BEHAVIOURS.md"
	got := document()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is not what the tables say: go test ./hil/behaviour -update", file)
	}
}

func document() string {
	var b strings.Builder
	b.WriteString(`# What servers and the phone 1002 of a lab do on request

The words of a scenario, and of what is typed to ` + "`hilphone bench serve`" + `, with their names in JSON: ` + "`PUT lab/servers/primary`, `PUT lab/phone`,\n`POST lab/phone/calls` and `POST lab/phone/requests`" + `. The page *Lab* has all of them. Words that are lists are written with commas: ` + "`spelling spaces,folded`" + `.
What is odd is sent to the phone under test alone: the lab's own phones and the other server are written to as usual.

## Servers: ` + "`server primary MODE WORD VALUE ...`" + `

`)
	section(&b, ServerFields)
	b.WriteString("\n## The phone 1002, called: `peer MODE WORD VALUE ...`\n\n")
	section(&b, AnsweringFields)
	b.WriteString("\n## The phone 1002, calling: `peer call WORD VALUE ...`\n\n")
	section(&b, CallFields)
	b.WriteString("\n## The phone 1002, sending a request: `peer send METHOD WORD VALUE ...`\n\nIn the call that is up; without one to the phone's number.\n\n")
	section(&b, RequestFields)
	return b.String()
}

func section[T any](b *strings.Builder, fields []Field[T]) {
	b.WriteString("| word | JSON | |\n| --- | --- | --- |\n")
	var lists []Field[T]
	for _, f := range fields {
		word, doc := f.Word, f.Doc
		if f.Max > 0 {
			doc += fmt.Sprintf("; %s to %s", number(f.Min), number(f.Max))
		}
		if len(f.Choices) > 0 {
			doc += "; see below"
			lists = append(lists, f)
		}
		if word != "" {
			word = "`" + word + "`"
		}
		fmt.Fprintf(b, "| %s | `%s` | %s |\n", word, f.Name, doc)
	}
	for _, f := range lists {
		if f.Name == "then" || f.Name == "via" || f.Name == "ack" {
			continue
		}
		name := f.Word
		if name == "" {
			name = f.Name
		}
		fmt.Fprintf(b, "\n| `%s` | |\n| --- | --- |\n", name)
		for _, c := range f.Choices {
			fmt.Fprintf(b, "| `%s` | %s |\n", c.Name, c.Doc)
		}
	}
}
