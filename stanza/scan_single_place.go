package stanza

// place says what a byte of an element belongs to (see drip).
type place uint8

const (
	unsure     place = iota // to be read: it may be wrong, end a tag, or count
	stay                    // to the same as the one before it
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
	places
)

// row is what may follow at one place without being looked at.
type row struct {
	next  [256]place
	still bool // what is passed over here began where reading stopped
}

// table has a row for each place.
type table [places]row

var rows = newRows()

func newRows() (t table) {
	t.on(stay, isText, chars, section, onlySingle, onlyDouble, single, double)
	t.on(stay, isName, partOfName, tagName, attrName, local)
	t.on(stay, isSpace, spaced)
	t.on(spaced, isSpace, tagName, gap)
	t.on(tagName, isStart, less)
	t.on(attrName, isStart, spaced)
	t.on(local, isStart, colon)
	for p := chars; p <= onlyDouble; p++ {
		t[p].still = true
	}
	t[chars].next['<'] = less
	for _, p := range []place{tagName, gap, spaced} {
		t[p].next['/'] = slash
	}
	t[attrName].next[':'] = colon
	t[attrName].next['='], t[local].next['='] = equals, equals
	t[equals].next['\''], t[equals].next['"'] = single, double
	t[single].next['\''], t[onlySingle].next['\''] = gap, gap
	t[double].next['"'], t[onlyDouble].next['"'] = gap, gap
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
				t[p].next[c] = to
			}
		}
	}
}

// two says which bytes begin and end the characters of two bytes.
func (t *table) two(from, between, to place) {
	for c := 0xC2; c <= 0xDF; c++ {
		t[from].next[c] = between
	}
	for c := 0x80; c <= 0xBF; c++ {
		t[between].next[c] = to
	}
}
