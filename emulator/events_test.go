package main_test

import (
	"go/ast"
	"go/parser"
	"path"
	"reflect"
	"strings"
	"testing"

	table "hilphone/db/journal/event"
)

// eventPackage is where the types of events are defined.
const eventPackage = "db/journal/event"

// TestEveryEventIsRecorded: each type of the table is recorded somewhere in the program, as a value of its struct, and nothing records an event
// by a type word (BE-07).
func TestEveryEventIsRecorded(t *testing.T) {
	built := map[string]bool{} // structs of which the program makes values
	for _, file := range sources(t) {
		if file.test || path.Dir(file.name) == eventPackage {
			continue
		}
		ast.Inspect(file.parse(t, 0), func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if s, ok := n.Type.(*ast.SelectorExpr); ok && isPackage(s.X, "event") {
					built[s.Sel.Name] = built[s.Sel.Name] || len(n.Elts) > 0 || s.Sel.Name == "AddressChange"
				}
			case *ast.CallExpr:
				f, ok := n.Fun.(*ast.SelectorExpr)
				if ok && f.Sel.Name == "Event" && len(n.Args) == 4 && path.Dir(file.name) != "db/journal" {
					t.Errorf("%s records an event by its type word; Journal.Record takes a struct of package event", file.name)
				}
			}
			return true
		})
	}
	for _, i := range table.All {
		if name := structOf(i); !built[name] {
			t.Errorf("nothing records %s: no value of event.%s is made", i.Type(), name)
		}
	}
}

func isPackage(x ast.Expr, name string) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == name
}

// structOf is the name of the struct of a row.
func structOf(i table.Info) string { return reflect.TypeOf(i.Zero).Name() }

// TestEventTable: each struct of package event with an EventType is a row of the table, once, with a group, a description and fields that
// have names (BE-07).
func TestEventTable(t *testing.T) {
	rows := map[string]int{}
	words := map[string]bool{}
	for _, i := range table.All {
		rows[structOf(i)]++
		if words[i.Type()] {
			t.Errorf("two rows are %s", i.Type())
		}
		words[i.Type()] = true
		if i.Doc == "" || i.Group == "" && i.Type() != "dropped" {
			t.Errorf("%s has no group or description", i.Type())
		}
		for _, f := range i.Fields() {
			if f.Name == "" || strings.HasSuffix(f.Name, "-") {
				t.Errorf("%s has a field without a name in JSON", i.Type())
			}
		}
	}
	defined := 0
	for _, file := range sources(t) {
		if file.test || path.Dir(file.name) != eventPackage {
			continue
		}
		for _, d := range file.parse(t, parser.SkipObjectResolution).Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "EventType" {
				continue
			}
			defined++
			if name := f.Recv.List[0].Type.(*ast.Ident).Name; rows[name] != 1 {
				t.Errorf("event.%s is in %d rows of table.All, want 1", name, rows[name])
			}
		}
	}
	if defined != len(table.All) {
		t.Errorf("%d structs are events, %d rows", defined, len(table.All))
	}
}
