package hil

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"hilphone/db/nearest"
)

// fields refuses what the file has and a place has not, all of it, with the nearest right name, and values of another kind (UX-11).
func (r *placeReader) fields() {
	for _, doc := range r.tree.Docs {
		if doc.Body != nil {
			r.value("", doc.Body, reflect.TypeFor[Place]())
		}
	}
}

// value checks a node against the type that it is read into.
func (r *placeReader) value(path string, n ast.Node, t reflect.Type) {
	_, empty := n.(*ast.NullNode)
	if empty {
		return
	}
	mapping, isMapping := mappingOf(n)
	list, isList := n.(*ast.SequenceNode)
	_, isInteger := n.(*ast.IntegerNode)
	_, isBool := n.(*ast.BoolNode)
	wrong := ""
	switch t.Kind() {
	case reflect.Struct:
		if !isMapping {
			wrong = "fields, as name: value: " + strings.Join(yamlNames(t), ", ")
		}
		for _, v := range mapping {
			r.field(path, v, t)
		}
	case reflect.Map:
		if !isMapping {
			wrong = "settings, as name: value"
		}
	case reflect.Slice:
		if !isList {
			wrong = "a list"
			break
		}
		for i, item := range list.Values {
			r.value(fmt.Sprintf("%s[%d]", path, i), item, t.Elem())
		}
	case reflect.Int:
		if !isInteger {
			wrong = "a whole number"
		}
	case reflect.Bool:
		if !isBool {
			wrong = "true or false"
		}
	default:
		if isMapping || isList {
			wrong = "a text"
		}
	}
	if wrong != "" {
		r.refuseAt(n, path, "must be "+wrong)
	}
}

// field checks a field of a section.
func (r *placeReader) field(path string, v *ast.MappingValueNode, t reflect.Type) {
	name := v.Key.GetToken().Value
	at := strings.TrimPrefix(path+"."+name, ".")
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("yaml") == name {
			r.value(at, v.Value, t.Field(i).Type)
			return
		}
	}
	names := yamlNames(t)
	r.refuseAt(v.Key, at, fmt.Sprintf("there is no such field here; the fields are %s%s", strings.Join(names, ", "), nearest.Hint(name, names)))
}

// refuseAt notes a fault at the line of a node.
func (r *placeReader) refuseAt(n ast.Node, field, why string) {
	line := 1
	if t := n.GetToken(); t != nil && t.Position != nil {
		line = t.Position.Line
	}
	text := fmt.Sprintf("%s:%d: ", r.file, line)
	if field != "" {
		text += field + ": "
	}
	r.errs = append(r.errs, fmt.Errorf("%s%s", text, why))
}

func mappingOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func yamlNames(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" {
			names = append(names, name)
		}
	}
	return names
}
