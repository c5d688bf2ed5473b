package scenario

import (
	"fmt"
	"io"
	"strings"

	"hilphone/db/nearest"
	"hilphone/hil/behaviour"
)

// Help writes the reference for a terminal (UX-09): without words an overview, with one a verb, header or topic, and with `expect SUBJECT` one form.
// A word that there is nothing about is an error that names the nearest.
func Help(w io.Writer, words ...string) error {
	if len(words) == 0 {
		return overview(w)
	}
	var b strings.Builder
	v := verb(words[0])
	if v == nil {
		v = find(Headers, words[0])
	}
	switch {
	case v != nil && len(words) > 1:
		if err := helpForm(&b, v, words[1:]); err != nil {
			return err
		}
	case len(words) > 1:
		return refuse(words[1], "is too much: help takes a verb, header or topic, or expect and what is expected")
	case v != nil:
		helpVerb(&b, v)
	default:
		if err := helpTopic(&b, words[0]); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func overview(w io.Writer) error {
	var b strings.Builder
	list := func(title string, verbs []Verb) {
		fmt.Fprintf(&b, "%s\n", title)
		for _, v := range verbs {
			fmt.Fprintf(&b, "  %s\n", v.Word)
			wrap(&b, "      ", v.Doc)
		}
		b.WriteByte('\n')
	}
	list("A scenario is a text, one line a step. Before the first step:", Headers)
	list("Steps:", Verbs)
	b.WriteString("Topics:\n")
	for _, t := range Topics {
		fmt.Fprintf(&b, "  %-10s %s\n", t.Name, t.Title)
	}
	b.WriteByte('\n')
	for _, t := range Topics {
		if t.Name == "clock" {
			wrap(&b, "", t.Text[0])
		}
	}
	b.WriteString("\nhilphone bench help VERB has the words, forms and examples of a line; help expect WHAT those of one expectation.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func helpVerb(b *strings.Builder, v *Verb) {
	wrap(b, "", v.Doc)
	if v.Acts {
		b.WriteString("The line acts: times of expectations below count from it.\n")
	}
	for _, f := range v.Forms {
		b.WriteByte('\n')
		form(b, f)
	}
	if v.Word == "expect" {
		b.WriteString("\nDEADLINE: hilphone bench help deadline. From when it counts: hilphone bench help clock.\n")
	}
}

// helpForm writes a form of a verb, and of `expect event TYPE` the type alone.
func helpForm(b *strings.Builder, v *Verb, words []string) error {
	var names []string
	for _, f := range v.Forms {
		if f.Name == "" {
			continue
		}
		names = append(names, f.Name)
		if f.Name != words[0] {
			continue
		}
		if len(words) == 1 {
			form(b, f)
			return nil
		}
		return helpWord(b, v.Word+" "+f.Name, f, words[1:])
	}
	if names == nil {
		return refuse(words[0], "is too much: hilphone bench help %s", v.Word)
	}
	return refuse(v.Word, "%q is not one of %s%s", words[0], strings.Join(names, ", "), nearest.Hint(words[0], names))
}

func helpWord(b *strings.Builder, of string, f Form, words []string) error {
	var names []string
	for _, w := range f.Words {
		if w.Name == words[0] && len(words) == 1 {
			explain(b, w)
			return nil
		}
		names = append(names, w.Name)
	}
	if len(words) > 1 {
		return refuse(words[1], "is too much: hilphone bench help %s", of)
	}
	return refuse(of, "%q is not one of %s%s", words[0], strings.Join(names, ", "), nearest.Hint(words[0], names))
}

func helpTopic(b *strings.Builder, name string) error {
	for _, t := range Topics {
		if t.Name != name {
			continue
		}
		fmt.Fprintf(b, "%s\n\n", t.Title)
		for _, text := range t.Text {
			wrap(b, "", text)
			b.WriteByte('\n')
		}
		for _, w := range t.Words {
			explain(b, w)
		}
		b.WriteString("Example:\n")
		indent(b, t.Example)
		return nil
	}
	return refuse("help", "there is nothing about %q%s", name, nearest.Hint(name, Entries()))
}

func form(b *strings.Builder, f Form) {
	fmt.Fprintf(b, "%s\n", f.Syntax)
	if f.Doc != "" {
		wrap(b, "  ", f.Doc)
	}
	for _, w := range f.Words {
		explain(b, w)
	}
	b.WriteString("  Example:\n")
	indent(b, f.Example)
}

func indent(b *strings.Builder, text string) {
	for line := range strings.Lines(text + "\n") {
		b.WriteString("    " + line)
	}
}

func explain(b *strings.Builder, w Word) {
	head := strings.TrimSpace(w.Name + " " + w.Value)
	doc := w.Doc
	if w.Compact() && len(w.Choices) > 0 {
		doc = strings.TrimPrefix(doc+": "+strings.Join(behaviour.Names(w.Choices), ", "), ": ")
	}
	fmt.Fprintf(b, "  %s\n", head)
	if doc != "" {
		wrap(b, "      ", doc)
	}
	if w.Compact() {
		return
	}
	for _, c := range w.Choices {
		wrap(b, "      ", strings.TrimSuffix(c.Name+": "+c.Doc, ": "))
	}
}

// width is that of the lines for a terminal.
const width = 100

// wrap writes a paragraph with every line indented.
func wrap(b *strings.Builder, indent, text string) {
	at := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case at == 0:
			b.WriteString(indent)
			at = len(indent)
		case at+1+len(word) > width:
			b.WriteString("\n" + indent)
			at = len(indent)
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	b.WriteByte('\n')
}
