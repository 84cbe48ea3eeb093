package archive

import (
	"context"
	"errors"
	"strings"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

const nsRetract = "urn:xmpp:message-retract:1" // XEP-0424

// grave is a message that its author has retracted.
type grave struct {
	owner, row int64
	xml        string
}

// retracted finds the message that p retracts, in one account's archive: what
// is left of it is a tombstone (XEP-0424 section 4, Tombstones). Only its author
// may do that (XEP-0424 section 5, Business Rules).
func (m *Archive) retracted(ctx context.Context, p *router.Packet, box *inbox,
	peer stanza.JID) ([]grave, error) {
	c, ok := p.Stanza.Child(nsRetract, "retract")
	if !ok || p.Stanza.ID == "" {
		return nil, nil
	}
	id := p.Stanza.Element(c).Attr("id")
	if id == "" || strings.ContainsAny(id, "&<>'\"\r\n\t") {
		return nil, nil // none that is found by its spelling
	}
	list, err := m.db.ArchivedWith(ctx, box.account.ID, peer, id)
	for _, old := range list {
		st, err := stanza.Parse(old.Body)
		if err == nil && st.ID == id && st.From.Bare() == p.From.Bare() {
			return []grave{{box.account.ID, old.ID, tombstone(st, p.Stanza.ID, time.Now())}}, nil
		}
	}
	return nil, err
}

// tombstone is what is shown in place of a message.
func tombstone(st *stanza.Stanza, retraction string, now time.Time) string {
	var b stanza.Builder
	b.Start("message", stanza.NSClient, "type", st.Type, "from", st.From.String(),
		"to", st.To.String(), "id", st.ID)
	b.Start("retracted", nsRetract, "id", retraction, "stamp", now.UTC().Format(stampFormat))
	return b.End().End().String()
}

// bury replaces messages by their tombstones. Who has them in common sees one.
func bury(tx *store.Tx, list []grave) error {
	for _, g := range list {
		err := tx.Tombstone(g.owner, g.row, g.xml)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}
