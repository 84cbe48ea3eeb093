package xep

import (
	"context"
	"errors"
	"net/netip"

	"parley/internal/form"
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
func (m *Register) Handle(ctx context.Context, domain string, addr netip.Addr, secure bool,
	iq *stanza.Stanza) *stanza.Stanza {
	c, ok := iq.Payload()
	if !ok || c.NS != nsRegister || c.Name != "query" || !m.router.Config().Register.Enabled ||
		iq.BadTo || !iq.To.IsZero() && iq.To.String() != domain {
		return nil
	}
	switch {
	case iq.Type != "get" && iq.Type != "set":
		return nil
	case !secure:
		return iq.ErrorReply(errInClear)
	case iq.Type == "get":
		return iq.Result(registerQuery("Choose a user name and a password.", ""))
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

// errInClear answers who would send a password that others can read on the way
// (XEP-0077 section 11, Security Considerations), by the condition that section
// 3.3, table 2, Password Change Error Cases, has for it.
var errInClear = stanza.NotAuthorized.WithType(stanza.Modify).WithText("the stream is not encrypted")

// registerQuery asks for name and password in fields and in a form with the
// same (XEP-0077 section 4, Extensibility). username is that of an account that
// is registered already, "" for none.
func registerQuery(instructions, username string) string {
	var b stanza.Builder
	b.Start("query", nsRegister)
	var values []string
	if username != "" {
		b.Elem("registered", "", "")
		values = []string{username}
	}
	b.Elem("instructions", "", instructions).Elem("username", "", username).Elem("password", "", "")
	b.Raw(form.XML("form", instructions, nsRegister,
		form.Field{Var: "username", Type: "text-single", Label: "User name", Required: true, Values: values},
		form.Field{Var: "password", Type: "text-private", Label: "Password", Required: true}))
	return b.End().String()
}

// credentials are the name and password in a query: those of the form, if there
// is one (XEP-0077 section 6, Precedence Order). A password that is not there
// at all is incomplete.
func credentials(query *stanza.Element) (username, password string, complete bool) {
	if values := form.Read(query); values != nil {
		return values.One("username"), values.Text("password"), values["password"] != nil
	}
	return query.ChildText("", "username"), query.ChildText("", "password"),
		query.Child("", "password") != nil
}

// create makes an account (XEP-0077 section 3.1, Entity Registers with a Host).
func (m *Register) create(ctx context.Context, domain string, addr netip.Addr, query *stanza.Element) error {
	if query.Child("", "remove") != nil {
		return stanza.UnexpectedRequest // section 3.2, table 1: nobody is registered here
	}
	username, password, _ := credentials(query)
	jid, err := stanza.NewJID(username, domain, "")
	if err != nil || jid.Local() == "" {
		return stanza.NotAcceptable.WithText("this is no user name")
	}
	if !m.made.allow(addr, m.router.Config().Register.PerHour) {
		return stanza.PolicyViolation.WithType(stanza.Wait).WithText("too many accounts from this address")
	}
	verifier, err := m.verifier(password)
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

// verifier is what is stored of a password. An empty one is none (XEP-0077
// section 3.3, User Changes Password).
func (m *Register) verifier(password string) (string, error) {
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
	if !fromHome(p) {
		return stanza.ServiceUnavailable
	}
	p.Result(registerQuery("You are registered. Choose a new password.", p.From.Local()))
	return nil
}

// fromHome says whether a session of the host's own accounts asks.
func fromHome(p *router.Packet) bool { return p.Sender != nil && p.Sender.Host == p.Dest }

// secure says whether nobody on the way can read what a session sends, as far as
// its stream knows.
func secure(s *router.Session) bool {
	stream, ok := s.Stream().(interface{ Secure() bool })
	return !ok || stream.Secure()
}

// set changes the password or removes the account of the asker.
func (m *Register) set(_ context.Context, p *router.Packet) error {
	query := p.Payload()
	remove := query.Child("", "remove") != nil
	switch {
	case !fromHome(p) && remove:
		return stanza.RegistrationRequired // section 3.2, table 1
	case !fromHome(p):
		return stanza.NotAllowed
	case remove:
		return m.remove(p, query)
	}
	return m.changePassword(p, query)
}

// changePassword stores another password (XEP-0077 section 3.3, User Changes
// Password).
func (m *Register) changePassword(p *router.Packet, query *stanza.Element) error {
	username, password, complete := credentials(query)
	name, err := stanza.NewJID(username, p.From.Domain(), "")
	switch {
	// The conditions of section 3.3, table 2, Password Change Error Cases.
	case err != nil || name.Local() == "" || !complete:
		return stanza.BadRequest
	case name != p.From.Bare():
		return stanza.NotAllowed
	case !secure(p.Sender):
		return errInClear
	}
	verifier, err := m.verifier(password)
	if err != nil {
		return err
	}
	account := p.Sender.Account
	p.Write(func(tx *store.Tx) error {
		now, err := tx.Account(account.JID.String())
		switch {
		case errors.Is(err, store.ErrNotFound) || err == nil && now.ID != account.ID:
			return stanza.ServiceUnavailable
		case err != nil:
			return err
		case now.Verifier == router.GuestVerifier: // goes with its stream, and nobody comes back to it
			return stanza.NotAllowed
		}
		return tx.SetVerifier(account.ID, verifier)
	})
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
