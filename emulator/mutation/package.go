package mutation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A Package is a package that is changed.
type Package struct {
	Path    string // such as hilphone/sip/line
	Dir     string
	Mutants []Mutant // all that were found, in the order of files and places

	root    string            // of the module
	sources map[string][]byte // by the name of a file from the root
	fset    *token.FileSet
	parsed  map[string]*ast.File
	config  types.Config
}

// listed is what the go command says of a package.
type listed struct {
	ImportPath, Dir, Export   string
	GoFiles, CgoFiles         []string
	TestGoFiles, XTestGoFiles []string
	DepOnly                   bool
	Module                    *struct{ Dir, GoVersion string }
	Error                     *struct{ Err string }
}

// Load finds the packages that have tests among those that patterns name, and their mutants. It works in the module of the folder dir.
func Load(ctx context.Context, dir string, patterns ...string) ([]*Package, error) {
	args := append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,DepOnly,Module,Error", "--"}, patterns...)
	out, err := goCommand(ctx, dir, args...)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	var named []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		exports[l.ImportPath] = l.Export
		if !l.DepOnly && l.Module != nil && len(l.TestGoFiles)+len(l.XTestGoFiles) > 0 {
			named = append(named, l)
		}
	}
	var packages []*Package
	for _, l := range named {
		p, err := newPackage(l, exports)
		if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
	return packages, nil
}

// goCommand runs the go command and returns what it prints.
func goCommand(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return out, nil
}

func newPackage(l listed, exports map[string]string) (*Package, error) {
	p := &Package{Path: l.ImportPath, Dir: l.Dir, root: l.Module.Dir, sources: map[string][]byte{}, fset: token.NewFileSet(), parsed: map[string]*ast.File{}}
	open := func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(exports[path])
	}
	p.config = types.Config{Importer: importer.ForCompiler(p.fset, "gc", open), Sizes: types.SizesFor("gc", runtime.GOARCH), GoVersion: "go" + l.Module.GoVersion}
	var names []string
	for _, base := range slices.Concat(l.GoFiles, l.CgoFiles) {
		name, err := filepath.Rel(p.root, filepath.Join(l.Dir, base))
		if err != nil {
			return nil, err
		}
		if p.sources[name], err = os.ReadFile(filepath.Join(l.Dir, base)); err != nil {
			return nil, err
		}
		if p.parsed[name], err = parser.ParseFile(p.fset, name, p.sources[name], parser.SkipObjectResolution); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	if err := p.check(names, "", nil, info); err != nil {
		return nil, fmt.Errorf("%s: %w", p.Path, err)
	}
	for _, name := range names {
		p.Mutants = append(p.Mutants, find(name, p.sources[name], p.fset, p.parsed[name], info)...)
	}
	return p, nil
}

// check type-checks the package, with another syntax tree for one of its files.
func (p *Package) check(names []string, changed string, tree *ast.File, info *types.Info) error {
	files := make([]*ast.File, 0, len(names))
	for _, name := range names {
		if name == changed {
			files = append(files, tree)
		} else {
			files = append(files, p.parsed[name])
		}
	}
	_, err := p.config.Check(p.Path, p.fset, files, info)
	return err
}

// Compiles tells whether the package with the mutant in it is a Go program.
func (p *Package) Compiles(m Mutant) bool {
	tree, err := parser.ParseFile(p.fset, m.File, m.Source(p.sources[m.File]), parser.SkipObjectResolution)
	if err != nil {
		return false
	}
	var names []string
	for name := range p.parsed {
		names = append(names, name)
	}
	slices.Sort(names)
	return p.check(names, m.File, tree, nil) == nil
}
