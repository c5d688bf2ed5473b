package mutation

import (
	"go/ast"
	"go/token"
	"go/types"
)

// finder collects the mutants of one file.
type finder struct {
	name    string
	src     []byte
	file    *token.File
	info    *types.Info
	inside  string            // the function or variable that is looked at
	results []*types.Var      // of the innermost function
	left    map[ast.Node]bool // what is left as it is, with all below it
	mutants []Mutant
	seen    map[edit]bool
}

type edit struct {
	from, to int
	text     string
}

// find returns all mutants of a file in the order of the places. Whether they compile is not known yet.
func find(name string, src []byte, fset *token.FileSet, parsed *ast.File, info *types.Info) []Mutant {
	f := &finder{name: name, src: src, file: fset.File(parsed.Pos()), info: info, left: map[ast.Node]bool{}, seen: map[edit]bool{}}
	for _, declared := range parsed.Decls {
		switch d := declared.(type) {
		case *ast.FuncDecl:
			if d.Body == nil {
				continue
			}
			f.inside = functionName(d)
			f.function(info.Defs[d.Name], d.Body)
		case *ast.GenDecl:
			f.declaration(d)
		}
	}
	return f.mutants
}

func functionName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	receiver := types.ExprString(d.Recv.List[0].Type)
	if receiver[0] == '*' {
		receiver = "(" + receiver + ")"
	}
	return receiver + "." + d.Name.Name
}

// declaration looks at the values of constants and variables; types and imports have none.
func (f *finder) declaration(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		if value, ok := spec.(*ast.ValueSpec); ok {
			f.inside = value.Names[0].Name
			for _, v := range value.Values {
				f.walk(v)
			}
		}
	}
}

// function looks at the body of a function, whose results it has to know.
func (f *finder) function(of types.Object, body *ast.BlockStmt) {
	if of == nil {
		return
	}
	f.body(of.Type(), body)
}

func (f *finder) body(of types.Type, body *ast.BlockStmt) {
	outer := f.results
	defer func() { f.results = outer }()
	f.results = nil
	if signature, ok := of.(*types.Signature); ok {
		for i := range signature.Results().Len() {
			f.results = append(f.results, signature.Results().At(i))
		}
	}
	f.walk(body)
}

// walk looks at a node and all below it.
func (f *finder) walk(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil || f.left[n] {
			return false
		}
		switch n := n.(type) {
		case *ast.FuncLit:
			f.body(f.info.TypeOf(n), n.Body)
			return false
		case *ast.BinaryExpr:
			f.operator(n)
		case *ast.BasicLit:
			f.literal(n)
		case *ast.Ident:
			f.boolean(n)
		case *ast.SelectorExpr:
			f.unit(n)
		case *ast.CallExpr:
			f.leave(n)
		case *ast.Field, *ast.ArrayType:
			return false // types, and tags of fields
		case *ast.ReturnStmt:
			f.returned(n)
		case ast.Stmt:
			return f.statement(n)
		}
		return true
	})
}

// add takes a mutant in, unless the same change is there already.
func (f *finder) add(kind Kind, from, to token.Pos, text string) {
	e := edit{f.file.Offset(from), f.file.Offset(to), text}
	if f.seen[e] || string(f.src[e.from:e.to]) == text {
		return
	}
	f.seen[e] = true
	m := Mutant{File: f.name, Func: f.inside, Kind: kind, from: e.from, to: e.to, text: text}
	m.describe(f.src)
	f.mutants = append(f.mutants, m)
}

// source is the text of a node.
func (f *finder) source(n ast.Node) string {
	return string(f.src[f.file.Offset(n.Pos()):f.file.Offset(n.End())])
}
