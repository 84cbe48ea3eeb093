package stanza

import "slices"

// Edits is the list of changes that one side (the sender's, a receiver's, a
// room's) makes to a shared stanza when it is written. The zero value changes
// nothing. An Edits is a value; copying it must be safe once it is complete.
type Edits struct {
	few  [2]edit // room for what is usual without allocation
	rest *rest   // never changed, so that copies may share it
	n    uint8   // how many of few are in use
	ops  uint8   // which editOps there are
	attr usualNames
}

// rest is what Edits has no room for.
type rest struct {
	edits []edit
	names []string // of attributes that are not usual
}

// edit is one change.
type edit struct {
	text string // value or XML
	at   int32  // cut: which child; set, drop of otherName: index of rest.names; see written
	op   editOp
	name usualName // set, drop
}

// written is edit.at of a usual attribute whose text is the whole of it.
const written = -1

type editOp uint8

const (
	editSet editOp = iota + 1
	editDrop
	editCut
	editFirst
	editLast
)

// Set sets an attribute of the root (unescaped value). "to", "from", "type",
// "id" and "xml:lang" are usual names, xmlns is not for this. The last Set or
// Drop of a name counts.
func (e *Edits) Set(name, value string) { e.change(edit{op: editSet, text: value}, name) }

// Stamp is a from, ready to be written: one for all stanzas of a client.
type Stamp struct{ text string }

// NewStamp makes the stamp of an address.
func NewStamp(from JID) Stamp { return Stamp{string(appendAttr(nil, "from", from.String()))} }

// Stamp sets from.
func (e *Edits) Stamp(s Stamp) {
	e.attr.add(nameFrom)
	e.add(edit{op: editSet, name: nameFrom, at: written, text: s.text})
}

// Drop removes an attribute of the root.
func (e *Edits) Drop(name string) { e.change(edit{op: editDrop}, name) }

// change appends a change of an attribute.
func (e *Edits) change(c edit, name string) {
	c.name = usualNamed(name)
	if c.name == otherName {
		next := e.copyRest()
		c.at = int32(len(next.names))
		next.names = append(next.names, name)
		e.rest = next
	}
	e.attr.add(c.name)
	e.add(c)
}

// Cut removes child i of Stanza.Children.
func (e *Edits) Cut(i int) { e.add(edit{op: editCut, at: int32(i)}) }

// First inserts XML after the root's start tag, Last before its end tag. The
// XML declares its own namespaces.
func (e *Edits) First(xml string) { e.add(edit{op: editFirst, text: xml}) }

// Last inserts XML before the root's end tag (see First).
func (e *Edits) Last(xml string) { e.add(edit{op: editLast, text: xml}) }

// add appends one change.
func (e *Edits) add(c edit) {
	e.ops |= 1 << c.op
	if int(e.n) < len(e.few) {
		e.few[e.n] = c
		e.n++
		return
	}
	next := e.copyRest()
	next.edits = append(next.edits, c)
	e.rest = next
}

// copyRest is a copy of e.rest to add to: two copies of e must not share what
// is added to each.
func (e *Edits) copyRest() *rest {
	if e.rest == nil {
		return new(rest)
	}
	return &rest{edits: slices.Clip(e.rest.edits), names: slices.Clip(e.rest.names)}
}

// len is how many changes there are.
func (e *Edits) len() int {
	switch {
	case e == nil:
		return 0
	case e.rest == nil:
		return int(e.n)
	}
	return int(e.n) + len(e.rest.edits)
}

// at is change i.
func (e *Edits) at(i int) *edit {
	if i < int(e.n) {
		return &e.few[i]
	}
	return &e.rest.edits[i-int(e.n)]
}

// appendSet writes the attribute that c sets.
func (e *Edits) appendSet(dst []byte, c *edit) []byte {
	if c.at == written {
		return append(dst, c.text...)
	}
	return appendAttr(dst, e.name(c), c.text)
}

// name is the name of the attribute that c is about.
func (e *Edits) name(c *edit) string {
	if c.name == otherName {
		return e.rest.names[c.at]
	}
	return usualSpelling[c.name]
}

// has says whether there is a change of that kind.
func (e *Edits) has(op editOp) bool { return e != nil && e.ops>>op&1 != 0 }

// usual is what happens to a usual attribute: the last set or drop, nil if
// nothing.
func (e *Edits) usual(name usualName) *edit {
	if e == nil || !e.attr.has(name) {
		return nil
	}
	for i := e.len() - 1; i >= 0; i-- {
		if c := e.at(i); c.op <= editDrop && c.name == name {
			return c
		}
	}
	return nil
}

// other is what happens to an attribute that is not usual.
func (e *Edits) other(name string) *edit {
	if e == nil || !e.attr.has(otherName) {
		return nil
	}
	for i := e.len() - 1; i >= 0; i-- {
		if c := e.at(i); c.op <= editDrop && c.name == otherName && e.name(c) == name {
			return c
		}
	}
	return nil
}

// cuts says whether child i is removed.
func (e *Edits) cuts(i int) bool {
	for n := range e.len() {
		if c := e.at(n); c.op == editCut && int(c.at) == i {
			return true
		}
	}
	return false
}
