package muc

import (
	"context"
	"slices"

	"parley/archive"
	"parley/internal/rsm"
	"parley/router"
	"parley/stanza"
)

// info says what the room is like (XEP-0045 section 6.4, Querying for Room
// Information). The lock is held.
func (r *Room) info(_ context.Context, p *router.Packet) error {
	if r.lockedTo(p.From) {
		return stanza.ItemNotFound
	}
	var b stanza.Builder
	node := p.Payload().Attr("node")
	b.Start("query", nsDiscoInfo, "node", node)
	switch node {
	case "":
		b.Start("identity", "", "category", "conference", "type", "text", "name", r.name()).End()
		features(&b, r.features()...)
		b.Raw(r.roomInfo(p.From))
	case nodeNick:
		// XEP-0045 section 7.12, Discovering Reserved Room Nickname
		if nick := r.users[p.From.Bare()].nick; nick != "" {
			b.Start("identity", "", "category", "conference", "type", "text", "name", nick).End()
		}
	case nodeTraffic:
		return stanza.ServiceUnavailable // XEP-0045 section 18.1.1, Allowable Traffic
	default:
		if !commandInfo(&b, node) {
			return stanza.ItemNotFound
		}
	}
	p.Result(b.End().String())
	return nil
}

// name is what the room is called.
func (r *Room) name() string {
	if r.config.Name != "" {
		return r.config.Name
	}
	return r.jid.Local()
}

// features are those of the room, with those that say how it is configured
// (XEP-0045 section 16.3, Service Discovery Features).
func (r *Room) features() []string {
	c := &r.config
	list := []string{nsDiscoInfo, nsDiscoItems, rsm.NS, nsMUC, nsStableID, nsSelfPing, nsOccupantID,
		nsPing, nsVCard, nsModerate, nsOldModerate, nsHats, nsCommands, nsSID,
		nsRegister, nsMUC + "#register", nsMUC + "#request", nsMUC + "#roomconfig", nsMUC + "#roominfo",
		either(c.Password != "", "muc_passwordprotected", "muc_unsecured"),
		either(c.Public, "muc_public", "muc_hidden"),
		either(c.Persistent, "muc_persistent", "muc_temporary"),
		either(c.MembersOnly, "muc_membersonly", "muc_open"),
		either(c.Moderated, "muc_moderated", "muc_unmoderated"),
		either(c.NonAnonymous, "muc_nonanonymous", "muc_semianonymous")}
	if !c.Archive {
		return list
	}
	// XEP-0313 section 7, Determining support; XEP-0424 section 2, Discovering
	// support, and section 4, Tombstones
	for _, f := range slices.Concat(archive.Features, []string{nsRetract, nsRetract + "#tombstone"}) {
		if f != nsSID {
			list = append(list, f)
		}
	}
	return list
}

func either(c bool, yes, no string) string {
	if c {
		return yes
	}
	return no
}

// items lists the occupants for those who see them anyway (XEP-0045 section 6.5,
// Querying for Room Items). The lock is held.
func (r *Room) items(_ context.Context, p *router.Packet) error {
	node := p.Payload().Attr("node")
	switch {
	case r.lockedTo(p.From) || node != "" && node != nsCommands:
		return stanza.ItemNotFound
	case node == nsCommands:
		p.Result(r.commandItems(p.From))
		return nil
	}
	var all []*occupant
	if r.seatOf(p.From) != nil {
		all = r.order
	}
	set, err := rsm.Read(p.Payload())
	if err != nil {
		return err
	}
	list, a, err := rsm.Page(all, func(o *occupant) string { return o.jid.String() }, set, mostItems)
	if err != nil {
		return err
	}
	var b stanza.Builder
	b.Start("query", nsDiscoItems)
	for _, o := range list {
		b.Start("item", "", "jid", o.jid.String()).End()
	}
	if len(list) < len(all) || p.Payload().Child(rsm.NS, "set") != nil {
		b.Raw(a.XML())
	}
	p.Result(b.End().String())
	return nil
}
