package mutation

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// operators are what each operator becomes.
var operators = map[token.Token]struct {
	kind Kind
	to   string
}{
	token.LSS: {Boundary, "<="}, token.LEQ: {Boundary, "<"}, token.GTR: {Boundary, ">="}, token.GEQ: {Boundary, ">"},
	token.EQL: {Equality, "!="}, token.NEQ: {Equality, "=="},
	token.LAND: {Logic, "||"}, token.LOR: {Logic, "&&"},
	token.ADD: {Arithmetic, "-"}, token.SUB: {Arithmetic, "+"}, token.MUL: {Arithmetic, "/"}, token.QUO: {Arithmetic, "*"}, token.REM: {Arithmetic, "*"},
	token.AND: {Arithmetic, "|"}, token.OR: {Arithmetic, "&"}, token.SHL: {Arithmetic, ">>"}, token.SHR: {Arithmetic, "<<"},
}

func (f *finder) operator(n *ast.BinaryExpr) {
	if o, ok := operators[n.Op]; ok && !(n.Op == token.ADD && f.isString(n)) {
		f.add(o.kind, n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), o.to)
	}
}

func (f *finder) isString(e ast.Expr) bool {
	basic, ok := f.underlying(e).(*types.Basic)
	return ok && basic.Info()&types.IsString != 0
}

func (f *finder) underlying(e ast.Expr) types.Type {
	if t := f.info.TypeOf(e); t != nil {
		return t.Underlying()
	}
	return nil
}

// literal changes a number by one, and a number that is not zero to zero; it empties a string, or puts something into an empty one.
func (f *finder) literal(n *ast.BasicLit) {
	switch n.Kind {
	case token.INT:
		value, ok := constant.Int64Val(constant.MakeFromLiteral(n.Value, n.Kind, 0))
		if !ok {
			return
		}
		f.add(Constant, n.Pos(), n.End(), strconv.FormatInt(value+1, 10))
		if value != 0 {
			f.add(Constant, n.Pos(), n.End(), "0")
		}
	case token.FLOAT:
		f.add(Constant, n.Pos(), n.End(), "("+n.Value+"+1)")
	case token.CHAR:
		if n.Value != "'~'" {
			f.add(Constant, n.Pos(), n.End(), "'~'")
		}
	case token.STRING:
		if text, err := strconv.Unquote(n.Value); err == nil && text == "" {
			f.add(Constant, n.Pos(), n.End(), `"mutant"`)
		} else {
			f.add(Constant, n.Pos(), n.End(), `""`)
		}
	}
}

func (f *finder) boolean(n *ast.Ident) {
	if f.info.Uses[n] == types.Universe.Lookup("true") {
		f.add(Boolean, n.Pos(), n.End(), "false")
	} else if f.info.Uses[n] == types.Universe.Lookup("false") {
		f.add(Boolean, n.Pos(), n.End(), "true")
	}
}

// units are what each unit of time becomes.
var units = map[string]string{"Nanosecond": "Microsecond", "Microsecond": "Millisecond", "Millisecond": "Second", "Second": "Minute", "Minute": "Second", "Hour": "Minute"}

func (f *finder) unit(n *ast.SelectorExpr) {
	if used, ok := f.info.Uses[n.Sel].(*types.Const); ok && used.Pkg() != nil && used.Pkg().Path() == "time" && units[n.Sel.Name] != "" {
		f.add(Constant, n.Sel.Pos(), n.Sel.End(), units[n.Sel.Name])
	}
}

// wording are the functions whose first text is for people to read and no behaviour: its change would be a matter of taste.
var wording = []string{"errors.New", "fmt.Errorf", "panic"}

// logging are the methods of log/slog.
var logging = []string{"Debug", "DebugContext", "Info", "InfoContext", "Warn", "WarnContext", "Error", "ErrorContext", "Log", "LogAttrs"}

// leave marks what of a call is left as it is: texts for people, and sizes that only save an allocation.
func (f *finder) leave(n *ast.CallExpr) {
	name := types.ExprString(n.Fun)
	switch {
	case slices.Contains(wording, name) && len(n.Args) > 0:
		f.left[n.Args[0]] = true
	case f.logs(n):
		for _, arg := range n.Args {
			f.left[arg] = true
		}
	case name == "make" && len(n.Args) > 1:
		switch f.underlying(n.Args[0]).(type) {
		case *types.Map:
			f.left[n.Args[1]] = true
		case *types.Slice:
			if len(n.Args) > 2 {
				f.left[n.Args[2]] = true
			}
		}
	}
}

// logs tells whether a call writes to a log.
func (f *finder) logs(n *ast.CallExpr) bool {
	selector, ok := n.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains(logging, selector.Sel.Name) {
		return false
	}
	used, ok := f.info.Uses[selector.Sel].(*types.Func)
	return ok && used.Pkg() != nil && strings.HasPrefix(used.Pkg().Path(), "log")
}
