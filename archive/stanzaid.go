package archive

import (
	"context"
	"strings"
	"unicode/utf8"

	"parley/router"
	"parley/stanza"
)

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
		if c.NS != nsStanzaID || c.Name != "stanza-id" || !mayName(st.Raw[c.Start:c.End], by) {
			continue
		}
		claimed, err := stanza.ParseJID(st.Element(c).Attr("by"))
		if err == nil && claimed == by {
			e.Cut(i)
		}
	}
}

// mayName is false if XML names an address for certain nowhere. What all in a
// room get carries an id, which most need not read: plain ASCII says what it
// looks like but for case.
func mayName(xml string, by stanza.JID) bool {
	local := by.Local()
	for i := 0; i < len(xml); i++ {
		switch c := xml[i]; {
		case c == '&' || c >= utf8.RuneSelf:
			return true
		case c == '@' && i >= len(local) && strings.EqualFold(xml[i-len(local):i], local):
			return true
		}
	}
	return local == ""
}

// unspoof removes from every message the ids that the account alone may give
// which sends it or gets it.
func unspoof(_ context.Context, p *router.Packet) error {
	Unspoof(p.Stanza, &p.Edits, p.Account.JID)
	return nil
}

// stanzaID is Reader.StanzaID for a row of an account.
func (m *Archive) stanzaID(box *inbox, row int64) string {
	return m.reader.StanzaID(box.account.ID, row, box.account.JID)
}

// addStanzaID tells the receiver where the message is in the archive, and nobody
// else (XEP-0313 section 3.5, Communicating the archive ID): it comes behind the
// stage of copies, which go to the sender's sessions too.
func addStanzaID(_ context.Context, p *router.Packet) error {
	if p.Side == router.Receiving {
		if id := p.StanzaID(router.Receiving); id != "" {
			p.Edits.Last(id)
		}
	}
	return nil
}
