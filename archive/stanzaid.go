package archive

import "parley/stanza"

// StanzaID is the element that says where a message is archived and under what
// id (XEP-0313 section 3.5, Communicating the archive ID).
func (r *Reader) StanzaID(owner, row int64, by stanza.JID) string {
	var b stanza.Builder
	b.Start("stanza-id", nsStanzaID, "by", by.String(), "id", r.db.ArchiveID(owner, row)).End()
	return b.String()
}

// ID is what clients know the message in a row by.
func (r *Reader) ID(owner, row int64) string { return r.db.ArchiveID(owner, row) }

// Row is the row of an id; false for what is none of that archive.
func (r *Reader) Row(owner int64, id string) (row int64, ok bool) {
	return r.db.ArchiveRow(owner, id)
}

// Unspoof removes from a message the ids that only by may give, whoever wrote
// them (XEP-0359 section 3, Business Rules).
func Unspoof(st *stanza.Stanza, e *stanza.Edits, by stanza.JID) {
	for i, c := range st.Children() {
		if c.NS != nsStanzaID || c.Name != "stanza-id" {
			continue
		}
		claimed, err := stanza.ParseJID(st.Element(c).Attr("by"))
		if err == nil && claimed == by {
			e.Cut(i)
		}
	}
}
