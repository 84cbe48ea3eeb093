package router

import (
	"context"
	"errors"
	"fmt"

	"parley/stanza"
	"parley/store"
)

// resolve finds out where a packet goes, before any stage runs: the rules of
// RFC 6120 section 10 (Server Rules for Processing XML Stanzas) in its order.
// Its error ends the packet at once; p.refusal ends it behind the refuse
// stage, so that those who are blocked learn nothing from it.
func (r *Router) resolve(ctx context.Context, p *Packet) error {
	st := p.Stanza
	if p.Origin != Server {
		p.To = st.To
	}
	if p.Sender != nil {
		p.From = p.Sender.JID
	} else if p.From.IsZero() {
		p.From = st.From
	}
	if err := check(p); err != nil {
		return err
	}
	if p.To.IsZero() {
		if done, err := p.noTo(); done {
			return err
		}
	}
	p.address()
	if p.recall(r) {
		p.choose()
		return nil
	}
	if p.Dest = r.Host(p.To.Domain()); p.Dest == nil {
		p.Kind = ToRemote
		if p.Origin == Remote {
			return Handled // s2s lets in only what is for us (RFC 6120 section 8.1.1.2)
		}
		return nil
	}
	if !p.Dest.Accounts || p.To.Local() == "" {
		// RFC 6120 sections 10.5.1 and 10.5.2 (domainpart, domainpart/resourcepart)
		p.Kind = ToDomain
		return nil
	}
	return r.resolveAccount(ctx, p)
}

// check looks at what RFC 6120 section 8 asks of every stanza.
func check(p *Packet) error {
	st := p.Stanza
	if st.BadTo {
		return stanza.JIDMalformed // RFC 6120 section 8.3.3.8, jid-malformed
	}
	switch st.Kind {
	case stanza.Presence:
		switch st.Type {
		case "", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed",
			"probe", "error":
			return nil
		}
		return stanza.BadRequest // RFC 6121 section 4.7.1, Type Attribute
	case stanza.IQ:
		return checkIQ(st)
	}
	return nil
}

// checkIQ holds the rules of RFC 6120 section 8.2.3, IQ Semantics. What is
// wrong with an answer cannot be answered, so that is dropped.
func checkIQ(st *stanza.Stanza) error {
	switch st.Type {
	case "get", "set":
		// rules 1 to 3: an id, a type, and exactly one child
		if st.ID == "" || st.ChildCount() != 1 {
			return stanza.BadRequest
		}
	case "result", "error":
		if st.ID == "" {
			return Handled
		}
	default:
		return stanza.BadRequest
	}
	return nil
}

// noTo applies RFC 6120 section 10.3, No 'to' Address. It is true if there is
// nothing more to resolve.
func (p *Packet) noTo() (done bool, err error) {
	switch {
	case p.Sender == nil:
		return true, stanza.BadRequest // only clients may leave it out
	case p.Stanza.Kind == stanza.Presence:
		// RFC 6120 section 10.3.2, Presence: broadcast
		p.Edits.Stamp(p.Sender.stamp)
		return true, nil
	case p.Stanza.Kind == stanza.Message:
		// RFC 6120 section 10.3.1, Message: as if to the sender's bare JID
		p.Edits.Set("to", p.From.Bare().String())
	}
	p.To = p.From.Bare() // RFC 6120 section 10.3.3, IQ: on behalf of the account
	return false, nil
}

// address stamps the sender's address (RFC 6120 section 8.1.2.1, Client-to-Server Streams).
// Presence that manages subscriptions is from and to bare JIDs (RFC 6121
// section 3.1.2, Server Processing of Outbound Subscription Request).
func (p *Packet) address() {
	switch {
	case p.subscription() && p.Origin == Local:
		p.From, p.To = p.From.Bare(), p.To.Bare()
		p.Edits.Set("to", p.To.String())
		p.Edits.Set("from", p.From.String())
	case p.Sender != nil:
		p.Edits.Stamp(p.Sender.stamp)
	}
}

// subscription says whether this is presence that manages a subscription.
func (p *Packet) subscription() bool {
	if p.Stanza.Kind != stanza.Presence {
		return false
	}
	switch p.Stanza.Type {
	case "subscribe", "subscribed", "unsubscribe", "unsubscribed":
		return true
	}
	return false
}

// resolveAccount finds the receiving account and who of it gets the packet.
func (r *Router) resolveAccount(ctx context.Context, p *Packet) (err error) {
	if a := p.sending(); a != nil && a.JID == p.To.Bare() {
		p.Peer = a
	} else if p.Peer, err = r.accounts.get(ctx, r, p.To.Bare(), true, nil); err != nil {
		if !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("load account: %w", err)
		}
		p.Kind = ToNobody
		p.noSuchUser()
		return nil
	}
	if last := p.last(); last != nil {
		*last = recent{r.hosts.Load(), p.Dest, p.Peer}
	}
	p.choose()
	return nil
}

// recent is whom a line's last packet was for: mostly the next one is too.
type recent struct {
	hosts *map[string]*Host // of the router at that time
	dest  *Host
	peer  *Account
}

// last is where it is remembered, nil if it is not.
func (p *Packet) last() *recent {
	switch {
	case p.spread != nil:
		return &p.spread.to.recent
	case p.line != nil:
		return &p.line.recent
	}
	return nil
}

// recall finds the receiving account without looking it up. It may be held so
// long only because it has a session: such an account is neither dropped nor
// loaded again (see Account), and one that is deleted has none.
func (p *Packet) recall(r *Router) bool {
	was := p.last()
	if was == nil || was.peer == nil || was.peer.JID != p.To.Bare() || len(was.peer.Sessions()) == 0 ||
		was.hosts != r.hosts.Load() {
		return false
	}
	p.Dest, p.Peer = was.dest, was.peer
	r.accounts.touch(p.Peer)
	return true
}

// choose applies RFC 6121 section 8.5, Local User, for an account that exists.
func (p *Packet) choose() {
	if p.To.IsFull() && (!p.subscription() || p.Origin == Server) {
		if s := p.Peer.Session(p.To.Resource()); s != nil && !s.leaving.Load() {
			p.Kind, p.room[0] = ToSession, s
			p.Targets = p.room[:1]
			return
		}
	}
	p.Kind = ToBare
	p.Targets = p.room[:0]
	switch p.Stanza.Kind {
	case stanza.Message:
		p.bareMessage()
	case stanza.Presence:
		p.barePresence()
	}
}

// noSuchUser applies RFC 6121 section 8.5.1, No Such User. Presence is ignored
// silently: it has no targets. It passes the stages all the same, so that the
// sender's roster does not tell who exists, and a subscription to somebody who
// does not exist any more can be ended. A request to the bare JID may have an
// owner that answers as it would for an account that hides.
func (p *Packet) noSuchUser() {
	switch {
	case p.Stanza.Kind == stanza.Presence:
	case p.request(): // what no owner answers is refused in the deliver stage
	case p.Stanza.Kind == stanza.Message && p.MessageType() == "headline":
		p.more().refusal = Handled
	default:
		p.more().refusal = stanza.ServiceUnavailable
	}
}

// bareMessage chooses who gets a message to a bare JID or to a full JID that
// no session has (RFC 6121 sections 8.5.2.1.1, 8.5.2.2.1 and 8.5.3.2.1,
// Message; table in section 8.5.4, Summary of Message Delivery Rules).
//
// Of the two ways that section 8.5.2.1.1 leaves open for several resources we
// take "all of the non-negative resources": a guess at the "most available"
// one is wrong for those who use several devices, and a client that does not
// want messages says so by a negative priority.
func (p *Packet) bareMessage() {
	switch p.MessageType() {
	case "error":
		p.more().refusal = Handled
		return
	case "groupchat":
		p.more().refusal = stanza.ServiceUnavailable
		return
	case "headline":
		if p.To.IsFull() {
			p.more().refusal = Handled
			return
		}
	case "normal":
		if p.To.IsFull() {
			p.more().refusal = stanza.ServiceUnavailable
			return
		}
	}
	for _, s := range p.Peer.Sessions() {
		if pr := s.Presence(); pr != nil && pr.Priority >= 0 && !s.leaving.Load() {
			p.Targets = append(p.Targets, s)
		}
	}
	if len(p.Targets) == 0 && p.MessageType() == "headline" {
		p.more().refusal = Handled
	}
}

// barePresence chooses who gets presence to a bare JID, and what of presence
// to a full JID without a session is ignored (RFC 6121 sections 8.5.2.1.2 and
// 8.5.3.2.2, Presence). What is ignored has its sending side all the same.
func (p *Packet) barePresence() {
	typ := p.Stanza.Type
	nobody := p.To.IsFull() && p.Peer.Session(p.To.Resource()) == nil
	switch typ {
	case "", "unavailable", "subscribed", "unsubscribe", "unsubscribed":
		p.ignored = nobody
	case "error":
		p.ignored = true // no resource of ours caused it
	case "probe":
		return // RFC 6121 section 4.3.2: answered by presence, never delivered
	}
	if p.ignored {
		return
	}
	for _, s := range p.Peer.Sessions() {
		// RFC 6121 section 3.1.3: a request goes to available resources, and
		// its outcome (section 3.1.6) to those that know the roster.
		takes := s.Presence() != nil
		if p.subscription() && typ != "subscribe" {
			takes = s.Interested.Load()
		}
		if takes {
			p.Targets = append(p.Targets, s)
		}
	}
}
