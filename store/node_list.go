package store

import "database/sql"

// Affiliation is the affiliation of a bare JID with a node, "" for none.
func (r NodeReader) Affiliation(node int64, bare string) (affiliation string, err error) {
	err = r.q.row(`SELECT affiliation FROM node_affiliation WHERE node = ?1 AND jid = ?2`,
		args(node, bare), &affiliation)
	_, err = found(err)
	return affiliation, wrap("find affiliation", err)
}

// Affiliations are all affiliations with a node.
func (r NodeReader) Affiliations(node int64) ([]NodeAffiliation, error) {
	list, err := r.affiliations(`SELECT '', jid, affiliation FROM node_affiliation
		WHERE node = ?1 ORDER BY jid`, node)
	return list, wrap("list affiliations", err)
}

// AffiliationsOf are the affiliations of a bare JID with all nodes there.
func (r NodeReader) AffiliationsOf(o NodeOwner, bare string) ([]NodeAffiliation, error) {
	list, err := r.affiliations(`SELECT n.name, a.jid, a.affiliation
		FROM node_affiliation a JOIN node n ON n.id = a.node
		WHERE a.jid = ?3 AND n.account = ?1 AND n.host = ?2 ORDER BY n.name`,
		o.Account, o.Host, bare)
	return list, wrap("list affiliations", err)
}

func (r NodeReader) affiliations(query string, values ...any) (list []NodeAffiliation, err error) {
	err = r.q.each(query, values, func(rows *sql.Rows) error {
		var a NodeAffiliation
		err := rows.Scan(&a.Node, &a.JID, &a.Affiliation)
		list = append(list, a)
		return err
	})
	return list, err
}

// Subscriptions are all subscriptions to a node, also pending ones.
func (r NodeReader) Subscriptions(node int64) ([]NodeSubscription, error) {
	list, err := r.subscriptions(`SELECT '', jid, state, options FROM node_subscription
		WHERE node = ?1 ORDER BY jid`, node)
	return list, wrap("list subscriptions", err)
}

// SubscriptionsTo are the subscriptions of a bare JID and its resources to a node.
func (r NodeReader) SubscriptionsTo(node int64, bare string) ([]NodeSubscription, error) {
	list, err := r.subscriptions(`SELECT '', jid, state, options FROM node_subscription
		WHERE node = ?1 AND bare = ?2 ORDER BY jid`, node, bare)
	return list, wrap("list subscriptions", err)
}

// SubscriptionsOf are the subscriptions of a bare JID and its resources to all
// nodes there.
func (r NodeReader) SubscriptionsOf(o NodeOwner, bare string) ([]NodeSubscription, error) {
	list, err := r.subscriptions(`SELECT n.name, s.jid, s.state, s.options
		FROM node_subscription s JOIN node n ON n.id = s.node
		WHERE s.bare = ?3 AND n.account = ?1 AND n.host = ?2 ORDER BY n.name, s.jid`,
		o.Account, o.Host, bare)
	return list, wrap("list subscriptions", err)
}

func (r NodeReader) subscriptions(query string, values ...any) (list []NodeSubscription, err error) {
	err = r.q.each(query, values, func(rows *sql.Rows) error {
		var s NodeSubscription
		err := rows.Scan(&s.Node, &s.JID, &s.State, &s.Options)
		list = append(list, s)
		return err
	})
	return list, err
}

// CountSubscriptions is how many subscriptions a node has that are not pending.
func (r NodeReader) CountSubscriptions(node int64) (n int, err error) {
	err = r.q.row(`SELECT count(*) FROM node_subscription WHERE node = ?1 AND state = 'subscribed'`,
		args(node), &n)
	return n, wrap("count subscriptions", err)
}

// Roster is what an account's roster says of a bare JID: whether it receives
// the account's presence, and the groups that it is in.
func (r NodeReader) Roster(account int64, bare string) (from bool, groups []string, err error) {
	var i RosterItem
	err = i.scan(func(dest ...any) error {
		return r.q.row(`SELECT `+itemColumns+` FROM roster WHERE account = ?1 AND jid = ?2`,
			args(account, bare), dest...)
	})
	_, err = found(err)
	return i.From, i.Groups, wrap("find roster item", err)
}

// RosterOf is Roster for the account of a bare JID, which may have none here.
func (r NodeReader) RosterOf(account, bare string) (from bool, groups []string, err error) {
	a, err := findAccount(r.q, account)
	if there, err := found(err); !there {
		return false, nil, err
	}
	return r.Roster(a.ID, bare)
}
