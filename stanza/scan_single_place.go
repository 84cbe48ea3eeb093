package stanza

// place says what a byte of an element belongs to (see drip).
type place uint8

const (
	unsure     place = iota // to be read: it may be wrong, end a tag, or count
	chars                   // text
	section                 // a CDATA section
	partOfName              // a name that has begun before
	onlySingle              // the same for a value in single quotes
	onlyDouble              // the same for a value in double quotes
	less                    // the "<" of a tag
	endName                 // the "/" behind it or the name in an end tag
	tagName                 // the name in a start tag, which has no prefix
	slash                   // the "/" of an empty element
	gap                     // the quote behind a value
	spaced                  // white space in a tag
	attrName                // the name of an attribute, before any colon
	colon                   // the colon in it
	local                   // behind the colon
	equals                  // the "=" behind it
	single                  // a value in single quotes
	double                  // a value in double quotes
	charsTwo                // the first of two bytes of a character in text
	singleTwo               // the same in single quotes
	doubleTwo               // the same in double quotes
	places     = 32         // as many at most, for an index that needs no check
)

// Marks of places that most bytes do not leave: so those need only one look,
// whatever the place.
const (
	ofName place = 1 << (6 + iota)
	ofText
)

// marked is p with its mark, if it has one.
func (p place) marked() place {
	switch p {
	case partOfName, tagName, attrName, local:
		return p | ofName
	case chars, section, single, double, onlySingle, onlyDouble:
		return p | ofText
	}
	return p
}

// stays has the marks of the places that a byte does not leave.
var stays = newStays()

func newStays() (t [256]place) {
	for c, has := range class {
		if has&isName != 0 {
			t[c] |= ofName
		}
		if has&isVerbatim != 0 {
			t[c] |= ofText
		}
	}
	return t
}

// table says of each place which, with its mark, may follow without being looked
// at.
type table [places][256]place

var rows = newRows()

func newRows() (t table) {
	for _, p := range []place{chars, section, single, double, onlySingle, onlyDouble} {
		t.on(p, isText, p)
	}
	for _, p := range []place{partOfName, tagName, attrName, local} {
		t.on(p, isName, p)
	}
	t.on(spaced, isSpace, tagName, gap, spaced)
	t.on(tagName, isStart, less)
	t.on(attrName, isStart, spaced)
	t.on(local, isStart, colon)
	t[chars]['<'] = less
	for _, p := range []place{tagName, gap, spaced} {
		t[p]['/'] = slash
	}
	t[attrName][':'] = colon
	t[attrName]['='], t[local]['='] = equals, equals
	t[equals]['\''], t[equals]['"'] = single.marked(), double.marked()
	t[single]['\''], t[onlySingle]['\''] = gap, gap
	t[double]['"'], t[onlyDouble]['"'] = gap, gap
	t.two(chars, charsTwo, chars)
	t.two(single, singleTwo, single)
	t.two(onlySingle, singleTwo, single)
	t.two(double, doubleTwo, double)
	t.two(onlyDouble, doubleTwo, double)
	return t
}

// on says that bytes of these classes lead to a place from others.
func (t *table) on(to place, classes uint8, from ...place) {
	for c, has := range class {
		for _, p := range from {
			if has&classes != 0 {
				t[p][c] = to.marked()
			}
		}
	}
}

// two says which bytes begin and end the characters of two bytes.
func (t *table) two(from, between, to place) {
	for c := 0xC2; c <= 0xDF; c++ {
		t[from][c] = between
	}
	for c := 0x80; c <= 0xBF; c++ {
		t[between][c] = to.marked()
	}
}
