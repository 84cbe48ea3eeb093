package store

// Archived is a message in the owner's archive, inside a write; ErrNotFound if
// it is not there.
func (tx *Tx) Archived(owner, id int64) (m Message, err error) {
	var stamp int64
	err = tx.row(`SELECT m.id, b.stanza, b.sender, b.stamp FROM message m
		JOIN body b ON b.id = m.body WHERE m.id = ?2 AND m.account = ?1 AND m.archived = 1`,
		args(owner, id), &m.ID, &m.Body, &m.From, &stamp)
	m.Stamp = fromMicros(stamp)
	return m, wrap("find message in archive", err)
}
