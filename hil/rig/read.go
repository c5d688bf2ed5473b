package rig

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"hilphone/db/limit"
	"hilphone/db/nearest"
)

// maxFile bounds a rig file; a rig for every key of a phone is a tenth of it.
const maxFile = 64 << 10

// Read reads a rig file. Errors are *FieldError, several joined: FILE:LINE: FIELD: what is wrong.
//
//	chip: auto          # label or name; auto is that of a Raspberry Pi's header
//	active: high        # level that closes a contact
//	press: 80ms         # how long a key is held, and
//	gap: 80ms           # the pause to the next
//	keys:               # an output for each key: 0 to 9, star, pound, ok, release, line1 ...
//	  1: 5
//	  pound: GPIO6      # a line may be named
//	matrix:             # or outputs for rows and columns of a keypad
//	  rows: [7, 8]
//	  columns: [9, 10]
//	  keys: [[4, 5], [7, '']]
//	hook: {pin: 17, active: high, settle: 20ms}     # active while the handset is lifted
//	lamps:              # a light sensor on each
//	  line1: {pin: 22, active: low, pull: up}       # active while there is light
//	ringer: {pin: 23, active: low, pull: up}
//	times: {glitch: 5ms, fast: 350ms, steady: 1.5s, quiet: 5s}
func Read(file string) (*Config, error) {
	text, err := limit.ReadFile(file, maxFile)
	if err != nil {
		return nil, fmt.Errorf("reading the rig file: %w", err)
	}
	return Parse(file, text)
}

// FieldError is a field of a rig file that is wrong, or cannot be used at this computer.
type FieldError struct {
	File  string
	Line  int
	Field string
	Why   string
	Err   error // cause; nil: none
}

func (e *FieldError) Error() string {
	text := fmt.Sprintf("%s:%d: ", e.File, e.Line)
	if e.Field != "" {
		text += e.Field + ": "
	}
	if text += e.Why; e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *FieldError) Unwrap() error { return e.Err }

// refuse makes an error of a field, at its line or that of what it would stand in.
func (c *Config) refuse(field, why string, cause error) *FieldError {
	line, ok := 1, false
	for at := field; at != "" && !ok; at = at[:max(strings.LastIndexAny(at, ".["), 0)] {
		line, ok = c.lines[at]
	}
	return &FieldError{c.File, max(line, 1), field, why, cause}
}

// Parse reads the text of a rig file; name is for errors.
func Parse(name string, text []byte) (*Config, error) {
	r := reader{config: newConfig(name)}
	if past := (*limit.Error)(nil); errors.As(limit.YAML(name, text, maxFile), &past) {
		return nil, &FieldError{File: name, Line: max(past.Line, 1), Why: past.Where()}
	}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		e := &FieldError{File: name, Line: 1, Why: strings.SplitN(err.Error(), "\n", 2)[0]}
		if y := yaml.Error(nil); errors.As(err, &y) {
			e.Why = y.GetMessage()
			if t := y.GetToken(); t != nil && t.Position != nil {
				e.Line = t.Position.Line
			}
		}
		return nil, e
	}
	docs := slices.DeleteFunc(tree.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	if len(docs) != 1 {
		return nil, r.config.refuse("", fmt.Sprintf("a rig file holds one YAML document, not %d", len(docs)), nil)
	}
	r.section("", docs[0].Body, r.whole())
	if len(r.errs) == 0 {
		r.check()
	}
	if len(r.errs) == 0 {
		return r.config, nil
	}
	slices.SortStableFunc(r.errs, func(a, b *FieldError) int { return a.Line - b.Line })
	errs := make([]error, len(r.errs))
	for i, e := range r.errs {
		errs[i] = e
	}
	return nil, errors.Join(errs...)
}

// reader makes a Config of a YAML tree.
type reader struct {
	config *Config
	errs   []*FieldError
}

func (r *reader) refuse(field, why string, args ...any) {
	r.errs = append(r.errs, r.config.refuse(field, fmt.Sprintf(why, args...), nil))
}

// fields read what stands in a section, by name; path is the field's own.
type fields map[string]func(path string, n ast.Node)

// each calls f with every field of a section, and notes where it stands.
func (r *reader) each(path string, n ast.Node, f func(name, path string, n ast.Node)) {
	var nodes []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		nodes = n.Values
	case *ast.MappingValueNode:
		nodes = []*ast.MappingValueNode{n}
	default:
		r.refuse(path, "must have fields, as name: value")
		return
	}
	for _, node := range nodes {
		name, ok := scalar(node.Key)
		if !ok {
			r.refuse(path, "the name of a field must be a single word")
			continue
		}
		at := name
		if path != "" {
			at = path + "." + name
		}
		r.note(at, node.Key)
		f(name, at, node.Value)
	}
}

func (r *reader) note(path string, n ast.Node) {
	if t := n.GetToken(); t != nil && t.Position != nil {
		r.config.lines[path] = t.Position.Line
	}
}

func (r *reader) section(path string, n ast.Node, known fields, must ...string) {
	seen := map[string]bool{}
	r.each(path, n, func(name, at string, n ast.Node) {
		read, ok := known[name]
		if !ok {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			r.refuse(at, "there is no such field here; the fields are %s%s", strings.Join(names, ", "), nearest.Hint(name, names))
			return
		}
		seen[name] = true
		read(at, n)
	})
	for _, name := range must {
		if !seen[name] {
			r.refuse(strings.TrimPrefix(path+"."+name, "."), "is missing")
		}
	}
}

// list calls f with every item of a list.
func (r *reader) list(path string, n ast.Node, f func(path string, n ast.Node)) {
	items, ok := n.(*ast.SequenceNode)
	if !ok {
		r.refuse(path, "must be a list")
		return
	}
	for i, item := range items.Values {
		at := path + "[" + strconv.Itoa(i) + "]"
		r.note(at, item)
		f(at, item)
	}
}

// word reads a single value.
func (r *reader) word(path string, n ast.Node) (string, bool) {
	text, ok := scalar(n)
	if !ok {
		r.refuse(path, "must be a single value")
	}
	return text, ok
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
