package stanza

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// Every character of the Basic Multilingual Plane is a name character here if
// it is one for encoding/xml, which knows the fourth edition of XML 1.0, and in
// the fifth edition.
func TestNameCharacters(t *testing.T) {
	for r := rune(0x80); r < 0x10000; r++ {
		if r >= 0xD800 && r < 0xE000 {
			continue
		}
		start := rawTokens("<"+string(r)+"/>") && fifthStart(r)
		rest := rawTokens("<a"+string(r)+"/>") && fifthRest(r)
		if isNameStart(r) != start || isNameRune(r) != rest {
			t.Errorf("U+%04X: start %v, want %v; rest %v, want %v",
				r, isNameStart(r), start, isNameRune(r), rest)
		}
	}
	if isNameRune(0x10000) || isNameRune(0x20000) || isNameRune(0xEFFFF) {
		t.Error("a name character outside the Basic Multilingual Plane")
	}
}

// rawTokens says whether encoding/xml takes doc.
func rawTokens(doc string) bool {
	d := xml.NewDecoder(strings.NewReader(doc))
	for {
		if _, err := d.RawToken(); err != nil {
			return err == io.EOF
		}
	}
}

// fifthStart is NameStartChar of XML 1.0, fifth edition, section 2.3.
func fifthStart(r rune) bool {
	for _, b := range [][2]rune{{0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D},
		{0x37F, 0x1FFF}, {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF},
		{0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}} {
		if r >= b[0] && r <= b[1] {
			return true
		}
	}
	return false
}

// fifthRest is NameChar of the same section.
func fifthRest(r rune) bool {
	return fifthStart(r) || r == 0xB7 || r >= 0x300 && r <= 0x36F || r >= 0x203F && r <= 0x2040
}
