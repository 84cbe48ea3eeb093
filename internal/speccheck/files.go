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

// Text is a comment of a source or the title of a script.
type Text struct {
	File string // from the root of the module
	Line int
	Text string
}

// Texts reads what may cite below root: comments of Go files, first lines of
// scripts.
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
