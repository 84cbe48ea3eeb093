package router

import "parley/store"

// A client whose session was lost with the process asks how far it came, to send
// the rest again (XEP-0198 section 5, Resumption: h in <failed/>). So the number
// is a row of the commit that has the rows of the stanzas it counts: neither is
// there without the other.
//
// A line hands its packets' writes to the store in order. So when the writes of
// one are committed, those of all before it are, except those that are late
// (Packet.Late); up to the first of these, all is counted. What leaves no rows is
// counted with the next that does: what such stanzas have done was lost too.

// Counted is called in a write that has the packet's rows, at its end, by who has
// called Late: then how far the sender's session came is written with them. For
// what is given to Packet.Write the router does it.
func (p *Packet) Counted(tx *store.Tx) {
	if p.Sender == nil {
		return
	}
	m := p.Sender.managed.Load()
	if m == nil || m.ID == "" {
		return
	}
	if n := p.line.noted(p.place); before(n, m.base) > 0 {
		tx.Handled(m.ID, n-m.base)
	}
}

// noted says up to where all has been written when a packet is.
func (l *Line) noted(place uint32) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.acks
	if before(place+1, a.reach) > 0 {
		a.reach = place + 1
	}
	a.unnoted = without(a.unnoted, place)
	if len(a.unnoted) > 0 && before(a.unnoted[0], a.reach) < 0 {
		return a.unnoted[0]
	}
	return a.reach
}
