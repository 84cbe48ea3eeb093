package stream

import "sync"

// bufferSize holds a TLS record's text, or some fifty chat messages.
const bufferSize = 16 << 10

type buffer [bufferSize]byte

// buffers are held only by readers at work.
var buffers = sync.Pool{New: func() any { return new(buffer) }}

func getBuffer() *buffer  { return buffers.Get().(*buffer) }
func putBuffer(b *buffer) { buffers.Put(b) }

// input is what was read and not consumed.
type input struct {
	pooled *buffer // what b is part of, nil if b is our own
	b      []byte  // the whole buffer
	r, w   int     // b[r:w] is not consumed
}

func (in *input) bytes() []byte { return in.b[in.r:in.w] }
func (in *input) empty() bool   { return in.r == in.w }

// space makes room behind what is there and returns it.
func (in *input) space() []byte {
	switch {
	case in.b == nil:
		in.pooled = getBuffer()
		in.b = in.pooled[:]
	case in.empty():
		in.r, in.w = 0, 0
	case in.w < len(in.b):
	case in.r > 0:
		in.move(in.b)
	default:
		// Doubled, so that a large stanza is copied a constant number of times;
		// the scanner's limits bound it.
		in.own(2 * len(in.b))
	}
	return in.b[in.w:]
}

// move puts what is there at the start of b.
func (in *input) move(b []byte) {
	n := copy(b, in.bytes())
	in.b, in.r, in.w = b, 0, n
}

// own moves what is there to a buffer of that size outside the pool.
func (in *input) own(size int) {
	p := in.pooled
	in.move(make([]byte, size))
	in.pooled = nil
	if p != nil {
		putBuffer(p)
	}
}

// idle gives back a buffer with nothing in it.
func (in *input) idle() {
	if in.empty() {
		in.drop()
	}
}

// shrink keeps no more memory than what is there needs.
func (in *input) shrink() {
	in.idle()
	if n := in.w - in.r; n > 0 && n < len(in.b)/2 {
		in.own(n)
	}
}

// drop forgets what is there.
func (in *input) drop() {
	if in.pooled != nil {
		putBuffer(in.pooled)
	}
	*in = input{}
}
