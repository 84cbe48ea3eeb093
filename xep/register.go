package xep

import (
	"context"
	"errors"
	"net/netip"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

const nsRegister = "jabber:iq:register"

// Passwords turns a password into what is stored of it. The error says why a
// text is no password.
type Passwords interface {
	Verifier(password string) (string, error)
}

// Register implements XEP-0077: In-Band Registration. Making accounts is off
// unless configured, and limited per address of the network; changing one's
// password and deleting one's account always work. One serves all hosts: it is
// also what a stream asks before authentication.
type Register struct {
	router    *router.Router
	passwords Passwords
	made      hourly
}

var _ router.Module = (*Register)(nil)

// NewRegister makes the module.
func NewRegister(r *router.Router, p Passwords) *Register {
	return &Register{router: r, passwords: p}
}

// Register implements router.Module.
func (m *Register) Register(h *router.Host) {
	h.Feature(router.ToHost, nsRegister)
	h.HandleIQ("get", nsRegister, "query", router.ToHost|router.ToSelf, m.get)
	h.HandleIQ("set", nsRegister, "query", router.ToHost|router.ToSelf, m.set)
}

// Feature announces registration before authentication (XEP-0077 section 8,
// Stream Feature).
func (m *Register) Feature(string) string {
	if !m.router.Config().Register.Enabled {
		return ""
	}
	return `<register xmlns='http://jabber.org/features/iq-register'/>`
}

// Handle answers an iq that came before authentication from addr; nil means
// that it is none of registration's (XEP-0077 section 3.1.1, Registration with
// a Server).
func (m *Register) Handle(ctx context.Context, domain string, addr netip.Addr, iq *stanza.Stanza) *stanza.Stanza {
	c, ok := iq.Payload()
	if !ok || c.NS != nsRegister || c.Name != "query" || !m.router.Config().Register.Enabled {
		return nil
	}
	if iq.Type == "get" {
		var b stanza.Builder
		b.Start("query", nsRegister).
			Elem("instructions", "", "Choose a user name and a password.").
			Elem("username", "", "").Elem("password", "", "").End()
		return iq.Result(b.String())
	}
	err := m.create(ctx, domain, addr, iq.Element(c))
	if e := (*stanza.Error)(nil); errors.As(err, &e) {
		return iq.ErrorReply(e)
	}
	if err != nil {
		m.router.Log.Error("register account", "domain", domain, "err", err)
		return iq.ErrorReply(stanza.InternalServerError)
	}
	return iq.Result("")
}

// create makes an account (XEP-0077 section 3.1, Entity Registers with a Host).
func (m *Register) create(ctx context.Context, domain string, addr netip.Addr, query *stanza.Element) error {
	jid, err := stanza.NewJID(query.ChildText("", "username"), domain, "")
	if err != nil || jid.Local() == "" {
		return stanza.NotAcceptable.WithText("this is no user name")
	}
	if !m.made.allow(addr, m.router.Config().Register.PerHour) {
		return stanza.PolicyViolation.WithType(stanza.Wait).WithText("too many accounts from this address")
	}
	verifier, err := m.verifier(query)
	if err != nil {
		return err
	}
	err = m.router.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.CreateAccount(jid.String(), verifier)
		return err
	})
	if errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrReserved) {
		return stanza.Conflict
	}
	if err != nil {
		return err
	}
	m.router.Log.Info("account registered", "jid", jid.String(), "addr", addr.String())
	_, err = m.router.Account(ctx, jid) // nobody remembers any more that there was none
	return err
}

// verifier is what is stored of the password in a query. An empty one is none
// (XEP-0077 section 3.3, User Changes Password).
func (m *Register) verifier(query *stanza.Element) (string, error) {
	password := query.ChildText("", "password")
	if password == "" {
		return "", stanza.NotAcceptable.WithText("the password is missing")
	}
	verifier, err := m.passwords.Verifier(password)
	if err != nil {
		return "", stanza.NotAcceptable.WithText("this is no password")
	}
	return verifier, nil
}

// get says that the asker is registered and under which name (XEP-0077 section
// 3.1, Entity Registers with a Host).
func (m *Register) get(_ context.Context, p *router.Packet) error {
	if err := fromHome(p); err != nil {
		return err
	}
	var b stanza.Builder
	b.Start("query", nsRegister).Elem("registered", "", "").
		Elem("username", "", p.From.Local()).Elem("password", "", "").End()
	p.Result(b.String())
	return nil
}

// fromHome lets in the sessions of the host's own accounts.
func fromHome(p *router.Packet) error {
	if p.Sender == nil || p.Sender.Host != p.Dest {
		return stanza.NotAllowed
	}
	return nil
}

// set changes the password or removes the account of the asker.
func (m *Register) set(_ context.Context, p *router.Packet) error {
	if err := fromHome(p); err != nil {
		return err
	}
	query := p.Payload()
	if query.Child("", "remove") != nil {
		return m.remove(p, query)
	}
	name, err := stanza.NewJID(query.ChildText("", "username"), p.From.Domain(), "")
	switch {
	case err != nil || name.Local() == "" || query.Child("", "password") == nil:
		return stanza.BadRequest // section 3.3, table 2
	case name != p.From.Bare():
		return stanza.NotAllowed
	}
	verifier, err := m.verifier(query)
	if err != nil {
		return err
	}
	id := p.Sender.Account.ID
	p.Write(func(tx *store.Tx) error { return tx.SetVerifier(id, verifier) })
	p.Result("")
	return nil
}

// remove deletes the account: the answer goes out first, then all its streams
// end with not-authorized (XEP-0077 section 3.2, Entity Cancels an Existing
// Registration).
func (m *Register) remove(p *router.Packet, query *stanza.Element) error {
	if len(query.Children) != 1 {
		return stanza.BadRequest
	}
	account := p.Sender.Account
	answer := p.Stanza.Result("")
	p.Sender.Push(answer)
	account.Host.Go("delete account", func(ctx context.Context) {
		if err := m.router.DeleteAccount(context.WithoutCancel(ctx), account); err != nil {
			m.router.Log.Error("delete account", "jid", account.JID.String(), "err", err)
			return
		}
		m.router.Log.Info("account deleted by its user", "jid", account.JID.String())
	})
	return router.Handled
}
