package xep

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/internal/form"
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
	one := form.Field{Var: "accountjid", Type: "jid-single", Label: "Address of the account", Required: true}
	many := form.Field{Var: "accountjids", Type: "jid-multi", Label: "Addresses of the accounts", Required: true}
	password := form.Field{Var: "password", Type: "text-private", Label: "Password", Required: true}
	again := form.Field{Var: "password-verify", Type: "text-private", Label: "Password again", Required: true}
	roster := form.Field{Var: "accountjids", Type: "jid-single", Label: "Address of the account", Required: true}
	text := form.Field{Var: "announcement", Type: "text-multi", Label: "Announcement", Required: true}
	last := form.Field{Var: "announcement", Type: "text-multi", Label: "Announcement to those who are online"}
	return []Command{
		m.command("add-user", "Add User", m.addUser, one, password, again),
		m.command("delete-user", "Delete User", m.deleteUsers, many),
		m.command("disable-user", "Disable User", m.disable(true), many),
		m.command("reenable-user", "Re-Enable User", m.disable(false), many),
		m.command("end-user-session", "End User Session", m.endSessions, many),
		m.command("change-user-password", "Change User Password", m.changePassword, one, password),
		m.command("get-user-roster", "Get User Roster", m.getRoster, roster),
		m.command("get-user-lastlogin", "Get User Last Login Time", m.lastLogin, roster),
		m.command("user-stats", "Get User Statistics", m.userStats, one),
		m.number("registered", m.countRegistered),
		m.number("disabled", counted(m.disabled)),
		m.number("online", counted(m.online)),
		m.number("active", counted(m.active)),
		m.names("registered", m.registered),
		m.names("disabled", m.disabled),
		m.names("online", m.online),
		m.names("active", m.active),
		m.command("announce", "Send Announcement to Online Users", m.announce, text),
		m.command("shutdown", "Shut Down Service", m.shutdown, delay(), last),
	}
}

type runner = func(ctx context.Context, p *router.Packet, values form.Values) (note, payload string, err error)

// command makes a command with a form of these fields, none for no fields. What
// is required and missing is refused (XEP-0050 section 4.4, Possible Errors).
func (m *Admin) command(node, name string, run runner, fields ...form.Field) Command {
	c := Command{Node: nsAdmin + "#" + node, Name: name, Run: run}
	if len(fields) == 0 {
		return c
	}
	c.Form = func() string { return form.XML("form", name, nsAdmin, fields...) }
	c.Run = func(ctx context.Context, p *router.Packet, values form.Values) (string, string, error) {
		for _, f := range fields {
			if f.Required && len(values.Each(f.Var)) == 0 {
				return "", "", badPayload(f.Label + " is missing")
			}
		}
		return run(ctx, p, values)
	}
	return c
}

// maxItems bounds a list (XEP-0133 section 4.18, Get List of Registered Users).
func maxItems() form.Field {
	return form.Field{Var: "max_items", Type: "list-single", Label: "Maximum number of items to show",
		Values: []string{"100"}, Options: form.Options("25", "50", "75", "100", "150", "200", "none")}
}

// delay is how many seconds a shutdown waits (XEP-0133 section 4.31, Shut Down
// Service).
func delay() form.Field {
	return form.Field{Var: "delay", Type: "list-single", Label: "Delay in seconds",
		Values: []string{"30"}, Options: form.Options("1", "30", "60", "180", "300", "600")}
}

// number is the command that says how many users of a kind there are (XEP-0133
// section 4.13, Get Number of Registered Users, and so on).
func (m *Admin) number(kind string, count counter) Command {
	run := func(ctx context.Context, p *router.Packet, _ form.Values) (string, string, error) {
		n, err := count(ctx, p.Dest)
		if err != nil {
			return "", "", err
		}
		f := form.Field{Var: kind + "usersnum", Type: "text-single", Values: []string{strconv.Itoa(n)}}
		return "", form.XML("result", "", nsAdmin, f), nil
	}
	return m.command("get-"+kind+"-users-num", "Get Number of "+title(kind)+" Users", run)
}

// title writes a word with a capital letter.
func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// names is the command that lists the users of a kind (XEP-0133 section 4.18,
// Get List of Registered Users, and so on; the node of section 4.21, Get List
// of Active Users, has no "-list").
func (m *Admin) names(kind string, list lister) Command {
	run := func(ctx context.Context, p *router.Packet, values form.Values) (string, string, error) {
		most, err := most(values)
		if err != nil {
			return "", "", err
		}
		users, err := list(ctx, p.Dest, most)
		if err != nil {
			return "", "", err
		}
		f := form.Field{Var: kind + "userjids", Type: "jid-multi", Values: users}
		answer := form.XML("result", "", nsAdmin, f)
		// What is excessive is refused: the asker's stream would be closed.
		if len(answer) > m.Router.Config().Limits.Queue/2 {
			return "", "", stanza.ResourceConstraint.WithText("these are too many: choose a maximum")
		}
		return "", answer, nil
	}
	node := "get-" + kind + "-users-list"
	if kind == "active" {
		node = "get-active-users"
	}
	return m.command(node, "Get List of "+title(kind)+" Users", run, maxItems())
}

// most is how many items are wanted: all, if nothing or "none" was chosen.
func most(values form.Values) (int, error) {
	text := values.One("max_items")
	if text == "" || text == "none" {
		return math.MaxInt, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, badPayload("the maximum is no number of items")
	}
	return n, nil
}

// badPayload refuses what was filled in (XEP-0050 section 4.4, Possible Errors).
func badPayload(text string) error {
	return commandError(stanza.BadRequest.WithText(text), "bad-payload")
}

// counter counts users of a host; lister finds them, at most that many.
type (
	counter func(ctx context.Context, h *router.Host) (int, error)
	lister  func(ctx context.Context, h *router.Host, most int) ([]string, error)
)

// counted counts what a lister finds.
func counted(list lister) counter {
	return func(ctx context.Context, h *router.Host) (int, error) {
		users, err := list(ctx, h, math.MaxInt)
		return len(users), err
	}
}

// accounts are the accounts of a host that want keeps, at most that many.
func (m *Admin) accounts(ctx context.Context, h *router.Host, most int,
	want func(store.Account) bool) ([]string, error) {
	const page = 1000
	var list []string
	for after := ""; len(list) < most; {
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
			break
		}
	}
	return list[:min(most, len(list))], nil
}

func (m *Admin) countRegistered(ctx context.Context, h *router.Host) (int, error) {
	return m.Router.Store.CountAccounts(ctx, h.Domain)
}

func (m *Admin) registered(ctx context.Context, h *router.Host, most int) ([]string, error) {
	return m.accounts(ctx, h, most, func(store.Account) bool { return true })
}

func (m *Admin) disabled(ctx context.Context, h *router.Host, most int) ([]string, error) {
	return m.accounts(ctx, h, most, func(a store.Account) bool { return a.Disabled })
}

// online are the users with a session, active those of them who are available
// and neither away nor busy (XEP-0133 sections 4.15, Get Number of Online
// Users, and 4.16, Get Number of Active Users).
func (m *Admin) online(_ context.Context, h *router.Host, most int) ([]string, error) {
	return m.withSession(h, most, func(*router.Session) bool { return true }), nil
}

func (m *Admin) active(_ context.Context, h *router.Host, most int) ([]string, error) {
	return m.withSession(h, most, func(s *router.Session) bool {
		p := s.Presence()
		return p != nil && !p.Stanza.Has("", "show")
	}), nil
}

func (m *Admin) withSession(h *router.Host, most int, want func(*router.Session) bool) []string {
	var list []string
	m.Router.Sessions(func(s *router.Session) bool {
		if s.Host == h && want(s) {
			list = append(list, s.JID.Bare().String())
		}
		return true
	})
	slices.Sort(list)
	list = slices.Compact(list)
	return list[:min(most, len(list))]
}

// announce sends a message to everybody who is online (XEP-0133 section 4.23,
// Send Announcement to Online Users).
func (m *Admin) announce(_ context.Context, p *router.Packet, values form.Values) (string, string, error) {
	n := m.tell(values.Lines("announcement"), func(h *router.Host) bool { return h == p.Dest })
	return "sent to " + strconv.Itoa(n) + " sessions", "", nil
}

// tell sends a text to all sessions of some hosts.
func (m *Admin) tell(text string, at func(*router.Host) bool) int {
	n := 0
	m.Router.Sessions(func(s *router.Session) bool {
		if at(s.Host) {
			var b stanza.Builder
			b.Start("message", "", "from", s.Host.Domain, "to", s.JID.String(), "type", "headline")
			s.Push(b.Elem("body", "", text).End().Stanza())
			n++
		}
		return true
	})
	return n
}

// shutdown stops the server, and so all its domains, after a delay (XEP-0133
// section 4.31, Shut Down Service).
func (m *Admin) shutdown(_ context.Context, p *router.Packet, values form.Values) (string, string, error) {
	seconds, err := strconv.ParseUint(values.One("delay"), 10, 16)
	if err != nil {
		return "", "", badPayload("the delay is no number of seconds")
	}
	if text := strings.TrimSpace(values.Lines("announcement")); text != "" {
		m.tell(text, func(*router.Host) bool { return true })
	}
	m.Router.Log.Warn("shutdown asked for", "by", p.From.String(), "seconds", seconds)
	asker := p.Sender
	p.Dest.Go("shutdown", func(ctx context.Context) {
		_ = asker.Flush(ctx) // the answer first; when ctx ends, so does the server
		select {
		case <-time.After(time.Duration(seconds) * time.Second):
			m.Shutdown()
		case <-ctx.Done():
		}
	})
	return "shutting down", "", nil
}
