package stanza

import "strings"

// maxDecl bounds an XML declaration.
const maxDecl = 256

const whiteSpace = " \t\r\n"

// xmlDecl reads the XML declaration that b begins with and returns where it
// ends (XML 1.0 section 2.8). Streams are XML 1.0 in UTF-8 and in nothing else
// (RFC 6120 section 11.6, Character Encoding).
func xmlDecl(b []byte) (int, *StreamError) {
	if err := instruction(b, 0); err != errLateDecl {
		return 0, err
	}
	end := strings.Index(view(b[:min(len(b), maxDecl)]), "?>")
	switch {
	case end < 0 && len(b) >= maxDecl:
		return 0, errDecl
	case end < 0:
		return 0, cut
	}
	if err := declParts(string(b[len("<?xml"):end])); err != nil {
		return 0, err
	}
	return end + 2, nil
}

// declParts checks version, encoding and standalone, which come in this order;
// the first must be there.
func declParts(s string) *StreamError {
	next := 0
	for strings.Trim(s, whiteSpace) != "" {
		name, value, rest, ok := declPart(s)
		if !ok {
			return errDecl
		}
		s = rest
		switch {
		case name == "version" && next == 0 && value == "1.0":
			next = 1
		case name == "encoding" && next == 1:
			if !strings.EqualFold(value, "UTF-8") {
				return errEncoding
			}
			next = 2
		case name == "standalone" && (next == 1 || next == 2) &&
			(value == "yes" || value == "no"):
			next = 3
		default:
			return errDecl
		}
	}
	if next == 0 {
		return errDecl
	}
	return nil
}

// declPart takes white space, a name, "=" and a quoted value from s.
func declPart(s string) (name, value, rest string, ok bool) {
	trimmed := strings.TrimLeft(s, whiteSpace)
	name, rest, ok = strings.Cut(trimmed, "=")
	name, rest = strings.TrimRight(name, whiteSpace), strings.TrimLeft(rest, whiteSpace)
	if !ok || len(trimmed) == len(s) || rest == "" || rest[0] != '\'' && rest[0] != '"' {
		return "", "", "", false
	}
	value, rest, ok = strings.Cut(rest[1:], rest[:1])
	return name, value, rest, ok
}
