package xep

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// local is an address of the host that was asked; others are not allowed
// (XEP-0133 section 5, Error Handling).
func local(p *router.Packet, text string) (stanza.JID, error) {
	jid, err := stanza.ParseJID(strings.TrimSpace(text))
	if err != nil || jid.Local() == "" {
		return jid, stanza.NotAcceptable.WithText(text + " is no account's address")
	}
	if jid.Domain() != p.Dest.Domain {
		return jid, stanza.NotAllowed.WithText(text + " is not at " + p.Dest.Domain)
	}
	return jid, nil
}

// find loads the account of an address.
func (m *Admin) find(ctx context.Context, p *router.Packet, text string) (*router.Account, error) {
	jid, err := local(p, text)
	if err != nil {
		return nil, err
	}
	a, err := m.Router.Account(ctx, jid.Bare())
	if errors.Is(err, store.ErrNotFound) {
		return nil, stanza.ItemNotFound.WithText("there is no account " + jid.Bare().String())
	}
	return a, err
}

// each runs a function for every account named in accountjids. All must exist
// before the first is touched.
func (m *Admin) each(fn func(ctx context.Context, p *router.Packet, a *router.Account) error) runner {
	return func(ctx context.Context, p *router.Packet, form submitted) (string, string, error) {
		var list []*router.Account
		for _, text := range form["accountjids"] {
			a, err := m.find(ctx, p, text)
			if err != nil {
				return "", "", err
			}
			list = append(list, a)
		}
		for _, a := range list {
			if err := fn(ctx, p, a); err != nil {
				return "", "", err
			}
		}
		return "", "", nil
	}
}

// addUser makes an account (XEP-0133 section 4.1, Add User).
func (m *Admin) addUser(ctx context.Context, p *router.Packet, form submitted) (string, string, error) {
	jid, err := local(p, form.one("accountjid"))
	if err != nil {
		return "", "", err
	}
	if form.one("password") != form.one("password-verify") {
		return "", "", commandError(stanza.BadRequest.WithText("the passwords differ"), "bad-payload")
	}
	verifier, err := m.verifier(form)
	if err != nil {
		return "", "", err
	}
	err = m.Router.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.CreateAccount(jid.Bare().String(), verifier)
		return err
	})
	if errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrReserved) {
		return "", "", stanza.Conflict
	}
	if err == nil {
		_, err = m.Router.Account(ctx, jid.Bare()) // nobody remembers that there was none
	}
	return "", "", err
}

// verifier is what is stored of the password in a form.
func (m *Admin) verifier(form submitted) (string, error) {
	verifier, err := m.Passwords.Verifier(form["password"][0])
	if err != nil {
		return "", stanza.NotAcceptable.WithText("this is no password")
	}
	return verifier, nil
}

// deleteUser deletes an account behind the answer: it may be the asker's own
// (XEP-0133 section 4.2, Delete User).
func (m *Admin) deleteUser(_ context.Context, p *router.Packet, a *router.Account) error {
	p.Dest.Go("delete account", func(ctx context.Context) {
		if err := m.Router.DeleteAccount(context.WithoutCancel(ctx), a); err != nil {
			m.Router.Log.Error("delete account", "jid", a.JID.String(), "err", err)
		}
	})
	return nil
}

// disable disables or enables an account (XEP-0133 sections 4.3, Disable User,
// and 4.4, Re-Enable User).
func (m *Admin) disable(disabled bool) func(context.Context, *router.Packet, *router.Account) error {
	return func(_ context.Context, p *router.Packet, a *router.Account) error {
		p.Write(func(tx *store.Tx) error { return tx.SetDisabled(a.ID, disabled) })
		if disabled {
			p.Committed(func() { endAll(a, stanza.StreamNotAuthorized.WithText("the account is disabled")) })
		}
		return nil
	}
}

func endAll(a *router.Account, e *stanza.StreamError) {
	for _, s := range a.Sessions() {
		s.Close(e)
	}
}

// endSessions ends the sessions of accounts, or single ones by their full JID
// (XEP-0133 section 4.5, End User Session).
func (m *Admin) endSessions(ctx context.Context, p *router.Packet, form submitted) (string, string, error) {
	ended := stanza.StreamPolicyViolation.WithText("ended by an administrator")
	for _, text := range form["accountjids"] {
		a, err := m.find(ctx, p, text)
		if err != nil {
			return "", "", err
		}
		jid, err := local(p, text)
		if err != nil {
			return "", "", err
		}
		if !jid.IsFull() {
			p.Committed(func() { endAll(a, ended) })
		} else if s := a.Session(jid.Resource()); s != nil {
			p.Committed(func() { s.Close(ended) })
		}
	}
	return "", "", nil
}

// changePassword sets a password (XEP-0133 section 4.7, Change User Password).
func (m *Admin) changePassword(ctx context.Context, p *router.Packet, form submitted) (string, string, error) {
	a, err := m.find(ctx, p, form.one("accountjid"))
	if err != nil {
		return "", "", err
	}
	verifier, err := m.verifier(form)
	if err != nil {
		return "", "", err
	}
	p.Write(func(tx *store.Tx) error { return tx.SetVerifier(a.ID, verifier) })
	return "", "", nil
}

// getRoster shows a roster (XEP-0133 section 4.8, Get User Roster).
func (m *Admin) getRoster(ctx context.Context, p *router.Packet, form submitted) (string, string, error) {
	a, err := m.find(ctx, p, form.one("accountjid"))
	if err != nil {
		return "", "", err
	}
	items, _, err := m.Router.Store.Roster(ctx, a.ID)
	if err != nil {
		return "", "", err
	}
	var b stanza.Builder
	b.Start("query", "jabber:iq:roster")
	for _, i := range items {
		if i.Listed {
			b.Start("item", "", "jid", i.JID, "name", i.Name, "subscription", subscription(i.To, i.From))
			for _, g := range i.Groups {
				b.Elem("group", "", g)
			}
			b.End()
		}
	}
	b.End()
	return "", dataForm("result", "", nsAdmin,
		formField{Var: "accountjids", Type: "jid-single", Values: []string{a.JID.String()}}) + b.String(), nil
}

// lastLogin tells when somebody was last here (XEP-0133 section 4.9, Get User
// Last Login Time). What is known is the end of the last session.
func (m *Admin) lastLogin(ctx context.Context, p *router.Packet, form submitted) (string, string, error) {
	a, err := m.find(ctx, p, form.one("accountjid"))
	if err != nil {
		return "", "", err
	}
	text := "never"
	if list := a.Sessions(); len(list) > 0 {
		text = list[len(list)-1].Since.UTC().Format(time.RFC3339)
	} else if t, _, err := m.Router.Store.LastActivity(ctx, a.ID); err == nil {
		text = t.UTC().Format(time.RFC3339)
	} else if !errors.Is(err, store.ErrNotFound) {
		return "", "", err
	}
	return "", dataForm("result", "", nsAdmin,
		formField{Var: "accountjids", Type: "jid-multi", Values: []string{a.JID.String()}},
		formField{Var: "lastlogin", Type: "text-single", Values: []string{text}}), nil
}

// userStats tells what is known of a user (XEP-0133 section 4.10, Get User
// Statistics).
func (m *Admin) userStats(ctx context.Context, p *router.Packet, form submitted) (string, string, error) {
	a, err := m.find(ctx, p, form.one("accountjid"))
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
	return "", dataForm("result", "", nsAdmin,
		formField{Var: "ipaddresses", Type: "text-multi", Values: addresses},
		formField{Var: "rostersize", Type: "text-single", Values: []string{strconv.Itoa(listed)}},
		formField{Var: "onlineresources", Type: "text-multi", Values: resources}), nil
}
