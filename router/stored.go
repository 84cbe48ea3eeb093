package router

// stored is where the record stage has put a message.
type stored struct {
	body int64
	ids  [2]string
}

// SetBody, called from a Write function, says in which row the message's text
// is, so that the other side's function adds none of its own. The sending
// side's function runs first.
func (p *Packet) SetBody(body int64) { p.more().stored.body = body }

// Body is what SetBody said, 0 if nothing.
func (p *Packet) Body() int64 { return p.seen().stored.body }

// SetStanzaID, called from a Committed function, says under what id the message
// is in the archive of that side's account: a <stanza-id/> as XML (XEP-0359).
func (p *Packet) SetStanzaID(side Side, xml string) { p.more().stored.ids[side] = xml }

// StanzaID is what SetStanzaID said, "" if the archive does not have the
// message. Whoever copies a message to that account's sessions adds it to what
// is forwarded (XEP-0313 section 3.5, Communicating the archive ID); the
// original has the receiver's when it is delivered.
func (p *Packet) StanzaID(side Side) string { return p.seen().stored.ids[side] }
