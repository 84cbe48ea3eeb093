package main

import (
	"context"
	"fmt"
)

const nsMUC = "http://jabber.org/protocol/muc"

// room has our user make a room at the peer, speak, and read the room's archive
// (XEP-0313), where messages are forwarded in the namespace of clients.
func room(ctx context.Context, d duo) error {
	u, address := d.ours, "interop@conference."+d.theirs.srv.domain
	if _, err := u.stanza(fmt.Sprintf("<presence to='%s/me'><x xmlns='%s'/></presence>",
		address, nsMUC)); err != nil {
		return err
	}
	if _, err := u.until(ctx, "the own seat", func(n *node) bool {
		return n.is("presence", "", address+"/me")
	}); err != nil {
		return err
	}
	if _, err := u.ask(ctx, "set", address, "accept", "<query xmlns='"+nsMUC+"#owner'>"+
		"<x xmlns='jabber:x:data' type='submit'/></query>"); err != nil {
		return err
	}
	if _, err := u.stanza("<message type='groupchat' id='said' to='" + address +
		"'><body>for the archive</body></message>"); err != nil {
		return err
	}
	if _, err := u.until(ctx, "the room's echo", func(n *node) bool {
		return n.is("message", "groupchat", address+"/me") && n.body() == "for the archive"
	}); err != nil {
		return err
	}
	if _, err := u.ask(ctx, "set", address, "page", "<query xmlns='urn:xmpp:mam:2'/>"); err != nil {
		return err
	}
	_, err := u.until(ctx, "a page of the archive", func(n *node) bool {
		forwarded := n.find("urn:xmpp:forward:0", "forwarded")
		if n.attr("from") != address || forwarded == nil {
			return false
		}
		m := forwarded.find(nsClient, "message")
		return m != nil && m.body() == "for the archive"
	})
	return err
}
