package speccheck

import (
	"fmt"
	"strings"
)

// Must is something that a specification demands of a server, with what would
// fail if it were not kept, or the reason why there is nothing.
type Must struct {
	Cite
	Rule   string
	Shown  []string // scripts ("iq/no-id", "subscription/table/"), tests ("x_test.go:TestX")
	Reason string
}

// LoadMusts reads the tables, whose lines are "RFC 6120 8.2.3 | an iq without id
// is bad-request | iq/no-id" or end in "reason: …".
func LoadMusts() ([]Must, error) {
	files, err := tables.ReadDir("testdata")
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	var all []Must
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), "musts-") {
			continue
		}
		text, err := tables.ReadFile("testdata/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("read table: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			m, err := parseMust(strings.TrimSpace(line))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name(), err)
			}
			all = append(all, m)
		}
	}
	return all, nil
}

func parseMust(line string) (Must, error) {
	cells := strings.Split(line, " | ")
	if len(cells) != 3 {
		return Must{}, fmt.Errorf("not three cells: %q", line)
	}
	i := strings.LastIndex(cells[0], " ")
	if i < 0 {
		return Must{}, fmt.Errorf("no section: %q", line)
	}
	m := Must{Cite: Cite{cells[0][:i], cells[0][i+1:]}, Rule: cells[1]}
	if reason, ok := strings.CutPrefix(cells[2], "reason: "); ok {
		m.Reason = reason
		return m, nil
	}
	m.Shown = strings.Split(cells[2], ", ")
	return m, nil
}

// MustTables are the tables of doc/musts.md, one for each document.
func MustTables(s Sections, musts []Must) string {
	shown, broken := 0, 0
	for _, m := range musts {
		if m.Reason == "" {
			shown++
		}
		if strings.HasPrefix(m.Reason, "not kept") {
			broken++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d rules: %d shown, %d with a reason, %d not kept.\n",
		len(musts), shown, len(musts)-shown-broken, broken)
	doc, section := "", ""
	for _, m := range musts {
		if m.Doc != doc {
			doc, section = m.Doc, ""
			fmt.Fprintf(&b, "\n## %s\n\n| section | rule | shown by, or why not |\n|---|---|---|\n", doc)
		}
		title := ""
		if m.Section != section {
			section, title = m.Section, m.Section+" "+s[doc][m.Section]
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", title, plain.Replace(m.Rule), plain.Replace(evidence(m)))
	}
	return b.String()
}

// plain keeps Markdown from taking elements for HTML.
var plain = strings.NewReplacer("&", "&amp;", "<", "&lt;")

func evidence(m Must) string {
	if m.Reason != "" {
		return "*" + m.Reason + "*"
	}
	var list []string
	for _, e := range m.Shown {
		file, test, _ := strings.Cut(e, ":")
		list = append(list, strings.TrimSpace("`"+file+"` "+test))
	}
	return strings.Join(list, ", ")
}
