package stanza

import (
	"errors"
	"fmt"
	"math"
)

// errTrailing is more text than one element.
var errTrailing = errors.New("more than one element")

// free is the context of text that is on no stream.
var free = &context{def: NSClient, content: NSClient, free: true}

// unbounded are the limits for text that has passed a scanner before, or is
// our own: only the depth is bounded, far above what edits can add.
var unbounded = Limits{
	Bytes: math.MaxInt32, Tag: math.MaxInt32, Depth: 1024,
	Attrs: math.MaxInt32, Children: math.MaxInt32,
}

// Parse reads one complete element from text of our own making or from
// storage. Its content namespace is jabber:client unless its root says
// jabber:server or jabber:component:accept. The text is checked as if it came
// on a stream, and not copied.
func Parse(raw string) (*Stanza, error) {
	s := new(Stanza)
	w := pool.Get().(*work)
	defer pool.Put(w)
	defer w.shrink()
	if err := w.parse(raw); err != nil {
		return nil, fmt.Errorf("parse stanza: %w", err)
	}
	w.fill(s, raw)
	return s, nil
}

// parse reads raw, which must be one element.
func (w *work) parse(raw string) error {
	w.reset(free, unbounded)
	b := bytesOf(raw)
	if len(b) < 2 || len(b) > math.MaxInt32 || b[0] != '<' || b[1] == '/' || b[1] == '!' {
		return errSyntax
	}
	i, err := w.element(b, 0)
	switch {
	case err == cut:
		return errSyntax
	case err != nil:
		return err
	case i != len(b):
		return errTrailing
	}
	return nil
}

// MustParse is Parse for text that this program built; it panics otherwise.
func MustParse(raw string) *Stanza {
	s, err := Parse(raw)
	if err != nil {
		panic(err)
	}
	return s
}
