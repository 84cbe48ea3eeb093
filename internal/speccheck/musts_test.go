package speccheck

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMusts: each rule is of a section that there is, in order, and names
// scripts and tests that there are, or a reason.
func TestMusts(t *testing.T) {
	musts, sections := loadMusts(t)
	if len(musts) < 400 {
		t.Errorf("only %d rules", len(musts))
	}
	done, last := map[string]bool{}, Cite{}
	for _, m := range musts {
		at := fmt.Sprintf("%s %s, %s", m.Doc, m.Section, m.Rule)
		switch {
		case sections[m.Doc][m.Section] == "":
			t.Errorf("%s: no such section", at)
		case m.Doc != last.Doc && done[m.Doc],
			m.Doc == last.Doc && compareNumbers(last.Section, m.Section) > 0:
			t.Errorf("%s: out of order", at)
		case m.Rule == "" || m.Reason == "" && len(m.Shown) == 0:
			t.Errorf("%s: neither shown nor a reason", at)
		}
		for _, e := range m.Shown {
			if err := exists("../..", e); err != nil {
				t.Errorf("%s: %v", at, err)
			}
		}
		last, done[m.Doc] = m.Cite, true
	}
}

// exists looks for a script, a folder of scripts, or a test of a file.
func exists(root, evidence string) error {
	file, test, isTest := strings.Cut(evidence, ":")
	if !isTest {
		name := filepath.Join(root, scripts, evidence)
		if strings.HasSuffix(evidence, "/") {
			name = filepath.Join(name, "*")
		}
		list, err := filepath.Glob(name + ".txt")
		if err != nil || len(list) == 0 {
			return fmt.Errorf("no script %s (%w)", evidence, err)
		}
		return nil
	}
	text, err := os.ReadFile(filepath.Join(root, file))
	if err == nil && !strings.Contains(string(text), "\nfunc "+test+"(") {
		err = fmt.Errorf("no test %s in %s", test, file)
	}
	return err
}

// TestMustTables: doc/musts.md says what the tables say.
func TestMustTables(t *testing.T) {
	musts, sections := loadMusts(t)
	upToDate(t, "../../doc/musts.md", MustTables(sections, musts))
}

func loadMusts(t *testing.T) ([]Must, Sections) {
	t.Helper()
	musts, err := LoadMusts()
	if err != nil {
		t.Fatal(err)
	}
	sections, err := LoadSections()
	if err != nil {
		t.Fatal(err)
	}
	return musts, sections
}

func TestParseMust(t *testing.T) {
	for _, tc := range []struct {
		line, want string
		bad        bool
	}{
		{"RFC 1 2.1 | a rule | a/b, c_test.go:TestD",
			"{{RFC 1 2.1} a rule [a/b c_test.go:TestD] }", false},
		{"XEP-0001 2 | a rule | reason: why, not", "{{XEP-0001 2} a rule [] why, not}", false},
		{"RFC 1 2.1 | a rule", "", true},
		{"RFC | a rule | a/b", "", true},
	} {
		m, err := parseMust(tc.line)
		if (err != nil) != tc.bad || err == nil && fmt.Sprint(m) != tc.want {
			t.Errorf("%s: %v, %v", tc.line, m, err)
		}
	}
	for evidence, ok := range map[string]bool{
		"iq/no-id": true, "subscription/table/": true, "iq/no-such": false, "no-such/": false,
		"internal/speccheck/musts_test.go:TestMusts": true,
		"internal/speccheck/musts_test.go:TestMust":  false,
		"internal/speccheck/no_test.go:TestMust":     false,
	} {
		if err := exists("../..", evidence); (err == nil) != ok {
			t.Errorf("%s: %v", evidence, err)
		}
	}
}
