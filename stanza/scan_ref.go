package stanza

// maxRef bounds a reference, "&" and ";" included: leading zeros make
// character references of any length.
const maxRef = 16

// reference reads the reference that begins at i and returns where it ends
// and what it stands for. All but character references and the five
// predefined entities are refused (RFC 6120 section 11.1, XML Restrictions).
func reference(b []byte, i int) (int, rune, *StreamError) {
	for j := i + 1; j < len(b); j++ {
		switch c := b[j]; {
		case c == ';':
			r, err := resolve(b[i+1 : j])
			if err != nil {
				return i, 0, err
			}
			return j + 1, r, nil
		case j-i == maxRef-1:
			return i, 0, errLongRef
		case class[c]&isName == 0 && (c != '#' || j != i+1):
			return i, 0, errRef
		}
	}
	return i, 0, cut
}

// resolve is the character that "&"+name+";" stands for.
func resolve(name []byte) (rune, *StreamError) {
	switch string(name) {
	case "lt":
		return '<', nil
	case "gt":
		return '>', nil
	case "amp":
		return '&', nil
	case "apos":
		return '\'', nil
	case "quot":
		return '"', nil
	}
	switch {
	case len(name) > 1 && name[0] == '#':
		return charRef(name[1:])
	case len(name) > 0 && class[name[0]]&isStart != 0:
		return 0, errEntity
	}
	return 0, errRef
}

// charRef is the character of a reference by number, which must be one that
// XML allows (XML 1.0 section 4.1, Legal Character).
func charRef(digits []byte) (rune, *StreamError) {
	base := rune(10)
	if digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	if len(digits) == 0 {
		return 0, errRef
	}
	var r rune
	for _, c := range digits {
		d := digit(c)
		if d >= base {
			return 0, errRef
		}
		if r = r*base + d; r > 0x10FFFF {
			return 0, errChar
		}
	}
	if !isChar(r) {
		return 0, errChar
	}
	return r, nil
}

// digit is the value of a hexadecimal digit, 16 for what is none.
func digit(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10
	}
	return 16
}
