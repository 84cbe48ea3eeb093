package speccheck

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Marker divides doc/specs.md and doc/musts.md: what stands above it is written
// by hand, what follows is made.
const Marker = "<!-- What follows is made by: go test ./internal/speccheck -update -->"

// Index says for each cited section which files cite it: the code, its tests,
// and the conversation scripts.
func Index(s Sections, texts []Text) string {
	by := map[Cite]map[string]bool{}
	for _, t := range texts {
		if strings.HasSuffix(t.File, ".md") {
			continue // a document deals with no rule
		}
		cites, _ := s.Read(t.Text)
		for _, c := range cites {
			if by[c] == nil {
				by[c] = map[string]bool{}
			}
			by[c][t.File] = true
		}
	}
	var all []Cite
	for c := range by {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Cite) int {
		return cmp.Or(cmp.Compare(a.Doc, b.Doc), compareNumbers(a.Section, b.Section))
	})
	var b strings.Builder
	doc := ""
	for _, c := range all {
		if c.Doc != doc {
			doc = c.Doc
			fmt.Fprintf(&b, "\n## %s\n\n", doc)
		}
		fmt.Fprintf(&b, "- **%s %s**", c.Section, s[c.Doc][c.Section])
		for _, kind := range []string{"code", "tests", "scripts"} {
			if files := filesOf(kind, by[c]); files != "" {
				fmt.Fprintf(&b, "; %s: %s", kind, files)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

const scripts = "server/testdata/"

func filesOf(kind string, files map[string]bool) string {
	var list []string
	for f := range files {
		k := "code"
		if strings.HasPrefix(f, scripts) {
			k = "scripts"
		} else if strings.HasSuffix(f, "_test.go") {
			k = "tests"
		}
		if k == kind {
			list = append(list, strings.TrimSuffix(strings.TrimPrefix(f, scripts), ".txt"))
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// compareNumbers puts 2.10 behind 2.9, and appendices last.
func compareNumbers(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		m, err := strconv.Atoi(x[i])
		n, err2 := strconv.Atoi(y[i])
		c := cmp.Compare(m, n)
		if err != nil || err2 != nil {
			c = cmp.Compare(x[i], y[i])
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}
