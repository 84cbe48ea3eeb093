package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// meeting is a room on one server, made by a user there, and a guest from the
// other one.
type meeting struct {
	owner, guest *user
	room         string
}

func newMeeting(name string, owner, guest *user) meeting {
	address := name + "-" + guest.srv.kind + "@conference." + owner.srv.domain
	return meeting{owner, guest, address}
}

// held runs a meeting: both enter and speak, the guest changes its nickname, is
// kicked, comes again and leaves.
func (m meeting) held(ctx context.Context) error {
	for _, step := range []func(context.Context) error{m.made, m.entered, m.spoken, m.renamed,
		m.kicked, m.entered, m.left} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	_, err := m.owner.stanza("<presence type='unavailable' to='" + m.room + "/owner'/>")
	return err
}

// made: the owner enters, and opens a room that waits for that.
func (m meeting) made(ctx context.Context) error {
	if err := m.enter(ctx, m.owner, "owner"); err != nil {
		return err
	}
	_, err := m.owner.ask(ctx, "set", m.room, "open", "<query xmlns='"+nsMUC+"#owner'>"+
		"<x xmlns='jabber:x:data' type='submit'/></query>")
	return err
}

// entered: the guest enters, and both see that.
func (m meeting) entered(ctx context.Context) error {
	if err := m.enter(ctx, m.guest, "guest"); err != nil {
		return err
	}
	return m.seen(ctx, m.owner, "", "guest", "")
}

// enter waits for a user's own presence, and the subject behind it.
func (m meeting) enter(ctx context.Context, u *user, nick string) error {
	if _, err := u.stanza(fmt.Sprintf("<presence to='%s/%s'><x xmlns='%s'/></presence>", m.room, nick,
		nsMUC)); err != nil {
		return err
	}
	if err := m.seen(ctx, u, "", nick, "110"); err != nil {
		return err
	}
	_, err := u.until(ctx, "the subject", func(n *node) bool {
		return n.attr("type") == "groupchat" && n.find(nsClient, "subject") != nil
	})
	return err
}

// seen waits for presence of an occupant, with a status code if one is given.
func (m meeting) seen(ctx context.Context, u *user, typ, nick, code string) error {
	_, err := u.until(ctx, "presence of "+nick+" "+typ+" "+code, func(n *node) bool {
		return n.is("presence", typ, m.room+"/"+nick) && (code == "" || n.coded(code))
	})
	return err
}

// coded says whether a room says something by a code.
func (n *node) coded(code string) bool {
	if n.XMLName.Local == "status" && n.attr("code") == code {
		return true
	}
	for _, c := range n.Nodes {
		if c.coded(code) {
			return true
		}
	}
	return false
}

// spoken: both speak at once, and both hear all in one order.
func (m meeting) spoken(ctx context.Context) error {
	const count = 50
	nicks := map[*user]string{m.owner: "owner", m.guest: "guest"}
	for i := range count {
		for _, u := range []*user{m.owner, m.guest} {
			if _, err := u.stanza(fmt.Sprintf("<message type='groupchat' to='%s' id='%s-%d'>"+
				"<body>%d of %s</body></message>", m.room, nicks[u], i, i, nicks[u])); err != nil {
				return err
			}
		}
	}
	var heard [2]string
	for i, u := range []*user{m.owner, m.guest} {
		for range 2 * count {
			n, err := u.until(ctx, "what is said", func(n *node) bool {
				return n.attr("type") == "groupchat" && n.body() != "" &&
					strings.HasPrefix(n.attr("from"), m.room+"/") && n.find("urn:xmpp:delay", "delay") == nil
			})
			if err != nil {
				return err
			}
			heard[i] += n.attr("from") + " " + n.body() + "\n"
		}
	}
	if heard[0] != heard[1] {
		return fmt.Errorf("not in one order:\n%s\n%s", heard[0], heard[1])
	}
	return nil
}

// renamed: the guest has another nickname for a while.
func (m meeting) renamed(ctx context.Context) error {
	for _, names := range [][2]string{{"guest", "visitor"}, {"visitor", "guest"}} {
		if _, err := m.guest.stanza("<presence to='" + m.room + "/" + names[1] + "'/>"); err != nil {
			return err
		}
		for _, u := range []*user{m.owner, m.guest} {
			if err := errors.Join(m.seen(ctx, u, "unavailable", names[0], "303"),
				m.seen(ctx, u, "", names[1], "")); err != nil {
				return err
			}
		}
	}
	return nil
}

// kicked: the owner removes the guest, and both see it.
func (m meeting) kicked(ctx context.Context) error {
	if _, err := m.owner.ask(ctx, "set", m.room, "kick", "<query xmlns='"+nsMUC+"#admin'>"+
		"<item nick='guest' role='none'><reason>go</reason></item></query>"); err != nil {
		return err
	}
	return errors.Join(m.seen(ctx, m.guest, "unavailable", "guest", "307"),
		m.seen(ctx, m.owner, "unavailable", "guest", "307"))
}

// left: the guest goes.
func (m meeting) left(ctx context.Context) error {
	if _, err := m.guest.stanza("<presence type='unavailable' to='" + m.room +
		"/guest'/>"); err != nil {
		return err
	}
	return errors.Join(m.seen(ctx, m.guest, "unavailable", "guest", "110"),
		m.seen(ctx, m.owner, "unavailable", "guest", ""))
}

// ghost kills the peer while its user is in our room: ours is told that the guest
// is gone, by a status code that says why (XEP-0045 section 11.1, Service removes
// user because of error response).
func (t *trial) ghost(ctx context.Context) error {
	// ejabberd forgets a new account when it is killed before it was stopped once.
	if err := t.restart(ctx, t.peer.settings); err != nil {
		return err
	}
	m := newMeeting("ghost", t.duo.ours, t.theirs)
	if err := errors.Join(m.made(ctx), m.entered(ctx)); err != nil {
		return err
	}
	t.peer.kill()
	t.theirs.close()
	return errors.Join(m.seen(ctx, m.owner, "unavailable", "guest", "333"), t.peer.start(ctx),
		t.theirs.login(ctx))
}
