package roster

import (
	"slices"

	"parley/stanza"
	"parley/store"
)

// nsRoster qualifies the roster's elements (RFC 6121 section 2.1, Syntax and Semantics).
const nsRoster = "jabber:iq:roster"

// maxText is the server's limit for a contact's name and for the name of a
// group, in bytes: that of the parts of an address (RFC 6121 section 2.3.3,
// Error Cases, leaves it to the server).
const maxText = 1023

// removal is the only value of 'subscription' that a client may send
// (RFC 6121 section 2.1.5, Roster Set).
const removal = "remove"

// request is what a roster set asks for.
type request struct {
	jid    stanza.JID
	remove bool
	name   string
	groups []string
}

// parseSet reads a roster set and checks it (RFC 6121 section 2.3.3, Error
// Cases). own is the account's bare JID, maxGroups the server's limit.
func parseSet(query *stanza.Element, own stanza.JID, maxGroups int) (request, error) {
	item, err := onlyItem(query)
	if err != nil {
		return request{}, err
	}
	jid, err := itemJID(item, own)
	if err != nil {
		return request{}, err
	}
	if item.Attr("subscription") == removal {
		return request{jid: jid, remove: true}, nil
	}
	name := item.Attr("name")
	if len(name) > maxText {
		return request{}, stanza.NotAcceptable.WithText("The name is too long.")
	}
	groups, err := itemGroups(item, maxGroups)
	return request{jid: jid, name: name, groups: groups}, err
}

// onlyItem is the one item that a roster set holds (RFC 6121 section 2.1.5,
// Roster Set).
func onlyItem(query *stanza.Element) (item *stanza.Element, err error) {
	for _, c := range query.Children {
		if c.Name != "item" || c.NS != nsRoster {
			continue
		}
		if item != nil {
			return nil, stanza.BadRequest.WithText("More than one item.")
		}
		item = c
	}
	if item == nil {
		return nil, stanza.BadRequest.WithText("No item.")
	}
	return item, nil
}

// itemJID is whom the item is about. A user needs no subscription to their own
// presence, so their own address is not allowed, as on other servers (the
// interoperability note of RFC 6121 section 2.3.3, Error Cases).
func itemJID(item *stanza.Element, own stanza.JID) (stanza.JID, error) {
	text := item.Attr("jid")
	if text == "" {
		return stanza.JID{}, stanza.BadRequest.WithText("The item has no jid.")
	}
	jid, err := stanza.ParseJID(text)
	switch {
	case err != nil:
		return jid, stanza.JIDMalformed
	case jid.IsFull():
		return jid, stanza.BadRequest.WithText("A contact is a bare JID.")
	case jid == own:
		return jid, stanza.NotAllowed.WithText("This is your own address.")
	}
	return jid.Clone(), nil
}

// itemGroups are the item's groups: none empty, none too long, none twice
// (RFC 6121 section 2.3.3, Error Cases).
func itemGroups(item *stanza.Element, maxGroups int) (groups []string, err error) {
	for _, c := range item.Children {
		if c.Name != "group" || c.NS != nsRoster {
			continue
		}
		switch {
		case c.Text == "":
			return nil, stanza.NotAcceptable.WithText("A group without a name.")
		case len(c.Text) > maxText:
			return nil, stanza.NotAcceptable.WithText("The name of a group is too long.")
		case slices.Contains(groups, c.Text):
			return nil, stanza.BadRequest.WithText("The same group twice.")
		case len(groups) == maxGroups:
			return nil, stanza.NotAcceptable.WithText("Too many groups.")
		}
		groups = append(groups, c.Text)
	}
	return groups, nil
}

// writeItem adds an item as a client sees it (RFC 6121 section 2.1.2, Roster
// Items): 'ask' tells "Pending Out" (section 2.1.2.2), 'approved' an approval
// in advance (section 2.1.2.1), 'subscription' the state (section 2.1.2.5).
// "Pending In" is never shown.
func writeItem(b *stanza.Builder, i *store.RosterItem) {
	ask, approved := "", ""
	if i.Ask {
		ask = subscribe
	}
	if i.Approved {
		approved = "true"
	}
	b.Start("item", "", "jid", i.JID, "name", i.Name, "subscription",
		stanza.Subscription(i.To, i.From), "ask", ask, "approved", approved)
	for _, g := range i.Groups {
		b.Elem("group", "", g)
	}
	b.End()
}

// writeRemoved adds what tells of an item that is gone (RFC 6121 section
// 2.5.2, Success Case).
func writeRemoved(b *stanza.Builder, jid string) {
	b.Start("item", "", "jid", jid, "subscription", removal).End()
}
