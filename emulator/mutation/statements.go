package mutation

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
)

// statement changes a statement as a whole, and tells whether to look into it.
func (f *finder) statement(n ast.Stmt) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		f.condition(n.Cond)
		f.empty(n.Body)
		if n.Else != nil {
			f.add(Branch, n.Body.End(), n.Else.End(), "")
		}
	case *ast.ForStmt:
		if n.Cond != nil {
			f.condition(n.Cond)
		}
	case *ast.CaseClause:
		f.clause(n)
	case *ast.CommClause:
		f.block(n.Body)
	case *ast.ExprStmt:
		if call, ok := n.X.(*ast.CallExpr); ok && f.logs(call) {
			return false
		}
		f.remove(n)
	case *ast.AssignStmt:
		f.assignment(n)
	case *ast.IncDecStmt:
		f.remove(n)
		to := "++"
		if n.Tok == token.INC {
			to = "--"
		}
		f.add(Arithmetic, n.TokPos, n.TokPos+2, to)
	case *ast.DeferStmt, *ast.GoStmt, *ast.SendStmt:
		f.remove(n)
	case *ast.BranchStmt:
		f.branch(n)
	case *ast.DeclStmt:
		// A type declared in a function has tags.
		if d, ok := n.Decl.(*ast.GenDecl); ok && d.Tok == token.TYPE {
			return false
		}
	}
	return true
}

// condition negates a condition; a comparison for equality and a negation have that as their own mutants.
func (f *finder) condition(c ast.Expr) {
	switch c := c.(type) {
	case *ast.BinaryExpr:
		if c.Op == token.EQL || c.Op == token.NEQ {
			return
		}
	case *ast.UnaryExpr:
		if c.Op == token.NOT {
			f.add(Negation, c.OpPos, c.OpPos+1, "")
			return
		}
	}
	f.add(Negation, c.Pos(), c.End(), "!("+f.source(c)+")")
}

// empty removes what a branch does.
func (f *finder) empty(body *ast.BlockStmt) {
	if len(body.List) > 0 && !single(body.List) {
		f.add(Branch, body.Pos(), body.End(), "{}")
	}
}

// single tells whether a branch is one statement, whose removal is a mutant already.
func single(body []ast.Stmt) bool {
	if len(body) != 1 {
		return false
	}
	switch n := body[0].(type) {
	case *ast.ExprStmt, *ast.IncDecStmt, *ast.SendStmt:
		return true
	case *ast.AssignStmt:
		return n.Tok != token.DEFINE
	}
	return false
}

func (f *finder) clause(n *ast.CaseClause) {
	for _, e := range n.List {
		if basic, ok := f.underlying(e).(*types.Basic); ok && basic.Info()&types.IsBoolean != 0 {
			f.condition(e)
		}
	}
	f.block(n.Body)
}

// block removes the statements of a case.
func (f *finder) block(body []ast.Stmt) {
	if len(body) > 0 && !single(body) {
		f.add(Branch, body[0].Pos(), body[len(body)-1].End(), "")
	}
}

// remove takes a statement out. A call that ends the program is left: without it there is no test to fail.
func (f *finder) remove(n ast.Stmt) {
	if strings.HasPrefix(f.source(n), "panic(") {
		return
	}
	f.add(Removal, n.Pos(), n.End(), "")
}

// opposite are assignments with an operator.
var opposite = map[token.Token]string{
	token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+=", token.MUL_ASSIGN: "/=", token.QUO_ASSIGN: "*=",
	token.OR_ASSIGN: "&=", token.AND_ASSIGN: "|=", token.SHL_ASSIGN: ">>=", token.SHR_ASSIGN: "<<=",
}

func (f *finder) assignment(n *ast.AssignStmt) {
	if n.Tok == token.DEFINE {
		return // what uses the variable would not compile
	}
	if len(n.Lhs) == 1 {
		if name, ok := n.Lhs[0].(*ast.Ident); ok && name.Name == "_" {
			if _, ok := n.Rhs[0].(*ast.CallExpr); !ok {
				return
			}
		}
	}
	f.remove(n)
	if to := opposite[n.Tok]; to != "" && !f.isString(n.Lhs[0]) {
		f.add(Arithmetic, n.TokPos, n.TokPos+token.Pos(len(n.Tok.String())), to)
	}
}

func (f *finder) branch(n *ast.BranchStmt) {
	switch n.Tok {
	case token.BREAK:
		f.add(Loop, n.TokPos, n.TokPos+token.Pos(len("break")), "continue")
	case token.CONTINUE:
		f.add(Loop, n.TokPos, n.TokPos+token.Pos(len("continue")), "break")
	}
}

// returned replaces each value of a return statement by the zero of its type: nil for an error.
func (f *finder) returned(n *ast.ReturnStmt) {
	if len(n.Results) != len(f.results) {
		return // none, or the values of one call
	}
	for i, e := range n.Results {
		if z := zero(f.results[i].Type()); z != "" && !f.isZero(e) {
			f.add(Return, e.Pos(), e.End(), z)
		}
	}
}

// isZero tells whether an expression is nil or a constant that is zero.
func (f *finder) isZero(e ast.Expr) bool {
	v := f.info.Types[e]
	if v.Value == nil {
		return v.IsNil()
	}
	switch v.Value.Kind() {
	case constant.Bool:
		return !constant.BoolVal(v.Value)
	case constant.String:
		return constant.StringVal(v.Value) == ""
	}
	return constant.Sign(v.Value) == 0
}

// zero is how the zero of a type is written, or nothing where that needs its name.
func zero(t types.Type) string {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsBoolean != 0:
			return "false"
		case u.Info()&types.IsNumeric != 0:
			return "0"
		case u.Info()&types.IsString != 0:
			return `""`
		}
	case *types.Pointer, *types.Slice, *types.Map, *types.Signature, *types.Chan, *types.Interface:
		if _, parameter := t.(*types.TypeParam); !parameter {
			return "nil"
		}
	}
	return ""
}
