package main_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// house is the root of the project.
var house = os.DirFS("..")

// walk calls f with every file that belongs to the project, and not with what git, a browser or a cache keeps beside it.
func walk(t *testing.T, f func(name string)) {
	t.Helper()
	err := fs.WalkDir(house, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if base := path.Base(name); name != "." && (strings.HasPrefix(base, ".") || base == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		f(name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sources returns the Go files of the project.
func sources(t *testing.T) (files []source) {
	t.Helper()
	walk(t, func(name string) {
		if path.Ext(name) == ".go" && !strings.Contains(name, "testdata/") {
			text, err := fs.ReadFile(house, name)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, source{name: name, text: text, test: strings.HasSuffix(name, "_test.go")})
		}
	})
	if len(files) < 2 {
		t.Fatal("no sources found")
	}
	return files
}

// maxLines is the length at which a file holds a second noun.
const maxLines = 350

func TestFileLength(t *testing.T) {
	for _, file := range sources(t) {
		if lines := bytes.Count(file.text, []byte("\n")); !file.test && lines > maxLines {
			t.Errorf("%s has %d lines, more than %d: is there a second noun in it?", file.name, lines, maxLines)
		}
	}
}

// nameless are names that say nothing of what a file or a folder holds.
var nameless = []string{"base", "common", "helper", "helpers", "manager", "misc", "service", "type", "types", "util", "utils"}

func TestFileNames(t *testing.T) {
	for _, file := range sources(t) {
		name := strings.TrimSuffix(strings.TrimSuffix(file.name, ".go"), "_test")
		for part := range strings.SplitSeq(name, "/") {
			if slices.Contains(nameless, part) {
				t.Errorf("%s: %q is no noun of the phone's world", file.name, part)
			}
		}
	}
}

// TestSleeps: waiting for a time instead of for what is awaited is slow and wrong by turns, outside of a bubble.
func TestSleeps(t *testing.T) {
	folders := map[string][]*ast.File{}
	for _, file := range sources(t) {
		if !bytes.Contains(file.text, []byte("Sleep")) && !file.test {
			continue
		}
		parsed := file.parse(t, parser.SkipObjectResolution)
		if file.test {
			folders[path.Dir(file.name)] = append(folders[path.Dir(file.name)], parsed)
			continue
		}
		for range sleeps(parsed, nil) {
			t.Errorf("%s calls time.Sleep", file.name)
		}
	}
	for folder, files := range folders {
		openers := bubbleOpeners(files)
		for _, file := range files {
			for _, function := range sleeps(file, openers) {
				t.Errorf("%s: a test in %s calls time.Sleep outside of a synctest bubble", folder, function)
			}
		}
	}
}

// bubbleOpeners returns the functions that run a function in a bubble: synctest.Test, and those that call it.
func bubbleOpeners(files []*ast.File) map[string]bool {
	openers := map[string]bool{"synctest.Test": true}
	for _, file := range files {
		for _, declared := range file.Decls {
			if function, ok := declared.(*ast.FuncDecl); ok && calls(function, "synctest.Test") {
				openers[function.Name.Name] = true
			}
		}
	}
	return openers
}

// sleeps returns the functions of a file that call time.Sleep, once for each call, where it is not in a bubble: neither in
// a function that is handed to an opener, nor beside a call of synctest.Wait, which is lawful only in a bubble.
func sleeps(file *ast.File, openers map[string]bool) (found []string) {
	for _, declared := range file.Decls {
		name := "a variable"
		if function, ok := declared.(*ast.FuncDecl); ok {
			name = function.Name.Name
			if len(openers) > 0 && calls(function, "synctest.Wait") {
				continue
			}
		}
		ast.Inspect(declared, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			if called(call) == "time.Sleep" {
				found = append(found, name)
			}
			return !openers[called(call)]
		})
	}
	return found
}

// calls tells whether a function of that name is called anywhere below the node.
func calls(node ast.Node, name string) (yes bool) {
	ast.Inspect(node, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		yes = yes || ok && called(call) == name
		return !yes
	})
	return yes
}

// called names what is called as it is written: "f" or "x.f".
func called(call *ast.CallExpr) string {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		if x, ok := function.X.(*ast.Ident); ok {
			return x.Name + "." + function.Sel.Name
		}
	}
	return ""
}

func TestSleepsAreFound(t *testing.T) {
	const text = `package p
func bubble(t *testing.T, f func()) { synctest.Test(t, func(t *testing.T) { f() }) }
func TestInside(t *testing.T) { synctest.Test(t, func(t *testing.T) { time.Sleep(1); go func() { time.Sleep(2) }() }) }
func TestWrapped(t *testing.T) { bubble(t, func() { time.Sleep(1) }) }
func settle() { time.Sleep(1); synctest.Wait() }
func TestOutside(t *testing.T) { time.Sleep(1); bubble(t, nil); go func() { time.Sleep(2) }() }
func idle() { time.Sleep(1) }
var nap = func() { time.Sleep(1) }
`
	file, err := parser.ParseFile(token.NewFileSet(), "p_test.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := sleeps(file, bubbleOpeners([]*ast.File{file}))
	if want := []string{"TestOutside", "TestOutside", "idle", "a variable"}; !slices.Equal(found, want) {
		t.Errorf("sleeps outside of bubbles in %v, want %v", found, want)
	}
}

// TestSkips: a test that skips itself looks like one that passed.
func TestSkips(t *testing.T) {
	skips := []string{}
	for _, receiver := range []string{"t", "b", "f", "tb"} {
		for _, method := range []string{"Skip", "Skipf", "SkipNow"} {
			skips = append(skips, receiver+"."+method)
		}
	}
	for _, file := range sources(t) {
		if !file.test || !bytes.Contains(file.text, []byte("Skip")) {
			continue
		}
		parsed := file.parse(t, parser.SkipObjectResolution)
		for _, skip := range skips {
			if calls(parsed, skip) {
				t.Errorf("%s calls %s", file.name, skip)
			}
		}
	}
}
