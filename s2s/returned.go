package s2s

import (
	"context"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// lost is what senders are told that were not there when it was found out
// (RFC 6120 section 8.3.3.17, remote-server-timeout).
var lost = stanza.RemoteServerTimeout.WithText(
	"it is not known whether this has arrived: the connection to the other server broke")

// Returned implements Rows. Whoever is not there any more to be told is told
// when there is a session of the account again. While the server stops nothing
// is returned: see Stop.
func (u *Unconfirmed) Returned(list []*router.Packet) {
	waiting := map[stanza.JID]bool{}
	var told []func()
	u.mu.Lock()
	if u.stopping {
		list = nil
	}
	for _, p := range list {
		r, ok := u.take(p.Row)
		switch {
		case !ok:
		case r.sender != nil && live(r.sender):
			told = u.remove(told, p.Row)
		default:
			u.orphans[p.Row], u.owing[r.account] = true, true
			waiting[r.from.Bare()] = true
		}
	}
	u.mu.Unlock()
	tell(told)
	for jid := range waiting {
		u.inform(jid)
	}
}

// live says whether what is sent to a session reaches its client.
func live(s *router.Session) bool { return s.Account.Session(s.JID.Resource()) == s }

// inform gives an account what was lost if a session of it is available.
func (u *Unconfirmed) inform(jid stanza.JID) {
	a := u.router.Online(jid)
	if a == nil {
		return
	}
	for _, s := range a.Sessions() {
		if s.Presence() != nil {
			u.give(context.Background(), s)
			return
		}
	}
}

// presence gives a session that becomes available what was lost.
func (u *Unconfirmed) presence(ctx context.Context, p *router.Packet) error {
	if p.Side == router.Sending && p.Kind == router.Nowhere && p.Sender != nil &&
		p.Stanza.Type == "" {
		u.give(ctx, p.Sender)
	}
	return nil
}

// give tells a session of the account's stanzas that were lost.
func (u *Unconfirmed) give(ctx context.Context, s *router.Session) {
	account := s.Account.ID
	u.mu.Lock()
	owing := u.owing[account]
	delete(u.owing, account)
	u.mu.Unlock()
	if !owing {
		return
	}
	list, err := u.router.Store.AccountOutbound(ctx, account)
	if err != nil {
		u.log.Error("read unconfirmed", "account", s.Account.JID.String(), "err", err)
	}
	for _, o := range list {
		if err = u.giveOne(s, &o); err != nil {
			break
		}
	}
	if err != nil {
		u.mu.Lock()
		u.owing[account] = true
		u.mu.Unlock()
	}
}

// giveOne tells a session of one stanza, if that was lost. The error is that
// the session takes nothing more.
func (u *Unconfirmed) giveOne(s *router.Session, o *store.Outbound) error {
	u.mu.Lock()
	due := u.orphans[o.ID] || o.ID <= u.before && !u.again[o.ID]
	u.mu.Unlock()
	if !due {
		return nil
	}
	st, err := stanza.Parse(o.Stanza)
	if err != nil {
		u.log.Error("parse unconfirmed", "account", s.Account.JID.String(), "err", err)
	} else if st.Kind == stanza.Message || st.From == s.JID {
		var e stanza.Edits
		e.Set("to", s.JID.String())
		if !s.PushWith(st.ErrorReply(lost), &e) {
			return errNotTaken
		}
	}
	u.mu.Lock()
	delete(u.orphans, o.ID)
	told := u.remove(nil, o.ID)
	u.mu.Unlock()
	tell(told)
	return nil
}
