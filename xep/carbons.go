package xep

import (
	"context"
	"slices"
	"strings"
	"sync"

	"parley/router"
	"parley/stanza"
)

const (
	nsCarbons    = "urn:xmpp:carbons:2"
	nsForward    = "urn:xmpp:forward:0"
	nsReceipts   = "urn:xmpp:receipts"
	nsChatStates = "http://jabber.org/protocol/chatstates"
	nsMarkers    = "urn:xmpp:chat-markers:0"
	nsMUCUser    = "http://jabber.org/protocol/muc#user"
	nsInvite     = "jabber:x:conference"
	nsHints      = "urn:xmpp:hints"
)

// Carbons implements XEP-0280: Message Carbons. Each client of an account that
// has asked for it sees what the others send and get.
type Carbons struct {
	sent *router.Slot[*sentIDs]
}

var _ router.Module = (*Carbons)(nil)

// Register implements router.Module.
func (m *Carbons) Register(h *router.Host) {
	m.sent = router.NewSlot(h.Router, func(context.Context, *router.Account) (*sentIDs, error) {
		return new(sentIDs), nil
	})
	h.Feature(router.ToHost, nsCarbons, "urn:xmpp:carbons:rules:0")
	h.HandleIQ("set", nsCarbons, "enable", router.ToSelf, switchCarbons(true))
	h.HandleIQ("set", nsCarbons, "disable", router.ToSelf, switchCarbons(false))
	h.On(router.Copy, router.OfMessage, "carbons", m.copy)
	h.OnInline(router.Inline{Feature: nsCarbons, Do: copiesAtOnce})
}

// copiesAtOnce is for a client that asks for copies when it binds its resource. It
// needs no answer (XEP-0386 section 3.2, Performing the bind).
func copiesAtOnce(_ context.Context, s *router.Session, request *stanza.Element) string {
	if request.Child(nsCarbons, "enable") != nil {
		s.Carbons.Store(true)
	}
	return ""
}

// switchCarbons answers a client that wants copies, or wants them no more, as
// often as it likes (XEP-0280 section 10.1, Handling Multiple Enable/Disable Requests).
func switchCarbons(on bool) router.Handler {
	return func(_ context.Context, p *router.Packet) error {
		if p.Sender == nil {
			return stanza.NotAllowed
		}
		p.Sender.Carbons.Store(on)
		p.Result("")
		return nil
	}
}

// copy sends an account's other clients what one of them sends or gets.
func (m *Carbons) copy(ctx context.Context, p *router.Packet) error {
	if p.Side == router.Receiving && p.Origin == router.Server && p.MessageType() != "error" {
		return nil // what the server made for somebody is for them
	}
	to := m.others(p)
	if len(to) == 0 {
		return nil
	}
	ids, err := m.sent.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	if p.MessageType() == "error" {
		if p.Side == router.Sending || !ids.has(p.Stanza.ID, p.From) {
			return nil
		}
	} else if !copied(p) {
		return nil
	} else if p.Side == router.Sending {
		ids.add(p.Stanza.ID, p.To)
	}
	st := wrap(p)
	if st == nil {
		return nil
	}
	for _, s := range to {
		var e stanza.Edits
		e.Set("to", s.JID.String())
		if p.Side == router.Receiving {
			s.Copy(p, st, &e) // it counts as a delivery
		} else {
			s.PushWith(st, &e)
		}
	}
	return nil
}

// others are the clients that want copies and do not have the message itself
// (XEP-0280 sections 7, Receiving Messages, and 8, Sending Messages).
func (m *Carbons) others(p *router.Packet) []*router.Session {
	var list []*router.Session
	for _, s := range p.Account.Sessions() {
		if s.Carbons.Load() && s != p.Sender &&
			(p.Peer != p.Account || !slices.Contains(p.Targets, s)) {
			list = append(list, s)
		}
	}
	return list
}

// copied says whether other clients see a message (XEP-0280 section 6.1,
// Recommended Rules; section 9, Avoiding Carbons for a single message; XEP-0334
// section 4.3, No copies). It looks at all children: what forbids counts most.
func copied(p *router.Packet) bool {
	body, talk, room, invite := false, false, false, false
	for _, c := range p.Stanza.Children() {
		switch c.NS {
		case nsCarbons:
			if c.Name == "private" || c.Name == "received" || c.Name == "sent" {
				return false // a copy of a copy would be a lie
			}
		case nsHints:
			if c.Name == "no-copy" {
				return false
			}
		case nsReceipts, nsChatStates, nsMarkers:
			talk = true
		case nsInvite:
			invite = true
		case nsMUCUser:
			room = true
			invite = invite || p.Stanza.Element(c).Child("", "invite") != nil
		case p.Stanza.NS:
			body = body || c.Name == "body"
		}
	}
	switch t := p.MessageType(); {
	case t == "groupchat" || t == "headline":
		return false
	case invite:
		return true
	case room && p.Side == router.Receiving && p.From.IsFull():
		return false // the room sends private messages to each client itself
	case t == "chat":
		return true
	default:
		return body || talk
	}
}

// wrap is the copy, complete but for to (XEP-0280 section 7, Receiving Messages);
// nil if the message is too deep to be put into another.
func wrap(p *router.Packet) *stanza.Stanza {
	name := "received"
	if p.Side == router.Sending {
		name = "sent"
	}
	e := p.Edits
	e.Set("from", p.From.String())
	e.Set("to", p.To.String())
	if id := p.StanzaID(p.Side); id != "" {
		e.Last(id) // XEP-0313 section 3.5, Communicating the archive ID
	}
	var b stanza.Builder
	b.Start("message", "", "from", p.Account.JID.String(), "type", p.Stanza.Type)
	b.Start(name, nsCarbons).Start("forwarded", nsForward)
	b.Raw(string(p.Stanza.Append(nil, &e, stanza.Out{XMLNS: true})))
	st, err := stanza.Parse(b.End().End().End().String())
	if err != nil {
		return nil
	}
	return st
}

// sentIDs are the messages that an account sent last and its clients have copies
// of: they get the errors too (XEP-0280 section 6.1, Recommended Rules).
type sentIDs struct {
	mu   sync.Mutex
	list [100]sentID
	next int
}

type sentID struct {
	id string
	to stanza.JID
}

func (l *sentIDs) add(id string, to stanza.JID) {
	if id == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list[l.next] = sentID{strings.Clone(id), to.Clone()}
	l.next = (l.next + 1) % len(l.list)
}

// has says whether the message that an error answers is one of them. It may have
// gone to another resource than it was addressed to.
func (l *sentIDs) has(id string, from stanza.JID) bool {
	if id == "" {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.list[:], func(s sentID) bool {
		return s.id == id && s.to.Bare() == from.Bare()
	})
}
