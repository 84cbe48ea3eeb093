package speccheck

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestExamples: each example of XEP-0045 is in the table, of a section that there
// is, with a script whose title cites this section or one around it, or a test,
// or a reason. The lines are "19 | 7.2.1 | No Nickname Specified | muc/enter-no-nick".
func TestExamples(t *testing.T) {
	const doc, count = "XEP-0045", 220
	text, err := os.ReadFile("testdata/examples-0045.txt")
	if err != nil {
		t.Fatal(err)
	}
	sections, err := LoadSections()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		n++
		if len(cells) != 4 || cells[0] != strconv.Itoa(n) || sections[doc][cells[1]] == "" {
			t.Fatalf("not example %d of a section: %q", n, line)
		}
		if _, ok := strings.CutPrefix(cells[3], "reason: "); ok {
			continue
		}
		cited := false
		for _, e := range strings.Split(cells[3], ", ") {
			if err := exists("../..", e); err != nil {
				t.Errorf("example %d: %v", n, err)
				continue
			}
			cited = cited || citesSection(t, sections, e, Cite{doc, cells[1]})
		}
		if !cited {
			t.Errorf("example %d, %s: nothing of section %s in %s", n, cells[2], cells[1], cells[3])
		}
	}
	if n != count {
		t.Errorf("%d examples", n)
	}
}

// citesSection says whether the title of a script cites a section, or one that
// it is in, or one in it. Tests are taken at their word.
func citesSection(t *testing.T, s Sections, evidence string, want Cite) bool {
	t.Helper()
	if strings.Contains(evidence, ":") {
		return true
	}
	list, err := title(filepath.Join("../..", scripts, evidence+".txt"), evidence)
	if err != nil {
		t.Fatal(err)
	}
	cites, _ := s.Read(list[0].Text)
	for _, c := range cites {
		if c.Doc == want.Doc && (strings.HasPrefix(c.Section+".", want.Section+".") ||
			strings.HasPrefix(want.Section+".", c.Section+".")) {
			return true
		}
	}
	return false
}
