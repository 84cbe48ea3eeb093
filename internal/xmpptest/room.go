package xmpptest

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// service is the domain of the rooms: those of alice's server.
func (r *run) service() string { return "conference." + r.at("alice").Domain() }

// room is the bare JID of a room.
func (r *run) room(name string) string { return r.prefix + name + "@" + r.service() }

// enters makes a client enter a room, "coven as firstwitch", and reads what it
// is sent because of that up to the subject (XEP-0045 section 7.1, Order of
// Events). The clients that entered it in this way before read its presence.
func (r *run) enters(ctx context.Context, c *client, actor, arg string) error {
	name, nick, ok := strings.Cut(arg, " as ")
	if !ok {
		return fmt.Errorf("enters %q: no nickname", arg)
	}
	room := r.room(name)
	if err := c.send("<presence to='" + room + "/" + nick + "'>" +
		"<x xmlns='http://jabber.org/protocol/muc'><history maxchars='0'/></x></presence>"); err != nil {
		return err
	}
	err := r.upTo(ctx, c, room, func(e *Element) bool {
		return e.Name == "message" && e.child("subject") != nil
	})
	if err != nil {
		return err
	}
	r.inside[room] = slices.DeleteFunc(r.inside[room], func(a string) bool { return a == actor })
	for _, other := range r.inside[room] {
		o := r.clients[other]
		if o == nil {
			continue
		}
		err := r.upTo(ctx, o, room, func(e *Element) bool {
			return e.Name == "presence" && e.Attrs["from"] == room+"/"+nick
		})
		if err != nil {
			return fmt.Errorf("%s: %w", other, err)
		}
	}
	r.inside[room] = append(r.inside[room], actor)
	return nil
}

// upTo reads what comes from a room up to what is looked for. What comes from
// elsewhere stays to be read.
func (r *run) upTo(ctx context.Context, c *client, room string, last func(e *Element) bool) error {
	var before []item
	defer func() { c.pending = append(before, c.pending...) }()
	for {
		i, err := c.next(ctx, patience)
		switch {
		case err != nil:
			return err
		case i.el == nil:
			return fmt.Errorf("the stream ended: %v", i.err)
		case i.el.Attrs["from"] != room && !strings.HasPrefix(i.el.Attrs["from"], room+"/"):
			before = append(before, i)
		case i.el.Attrs["type"] == "error":
			return fmt.Errorf("refused: %s", i.el)
		case last(i.el):
			return nil
		}
	}
}
