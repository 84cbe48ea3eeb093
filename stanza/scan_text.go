package stanza

// text checks character data from i on. It returns the position of the '<'
// that ends it or, with cut, the first byte that cannot be judged yet.
func text(b []byte, i int) (int, *StreamError) {
	for {
		i = skip(b, i, brackets)
		if i == len(b) {
			return i, cut
		}
		var err *StreamError
		switch c := b[i]; {
		case c == '<':
			return i, nil
		case c >= 0x80:
			i, err = runes(b, i)
		case c == ']':
			i, err = bracket(b, i)
		case c == '&':
			i, _, err = reference(b, i)
		case class[c]&isSpace != 0:
			i++
		default:
			err = errChar
		}
		if err != nil {
			return i, err
		}
	}
}

// bracket passes a ']' that does not begin "]]>" (XML 1.0 section 2.4).
func bracket(b []byte, i int) (int, *StreamError) {
	end, err := sectionEnd(b, i)
	if err == nil && end {
		return i, errBrackets
	}
	if err != nil {
		return i, err
	}
	return i + 1, nil
}

// sectionEnd says whether "]]>" begins at i, where a ']' is.
func sectionEnd(b []byte, i int) (bool, *StreamError) {
	switch {
	case i+1 == len(b):
		return false, cut
	case b[i+1] != ']':
		return false, nil
	case i+2 == len(b):
		return false, cut
	}
	return b[i+2] == '>', nil
}

// cdata checks a CDATA section from i on and returns where what follows it
// begins or, with cut, the first byte that cannot be judged yet.
func cdata(b []byte, i int) (int, *StreamError) {
	for {
		i = skip(b, i, brackets)
		if i == len(b) {
			return i, cut
		}
		var err *StreamError
		switch c := b[i]; {
		case c >= 0x80:
			i, err = runes(b, i)
		case c == ']':
			end, e := sectionEnd(b, i)
			if end {
				return i + 3, nil
			}
			if err = e; e == nil {
				i++
			}
		case class[c]&(isSpace) != 0 || c == '<' || c == '&':
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
// space are to be replaced (XML 1.0 section 3.3.3).
func value(b []byte, i int, quote byte) (_ int, dirty bool, err *StreamError) {
	quotes := uint64(quote) * ones
	for {
		i = skip(b, i, quotes)
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
		default:
			err = errChar
		}
		if err != nil {
			return i, dirty, err
		}
	}
}
