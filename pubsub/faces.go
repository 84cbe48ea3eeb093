package pubsub

import (
	"parley/store"
)

// faces does what follows from what was published at a node of an account that
// has another face, in the same transaction.
func (pl *place) faces(r *request, tx *store.Tx, n *node, items []item) error {
	if pl.account == nil || len(items) == 0 {
		return nil
	}
	last := items[len(items)-1]
	switch n.Name {
	case nodeBookmarks:
		return r.renderStorage(tx)
	case nodeStorage:
		return r.importStorage(tx, last.payload)
	case nodeAvatarMeta:
		r.m.avatarChanged(r.p, pl.account, avatarHash(last.payload))
	}
	return nil
}

// facesRetracted is faces for items that were deleted.
func (pl *place) facesRetracted(r *request, tx *store.Tx, n *node, _ []string) error {
	return pl.facesPurged(r, tx, n)
}

// facesPurged is faces for a node that has lost items, or has gone.
func (pl *place) facesPurged(r *request, tx *store.Tx, n *node) error {
	if pl.account == nil {
		return nil
	}
	switch n.Name {
	case nodeBookmarks:
		return r.renderStorage(tx)
	case nodeStorage:
		return r.importStorage(tx, "")
	case nodeAvatarMeta:
		now, err := tx.Nodes().Node(pl.owner, n.Name)
		if err != nil {
			r.m.avatarChanged(r.p, pl.account, "")
			return nil
		}
		i, err := tx.Nodes().Last(&now)
		if err != nil {
			i.Payload = ""
		}
		r.m.avatarChanged(r.p, pl.account, avatarHash(i.Payload))
	}
	return nil
}
