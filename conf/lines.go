package conf

import (
	"strconv"
	"strings"
)

// lineIndex finds the line of a key in a text that is valid TOML; the TOML
// library does not tell it. Paths have the number of the table where a table
// is there several times: "component", "1", "secret".
type lineIndex struct {
	lines  map[string]int
	tables map[string]int // [[name]]: how many so far
}

// pathKey is a path as a map key.
func pathKey(path []string) string { return strings.Join(path, "\x00") }

// indexLines reads the whole text.
func indexLines(text string) lineIndex {
	ix := lineIndex{lines: map[string]int{}, tables: map[string]int{}}
	s := lineScanner{text: text, line: 1}
	var table []string
	for s.space(true); s.pos < len(s.text); s.space(true) {
		line := s.line
		if s.peek() == '[' {
			array := strings.HasPrefix(s.text[s.pos:], "[[")
			s.skip(map[bool]int{false: 1, true: 2}[array])
			table = ix.enter(s.key(), array)
			s.restOfLine()
			ix.add(table, line)
			continue
		}
		ix.add(append(table[:len(table):len(table)], s.key()...), line)
		s.value()
	}
	return ix
}

// enter turns a table's name into its path, counting tables of a list.
func (ix lineIndex) enter(name []string, array bool) []string {
	var path []string
	for i, part := range name {
		path = append(path, part)
		k := pathKey(path)
		if array && i == len(name)-1 {
			ix.tables[k]++
		}
		if n := ix.tables[k]; n > 0 {
			path = append(path, strconv.Itoa(n-1))
		}
	}
	return path
}

// add notes the line of a path and of the tables it stands in, unless known.
func (ix lineIndex) add(path []string, line int) {
	for n := len(path); n > 0; n-- {
		if _, ok := ix.lines[pathKey(path[:n])]; !ok {
			ix.lines[pathKey(path[:n])] = line
		}
	}
}

// line is where the path is, or the nearest table around it; 0 if nowhere.
func (ix lineIndex) line(path []string) int {
	for n := len(path); n > 0; n-- {
		if line, ok := ix.lines[pathKey(path[:n])]; ok {
			return line
		}
	}
	return 0
}

// lineScanner walks over TOML that was parsed already, so it need not check.
type lineScanner struct {
	text string
	pos  int
	line int
}

func (s *lineScanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

func (s *lineScanner) skip(n int) {
	for ; n > 0 && s.pos < len(s.text); n-- {
		if s.text[s.pos] == '\n' {
			s.line++
		}
		s.pos++
	}
}

// space skips blanks and, if lines, line ends and comments.
func (s *lineScanner) space(lines bool) {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == ' ' || c == '\t':
			s.skip(1)
		case lines && (c == '\n' || c == '\r'):
			s.skip(1)
		case lines && c == '#':
			s.restOfLine()
		default:
			return
		}
	}
}

// restOfLine stops before the line end.
func (s *lineScanner) restOfLine() {
	if n := strings.IndexByte(s.text[s.pos:], '\n'); n >= 0 {
		s.pos += n
		return
	}
	s.pos = len(s.text)
}

// key reads a dotted key up to what follows it: = or ].
func (s *lineScanner) key() []string {
	var parts []string
	for {
		s.space(false)
		parts = append(parts, s.keyPart())
		s.space(false)
		if s.peek() != '.' {
			if s.peek() == '=' {
				s.skip(1)
			}
			return parts
		}
		s.skip(1)
	}
}

// keyPart reads one bare or quoted part of a key.
func (s *lineScanner) keyPart() string {
	start := s.pos
	if c := s.peek(); c == '"' || c == '\'' {
		s.quoted()
		part := s.text[start:s.pos]
		if u, err := strconv.Unquote(part); err == nil && c == '"' {
			return u
		}
		return strings.Trim(part, string(c))
	}
	for s.pos < len(s.text) && !strings.ContainsRune(" \t\r\n.=]", rune(s.text[s.pos])) {
		s.pos++
	}
	if s.pos == start {
		s.skip(1) // never in valid TOML; goes on all the same
	}
	return s.text[start:s.pos]
}

// quoted skips a text in one or three quotes of either kind.
func (s *lineScanner) quoted() {
	quote := s.text[s.pos : s.pos+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(s.text[s.pos:], triple) {
		quote = triple
	}
	s.skip(len(quote))
	for s.pos < len(s.text) && !strings.HasPrefix(s.text[s.pos:], quote) {
		if s.peek() == '\\' && quote[0] == '"' {
			s.skip(1)
		}
		s.skip(1)
	}
	s.skip(len(quote))
	for len(quote) == 3 && s.peek() == quote[0] {
		s.skip(1) // up to two more quotes belong to the text
	}
}

// value skips a value, which ends with its line unless brackets are open.
func (s *lineScanner) value() {
	for depth := 0; s.pos < len(s.text); {
		switch s.peek() {
		case '"', '\'':
			s.quoted()
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case '#':
			s.restOfLine()
			continue
		case '\n':
			if depth <= 0 {
				return
			}
		}
		s.skip(1)
	}
}
