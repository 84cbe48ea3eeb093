package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// cites matches the citation of a specification.
var cites = regexp.MustCompile(`\b(RFC \d|XEP-\d)`)

// condition is a boolean expression that can be negated.
type condition struct {
	file       string
	start, end int    // its bytes in the file
	where      string // file:line
	text       string
}

// conditions finds those of cited rules below a folder, tests, tools and
// measurements left out.
func conditions(dir string) ([]condition, error) {
	var all []condition
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "internal" || d.Name() == "bench" || d.Name() == "interop" || d.Name() == "cmd"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		list, err := inFile(path)
		all = append(all, list...)
		return err
	})
	return all, err
}

func inFile(path string) ([]condition, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, src, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	var all []condition
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil || !cited(file, fn) {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			for _, e := range booleans(n) {
				start, end := set.Position(e.Pos()), set.Position(e.End())
				all = append(all, condition{
					file: path, start: start.Offset, end: end.Offset,
					where: fmt.Sprintf("%s:%d", path, start.Line),
					text:  string(src[start.Offset:end.Offset]),
				})
			}
			return true
		})
	}
	return all, nil
}

// cited says whether a comment of the function names a specification.
func cited(file *ast.File, fn *ast.FuncDecl) bool {
	if cites.MatchString(fn.Doc.Text()) {
		return true
	}
	for _, c := range file.Comments {
		if c.Pos() > fn.Pos() && c.End() < fn.End() && cites.MatchString(c.Text()) {
			return true
		}
	}
	return false
}

// booleans are the conditions directly in a node: of if and for, and the cases
// of a switch without a value.
func booleans(n ast.Node) []ast.Expr {
	switch s := n.(type) {
	case *ast.IfStmt:
		return []ast.Expr{s.Cond}
	case *ast.SwitchStmt:
		if s.Tag != nil {
			return nil
		}
		var list []ast.Expr
		for _, c := range s.Body.List {
			list = append(list, c.(*ast.CaseClause).List...)
		}
		return list
	}
	return nil
}
