package main

import (
	"context"
	"fmt"
	"strings"

	"parley/stanza"
)

// contacts is the size of a group in which all are each other's contacts.
const contacts = 20

// presence makes groups of mutual contacts; in each, one user changes status
// and the next change follows when all others have seen it.
func (o *options) presence(ctx context.Context, groups int) error {
	return o.open(ctx, groups*contacts, func(all []*client) error {
		for g := range groups {
			if err := befriend(all[g*contacts : (g+1)*contacts]); err != nil {
				return err
			}
		}
		return o.measure("presence", func() (int, error) {
			return o.loop(ctx, groups, func(i int, arrived func() bool) error {
				return statuses(all[i*contacts:(i+1)*contacts], arrived)
			})
		})
	})
}

// befriend subscribes all to each other; approving before being asked saves
// waiting (RFC 6121 section 3.4, Pre-Approving a Subscription Request).
func befriend(group []*client) error {
	for _, typ := range []string{"subscribed", "subscribe"} {
		for _, c := range group {
			var b strings.Builder
			for _, other := range group {
				if other != c {
					bare, _, _ := strings.Cut(other.jid, "/")
					fmt.Fprintf(&b, "<presence to='%s' type='%s'/>", bare, typ)
				}
			}
			if err := c.send(b.String()); err != nil {
				return err
			}
			if err := c.sync(); err != nil {
				return err
			}
		}
	}
	for _, c := range group {
		if err := c.sync(); err != nil {
			return err
		}
	}
	return nil
}

// sync waits until the server has dealt with all that was sent.
func (c *client) sync() error {
	if err := c.send("<iq type='get' id='sync'><ping xmlns='urn:xmpp:ping'/></iq>"); err != nil {
		return err
	}
	for {
		st, err := c.next()
		if err != nil {
			return err
		}
		if st.Kind == stanza.IQ && st.ID == "sync" {
			return nil
		}
	}
}

// statuses lets the first of a group change status until the time is over.
func statuses(group []*client, arrived func() bool) error {
	for n, more := 0, true; more; n++ {
		mark := fmt.Sprintf("status %d", n)
		if err := group[0].send("<presence><status>" + mark + "</status></presence>"); err != nil {
			return err
		}
		for _, c := range group {
			if err := c.await(group[0].jid, mark); err != nil {
				return err
			}
			more = arrived()
		}
	}
	return nil
}

// await reads up to a presence with that status.
func (c *client) await(from, mark string) error {
	for {
		st, err := c.next()
		if err != nil {
			return err
		}
		if st.Kind == stanza.Presence && st.From.String() == from && strings.Contains(st.Raw, mark) {
			return nil
		}
	}
}
