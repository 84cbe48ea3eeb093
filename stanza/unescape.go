package stanza

import (
	"strings"
	"unicode/utf8"
)

// attrValue is the value of an attribute written as raw, normalised: white
// space becomes blanks, references what they stand for (XML 1.0 section 3.3.3,
// Attribute-Value Normalization). raw has been checked.
func attrValue(raw string) string {
	if !strings.ContainsAny(raw, "&\t\r\n") {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case '&':
			end, r, _ := reference(bytesOf(raw), i)
			out = utf8.AppendRune(out, r)
			i = end - 1
		case '\r':
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
			out = append(out, ' ')
		case '\t', '\n':
			out = append(out, ' ')
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// charData is the character data written as raw: line ends become line feeds
// (XML 1.0 section 2.11, End-of-Line Handling), references what they stand
// for. raw has been checked and holds no CDATA section.
func charData(raw string) string {
	if !strings.ContainsAny(raw, "&\r") {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '&':
			end, r, _ := reference(bytesOf(raw), i)
			out = utf8.AppendRune(out, r)
			i = end - 1
		case c != '\r':
			out = append(out, c)
		case i+1 == len(raw) || raw[i+1] != '\n':
			out = append(out, '\n')
		}
	}
	return string(out)
}

// lineEnds is the text of a CDATA section written as raw.
func lineEnds(raw string) string {
	if strings.IndexByte(raw, '\r') < 0 {
		return raw
	}
	return strings.ReplaceAll(strings.ReplaceAll(raw, "\r\n", "\n"), "\r", "\n")
}
