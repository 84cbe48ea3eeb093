package xep

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"time"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// local is an address at the host that was asked; what is none does not
// validate (XEP-0004 section 4, Data Validation), and others nobody may
// administer here (XEP-0133 section 5, Error Handling).
func local(p *router.Packet, text string) (stanza.JID, error) {
	jid, err := stanza.ParseJID(text)
	if err != nil || jid.Local() == "" {
		return jid, stanza.NotAcceptable.WithText(text + " is no account's address")
	}
	if jid.Domain() != p.Dest.Domain {
		return jid, stanza.NotAllowed.WithText(text + " is not at " + p.Dest.Domain)
	}
	return jid, nil
}

// bare is local without a resource: an account is meant, not a session.
func bare(p *router.Packet, text string) (stanza.JID, error) {
	jid, err := local(p, text)
	if err == nil && jid.IsFull() {
		err = stanza.NotAcceptable.WithText(text + " is the address of a session")
	}
	return jid, err
}

// find loads the account of an address.
func (m *Admin) find(ctx context.Context, jid stanza.JID) (*router.Account, error) {
	a, err := m.Router.Account(ctx, jid.Bare())
	if errors.Is(err, store.ErrNotFound) {
		return nil, stanza.ItemNotFound.WithText("there is no account " + jid.Bare().String())
	}
	return a, err
}

// account loads the one account that a field names.
func (m *Admin) account(ctx context.Context, p *router.Packet, values form.Values, field string) (
	*router.Account, error) {
	list, err := m.accountsIn(ctx, p, values, field)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, badPayload("one account at a time")
	}
	return list[0], nil
}

// accountsIn loads all accounts that a field names, each once (XEP-0004 section
// 3.3, Field Types). All must exist before the first is touched.
func (m *Admin) accountsIn(ctx context.Context, p *router.Packet, values form.Values, field string) (
	[]*router.Account, error) {
	var list []*router.Account
	for _, text := range values.Each(field) {
		jid, err := bare(p, text)
		if err != nil {
			return nil, err
		}
		a, err := m.find(ctx, jid)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list, nil
}

// answerTime bounds how long what follows an answer waits for it.
const answerTime = 5 * time.Second

// behind runs fn when the packet's answer is queued: it may end the stream that
// asked.
func behind(p *router.Packet, name string, fn func(ctx context.Context)) {
	p.Dest.Go(name, func(ctx context.Context) {
		wait, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		_ = p.Sender.Flush(wait) // who still sends then may miss the answer
		fn(context.WithoutCancel(ctx))
	})
}

// addUser makes an account (XEP-0133 section 4.1, Add User).
func (m *Admin) addUser(ctx context.Context, p *router.Packet, values form.Values) (string, string, error) {
	jid, err := bare(p, values.One("accountjid"))
	if err != nil {
		return "", "", err
	}
	if values.Text("password") != values.Text("password-verify") {
		return "", "", badPayload("the passwords differ")
	}
	verifier, err := m.verifier(values)
	if err != nil {
		return "", "", err
	}
	err = m.Router.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.CreateAccount(jid.String(), verifier)
		return err
	})
	if errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrReserved) {
		return "", "", stanza.Conflict // XEP-0133 section 5, Error Handling
	}
	if err == nil {
		_, err = m.Router.Account(ctx, jid) // nobody remembers that there was none
	}
	return "", "", err
}

// verifier is what is stored of the password in a form.
func (m *Admin) verifier(values form.Values) (string, error) {
	verifier, err := m.Passwords.Verifier(values.Text("password"))
	if err != nil {
		return "", stanza.NotAcceptable.WithText("this is no password")
	}
	return verifier, nil
}

// deleteUsers deletes accounts, one after the other behind the answer: the
// asker's own may be among them (XEP-0133 section 4.2, Delete User).
func (m *Admin) deleteUsers(ctx context.Context, p *router.Packet, values form.Values) (string, string, error) {
	list, err := m.accountsIn(ctx, p, values, "accountjids")
	if err != nil {
		return "", "", err
	}
	by := p.From.String()
	behind(p, "delete accounts", func(ctx context.Context) {
		for _, a := range list {
			jid := a.JID.String()
			if err := m.Router.DeleteAccount(ctx, a); err != nil {
				m.Router.Log.Error("delete account", "jid", jid, "err", err)
				continue
			}
			m.Router.Log.Info("account deleted", "jid", jid, "by", by)
		}
	})
	return "", "", nil
}

// disable disables or enables accounts (XEP-0133 sections 4.3, Disable User,
// and 4.4, Re-Enable User).
func (m *Admin) disable(disabled bool) runner {
	return func(ctx context.Context, p *router.Packet, values form.Values) (string, string, error) {
		list, err := m.accountsIn(ctx, p, values, "accountjids")
		if err != nil {
			return "", "", err
		}
		p.Write(func(tx *store.Tx) error {
			for _, a := range list {
				if err := alive(tx, a); err != nil {
					return err
				}
				if err := tx.SetDisabled(a.ID, disabled); err != nil {
					return err
				}
			}
			return nil
		})
		e := stanza.StreamNotAuthorized.WithText("the account is disabled")
		p.Committed(func() {
			for _, a := range list {
				a.SetDisabled(disabled)
				if disabled {
					endAll(p, a.Sessions(), e)
				}
			}
		})
		return "", "", nil
	}
}

// endAll ends sessions, the asker's own behind the answer.
func endAll(p *router.Packet, sessions []*router.Session, e *stanza.StreamError) {
	for _, s := range sessions {
		if s == p.Sender {
			behind(p, "end session", func(context.Context) { s.Close(e) })
			continue
		}
		s.Close(e)
	}
}

// endSessions ends the sessions of accounts, or single ones by their full JID
// (XEP-0133 section 4.5, End User Session).
func (m *Admin) endSessions(ctx context.Context, p *router.Packet, values form.Values) (string, string, error) {
	var sessions []*router.Session
	for _, text := range values.Each("accountjids") {
		jid, err := local(p, text)
		if err != nil {
			return "", "", err
		}
		a, err := m.find(ctx, jid)
		if err != nil {
			return "", "", err
		}
		for _, s := range a.Sessions() {
			if !jid.IsFull() || s.JID == jid {
				sessions = append(sessions, s)
			}
		}
	}
	endAll(p, sessions, stanza.StreamPolicyViolation.WithText("ended by an administrator"))
	return "", "", nil
}

// changePassword sets a password (XEP-0133 section 4.7, Change User Password).
func (m *Admin) changePassword(ctx context.Context, p *router.Packet, values form.Values) (string, string, error) {
	a, err := m.account(ctx, p, values, "accountjid")
	if err != nil {
		return "", "", err
	}
	verifier, err := m.verifier(values)
	if err != nil {
		return "", "", err
	}
	p.Write(func(tx *store.Tx) error {
		if err := alive(tx, a); err != nil {
			return err
		}
		return tx.SetVerifier(a.ID, verifier)
	})
	return "", "", nil
}

// getRoster shows a roster, inside the form (XEP-0133 section 4.8, Get User
// Roster).
func (m *Admin) getRoster(ctx context.Context, p *router.Packet, values form.Values) (string, string, error) {
	a, err := m.account(ctx, p, values, "accountjids")
	if err != nil {
		return "", "", err
	}
	items, _, err := m.Router.Store.Roster(ctx, a.ID)
	if err != nil {
		return "", "", err
	}
	var b stanza.Builder
	b.Start("x", form.NS, "type", "result")
	b.Raw(form.Field{Type: "hidden", Var: "FORM_TYPE", Values: []string{nsAdmin}}.XML())
	b.Raw(form.Field{Var: "accountjids", Type: "jid-single", Values: []string{a.JID.String()}}.XML())
	b.Start("query", "jabber:iq:roster")
	for _, i := range items {
		if i.Listed {
			b.Start("item", "", "jid", i.JID, "name", i.Name, "subscription",
				stanza.Subscription(i.To, i.From))
			for _, g := range i.Groups {
				b.Elem("group", "", g)
			}
			b.End()
		}
	}
	return "", b.End().End().String(), nil
}

// lastLogin tells when somebody was last here (XEP-0133 section 4.9, Get User
// Last Login Time). What is known is the end of the last session.
func (m *Admin) lastLogin(ctx context.Context, p *router.Packet, values form.Values) (string, string, error) {
	a, err := m.account(ctx, p, values, "accountjids")
	if err != nil {
		return "", "", err
	}
	at, _, err := m.Router.Store.LastActivity(ctx, a.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", "", err
	}
	if list := a.Sessions(); len(list) > 0 {
		at = list[len(list)-1].Since
	}
	var times []string // none if there was no login yet
	if !at.IsZero() {
		times = []string{at.UTC().Format("2006-01-02T15:04:05Z")}
	}
	return "", form.XML("result", "", nsAdmin,
		form.Field{Var: "accountjids", Type: "jid-single", Values: []string{a.JID.String()}},
		form.Field{Var: "lastlogin", Type: "text-single", Values: times}), nil
}

// userStats tells what is known of a user (XEP-0133 section 4.10, Get User
// Statistics).
func (m *Admin) userStats(ctx context.Context, p *router.Packet, values form.Values) (string, string, error) {
	a, err := m.account(ctx, p, values, "accountjid")
	if err != nil {
		return "", "", err
	}
	items, _, err := m.Router.Store.Roster(ctx, a.ID)
	if err != nil {
		return "", "", err
	}
	listed := 0
	for _, i := range items {
		if i.Listed {
			listed++
		}
	}
	var addresses, resources []string
	for _, s := range a.Sessions() {
		host, _, err := net.SplitHostPort(s.Addr())
		if err != nil {
			host = s.Addr()
		}
		addresses, resources = append(addresses, host), append(resources, s.JID.Resource())
	}
	return "", form.XML("result", "", nsAdmin,
		form.Field{Var: "ipaddresses", Type: "text-multi", Values: addresses},
		form.Field{Var: "rostersize", Type: "text-single", Values: []string{strconv.Itoa(listed)}},
		form.Field{Var: "onlineresources", Type: "text-multi", Values: resources}), nil
}
