package router

import "parley/store"

// A client whose session was lost with the process asks how far it came, to send
// the rest again (XEP-0198 section 5, Resumption: h in <failed/>). So the number
// is a row of the commit that has the rows of the stanzas it counts: neither is
// there without the other.
//
// A line hands its packets' writes to the store in order. So when the writes of
// one are committed, those of all before it are, except those that are late
// (Packet.Late) and those that have no rows before they are delivered, as what is
// said in rooms. Up to the first of these, all is counted. What leaves no rows at
// all is counted with the next that does: what it has done was lost too.

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
	if held := len(a.held); held > 0 {
		if a.held = without(a.held, place); len(a.held) < held && l.head != nil {
			l.revive() // what follows is handed to the store behind it
		}
	}
	n := a.reach
	for _, list := range [][]uint32{a.unnoted, a.opened} {
		if len(list) > 0 && before(list[0], n) < 0 {
			n = list[0]
		}
	}
	return n
}
