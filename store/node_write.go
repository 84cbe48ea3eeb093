package store

// NewNode makes a node; ErrExists if there is one of that name. expire is after
// how many seconds its items go, 0 for never.
func (tx *Tx) NewNode(o NodeOwner, n Node, expire int) (id int64, err error) {
	if _, err := tx.Nodes().Node(o, n.Name); err == nil {
		return 0, wrap("new node", ErrExists)
	}
	err = tx.do(`DELETE FROM node_gone WHERE account = ?1 AND host = ?2 AND name = ?3`,
		o.Account, o.Host, n.Name)
	if err == nil {
		id, err = tx.insert(`INSERT INTO node (account, host, name, creator, created, config, expire)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`, o.Account, o.Host, n.Name, n.Creator,
			micros(n.Created), n.Config, expire)
	}
	return id, wrap("new node", err)
}

// ConfigureNode sets a node's configuration.
func (tx *Tx) ConfigureNode(node int64, config string, expire int) error {
	return wrap("configure node", tx.one(`UPDATE node SET config = ?2, expire = ?3 WHERE id = ?1`,
		node, config, expire))
}

// PurgeNode removes a node's items.
func (tx *Tx) PurgeNode(node int64) error {
	err := tx.do(`DELETE FROM node_item WHERE node = ?1`, node)
	if err == nil {
		err = tx.recount(node)
	}
	return wrap("purge node", err)
}

// DeleteNode removes a node with all that belongs to it. uri is where it has
// gone to, "" for nowhere.
func (tx *Tx) DeleteNode(o NodeOwner, n Node, uri string) error {
	err := tx.dropNode(n.ID)
	if err == nil && uri != "" {
		err = tx.do(`INSERT INTO node_gone (account, host, name, uri) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (account, host, name) DO UPDATE SET uri = excluded.uri`,
			o.Account, o.Host, n.Name, uri)
	}
	return wrap("delete node", err)
}

func (tx *Tx) dropNode(id int64) error {
	for _, query := range [...]string{
		`DELETE FROM node_item WHERE node = ?1`,
		`DELETE FROM node_affiliation WHERE node = ?1`,
		`DELETE FROM node_subscription WHERE node = ?1`,
		`DELETE FROM node WHERE id = ?1`,
	} {
		if err := tx.do(query, id); err != nil {
			return err
		}
	}
	return nil
}

// SetAffiliation sets an affiliation with a node; "" removes it.
func (tx *Tx) SetAffiliation(node int64, bare, affiliation string) error {
	if affiliation == "" {
		return wrap("remove affiliation", tx.do(
			`DELETE FROM node_affiliation WHERE node = ?1 AND jid = ?2`, node, bare))
	}
	return wrap("set affiliation", tx.do(`INSERT INTO node_affiliation (node, jid, affiliation)
		VALUES (?1, ?2, ?3)
		ON CONFLICT (node, jid) DO UPDATE SET affiliation = excluded.affiliation`,
		node, bare, affiliation))
}

// PutSubscription makes or changes a subscription; bare is the bare JID of s.JID.
func (tx *Tx) PutSubscription(node int64, bare string, s NodeSubscription) error {
	return wrap("put subscription", tx.do(`INSERT INTO node_subscription
		(node, jid, bare, state, options) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (node, jid) DO UPDATE SET state = excluded.state, options = excluded.options`,
		node, s.JID, bare, s.State, s.Options))
}

// DeleteSubscription removes a subscription; ErrNotFound if there is none.
func (tx *Tx) DeleteSubscription(node int64, jid string) error {
	return wrap("delete subscription", tx.one(
		`DELETE FROM node_subscription WHERE node = ?1 AND jid = ?2`, node, jid))
}

// DeleteSubscriptionsOf removes the subscriptions of an address to all nodes there.
func (tx *Tx) DeleteSubscriptionsOf(o NodeOwner, jid string) error {
	return wrap("delete subscriptions", tx.do(`DELETE FROM node_subscription WHERE jid = ?3 AND node IN
		(SELECT id FROM node WHERE account = ?1 AND host = ?2)`, o.Account, o.Host, jid))
}

// DeleteNodes removes the nodes of an account that goes away, and what it has
// to do with those of service hosts: its affiliations and subscriptions, and
// the nodes that have no other owner.
func (tx *Tx) DeleteNodes(account int64) error {
	return wrap("delete nodes", tx.deleteNodes(account))
}

func (tx *Tx) deleteNodes(account int64) error {
	var bare string
	err := tx.row(`SELECT local || '@' || domain FROM account WHERE id = ?1`, args(account), &bare)
	if _, err := found(err); err != nil {
		return err
	}
	ids, err := tx.ids(`SELECT id FROM node WHERE account = ?1 UNION
		SELECT a.node FROM node_affiliation a JOIN node n ON n.id = a.node
		WHERE a.jid = ?2 AND a.affiliation = 'owner' AND n.account = 0 AND NOT EXISTS
			(SELECT 1 FROM node_affiliation o WHERE o.node = a.node
				AND o.affiliation = 'owner' AND o.jid <> ?2)`, account, bare)
	for i := 0; i < len(ids) && err == nil; i++ {
		err = tx.dropNode(ids[i])
	}
	if err == nil {
		err = tx.do(`DELETE FROM node_affiliation WHERE jid = ?1`, bare)
	}
	if err == nil {
		err = tx.do(`DELETE FROM node_subscription WHERE bare = ?1`, bare)
	}
	if err == nil {
		err = tx.do(`DELETE FROM node_gone WHERE account = ?1`, account)
	}
	return err
}
