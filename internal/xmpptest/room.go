package xmpptest

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

const nsMUC = "http://jabber.org/protocol/muc"

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
		"<x xmlns='" + nsMUC + "'><history maxchars='0'/></x></presence>"); err != nil {
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

// left notes that the actor reads that it is not inside any more (XEP-0045
// section 7.14, Exiting a Room). That it has a new nickname is another thing.
func (r *run) left(e *Element) {
	x := e.child("x")
	if e.Name != "presence" || e.Attrs["type"] != "unavailable" || x == nil || x.NS != nsMUC+"#user" {
		return
	}
	codes := map[string]bool{}
	for _, c := range x.Children {
		codes[c.Attrs["code"]] = true
	}
	if codes["110"] && !codes["303"] {
		room, _, _ := strings.Cut(e.Attrs["from"], "/")
		r.inside[room] = slices.DeleteFunc(r.inside[room], func(a string) bool { return a == r.actor })
	}
}

// configures makes a client change settings of a room, "coven membersonly=1
// presencebroadcast=moderator,participant" (XEP-0045 section 10.2, Subsequent
// Room Configuration). It and the others who are inside read up to the news of
// that (section 10.2.1, Notification of Configuration Changes).
func (r *run) configures(ctx context.Context, c *client, arg string) error {
	words := strings.Fields(arg)
	if len(words) < 2 {
		return fmt.Errorf("configures %q: no settings", arg)
	}
	room := r.room(words[0])
	fields := "<field var='FORM_TYPE'><value>" + nsMUC + "#roomconfig</value></field>"
	for _, w := range words[1:] {
		name, value, _ := strings.Cut(w, "=")
		value = strings.ReplaceAll(value, ",", "</value><value>")
		fields += "<field var='muc#roomconfig_" + name + "'><value>" + value + "</value></field>"
	}
	form := "<x xmlns='jabber:x:data' type='submit'>" + fields + "</x>"
	if err := r.asks(ctx, c, room, "<query xmlns='"+nsMUC+"#owner'>"+form+"</query>"); err != nil {
		return err
	}
	for _, name := range r.inside[room] {
		o := r.clients[name]
		if o == nil {
			continue
		}
		if err := r.upTo(ctx, o, room, isNews); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// isNews says whether a message is about the configuration.
func isNews(e *Element) bool {
	x := e.child("x")
	return e.Name == "message" && x != nil && x.NS == nsMUC+"#user" && x.child("status") != nil
}

// makes has a client give somebody who is not inside an affiliation, "bob member
// in coven" (XEP-0045 section 9.5, Modifying the Member List). Those inside read
// what they are told of that, if they are (section 10.3, Granting Owner Status).
func (r *run) makes(ctx context.Context, c *client, arg string) error {
	words := strings.Fields(arg)
	if len(words) != 4 || words[2] != "in" {
		return fmt.Errorf("makes %q: not USER AFFILIATION in ROOM", arg)
	}
	room := r.room(words[3])
	err := r.asks(ctx, c, room, "<query xmlns='"+nsMUC+"#admin'><item affiliation='"+
		words[1]+"' jid='"+r.jid(words[0])+"'/></query>")
	if err != nil {
		return err
	}
	for _, name := range r.inside[room] {
		o := r.clients[name]
		if o == nil {
			continue
		}
		if err := r.sync(ctx, o, room, true); err != nil {
			return err
		}
		o.pending = slices.DeleteFunc(o.pending, func(i item) bool {
			return i.el != nil && i.el.Attrs["from"] == room && isStanding(i.el)
		})
	}
	return nil
}

// isStanding says whether a message is about somebody's affiliation.
func isStanding(e *Element) bool {
	x := e.child("x")
	return e.Name == "message" && x != nil && x.NS == nsMUC+"#user" && x.child("item") != nil
}

// asks sends a room something to do and reads up to the answer; what came before
// it stays to be read.
func (r *run) asks(ctx context.Context, c *client, room, payload string) error {
	r.syncs++
	id := fmt.Sprintf("ask-%d", r.syncs)
	iq := "<iq type='set' id='" + id + "' to='" + room + "'>" + payload + "</iq>"
	if err := c.send(iq); err != nil {
		return err
	}
	var before []item
	defer func() { c.pending = append(before, c.pending...) }()
	for {
		i, err := c.next(ctx, patience)
		switch {
		case err != nil:
			return err
		case i.el == nil:
			return fmt.Errorf("the stream ended: %v", i.err)
		case i.el.Name != "iq" || i.el.Attrs["id"] != id:
			before = append(before, i)
		case i.el.Attrs["type"] != "result":
			return fmt.Errorf("refused: %s", i.el)
		default:
			return nil
		}
	}
}
