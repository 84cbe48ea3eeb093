package muc

import (
	"errors"
	"slices"
	"time"

	"parley/stanza"
	"parley/store"
)

// moderates says whether a child claims that a moderator has retracted something,
// or that something has been (XEP-0425 section 5, Business Rules).
func moderates(st *stanza.Stanza, c stanza.Child) bool {
	if c.Name == "moderated" || c.Name == "retracted" {
		return true
	}
	e := st.Element(c)
	return e.Child(nsModerate, "moderated") != nil || e.Child(nsOldModerate, "moderated") != nil
}

// retraction takes a message back: its author does (XEP-0424), or a moderator
// (XEP-0425).
type retraction struct {
	id     string // of the message, as the room gave it
	author string // occupant id of who must have said it; "" if it may be anybody
	mark   string // XML that stands in the message's place
}

// ownRetraction is what an occupant takes back, nil if nothing. It names the
// message by the id that the room gave it (XEP-0424 section 5.1, Using the
// correct ID).
func ownRetraction(st *stanza.Stanza, o *occupant) *retraction {
	c, ok := st.Child(nsRetract, "retract")
	if !ok {
		return nil
	}
	var b stanza.Builder
	b.Start("retracted", nsRetract, "id", st.ID, "stamp", dateTime(time.Now())).End()
	return &retraction{id: st.Element(c).Attr("id"), author: o.id, mark: b.String()}
}

// bury replaces the message in the archive by a tombstone (XEP-0424 section 4,
// Tombstones), if it is there and its author's. What others claim to retract
// stays: their clients do not believe it either (section 5, Business Rules).
func (r *Room) bury(tx *store.Tx, x *retraction) error {
	if x == nil {
		return nil
	}
	_, err := r.entomb(tx, x)
	return err
}

// entomb is bury that says whether it has found the message.
func (r *Room) entomb(tx *store.Tx, x *retraction) (found bool, err error) {
	row, ok := r.service.db.ArchiveRow(r.owner(), x.id)
	if !ok {
		return false, nil
	}
	m, err := tx.Archived(r.owner(), row)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	st, err := stanza.Parse(m.Body)
	if err != nil || !x.concerns(st) {
		return false, err
	}
	return true, tx.Tombstone(r.owner(), row, string(x.tombstone(st).Append(nil, nil,
		stanza.Out{XMLNS: true})))
}

// replace puts a tombstone into the history, where those who may have its text
// already keep it. The lock is held.
func (r *Room) replace(x *retraction) {
	i := r.recalled(x)
	if i < 0 {
		return
	}
	h := *r.recent[i]
	h.st = x.tombstone(h.st)
	r.recent = slices.Clone(r.recent) // somebody may be reading the old one
	r.recent[i] = &h
}

// recalled is where in the history the message is, -1 if it is not there.
func (r *Room) recalled(x *retraction) int {
	if x == nil {
		return -1
	}
	return slices.IndexFunc(r.recent, func(h *past) bool { return h.id == x.id && x.concerns(h.st) })
}

// concerns says whether a message may be retracted so: somebody inside has said
// it, and it is the author who takes it back or a moderator.
func (x *retraction) concerns(st *stanza.Stanza) bool {
	return st.From.IsFull() && (x.author == "" || x.author == authorOf(st))
}

// authorOf is the occupant id in a message of the room.
func authorOf(st *stanza.Stanza) string {
	if c, ok := st.Child(nsOccupantID, "occupant-id"); ok {
		return st.Element(c).Attr("id")
	}
	return ""
}

// tombstone is what is left of a message: who said it, and that it is gone
// (XEP-0424 section 4, Tombstones).
func (x *retraction) tombstone(st *stanza.Stanza) *stanza.Stanza {
	var e stanza.Edits
	for i, c := range st.Children() {
		if c.NS != nsOccupantID && c.NS != nsSID {
			e.Cut(i)
		}
	}
	e.Last(x.mark)
	return stanza.MustParse(string(st.Append(nil, &e, stanza.Out{})))
}
