package stanza

// text checks character data from i on. It returns the position of the '<'
// that ends it or, with cut, the first byte that cannot be judged yet.
func text(b []byte, i int) (int, *StreamError) {
	for {
		i = skipText(b, i)
		if i == len(b) {
			return i, cut
		}
		var err *StreamError
		switch c := b[i]; {
		case c == '<':
			return i, nil
		case c >= 0x80:
			i, err = runes(b, i)
		case c == '&':
			i, _, err = reference(b, i)
		case c == '>' && sectionEnds(b, i):
			err = errBrackets // XML 1.0 section 2.4 (Character Data and Markup)
		case c == '>' || class[c]&isSpace != 0:
			i++
		default:
			err = errChar
		}
		if err != nil {
			return i, err
		}
	}
}

// sectionEnds says whether the '>' at i is the end of "]]>". Before character
// data there is at least a start tag, and always the '>' of a tag or section.
func sectionEnds(b []byte, i int) bool {
	return b[i-1] == ']' && b[i-2] == ']'
}

// cdata checks a CDATA section from i on and returns where what follows it
// begins or, with cut, the first byte that cannot be judged yet.
func cdata(b []byte, i int) (int, *StreamError) {
	for {
		i = skipText(b, i)
		if i == len(b) {
			return i, cut
		}
		var err *StreamError
		switch c := b[i]; {
		case c >= 0x80:
			i, err = runes(b, i)
		case c == '>' && sectionEnds(b, i):
			return i + 1, nil
		case c == '<' || c == '>' || c == '&' || class[c]&isSpace != 0:
			i++
		default:
			err = errChar
		}
		if err != nil {
			return i, err
		}
	}
}

// value checks an attribute value from i on and returns the position of the
// quote that ends it or, with cut, the first byte that cannot be judged yet.
// dirty says that the value is not what is written: references and white
// space are to be replaced (XML 1.0 section 3.3.3, Attribute-Value
// Normalization).
func value(b []byte, i int, quote byte) (_ int, dirty bool, err *StreamError) {
	for {
		i = skipValue(b, i, quote)
		if i == len(b) {
			return i, dirty, cut
		}
		switch c := b[i]; {
		case c == quote:
			return i, dirty, nil
		case c >= 0x80:
			i, err = runes(b, i)
		case c == '&':
			dirty = true
			i, _, err = reference(b, i)
		case class[c]&isSpace != 0:
			dirty = true
			i++
		case c == '<':
			err = errLess
		case c == '>':
			i++
		default:
			err = errChar
		}
		if err != nil {
			return i, dirty, err
		}
	}
}
