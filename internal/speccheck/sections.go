package speccheck

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed testdata/sections-*.txt testdata/musts-*.txt
var tables embed.FS

// Sections are the titles of sections by document ("RFC 6121", "XEP-0191") and
// number.
type Sections map[string]map[string]string

// LoadSections reads the tables, whose lines are "RFC 6121 2.1.5 Roster Set".
func LoadSections() (Sections, error) {
	all := Sections{}
	files, err := tables.ReadDir("testdata")
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), "sections-") {
			continue
		}
		text, err := tables.ReadFile("testdata/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("read table: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			if err := all.add(strings.TrimSpace(line)); err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name(), err)
			}
		}
	}
	return all, nil
}

func (s Sections) add(line string) error {
	doc, rest, ok := strings.Cut(line, " ")
	if doc == "RFC" {
		var number string
		number, rest, ok = strings.Cut(rest, " ")
		doc += " " + number
	}
	number, title, ok2 := strings.Cut(rest, " ")
	if !ok || !ok2 {
		return fmt.Errorf("no section: %q", line)
	}
	if s[doc] == nil {
		s[doc] = map[string]string{}
	}
	s[doc][number] = title
	return nil
}
