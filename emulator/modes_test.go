package main_test

import (
	"go/ast"
	"go/parser"
	"path"
	"slices"
	"strconv"
	"testing"
)

// others lists the files that may write what others than the owner may read, and why.
var others = map[string]string{
	"hil/secure.go": "the certificate of an authority, for phones of other users to trust",
}

// creators are the functions that make files and folders, with the argument that is the mode.
var creators = map[string]int{"WriteFile": 2, "OpenFile": 2, "Mkdir": 1, "MkdirAll": 1, "Chmod": 1}

// SE-15: whatever the program writes is its owner's alone: files 0600, folders 0700.
func TestModes(t *testing.T) {
	found := map[string]bool{}
	for _, file := range sources(t) {
		if file.test || slices.Contains(testBeds, path.Dir(file.name)) {
			continue
		}
		ast.Inspect(file.parse(t, parser.SkipObjectResolution), func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			selector, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			name := selector.Sel.Name
			if pkg, ok := selector.X.(*ast.Ident); ok && pkg.Name == "os" && name == "Create" {
				t.Errorf("%s: os.Create makes files that all may read", file.name)
			}
			at, ok := creators[name]
			if !ok || at >= len(call.Args) {
				return true
			}
			literal, ok := call.Args[at].(*ast.BasicLit)
			if !ok {
				return true
			}
			mode, err := strconv.ParseUint(literal.Value, 0, 32)
			if err == nil && mode&0o077 != 0 {
				if found[file.name] = true; others[file.name] == "" {
					t.Errorf("%s: %s with mode %s", file.name, name, literal.Value)
				}
			}
			return true
		})
	}
	for name := range others {
		if !found[name] {
			t.Errorf("%s is in the list and writes nothing that others may read", name)
		}
	}
}
