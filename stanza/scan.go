package stanza

import "sync"

// Token is what Scanner.Scan found.
type Token uint8

const (
	More   Token = iota // nothing complete yet: read more and call again
	Opened              // a stream header: see Scanner.Header
	Found               // one element at depth one
	Space               // white space between stanzas (RFC 6120 section 4.6.1, keepalives)
	Closed              // </stream:stream>
)

// Limits bound what one stream may make us hold. They are applied while
// reading. Zero fields take the defaults.
type Limits struct {
	Bytes    int // one element at depth one or header; default 262144
	Tag      int // one start tag; default 65536 (never above Bytes)
	Depth    int // nesting below the stream root; default 64
	Attrs    int // attributes of one tag; default 128
	Children int // direct children of one stanza; default 4096
}

// withDefaults fills in what is zero.
func (l Limits) withDefaults() Limits {
	set := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	set(&l.Bytes, 262144)
	set(&l.Tag, 65536)
	set(&l.Depth, 64)
	set(&l.Attrs, 128)
	set(&l.Children, 4096)
	return l
}

// Header is an opened stream's header (RFC 6120 section 4.7). Addresses are
// as written, not yet prepared.
type Header struct {
	Name, NS      string // stream, http://etherx.jabber.org/streams
	To, From, ID  string
	Version, Lang string
	ContentNS     string            // default namespace
	Prefixes      map[string]string // declared prefix → namespace, without "stream", nil if none
}

// Scanner finds stanzas in the bytes of one XML stream and checks all that an
// XML parser with namespaces would (RFC 6120 sections 4.8 and 11). It never
// holds bytes: the caller keeps what was not consumed.
type Scanner struct {
	limits Limits
	state  streamState
	err    *StreamError // what ended the stream
	ctx    *context     // what the header declared
	header *Header
	end    string // name of the stream's end tag
	late   bool   // something came before the header: no XML declaration any more
	again  bool   // not the first stream of its connection
	work   *work  // nil between elements
	drip   drip   // in a stanza, what comes byte by byte
}

// streamState says what the scanner expects.
type streamState uint8

const (
	atStart   streamState = iota // an XML declaration, white space or the header
	inProlog                     // white space or the header
	inHeader                     // the rest of the header
	inStream                     // stanzas
	inStanza                     // the rest of a stanza
	afterEnd                     // nothing but white space
	hasFailed                    // nothing: see Scanner.err
)

// NewScanner starts a scanner that expects a stream header.
func NewScanner(l Limits) *Scanner { return &Scanner{limits: l.withDefaults()} }

// Reset expects a new stream header (RFC 6120 section 4.3.3, Restarts).
func (sc *Scanner) Reset() {
	sc.release()
	*sc = Scanner{limits: sc.limits, again: true}
}

// SetLimits changes the limits for what follows.
func (sc *Scanner) SetLimits(l Limits) { sc.limits = l.withDefaults() }

// Header is the header of the stream, valid after Opened.
func (sc *Scanner) Header() *Header { return sc.header }

// Scan looks at buf, which starts at the first byte not consumed yet. With
// More nothing is consumed and the next call passes the same bytes with more
// behind them; work done is not done again. Otherwise n bytes are consumed.
// With Found, dst is filled (its Raw is the one copy made). The error is a
// *StreamError; after it the scanner is finished.
func (sc *Scanner) Scan(buf []byte, dst *Stanza) (tok Token, n int, err error) {
	if sc.Passes(buf) {
		return More, 0, nil
	}
	return sc.scan(buf, dst)
}

// scan is Scan for what may have to be read.
func (sc *Scanner) scan(buf []byte, dst *Stanza) (tok Token, n int, err error) {
	passed, failure := sc.tagByte(buf)
	if passed {
		return More, 0, nil
	}
	if failure == nil {
		tok, n, failure = sc.next(buf)
	}
	if failure != nil {
		sc.state, sc.err, sc.drip = hasFailed, failure, drip{}
		sc.release()
		return More, 0, failure
	}
	if tok == Found {
		sc.work.fill(dst, string(buf[:n]))
	}
	return tok, n, nil
}

// next is Scan without the copy: after Found, sc.work has the offsets.
func (sc *Scanner) next(buf []byte) (Token, int, *StreamError) {
	if len(buf) == 0 {
		if sc.state != inStanza && sc.state != inHeader && sc.state != inProlog {
			sc.release()
		}
		return More, 0, nil
	}
	switch sc.state {
	case inStream:
		return sc.firstLevel(buf)
	case inStanza:
		return sc.stanza(buf, sc.drip.from(sc.work))
	case afterEnd:
		if n := spaces(buf, 0); n > 0 {
			return Space, n, nil
		}
		return More, 0, errAfter
	case hasFailed:
		return More, 0, sc.err
	}
	return sc.prolog(buf)
}

// firstLevel looks at the first byte of something directly in the stream.
func (sc *Scanner) firstLevel(buf []byte) (Token, int, *StreamError) {
	switch {
	case class[buf[0]]&isSpace != 0:
		return Space, spaces(buf, 0), nil
	case buf[0] != '<':
		// RFC 6120 section 11.7 (Whitespace) allows nothing else in between.
		return More, 0, errLooseText
	case len(buf) == 1:
		return More, 0, nil
	}
	switch buf[1] {
	case '/':
		return sc.streamEnd(buf)
	case '!', '?':
		return sc.refuse(buf)
	}
	sc.begin()
	sc.state = inStanza
	return sc.stanza(buf, 0)
}

// stanza goes on with an element at depth one.
func (sc *Scanner) stanza(buf []byte, i int) (Token, int, *StreamError) {
	b := buf
	if len(b) > sc.work.limits.Bytes {
		b = b[:sc.work.limits.Bytes]
	}
	i, err := sc.work.element(b, i)
	switch {
	case err == nil:
		sc.state = inStream
		sc.drip.until = 0
		return Found, i, nil
	case err != cut:
		return More, 0, err
	case len(b) == sc.work.limits.Bytes:
		return More, 0, errBytes
	}
	sc.drip.start(sc.work, b)
	return More, 0, nil
}

// streamEnd reads the end tag of the stream.
func (sc *Scanner) streamEnd(buf []byte) (Token, int, *StreamError) {
	for i := range len(sc.end) {
		switch {
		case 2+i == len(buf):
			return More, 0, nil
		case buf[2+i] != sc.end[i]:
			return More, 0, errMismatch
		}
	}
	i := spaces(buf, 2+len(sc.end))
	switch {
	case i >= sc.limits.Bytes:
		return More, 0, errBytes
	case i == len(buf):
		return More, 0, nil
	case buf[i] != '>':
		return More, 0, errMismatch
	}
	sc.state = afterEnd
	sc.release()
	return Closed, i + 1, nil
}

// refuse says why "<!" or "<?" is wrong between stanzas. A CDATA section is
// character data, which does not belong there.
func (sc *Scanner) refuse(buf []byte) (Token, int, *StreamError) {
	_, err := declaration(buf, 0)
	switch err {
	case cut:
		return More, 0, nil
	case nil:
		return More, 0, errLooseText
	}
	return More, 0, err
}

// spaces returns where white space that begins at i ends.
func spaces(b []byte, i int) int {
	for i < len(b) && class[b[i]]&isSpace != 0 {
		i++
	}
	return i
}

// pool keeps work for streams that are in the middle of an element, so that
// idle ones hold none.
var pool = sync.Pool{New: func() any { return new(work) }}

// begin prepares sc.work for a new element.
func (sc *Scanner) begin() *work {
	if sc.work == nil {
		sc.work = pool.Get().(*work)
	}
	sc.work.reset(sc.ctx, sc.limits)
	return sc.work
}

// release gives sc.work back.
func (sc *Scanner) release() {
	if sc.work != nil {
		sc.work.shrink()
		pool.Put(sc.work)
		sc.work = nil
	}
}
