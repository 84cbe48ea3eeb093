package pubsub

import (
	"strings"

	"parley/stanza"
	"parley/store"
)

const (
	nodeBookmarks = "urn:xmpp:bookmarks:1" // XEP-0402: one item a room
	nodeStorage   = "storage:bookmarks"    // XEP-0048: one item with all
)

// bookmark is one room, in either form.
type bookmark struct {
	jid        string
	name       string
	autojoin   bool
	nick       string
	password   string
	extensions string // XML inside <extensions/>, only in the newer form
}

// readBookmark reads a <conference/> of either form (XEP-0402 section 2, Outline
// of use; XEP-0048 section 2.1, The conference element). Where the older one
// has lost what it cannot hold, kept is asked.
func readBookmark(e *stanza.Element, jid string) bookmark {
	b := bookmark{jid: jid, name: e.Attr("name"), nick: e.ChildText("", "nick"),
		password: e.ChildText("", "password")}
	b.autojoin, _ = truth(e.Attr("autojoin"))
	if x := e.Child("", "extensions"); x != nil {
		for _, c := range x.Children {
			b.extensions += c.Standalone()
		}
	}
	return b
}

// xml is the bookmark in the form of a node: as an item its id is the address,
// in a list it has it (XEP-0402 section 5.3.1, Publishing via this specification).
func (m *bookmark) xml(ns string) string {
	var b stanza.Builder
	if ns == nodeBookmarks {
		b.Start("conference", ns)
	} else {
		b.Start("conference", "", "jid", m.jid)
	}
	if m.name != "" {
		b.Attr("name", m.name)
	}
	if m.autojoin {
		b.Attr("autojoin", "true")
	}
	if m.nick != "" {
		b.Elem("nick", "", m.nick)
	}
	if m.password != "" {
		b.Elem("password", "", m.password)
	}
	if m.extensions != "" {
		b.Start("extensions", "").Raw(m.extensions).End()
	}
	return b.End().String()
}

// element parses XML that was stored.
func element(xml string) *stanza.Element {
	st, err := stanza.Parse(xml)
	if err != nil {
		return nil
	}
	return st.Root()
}

// native are the bookmarks in the node of XEP-0402, in its order.
func (r *request) native(tx *store.Tx) (n node, list []bookmark, err error) {
	n, err = r.at.find(tx.Nodes(), nodeBookmarks)
	if err == stanza.ItemNotFound {
		return n, nil, nil
	}
	if err != nil {
		return n, nil, err
	}
	items, _, err := tx.Nodes().Items(n.ID, store.ItemRange{})
	for i := range items {
		if e := element(items[i].Payload); e != nil && e.Name == "conference" {
			list = append(list, readBookmark(e, items[i].ID))
		}
	}
	return n, list, err
}

// renderStorage writes the node of XEP-0048 anew from that of XEP-0402. What it
// has besides rooms stays.
func (r *request) renderStorage(tx *store.Tx) error {
	_, list, err := r.native(tx)
	if err != nil {
		return err
	}
	old, id, err := r.storage(tx)
	if err != nil {
		return err
	}
	xml := storageXML(list, others(old))
	if old == nil && len(list) == 0 || old != nil && xml == old.Raw {
		return nil
	}
	return r.putAt(tx, nodeStorage, []item{{id: id, payload: xml}})
}

// storage is the <storage/> there is and its item's id.
func (r *request) storage(tx *store.Tx) (e *stanza.Element, id string, err error) {
	n, err := r.at.find(tx.Nodes(), nodeStorage)
	if err == stanza.ItemNotFound || err == nil && n.Last == 0 {
		return nil, "current", nil
	}
	if err != nil {
		return nil, "", err
	}
	i, err := tx.Nodes().Last(&n.Node)
	return element(i.Payload), i.ID, err
}

// others is what a <storage/> has besides rooms.
func others(e *stanza.Element) (list []string) {
	if e == nil {
		return nil
	}
	for _, c := range e.Children {
		if c.Name != "conference" || c.NS != nodeStorage {
			list = append(list, c.Standalone())
		}
	}
	return list
}

func storageXML(list []bookmark, others []string) string {
	var b stanza.Builder
	b.Start("storage", nodeStorage)
	for i := range list {
		b.Raw(list[i].xml(nodeStorage))
	}
	return b.Raw(strings.Join(others, "")).End().String()
}

// importStorage brings the node of XEP-0402 to what was published as a whole
// list (XEP-0402 section 5.3.2, Publishing via the old specification): only
// what has changed is written and told.
func (r *request) importStorage(tx *store.Tx, xml string) error {
	n, now, err := r.native(tx)
	if err != nil {
		return err
	}
	var fresh []item
	seen, old := map[string]bool{}, make(map[string]bookmark, len(now))
	for _, o := range now {
		old[o.jid] = o
	}
	for _, b := range listed(element(xml)) {
		if seen[b.jid] {
			continue
		}
		seen[b.jid] = true
		if b.extensions == "" {
			b.extensions = old[b.jid].extensions // section 5.1: older clients do not know them
		}
		if o, ok := old[b.jid]; !ok || o != b {
			fresh = append(fresh, item{id: b.jid, payload: b.xml(nodeBookmarks)})
		}
	}
	if len(fresh) > 0 {
		if err := r.putAt(tx, nodeBookmarks, fresh); err != nil {
			return err
		}
	}
	var gone []string
	for _, o := range now {
		if seen[o.jid] {
			continue
		}
		gone = append(gone, o.jid)
		if err := tx.DeleteItem(n.ID, o.jid); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return r.m.announce(r.p, tx, r.at, &n, retractEvent(n.Name, gone))
}

// listed are the rooms in a <storage/>.
func listed(e *stanza.Element) (list []bookmark) {
	if e == nil || e.Name != "storage" || e.NS != nodeStorage {
		return nil
	}
	for _, c := range e.Children {
		jid := bare(c.Attr("jid"))
		if c.Name == "conference" && c.NS == nodeStorage && !jid.IsZero() {
			list = append(list, readBookmark(c, jid.String()))
		}
	}
	return list
}

// putAt publishes at another node of the same account.
func (r *request) putAt(tx *store.Tx, name string, items []item) error {
	other := *r
	other.node = name
	other.from = r.at.jid
	n, err := other.target(tx, nil)
	if err == nil {
		_, err = other.put(tx, &n, items)
	}
	return err
}
