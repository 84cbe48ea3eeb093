package speccheck

import (
	"fmt"
	"testing"
)

// TestCitations: every section that is cited is there and has the title that is
// given.
func TestCitations(t *testing.T) {
	sections, err := LoadSections()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := Texts("../..")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, text := range texts {
		cites, wrong := sections.Read(text.Text)
		n += len(cites)
		for _, err := range wrong {
			t.Errorf("%s:%d: %v", text.File, text.Line, err)
		}
	}
	if n < 500 {
		t.Errorf("only %d citations found", n)
	}
}

func TestRead(t *testing.T) {
	s := Sections{"RFC 9999": {"2": "A Title", "2.1": "Other, with comma", "3.1": "bad-format", "A.1": "States"}}
	for _, tc := range []struct {
		text, cites string
		wrong       int
	}{
		{"(RFC 9999 section 2, A Title)", "[2]", 0},
		{"(RFC 9999 section 2, a title: more)", "[2]", 0},
		{"(RFC 9999 section 2, No Title)", "[2]", 1},
		{"(RFC 9999 section 2, and what else)", "[2]", 0},
		{"(RFC 9999 section 4)", "[]", 1},
		{"(RFC 9999 sections 2, A Title, and 2.1, Other, with comma)", "[2 2.1]", 0},
		{"(RFC 9999 sections 2 and 3.1, bad-format)", "[2 3.1]", 0},
		{"(RFC 9999 section 3.1, not-format)", "[3.1]", 1},
		{"(RFC 9999 section 2; section 3.1)", "[2 3.1]", 0},
		{"(RFC 9999 appendix A.1, States)", "[A.1]", 0},
		{"(RFC 9999 sections 2 and 2.1, A Title of Both)", "[2 2.1]", 0},
		{"of section 2 alone", "[]", 0},
	} {
		cites, wrong := s.Read(tc.text)
		list := []string{}
		for _, c := range cites {
			list = append(list, c.Section)
		}
		if fmt.Sprint(list) != tc.cites || len(wrong) != tc.wrong {
			t.Errorf("%s: %v, %v", tc.text, list, wrong)
		}
	}
}
