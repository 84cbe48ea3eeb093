package stanza

// drip takes the last byte of b if all before it has been read and it only
// goes on with what is there: so a stream that comes byte by byte costs little
// more than the calls.
func (w *work) drip(b []byte) bool {
	if len(b) != w.pos+1 || len(b) >= w.limits.Bytes {
		return false
	}
	c := b[w.pos]
	want := uint8(isText)
	switch w.lex {
	case inText, inCDATA:
	case inName, inAttr:
		want = isName
		fallthrough
	case inValue:
		// In a name the quote is the last value's, and no name character.
		if len(b) >= w.tag+w.limits.Tag || c == w.quote {
			return false
		}
	default:
		return false
	}
	if class[c]&want == 0 {
		return false
	}
	w.pos++
	return true
}
