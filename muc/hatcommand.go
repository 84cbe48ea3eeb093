package muc

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// Commands that hats are made and given by (XEP-0317 section 3.2, Creating and
// Updating a Hat, to section 3.7, Listing Assigned Hats).
const (
	nsCommands    = "http://jabber.org/protocol/commands" // XEP-0050
	nsHatCommands = "urn:xmpp:hats:commands"
)

// hatCommand is one of them: it shows something, or asks for a form and changes
// the configuration.
type hatCommand struct {
	name, title string
	fields      func(r *Room) []form.Field
	change      func(c *Config, v form.Values) error
	show        func(r *Room) string
}

// hatCommands are in the order of the specification; never changed.
var hatCommands = []hatCommand{
	{name: "create", title: "Create a hat", fields: newHatFields, change: (*Config).putHat},
	{name: "destroy", title: "Destroy a hat", fields: hatFields, change: (*Config).dropHat},
	{name: "list", title: "List the hats", show: (*Room).listHats},
	{name: "assign", title: "Give somebody a hat", fields: wearerFields, change: (*Config).giveHat},
	{name: "unassign", title: "Take a hat from somebody", fields: wearerFields,
		change: (*Config).takeHat},
	{name: "list-assigned", title: "List who wears hats", show: (*Room).listWorn},
}

// node is the command's node.
func (c *hatCommand) node() string { return nsHatCommands + ":" + c.name }

// hatCommandAt is the command of a node, nil if there is none.
func hatCommandAt(node string) *hatCommand {
	for i := range hatCommands {
		if hatCommands[i].node() == node {
			return &hatCommands[i]
		}
	}
	return nil
}

// mayHat says whether somebody may give hats, and know who wears them.
func (r *Room) mayHat(jid stanza.JID) bool { return r.affiliation(jid) >= Admin }

// command does one step of a command (XEP-0050 section 2.4, Executing Commands).
// A filled-in form says all, so no step needs to know of an earlier one. The lock
// is held.
func (r *Room) command(ctx context.Context, p *router.Packet) error {
	e := p.Payload()
	c := hatCommandAt(e.Attr("node"))
	switch {
	case c == nil || r.lockedTo(p.From):
		return stanza.ItemNotFound
	case c.name == "list" && r.mayRead(p.From), r.mayHat(p.From):
	default:
		return stanza.Forbidden
	}
	id := e.Attr("sessionid")
	if id == "" {
		id = rand.Text()
	}
	values := form.Read(e)
	switch {
	case e.Attr("action") == "cancel":
		p.Result(c.result(id, "canceled", ""))
	case c.show != nil:
		p.Result(c.result(id, "completed", c.show(r)))
	case values == nil:
		p.Result(c.result(id, "executing", c.form(r)))
	default:
		return r.changeHats(ctx, p, c, id, values)
	}
	return nil
}

// result is the answer.
func (c *hatCommand) result(id, status, payload string) string {
	var b stanza.Builder
	b.Start("command", nsCommands, "node", c.node(), "sessionid", id, "status", status)
	return b.Raw(payload).End().String()
}

// form is what is to be filled in.
func (c *hatCommand) form(r *Room) string {
	var b stanza.Builder
	b.Start("actions", "", "execute", "complete").Start("complete", "").End().End()
	return b.String() + form.XML("form", c.title, nsHatCommands, c.fields(r)...)
}

func newHatFields(*Room) []form.Field {
	return []form.Field{
		{Var: "hats#title", Type: "text-single", Label: "Title", Required: true},
		{Var: "hats#uri", Type: "text-single", Label: "URI", Required: true},
		{Var: "hats#hue", Type: "text-single", Label: "Hue"},
	}
}

func hatFields(r *Room) []form.Field {
	f := form.Field{Var: "hats#uri", Type: "list-single", Label: "Hat"}
	for _, h := range r.config.Hats {
		f.Options = append(f.Options, form.Option{Value: h.URI, Label: h.Title})
	}
	return []form.Field{f}
}

func wearerFields(r *Room) []form.Field {
	jid := form.Field{Var: "hats#jid", Type: "jid-single", Label: "Address", Required: true}
	return append([]form.Field{jid}, hatFields(r)...)
}

// changeHats changes the configuration, and tells all of it and of those whose
// hats are others now (XEP-0317 section 3.2, Creating and Updating a Hat).
func (r *Room) changeHats(ctx context.Context, p *router.Packet, c *hatCommand, id string,
	values form.Values) error {
	config, before := r.config, map[*occupant]string{}
	if err := c.change(&config, values); err != nil {
		return err
	}
	for _, o := range r.order {
		before[o] = r.hatted(o.user)
	}
	same := slices.Equal(r.config.Hats, config.Hats)
	r.config = config
	var out sent
	for _, o := range r.order {
		if before[o] != r.hatted(o.user) {
			sh, to := r.show(o.main(), note{}), r.broadcastTo(o, r.viewers())
			out = append(out, func(ctx context.Context) { sh.to(ctx, r, to) })
		}
	}
	if news, to := r.changed(104), r.viewers(); !same {
		out = append(out, func(ctx context.Context) { r.sendAll(ctx, news, to) })
	}
	text, answer := config.text(), p.Stanza.Result(c.result(id, "completed", ""))
	r.write(ctx, p, func(tx *store.Tx) error { return tx.SetRoomConfig(r.row.Load(), text) },
		func(ctx context.Context) {
			out.run(ctx)
			r.send(ctx, answer, p.From)
		})
	return router.Handled
}

// listHats is all hats (XEP-0317 section 3.4, Listing Hats).
func (r *Room) listHats() string {
	var rows [][]string
	for _, h := range r.config.Hats {
		rows = append(rows, []string{h.Title, h.URI, h.Hue})
	}
	return table("Hats", []string{"hats#title", "hats#uri", "hats#hue"}, rows)
}

// listWorn is who wears them (XEP-0317 section 3.7, Listing Assigned Hats).
func (r *Room) listWorn() string {
	var rows [][]string
	for _, user := range slices.Sorted(maps.Keys(r.config.Worn)) {
		for _, uri := range r.config.Worn[user] {
			if h := r.hat(uri); h != nil {
				rows = append(rows, []string{user, h.URI, h.Title, h.Hue})
			}
		}
	}
	return table("Assigned hats", []string{"hats#jid", "hats#uri", "hats#title", "hats#hue"}, rows)
}

// table is a form with several rows (XEP-0004 section 3.4, Multiple Items in Form
// Results).
func table(title string, names []string, rows [][]string) string {
	var b stanza.Builder
	b.Start("x", form.NS, "type", "result").Elem("title", "", title).Start("reported", "")
	for _, name := range names {
		b.Start("field", "", "var", name).End()
	}
	b.End()
	for _, row := range rows {
		b.Start("item", "")
		for i, name := range names {
			b.Start("field", "", "var", name).Elem("value", "", row[i]).End()
		}
		b.End()
	}
	return b.End().String()
}

// commandItems lists the commands for those who may use them (XEP-0050 section
// 2.2, Retrieving the Command List).
func (r *Room) commandItems(asker stanza.JID) string {
	var b stanza.Builder
	b.Start("query", nsDiscoItems, "node", nsCommands)
	for i := range hatCommands {
		if c := &hatCommands[i]; r.mayHat(asker) || c.name == "list" && r.mayRead(asker) {
			b.Start("item", "", "jid", r.jid.String(), "node", c.node(), "name", c.title).End()
		}
	}
	return b.End().String()
}

// commandInfo says what the list or a command is, "" if it is neither.
func commandInfo(b *stanza.Builder, node string) bool {
	typ, name := "command-list", "Commands"
	if c := hatCommandAt(node); c != nil {
		typ, name = "command-node", c.title
	} else if node != nsCommands {
		return false
	}
	b.Start("identity", "", "category", "automation", "type", typ, "name", name).End()
	features(b, nsCommands, form.NS)
	return true
}
