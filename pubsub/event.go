package pubsub

import (
	"crypto/rand"

	"parley/stanza"
	"parley/store"
)

// itemXML is an item as it is sent. Whom it names is the service's word, never
// the publisher's (XEP-0060 section 7.1.2.3, Item Publisher).
func itemXML(b *stanza.Builder, c *Config, id, publisher, payload string) {
	if c.ItemReply != replyPublisher {
		publisher = ""
	}
	b.Start("item", "", "id", id, "publisher", publisher).Raw(payload).End()
}

// itemsEvent tells of what was published (XEP-0060 section 7.1.2.1,
// Notification With Payload, and section 7.1.2.2, Notification Without Payload).
func itemsEvent(n *node, items []item, publisher stanza.JID) string {
	var b stanza.Builder
	b.Start("items", "", "node", n.Name)
	for _, i := range items {
		payload := ""
		if n.config.Payloads {
			payload = i.payload
		}
		itemXML(&b, &n.config, i.id, publisher.String(), payload)
	}
	return b.End().String()
}

// retractEvent tells of items that are gone (XEP-0060 section 7.2.2.1, Delete
// And Notify).
func retractEvent(name string, ids []string) string {
	var b stanza.Builder
	b.Start("items", "", "node", name)
	for _, id := range ids {
		b.Start("retract", "", "id", id).End()
	}
	return b.End().String()
}

// plainEvent tells of a node as a whole: its purge, deletion or configuration.
func plainEvent(what, name, inner string) string {
	var b stanza.Builder
	return b.Start(what, "", "node", name).Raw(inner).End().String()
}

// message is the event's message. Its id is unique, so that errors can be
// tracked (XEP-0060 section 12.4, Handling Notification-Related Errors). A
// headline is not kept for those who are not there (section 12.7, Not Routing
// Events to Offline Storage).
func (pl *place) message(c *Config, inner, more string) *stanza.Stanza {
	var b stanza.Builder
	b.Start("message", "", "from", pl.jid.String(), "id", rand.Text())
	if c.Style != "normal" {
		b.Attr("type", c.Style)
	}
	b.Start("event", nsEvent).Raw(inner).End().Raw(more)
	return b.End().Stanza()
}

// last is the message with an item that was published before (XEP-0060 section
// 6.1.7, Receiving the Last Published Item; XEP-0163 section 4.3.4, Sending the
// Last Published Item).
func (pl *place) last(n *node, i *store.NodeItem) *stanza.Stanza {
	if !n.config.Payloads {
		i.Payload = ""
	}
	var b, d stanza.Builder
	b.Start("items", "", "node", n.Name)
	itemXML(&b, &n.config, i.ID, i.Publisher, i.Payload)
	d.Start("delay", nsDelay, "from", pl.jid.String(),
		"stamp", i.Stamp.Format("2006-01-02T15:04:05Z")).End()
	return pl.message(&n.config, b.End().String(), d.String())
}
