package stanza

import "unicode/utf8"

// AppendEscaped appends s with & < > ' " escaped, and characters that XML 1.0
// does not allow replaced by U+FFFD. Tab, line feed and carriage return become
// references, for otherwise an attribute would lose them (XML 1.0 section
// 3.3.3, Attribute-Value Normalization).
func AppendEscaped(dst []byte, s string) []byte { return appendEscaped(dst, s, true) }

// appendEscaped is AppendEscaped; in character data tab and line feed stay.
func appendEscaped(dst []byte, s string, inAttr bool) []byte {
	done := 0
	for i := 0; i < len(s); {
		if class[s[i]]&isVerbatim != 0 {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if with := escape(r, size, inAttr); with != "" {
			dst = append(append(dst, s[done:i]...), with...)
			done = i + size
		}
		i += size
	}
	return append(dst, s[done:]...)
}

// escape is what to write for a character that took size bytes, "" if itself.
func escape(r rune, size int, inAttr bool) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '\'':
		return "&apos;"
	case '"':
		return "&quot;"
	case '\r':
		return "&#13;"
	case '\t', '\n':
		switch {
		case !inAttr:
			return ""
		case r == '\t':
			return "&#9;"
		}
		return "&#10;"
	case utf8.RuneError:
		if size > 1 {
			return ""
		}
		return "\uFFFD"
	}
	if !isChar(r) {
		return "\uFFFD"
	}
	return ""
}
