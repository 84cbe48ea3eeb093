package speccheck

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var notRaised = regexp.MustCompile(`(?m)^\| (4\.9\.3|6\.5|8\.3\.3)\.\d+ ([a-z-]+) \| not raised`)

// TestNotRaised: no code uses a condition of which doc/specs.md says that it is
// not raised.
func TestNotRaised(t *testing.T) {
	specs, err := os.ReadFile("../../doc/specs.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := notRaised.FindAllStringSubmatch(string(specs), -1)
	if len(rows) < 5 {
		t.Fatalf("only %d conditions found", len(rows))
	}
	sources := sources(t, "../..")
	for _, row := range rows {
		use := valueOf(row[1], row[2])
		for name, text := range sources {
			if use.MatchString(text) {
				t.Errorf("%s is raised by %s", row[2], name)
			}
		}
	}
}

// valueOf finds the value that has a condition. Those of stanza errors have
// names that are words elsewhere, so they count with their package alone.
func valueOf(section, condition string) *regexp.Regexp {
	name := ""
	for word := range strings.SplitSeq(condition, "-") {
		if word == "xml" {
			word = "XML"
		}
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	prefix := map[string]string{"4.9.3": "Stream", "6.5": "", "8.3.3": `stanza\.`}[section]
	return regexp.MustCompile(`\b` + prefix + name + `\b`)
}

// sources are the texts of all Go files that are no tests, without those that
// define the conditions.
func sources(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") ||
			strings.HasSuffix(path, "stanza/error.go") || strings.HasSuffix(path, "auth/failure.go") {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
