package main

import (
	"fmt"
	"go/ast"
	"go/build"
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
	file       string // below the root of the tree
	start, end int    // its bytes in the file
	line       int
	text       string
	number     int // which it is of all, from 1
}

// dir is the folder of its package.
func (c *condition) dir() string { return filepath.Dir(c.file) }

func (c *condition) where() string { return fmt.Sprintf("%s:%d", c.file, c.line) }

// conditions finds those of cited rules below a folder of a tree; tests, tools,
// measurements and what is not built on this system are left out.
func conditions(root, dir string) ([]*condition, error) {
	var all []*condition
	top := filepath.Join(root, dir)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && left[d.Name()]:
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		if built, err := build.Default.MatchFile(filepath.Split(path)); err != nil || !built {
			return err
		}
		list, err := inFile(root, path)
		all = append(all, list...)
		return err
	})
	for i, c := range all {
		c.number = i + 1
	}
	return all, err
}

// left are the folders whose programs are no part of the server.
var left = map[string]bool{"internal": true, "bench": true, "interop": true, "cmd": true}

func inFile(root, path string) ([]*condition, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, src, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return nil, err
	}
	var all []*condition
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil || !cited(file, fn) {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			for _, e := range booleans(n) {
				start, end := set.Position(e.Pos()), set.Position(e.End())
				all = append(all, &condition{
					file: filepath.ToSlash(name), start: start.Offset, end: end.Offset,
					line: start.Line, text: string(src[start.Offset:end.Offset]),
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

// booleans are the conditions directly in a node: of an if, and the cases
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
