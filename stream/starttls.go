package stream

import "parley/stanza"

// startTLS answers <starttls/> (RFC 6120 section 5.4.2, Initiation of STARTTLS
// Negotiation).
func (n *Negotiation) startTLS(st *stanza.Stanza) Action {
	if st.Name != "starttls" || n.Peer.Secure || !n.Rules.OfferTLS || n.exchange != nil {
		// The failure case: the stream ends without an error, and so does the
		// connection (RFC 6120 section 5.4.2.2, Failure Case).
		n.state = over
		return Action{Write: []byte("<failure xmlns='" + stanza.NSTLS + "'/>" + End), Do: Close}
	}
	n.restart()
	return Action{Write: []byte("<proceed xmlns='" + stanza.NSTLS + "'/>"), Do: StartTLS}
}

// Secured notes that TLS has been negotiated; p has what is known of it.
func (n *Negotiation) Secured(p Peer) {
	p.Domain, p.Addr, p.Secure = n.Peer.Domain, n.Peer.Addr, true
	n.Peer = p
}
