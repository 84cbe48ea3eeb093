package xep

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// nsAdmin is the FORM_TYPE of XEP-0133 and the beginning of its nodes.
const nsAdmin = "http://jabber.org/protocol/admin"

// Admin implements XEP-0133: Service Administration, as far as it applies to
// this server: commands for the administrators in the configuration.
type Admin struct {
	Router    *router.Router
	Passwords Passwords
	// Shutdown stops the server (section 4.31).
	Shutdown func()
}

// Allowed says whether the sender of a packet is an administrator who is
// logged in here: nobody administers from another server.
func (m *Admin) Allowed(p *router.Packet) bool {
	return p.Sender != nil && slices.Contains(m.Router.Config().Admins, p.From.Bare().String())
}

// Commands are the commands in the order of XEP-0133 section 4, Use Cases.
func (m *Admin) Commands() []Command {
	one := formField{Var: "accountjid", Type: "jid-single", Label: "Address of the account", Required: true}
	many := formField{Var: "accountjids", Type: "jid-multi", Label: "Addresses of the accounts", Required: true}
	password := formField{Var: "password", Type: "text-private", Label: "Password", Required: true}
	again := formField{Var: "password-verify", Type: "text-private", Label: "Password again", Required: true}
	text := formField{Var: "announcement", Type: "text-multi", Label: "Announcement", Required: true}
	return []Command{
		m.command("add-user", "Add User", m.addUser, one, password, again),
		m.command("delete-user", "Delete User", m.each(m.deleteUser), many),
		m.command("disable-user", "Disable User", m.each(m.disable(true)), many),
		m.command("reenable-user", "Re-Enable User", m.each(m.disable(false)), many),
		m.command("end-user-session", "End User Session", m.endSessions, many),
		m.command("change-user-password", "Change User Password", m.changePassword, one, password),
		m.command("get-user-roster", "Get User Roster", m.getRoster, one),
		m.command("get-user-lastlogin", "Get User Last Login Time", m.lastLogin, one),
		m.command("user-stats", "Get User Statistics", m.userStats, one),
		m.command("get-registered-users-num", "Get Number of Registered Users", m.number("registeredusersnum", m.registered)),
		m.command("get-disabled-users-num", "Get Number of Disabled Users", m.number("disabledusersnum", m.disabled)),
		m.command("get-online-users-num", "Get Number of Online Users", m.number("onlineusersnum", m.online)),
		m.command("get-active-users-num", "Get Number of Active Users", m.number("activeusersnum", m.active)),
		m.command("get-registered-users-list", "Get List of Registered Users", m.names("registereduserjids", m.registered), maxItems()),
		m.command("get-disabled-users-list", "Get List of Disabled Users", m.names("disableduserjids", m.disabled), maxItems()),
		m.command("get-online-users-list", "Get List of Online Users", m.names("onlineuserjids", m.online), maxItems()),
		m.command("get-active-users-list", "Get List of Active Users", m.names("activeuserjids", m.active), maxItems()),
		m.command("announce", "Send Announcement to Online Users", m.announce, text),
		m.command("shutdown", "Shut Down Service", m.shutdown, delay()),
	}
}

type runner = func(ctx context.Context, p *router.Packet, form submitted) (note, payload string, err error)

// command makes a command with a form of these fields, none for no fields. What
// is required and missing is refused (XEP-0050 section 4.4, Possible Errors).
func (m *Admin) command(node, name string, run runner, fields ...formField) Command {
	c := Command{Node: nsAdmin + "#" + node, Name: name, Run: run}
	if len(fields) == 0 {
		return c
	}
	c.Form = func() string { return dataForm("form", name, nsAdmin, fields...) }
	c.Run = func(ctx context.Context, p *router.Packet, form submitted) (string, string, error) {
		for _, f := range fields {
			if f.Required && form.one(f.Var) == "" {
				return "", "", commandError(stanza.BadRequest.WithText(f.Label+" is missing"), "bad-payload")
			}
		}
		return run(ctx, p, form)
	}
	return c
}

// maxItems bounds a list (XEP-0133 section 4.18, Get List of Registered Users).
func maxItems() formField {
	return formField{Var: "max_items", Type: "list-single", Label: "Maximum number of items to show",
		Values: []string{"100"}, Options: []string{"25", "50", "75", "100", "150", "200", "none"}}
}

// delay is how many seconds a shutdown waits (XEP-0133 section 4.31, Shut Down
// Service).
func delay() formField {
	return formField{Var: "delay", Type: "list-single", Label: "Delay in seconds",
		Values: []string{"30"}, Options: []string{"1", "30", "60", "180", "300", "600"}}
}

// number answers with how many users list finds.
func (m *Admin) number(field string, list lister) runner {
	return func(ctx context.Context, p *router.Packet, _ submitted) (string, string, error) {
		users, err := list(ctx, p.Dest)
		if err != nil {
			return "", "", err
		}
		f := formField{Var: field, Type: "text-single", Values: []string{strconv.Itoa(len(users))}}
		return "", dataForm("result", "", nsAdmin, f), nil
	}
}

// names answers with the users that list finds.
func (m *Admin) names(field string, list lister) runner {
	return func(ctx context.Context, p *router.Packet, form submitted) (string, string, error) {
		users, err := list(ctx, p.Dest)
		if err != nil {
			return "", "", err
		}
		if n, err := strconv.Atoi(form.one("max_items")); err == nil && n >= 0 && n < len(users) {
			users = users[:n]
		}
		return "", dataForm("result", "", nsAdmin, formField{Var: field, Type: "jid-multi", Values: users}), nil
	}
}

// lister finds users of a host.
type lister func(ctx context.Context, h *router.Host) ([]string, error)

// accounts are the accounts of a host that want keeps.
func (m *Admin) accounts(ctx context.Context, h *router.Host, want func(store.Account) bool) ([]string, error) {
	const page = 1000
	var list []string
	for after := ""; ; {
		rows, err := m.Router.Store.Accounts(ctx, h.Domain, after, page)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if want(r) {
				list = append(list, r.JID)
			}
			after = r.JID
		}
		if len(rows) < page {
			return list, nil
		}
	}
}

func (m *Admin) registered(ctx context.Context, h *router.Host) ([]string, error) {
	return m.accounts(ctx, h, func(store.Account) bool { return true })
}

func (m *Admin) disabled(ctx context.Context, h *router.Host) ([]string, error) {
	return m.accounts(ctx, h, func(a store.Account) bool { return a.Disabled })
}

// online are the users with a session, active those of them who are available
// and neither away nor busy (XEP-0133 sections 4.15 and 4.16).
func (m *Admin) online(_ context.Context, h *router.Host) ([]string, error) {
	return m.withSession(h, func(*router.Session) bool { return true }), nil
}

func (m *Admin) active(_ context.Context, h *router.Host) ([]string, error) {
	return m.withSession(h, func(s *router.Session) bool {
		p := s.Presence()
		return p != nil && !p.Stanza.Has("", "show")
	}), nil
}

func (m *Admin) withSession(h *router.Host, want func(*router.Session) bool) []string {
	var list []string
	m.Router.Sessions(func(s *router.Session) bool {
		if s.Host == h && want(s) {
			list = append(list, s.JID.Bare().String())
		}
		return true
	})
	slices.Sort(list)
	return slices.Compact(list)
}

// announce sends a message to everybody who is online (XEP-0133 section 4.23,
// Send Announcement to Online Users).
func (m *Admin) announce(_ context.Context, p *router.Packet, form submitted) (string, string, error) {
	n := m.tell(p.Dest, form.lines("announcement"))
	return "sent to " + strconv.Itoa(n) + " sessions", "", nil
}

func (m *Admin) tell(h *router.Host, text string) int {
	n := 0
	m.Router.Sessions(func(s *router.Session) bool {
		if s.Host == h {
			var b stanza.Builder
			b.Start("message", "", "from", h.Domain, "to", s.JID.String(), "type", "headline")
			s.Push(b.Elem("body", "", text).End().Stanza())
			n++
		}
		return true
	})
	return n
}

// shutdown stops the server after a delay (XEP-0133 section 4.31, Shut Down
// Service).
func (m *Admin) shutdown(_ context.Context, p *router.Packet, form submitted) (string, string, error) {
	seconds, err := strconv.ParseUint(form.one("delay"), 10, 16)
	if err != nil {
		return "", "", commandError(stanza.BadRequest.WithText("the delay is no number of seconds"), "bad-payload")
	}
	if text := strings.TrimSpace(form.lines("announcement")); text != "" {
		m.tell(p.Dest, text)
	}
	p.Dest.Go("shutdown", func(ctx context.Context) {
		select {
		case <-time.After(time.Duration(seconds) * time.Second):
			m.Shutdown()
		case <-ctx.Done():
		}
	})
	return "shutting down", "", nil
}
