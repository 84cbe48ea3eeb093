package pubsub

import (
	"errors"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// place is where nodes are: an account or a service host. An account that does
// not exist is one without nodes in which nobody may make any, so that who
// guesses addresses learns nothing (RFC 6120 section 13.11, Directory Harvesting).
type place struct {
	jid     stanza.JID      // of the account, bare, or of the host
	account *router.Account // nil for a service
	missing bool            // no account has the address
	owner   store.NodeOwner
	router  *router.Router
}

// node is a node with its configuration read.
type node struct {
	store.Node
	config Config
}

// isOwner says whether somebody owns all nodes there (XEP-0163 section 2.2, One
// Publisher Per Node).
func (pl *place) isOwner(bare stanza.JID) bool { return pl.account != nil && bare == pl.jid }

// personal says whether the rules of accounts hold.
func (pl *place) personal() bool { return pl.account != nil || pl.missing }

// defaults is what a node is when its creator does not say otherwise.
func (pl *place) defaults(name string) Config {
	if pl.personal() {
		return personal(name)
	}
	return general()
}

// mayCreate says whether somebody may make nodes: on an account its owner, at a
// service the users of this server (XEP-0060 section 8.1.1, General
// Considerations).
func (pl *place) mayCreate(bare stanza.JID) bool {
	if pl.personal() {
		return pl.isOwner(bare)
	}
	h := pl.router.Host(bare.Domain())
	return h != nil && h.Accounts && bare.Local() != ""
}

// find is the node of that name (XEP-0060 section 6.1.3.11, Node Has Moved, and
// section 6.1.3.12, Node Does Not Exist).
func (pl *place) find(r store.NodeReader, name string) (n node, err error) {
	if name == "" {
		return n, errNodeRequired
	}
	if pl.missing {
		return n, stanza.ItemNotFound
	}
	n.Node, err = r.Node(pl.owner, name)
	if errors.Is(err, store.ErrNotFound) {
		return n, pl.gone(r, name)
	}
	if err == nil {
		n.config, err = decode(n.Config)
	}
	return n, err
}

// gone is the error for a node that is not there.
func (pl *place) gone(r store.NodeReader, name string) error {
	uri, err := r.Gone(pl.owner, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return stanza.ItemNotFound
	case err != nil:
		return err
	}
	e := *stanza.Gone.WithType(stanza.Modify)
	e.Data = uri
	return &e
}

// standing is what somebody is to a node.
func (pl *place) standing(r store.NodeReader, n *node, bare stanza.JID) (s standing, err error) {
	if pl.isOwner(bare) {
		s.affiliation = owner
		return s, nil
	}
	if s.affiliation, err = r.Affiliation(n.ID, bare.String()); err != nil {
		return s, err
	}
	list, err := r.SubscriptionsTo(n.ID, bare.String())
	for _, one := range list {
		if s.state != subscribed {
			s.state = one.State
		}
	}
	if err == nil && (n.config.Access == accessPresence || n.config.Access == accessRoster) {
		s.from, s.groups, err = pl.roster(r, n, bare)
	}
	return s, err
}

// roster is what the rosters of a node's owners say of somebody: the account's,
// or of those owners who have one here.
func (pl *place) roster(r store.NodeReader, n *node, bare stanza.JID) (
	from bool, groups []string, err error) {
	if pl.account != nil {
		return r.Roster(pl.account.ID, bare.String())
	}
	list, err := r.Affiliations(n.ID)
	for i := 0; i < len(list) && err == nil; i++ {
		if list[i].Affiliation != owner {
			continue
		}
		var f bool
		var g []string
		f, g, err = r.RosterOf(list[i].JID, bare.String())
		if f {
			from, groups = true, append(groups, g...)
		}
	}
	return from, groups, err
}

// alive refuses to write for an account that was deleted while the request was
// on its way: nobody would ever delete what it writes.
func (pl *place) alive(tx *store.Tx) error {
	if pl.account == nil {
		return nil
	}
	now, err := tx.Account(pl.jid.String())
	if errors.Is(err, store.ErrNotFound) || err == nil && now.ID != pl.account.ID {
		return stanza.ServiceUnavailable // RFC 6121 section 8.5.1, No Such User
	}
	return err
}

// now is the time of a request, as the store keeps it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
