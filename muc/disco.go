package muc

import (
	"context"

	"parley/internal/rsm"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// Features of rooms and of the service (XEP-0045 section 16.3, Service Discovery
// Features; XEP-0410 section 3.3, Server Optimization).
const (
	nsStableID = nsMUC + "#stable_id"
	nsSelfPing = nsMUC + "#self-ping-optimization"
)

// Well-known nodes (XEP-0045 section 16.4, Well-Known Service Discovery Nodes).
const (
	nodeNick    = "x-roomuser-item"
	nodeTraffic = nsMUC + "#traffic"
)

// registerDisco has the service say what it can do. Occupant ids are there too,
// for no room is without them (XEP-0421 section 4, Business Rules).
func (m *Service) registerDisco(h *router.Host) {
	h.Identity(router.ToHost, "conference", "text", "Rooms")
	h.Feature(router.ToHost, nsDiscoInfo, nsDiscoItems, nsMUC, nsStableID, nsOccupantID, nsVCard,
		rsm.NS)
	h.HandleIQ("get", nsDiscoInfo, "query", router.ToHost, m.info)
	h.HandleIQ("get", nsDiscoItems, "query", router.ToHost, m.items)
}

// info says what the service can do (XEP-0045 section 6.2, Discovering the
// Features Supported by a MUC Service).
func (m *Service) info(_ context.Context, p *router.Packet) error {
	switch p.Payload().Attr("node") {
	case "":
	case nodeTraffic:
		return stanza.ServiceUnavailable // XEP-0045 section 18.1.1, Allowable Traffic
	default:
		return stanza.ItemNotFound // XEP-0030 section 7, Error Conditions
	}
	var b stanza.Builder
	b.Start("query", nsDiscoInfo)
	for _, i := range m.host.Identities(router.ToHost) {
		b.Start("identity", "", "category", i.Category, "type", i.Type, "name", i.Name).End()
	}
	features(&b, m.host.Features(router.ToHost)...)
	for _, f := range m.host.Forms(router.ToHost) {
		b.Raw(f)
	}
	p.Result(b.End().String())
	return nil
}

// features writes features.
func features(b *stanza.Builder, list ...string) {
	for _, f := range list {
		b.Start("feature", "", "var", f).End()
	}
}

// mostItems is how many rooms are listed at once.
const mostItems = 250

// items lists the public rooms (XEP-0045 section 6.3, Discovering Rooms).
func (m *Service) items(ctx context.Context, p *router.Packet) error {
	if p.Payload().Attr("node") != "" {
		return stanza.ItemNotFound
	}
	set, err := rsm.Read(p.Payload())
	if err != nil {
		return err
	}
	query, err := m.roomQuery(set)
	if err != nil {
		return err
	}
	list, err := m.db.PublicRooms(ctx, m.host.Domain, query)
	if err != nil {
		return err
	}
	count, paged := len(list), p.Payload().Child(rsm.NS, "set") != nil
	if paged || count == query.Max {
		if count, err = m.db.CountPublicRooms(ctx, m.host.Domain); err != nil {
			return err
		}
	}
	xml, err := m.page(list, count, paged)
	if err == nil {
		p.Result(xml)
	}
	return err
}

// roomQuery is the part of the list that is asked for. Names are in order, so
// one that is no room any more has its place too (XEP-0059 section 2.4, Page Not
// Found).
func (m *Service) roomQuery(set rsm.Set) (q store.RoomQuery, err error) {
	if set.Index >= 0 {
		return q, stanza.FeatureNotImplemented // XEP-0059 section 2.6, Retrieving a Page Out of Order
	}
	q = store.RoomQuery{Backward: set.Back, Max: set.Limit(mostItems, mostItems)}
	if q.After, err = m.roomNamed(set.After); err != nil {
		return q, err
	}
	q.Before, err = m.roomNamed(set.Before)
	return q, err
}

// roomNamed is the localpart of a room's address, which is its id in the list.
func (m *Service) roomNamed(id string) (string, error) {
	if id == "" {
		return "", nil
	}
	j, err := stanza.ParseJID(id)
	if err != nil || j.Domain() != m.host.Domain || j.Local() == "" {
		return "", stanza.ItemNotFound
	}
	return j.Local(), nil
}

// page writes a part of the list. That it is no more than that is said, also to
// those who have asked for all (XEP-0045 section 6.3, Discovering Rooms).
func (m *Service) page(list []store.Room, count int, paged bool) (string, error) {
	var b stanza.Builder
	b.Start("query", nsDiscoItems)
	a := rsm.Answer{Index: -1, Count: count}
	for i, room := range list {
		c, err := parseConfig(room.Config)
		if err != nil {
			return "", err
		}
		jid := room.Local + "@" + room.Host
		b.Start("item", "", "jid", jid, "name", c.Name).End()
		if i == 0 {
			a.First = jid
		}
		a.Last = jid
	}
	if paged || len(list) < count {
		b.Raw(a.XML())
	}
	return b.End().String(), nil
}
