package stanza

// context is what an element takes over from the header of its stream.
type context struct {
	def     string // default namespace
	content string // content namespace: def, or "" if def can be none
	free    bool   // an element may say which content namespace it is in
	lang    string
	decls   []decl
}

// decl binds a prefix to a namespace.
type decl struct{ prefix, ns string }

// lexState is what the next byte of an element belongs to.
type lexState uint8

const (
	inText   lexState = iota
	inCDATA           // a CDATA section
	inName            // name of a start tag
	inGap             // what follows a name or a value
	inSpaced          // the same after white space
	inAttr            // name of an attribute
	inEquals          // between that and "="
	inQuote           // between that and the value
	inValue           // value of an attribute
	inSlash           // after the "/" of an empty element
	inEnd             // name of an end tag
	inEndGap          // between that and ">"
)

// qname is where a name is; colon is 0 if it has no prefix.
type qname struct{ start, colon, end int32 }

// local is where the local part begins.
func (q qname) local() int32 {
	if q.colon != 0 {
		return q.colon + 1
	}
	return q.start
}

// attr is where an attribute is.
type attr struct {
	qname
	val, vend int32
	kind      attrKind
	dirty     bool // the value needs attrValue
	checked   bool // the value is a namespace name (see isNamespace)
}

type attrKind uint8

const (
	plain    attrKind = iota // no prefix
	ofXML                    // prefix xml, which no other has the namespace of
	prefixed                 // in a namespace
	xmlnsAll                 // xmlns: the default namespace
	xmlnsOne                 // xmlns:prefix
)

// nsref names a namespace: an index into work.binds, or one of these.
type nsref int32

const (
	nsXML    nsref = -1
	nsStream nsref = -2 // context.def
	nsDecls  nsref = -3 // context.decls[0], -4 decls[1] …
)

// bind is a namespace declaration in scope.
type bind struct {
	prefix, pend int32 // empty for the default namespace
	namespace
}

// namespace is where a namespace name is: in the buffer, or in work.strs (index
// str-1) when it is not written as it reads, or, with ref < 0, outside.
type namespace struct {
	ref       nsref
	val, vend int32
	str       int32
}

// frame is an open element.
type frame struct {
	qname
	def     nsref // default namespace
	binds   int32 // len(work.binds) outside of it
	content bool  // it and all around it are in the content namespace
	routed  bool  // they are in content namespaces, of this stream or others
}

// kid is a child element of the root.
type kid struct {
	name, nend int32
	start, end int32
	ns         namespace
}

// span is a piece of the buffer.
type span struct{ start, end int32 }

// work is what is known of an element that is being read. All positions count
// from its first byte.
type work struct {
	ctx    *context
	limits Limits
	pos    int // what is before has been checked
	lex    lexState

	quote   byte // around the value being read
	empty   bool // the tag ends in "/>"
	tag     int  // where the tag being read begins
	name    int  // where the name being read begins
	colon   int  // its colon, 0 if there is none yet
	matched int  // bytes of an end tag's name that have been compared
	elem    qname
	attrs   []attr
	// of attrs, how many declare namespaces and how many have a prefix
	declares, prefixes int

	stack []frame
	binds []bind
	strs  []string
	kids  []kid
	used  []int32 // context.decls that are in use
	// content namespace declarations below the root (see frame.content)
	redeclared []span
	root       root

	to JID // of the last stanza; canonical as it was written
}

// root is what is known of the outermost element.
type root struct {
	attrs   []attr
	name    qname
	ns      namespace
	content string // content namespace, "" if it is in another
	tagEnd  int32  // the ">" or "/>" of its start tag
	bodyEnd int32  // its end tag, or tagEnd
	empty   bool
}

// reset forgets the last element.
func (w *work) reset(ctx *context, l Limits) {
	if w.ctx != ctx || w.limits != l {
		w.ctx, w.limits = ctx, l
	}
	w.stack, w.binds, w.kids = w.stack[:0], w.binds[:0], w.kids[:0]
	w.strs, w.used, w.redeclared = w.strs[:0], w.used[:0], w.redeclared[:0]
	w.pos, w.lex = 0, inText
}

// shrink drops what an unusual element made large.
func (w *work) shrink() {
	const usual = 64
	if cap(w.attrs) > usual || cap(w.stack) > usual || cap(w.binds) > usual ||
		cap(w.kids) > usual || cap(w.redeclared) > usual || cap(w.root.attrs) > usual {
		*w = work{}
	}
	w.ctx, w.to = nil, JID{}
	clear(w.strs[:cap(w.strs)])
}

// element goes on reading at i and returns where the element ends.
func (w *work) element(b []byte, i int) (int, *StreamError) {
	for {
		var err *StreamError
		switch w.lex {
		case inText:
			if i == len(b) || b[i] != '<' {
				i, err = text(b, i)
			}
			if err == nil {
				i, err = w.markup(b, i)
			}
		case inCDATA:
			if i, err = cdata(b, i); err == nil {
				w.lex = inText
			}
		case inEnd, inEndGap:
			i, err = w.endTag(b, i)
		default:
			if i, err = w.startTag(b, i); err == nil {
				err = w.open(b, i)
			}
		}
		if err != nil {
			w.pos = i
			return i, err
		}
		if len(w.stack) == 0 && w.lex == inText {
			return i, nil
		}
	}
}

// markup decides what the '<' at i begins.
func (w *work) markup(b []byte, i int) (int, *StreamError) {
	if i+1 == len(b) {
		return i, cut
	}
	switch b[i+1] {
	case '/':
		return w.startEnd(b, i)
	case '!', '?':
		end, err := declaration(b, i)
		if err == nil {
			w.lex = inCDATA
			return end, nil
		}
		return i, err
	}
	w.startElement(i)
	end := w.plainTag(b, i+1)
	if w.lex == inText {
		if end-i > w.limits.Tag {
			return i, errTag
		}
		return end, w.open(b, end)
	}
	return min(end, i+w.limits.Tag), nil
}

// declaration returns where the text of the CDATA section that begins at i
// begins; all else that "<!" or "<?" can mean is refused (RFC 6120 section
// 11.1, XML Restrictions).
func declaration(b []byte, i int) (int, *StreamError) {
	const open = "<![CDATA["
	for j := i + 2; ; j++ {
		switch {
		case j == i+len(open):
			return j, nil
		case j == len(b):
			return i, cut
		case b[i+1] == '?':
			return i, instruction(b, i)
		case b[j] == open[j-i]:
		case j == i+2 && b[j] == '-':
			return i, errComment
		case j == i+2 && b[j] == 'D':
			return i, errDTD
		default:
			return i, errSyntax
		}
	}
}

// instruction says what is wrong with a "<?" that does not begin a stream: an
// XML declaration is not well-formed there (XML 1.0 section 2.8), any other
// processing instruction is restricted.
func instruction(b []byte, i int) *StreamError {
	const target = "xml"
	for k := range len(target) + 1 {
		j := i + 2 + k
		switch {
		case j >= len(b):
			return cut
		case k < len(target) && b[j] != target[k]:
			return errPI
		case k == len(target) && class[b[j]]&isSpace == 0:
			return errPI
		}
	}
	return errLateDecl
}
