package board

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"hilphone/db/limit"
	"hilphone/db/nearest"
	"hilphone/hal"
)

// maxFile bounds a board file; the largest board is a tenth of it.
const maxFile = 64 << 10

// Load reads a board file.
func Load(path string) (*Board, error) {
	text, err := limit.ReadFile(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("reading the board file: %w", err)
	}
	return Parse(path, text)
}

// Parse reads a board from the text of a file; name is used in errors.
func Parse(name string, text []byte) (*Board, error) {
	r := reader{board: &Board{source: source{file: name, lines: map[string]int{}}}}
	r.file(text)
	if len(r.errs) == 0 {
		r.errs = r.board.check()
	}
	if len(r.errs) > 0 {
		slices.SortStableFunc(r.errs, func(a, b *FieldError) int { return a.Line - b.Line })
		errs := make([]error, len(r.errs))
		for i, e := range r.errs {
			errs[i] = e
		}
		return nil, errors.Join(errs...)
	}
	return r.board, nil
}

// reader makes a board of a YAML tree.
type reader struct {
	board *Board
	errs  []*FieldError
}

func (r *reader) refuse(field, why string, args ...any) {
	r.errs = append(r.errs, r.board.Refuse(field, fmt.Sprintf(why, args...), nil))
}

func (r *reader) file(text []byte) {
	if past := (*limit.Error)(nil); errors.As(limit.YAML(r.board.source.file, text, maxFile), &past) {
		r.errs = append(r.errs, &FieldError{File: past.Name, Line: max(past.Line, 1), Why: past.Where()})
		return
	}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		e := &FieldError{File: r.board.source.file, Line: 1, Why: firstLine(err.Error())}
		var at yaml.Error
		if errors.As(err, &at) {
			e.Why = at.GetMessage()
			if token := at.GetToken(); token != nil && token.Position != nil {
				e.Line = token.Position.Line
			}
		}
		if lines := bytes.Split(text, []byte("\n")); e.Line <= len(lines) && bytes.ContainsAny(lines[e.Line-1], "*#") {
			e.Why += " (the key * is written star, # is pound)"
		}
		r.errs = append(r.errs, e)
		return
	}
	docs := slices.DeleteFunc(tree.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	if len(docs) != 1 {
		r.refuse("", "a board file holds one YAML document, not %d", len(docs))
		return
	}
	r.whole(docs[0].Body)
}

// lampNames are those of hal.Lamps.
func lampNames() (names []string) {
	for _, l := range hal.Lamps() {
		names = append(names, string(l))
	}
	return names
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// whole reads the sections.
func (r *reader) whole(n ast.Node) {
	b := r.board
	values, ok := r.mapping("", n)
	if !ok {
		return
	}
	fields := boardFields(b)
	timings := timingFields(&b.Timings)
	for _, v := range values {
		switch v.name {
		case "timings":
			r.section(v, timings)
		case "keypad":
			b.Keypad = &Keypad{}
			r.section(v, keypadFields(b.Keypad))
		case "buttons":
			r.buttons(v)
		case "hook":
			b.Hook = &Hook{}
			r.section(v, hookFields(b.Hook))
		case "dial":
			b.Dial = &Dial{}
			r.section(v, dialFields(b.Dial))
		case "lamps":
			r.lamps(v)
		case "ringer":
			b.Ringer = &Ringer{}
			r.section(v, ringerFields(b.Ringer))
		case "expander":
			b.Expander = &Expander{}
			r.section(v, expanderFields(b.Expander))
		default:
			r.field(v, fields, sectionNames)
		}
	}
}

var sectionNames = []string{"timings", "keypad", "buttons", "hook", "dial", "lamps", "ringer", "expander"}

func (r *reader) buttons(v value) {
	items, ok := v.node.(*ast.SequenceNode)
	if !ok {
		r.refuse(v.path, "must be a list of buttons")
		return
	}
	r.board.Buttons = make([]Button, len(items.Values))
	for i, item := range items.Values {
		path := fmt.Sprintf("%s[%d]", v.path, i)
		r.note(path, item)
		r.section(value{path: path, node: item}, buttonFields(&r.board.Buttons[i]))
	}
}

func (r *reader) lamps(v value) {
	values, ok := r.mapping(v.path, v.node)
	if !ok {
		return
	}
	r.board.Lamps = map[hal.Lamp]Lamp{}
	for _, v := range values {
		var l Lamp
		if !slices.Contains(hal.Lamps(), hal.Lamp(v.name)) {
			r.refuse(v.path, "the phone has no such lamp: lamps are power, message, speaker, line1 to line%d%s", hal.MaxLines, nearest.Hint(v.name, lampNames()))
			continue
		}
		r.section(v, lampFields(&l))
		r.board.Lamps[hal.Lamp(v.name)] = l
	}
}

// section reads the fields of a mapping.
func (r *reader) section(v value, fields []field) {
	values, ok := r.mapping(v.path, v.node)
	if !ok {
		return
	}
	for _, v := range values {
		r.field(v, fields, nil)
	}
	for _, f := range fields {
		if f.must && !slices.ContainsFunc(values, func(v value) bool { return v.name == f.name }) {
			r.refuse(v.path+"."+f.name, "is missing")
		}
	}
}

// field reads one field.
func (r *reader) field(v value, fields []field, more []string) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == v.name })
	if i < 0 {
		var names []string
		for _, f := range fields {
			names = append(names, f.name)
		}
		names = append(names, more...)
		r.refuse(v.path, "there is no such field here; the fields are %s%s", strings.Join(names, ", "), nearest.Hint(v.name, names))
		return
	}
	r.item(v.path, v.node, element{fields[i].parse, fields[i].list})
}

// item reads a scalar or a list.
func (r *reader) item(path string, n ast.Node, e element) {
	if e.list != nil {
		items, ok := n.(*ast.SequenceNode)
		if !ok {
			r.refuse(path, "must be a list")
			return
		}
		for i, each := range e.list(len(items.Values)) {
			path := fmt.Sprintf("%s[%d]", path, i)
			r.note(path, items.Values[i])
			r.item(path, items.Values[i], each)
		}
		return
	}
	text, ok := scalar(n)
	if !ok {
		r.refuse(path, "must be a single value")
		return
	}
	if err := e.parse(text); err != nil {
		r.refuse(path, "%s", err)
	}
}

// value is a node of a mapping with its name.
type value struct {
	name, path string
	node       ast.Node
}

// mapping returns the values of a mapping and notes where they stand.
func (r *reader) mapping(path string, n ast.Node) ([]value, bool) {
	var nodes []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		nodes = n.Values
	case *ast.MappingValueNode:
		nodes = []*ast.MappingValueNode{n}
	default:
		r.refuse(path, "must have fields, as name: value")
		return nil, false
	}
	var values []value
	for _, node := range nodes {
		name, ok := scalar(node.Key)
		if !ok {
			r.refuse(path, "the name of a field must be a single word")
			continue
		}
		v := value{name: name, path: name, node: node.Value}
		if path != "" {
			v.path = path + "." + name
		}
		r.note(v.path, node.Key)
		values = append(values, v)
	}
	return values, true
}

// note keeps where a field stands.
func (r *reader) note(path string, n ast.Node) {
	if token := n.GetToken(); token != nil && token.Position != nil {
		r.board.source.lines[path] = token.Position.Line
	}
}

// scalar returns a single value as it is written, without its quotes; nothing at all is the empty text.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.NullNode:
		return "", true
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}
