package scenario

import (
	"fmt"
	"strings"

	"hilphone/hil/behaviour"
)

// Markdown is the whole reference: doc/SCENARIOS.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# The language of scenarios\n\nThis file is generated from the tables that the program reads scenarios by: `go test ./hil/scenario -update`. The same is in `hilphone bench help` and on the page `/docs/scenarios` of a phone.\n\n")
	for _, t := range Topics {
		fmt.Fprintf(&b, "- [%s](#%s)\n", t.Title, anchor(t.Title))
	}
	b.WriteString("- [Header lines](#header-lines)\n- [Steps](#steps): " + links(Verbs) + "\n")
	for _, t := range Topics {
		fmt.Fprintf(&b, "\n## %s\n", t.Title)
		for _, text := range t.Text {
			fmt.Fprintf(&b, "\n%s\n", text)
		}
		markdownWords(&b, t.Words)
		fmt.Fprintf(&b, "\n```\n%s\n```\n", t.Example)
	}
	b.WriteString("\n## Header lines\n")
	for _, v := range Headers {
		markdownVerb(&b, v)
	}
	b.WriteString("\n## Steps\n\nWords in capitals stand for others, what is in [brackets] may be left out, and | separates words of which one is written.\n")
	for _, v := range Verbs {
		markdownVerb(&b, v)
	}
	return b.String()
}

func anchor(title string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(title), ",", ""), " ", "-")
}

func links(verbs []Verb) string {
	all := make([]string, len(verbs))
	for i, v := range verbs {
		all[i] = fmt.Sprintf("[%s](#%s)", v.Word, v.Word)
	}
	return strings.Join(all, ", ")
}

func markdownVerb(b *strings.Builder, v Verb) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", v.Word, v.Doc)
	if v.Acts {
		b.WriteString("The line acts: times of expectations below count from it.\n")
	}
	for _, f := range v.Forms {
		fmt.Fprintf(b, "\n#### `%s`\n", f.Syntax)
		if f.Doc != "" {
			fmt.Fprintf(b, "\n%s\n", f.Doc)
		}
		markdownWords(b, f.Words)
		fmt.Fprintf(b, "\n```\n%s\n```\n", f.Example)
	}
}

// markdownWords writes words as a table, and a table for each that has choices with words of their own.
func markdownWords(b *strings.Builder, words []Word) {
	if len(words) == 0 {
		return
	}
	b.WriteString("\n| | |\n| --- | --- |\n")
	for _, w := range words {
		doc := w.Doc
		switch {
		case len(w.Choices) > 0 && w.Compact():
			doc = strings.TrimPrefix(doc+": "+code(behaviour.Names(w.Choices)), ": ")
		case len(w.Choices) > 0:
			all := make([]string, len(w.Choices))
			for i, c := range w.Choices {
				all[i] = "`" + c.Name + "`"
				if c.Doc != "" {
					all[i] += ": " + c.Doc
				}
			}
			doc = strings.TrimPrefix(doc+"<br>"+strings.Join(all, "<br>"), "<br>")
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", cell(strings.TrimSpace(w.Name+" "+w.Value)), cell(doc))
	}
}

func code(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }

// cell escapes what would end a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
