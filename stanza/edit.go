package stanza

import "slices"

// Edits is the list of changes that one side (the sender's, a receiver's, a
// room's) makes to a shared stanza when it is written. The zero value changes
// nothing. An Edits is a value; copying it must be safe once it is complete.
type Edits struct {
	few  [2]edit // room for what is usual without allocation
	more []edit
	n    uint8      // how many of few are in use
	ops  uint8      // which editOps there are
	attr usualNames // what set and drop are about, otherName for all others
}

// edit is one change.
type edit struct {
	name  string // set, drop
	text  string // value or XML
	child int32  // cut
	op    editOp
	usual usualName // what name is
}

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
func (e *Edits) Set(name, value string) {
	e.add(edit{op: editSet, name: name, usual: usualNamed(name), text: value})
}

// Drop removes an attribute of the root.
func (e *Edits) Drop(name string) {
	e.add(edit{op: editDrop, name: name, usual: usualNamed(name)})
}

// Cut removes child i of Stanza.Children.
func (e *Edits) Cut(i int) { e.add(edit{op: editCut, child: int32(i)}) }

// First inserts XML after the root's start tag, Last before its end tag. The
// XML declares its own namespaces.
func (e *Edits) First(xml string) { e.add(edit{op: editFirst, text: xml}) }

// Last inserts XML before the root's end tag (see First).
func (e *Edits) Last(xml string) { e.add(edit{op: editLast, text: xml}) }

// add appends one change.
func (e *Edits) add(c edit) {
	e.ops |= 1 << c.op
	if c.op <= editDrop {
		e.attr.add(c.usual)
	}
	if int(e.n) < len(e.few) {
		e.few[e.n] = c
		e.n++
		return
	}
	// Clipped: two copies must not share what is added to each.
	e.more = append(slices.Clip(e.more), c)
}

// len is how many changes there are.
func (e *Edits) len() int {
	if e == nil {
		return 0
	}
	return int(e.n) + len(e.more)
}

// at is change i.
func (e *Edits) at(i int) *edit {
	if i < int(e.n) {
		return &e.few[i]
	}
	return &e.more[i-int(e.n)]
}

// has says whether there is a change of that kind.
func (e *Edits) has(op editOp) bool { return e != nil && e.ops>>op&1 != 0 }

// named is what happens to the attribute of that name: the last set or drop,
// nil if nothing. usual is what the name is, so that strings need not be
// compared to tell the usual ones apart.
func (e *Edits) named(usual usualName, name string) *edit {
	if e == nil || !e.attr.has(usual) {
		return nil
	}
	for i := e.len() - 1; i >= 0; i-- {
		c := e.at(i)
		if c.op <= editDrop && c.usual == usual && (usual != otherName || c.name == name) {
			return c
		}
	}
	return nil
}

// cuts says whether child i is removed.
func (e *Edits) cuts(i int) bool {
	for n := range e.len() {
		if c := e.at(n); c.op == editCut && int(c.child) == i {
			return true
		}
	}
	return false
}
