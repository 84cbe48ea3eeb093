package speccheck

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Text is a comment of a source, the title of a script or a paragraph of a
// document.
type Text struct {
	File string // from the root of the module
	Line int
	Text string
}

// Texts reads what may cite below root: comments of Go files, first lines of
// scripts, paragraphs and rows of documents.
func Texts(root string) ([]Text, error) {
	var all []Text
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		var list []Text
		switch {
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != ".":
			return filepath.SkipDir
		case d.IsDir():
		case strings.HasSuffix(name, ".go"):
			list, err = comments(path, name)
		case strings.HasPrefix(name, "server/testdata/") && strings.HasSuffix(name, ".txt"):
			list, err = title(path, name)
		case strings.HasSuffix(name, ".md"):
			list, err = paragraphs(path, name)
		}
		all = append(all, list...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sources: %w", err)
	}
	return all, nil
}

func comments(path, name string) ([]Text, error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var list []Text
	for _, c := range f.Comments {
		list = append(list, Text{name, set.Position(c.Pos()).Line, c.Text()})
	}
	return list, nil
}

func title(path, name string) ([]Text, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return []Text{{name, 1, strings.TrimPrefix(line, "#")}}, nil
}

// paragraphs are divided by empty lines; each row of a table and item of a list
// is one.
func paragraphs(path, name string) ([]Text, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []Text
	n, apart := 0, true
	for line := range strings.Lines(string(b)) {
		n++
		start := strings.HasPrefix(line, "|") || strings.HasPrefix(line, "- ")
		switch empty := strings.TrimSpace(line) == ""; {
		case empty:
			apart = true
		case apart || start:
			list, apart = append(list, Text{name, n, line}), false
		default:
			list[len(list)-1].Text += line
		}
	}
	return list, nil
}

// scriptText is what all scripts say, comments left out.
func scriptText(root string) (string, error) {
	var b strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".txt" {
			return err
		}
		text, err := os.ReadFile(path)
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "#") {
				b.WriteString(line)
			}
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read scripts: %w", err)
	}
	return b.String(), nil
}
