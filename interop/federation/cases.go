package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// duo is a user of ours and one of a peer.
type duo struct{ ours, theirs *user }

// both runs something from the first to the second and the other way round.
func (d duo) both(f func(from, to *user) error) error {
	return errors.Join(f(d.ours, d.theirs), f(d.theirs, d.ours))
}

// chat sends messages each way; whoever is the first to speak has his server
// connect.
func chat(ctx context.Context, first, second *user) error {
	for _, text := range []string{"hello", "grüße, привет & <tags> 😀"} {
		for _, way := range [][2]*user{{first, second}, {second, first}} {
			if err := way[0].say(way[1].bare(), text); err != nil {
				return err
			}
			if err := way[1].hears(ctx, way[0], text); err != nil {
				return err
			}
		}
	}
	return nil
}

// requests asks the other's server and client.
func requests(ctx context.Context, d duo) error {
	return d.both(func(from, to *user) error {
		for id, payload := range map[string]string{
			"ping":    "<ping xmlns='urn:xmpp:ping'/>",
			"version": "<query xmlns='jabber:iq:version'/>",
			"disco":   "<query xmlns='http://jabber.org/protocol/disco#info'/>",
		} {
			if _, err := from.ask(ctx, "get", to.srv.domain, id, payload); err != nil {
				return err
			}
		}
		_, err := from.ask(ctx, "get", to.jid, "client", "<ping xmlns='urn:xmpp:ping'/>")
		return err
	})
}

// subscribe has each see the other, up to leaving and coming back.
func subscribe(ctx context.Context, d duo) error {
	if err := d.both(func(from, to *user) error { return subscribes(ctx, from, to) }); err != nil {
		return err
	}
	return d.both(func(from, to *user) error {
		if _, err := from.stanza("<presence type='unavailable'/>"); err != nil {
			return err
		}
		if _, err := to.until(ctx, "who leaves", func(n *node) bool {
			return n.is("presence", "unavailable", from.jid)
		}); err != nil {
			return err
		}
		if _, err := from.stanza("<presence><show>away</show></presence>"); err != nil {
			return err
		}
		if _, err := to.until(ctx, "who comes", func(n *node) bool {
			return n.is("presence", "", from.jid) && n.find(nsClient, "show") != nil
		}); err != nil {
			return err
		}
		// Who comes probes the contacts and learns that the other is there.
		_, err := from.until(ctx, "the contact's presence", func(n *node) bool {
			return n.is("presence", "", to.jid)
		})
		return err
	})
}

// subscribes has one ask and the other approve; the roster tells, and presence
// comes.
func subscribes(ctx context.Context, from, to *user) error {
	if _, err := from.stanza("<presence type='subscribe' to='" + to.bare() + "'/>"); err != nil {
		return err
	}
	if _, err := to.until(ctx, "a request", func(n *node) bool {
		return n.is("presence", "subscribe", from.bare())
	}); err != nil {
		return err
	}
	if _, err := to.stanza("<presence type='subscribed' to='" + from.bare() + "'/>"); err != nil {
		return err
	}
	if _, err := from.until(ctx, "the roster", func(n *node) bool {
		item := n.find("jabber:iq:roster", "item")
		return item != nil && item.attr("jid") == to.bare() &&
			(item.attr("subscription") == "to" || item.attr("subscription") == "both")
	}); err != nil {
		return err
	}
	_, err := from.until(ctx, "the presence", func(n *node) bool {
		return n.is("presence", "", to.jid)
	})
	return err
}

// large sends 200 kB each way.
func large(ctx context.Context, d duo) error {
	text := repeat(200_000)
	return d.both(func(from, to *user) error {
		if err := from.say(to.bare(), text); err != nil {
			return err
		}
		return to.hears(ctx, from, text)
	})
}

// tooLarge sends more than the peer takes from another server, and more than ours
// does: the first comes back, and both go on talking. Prosody has no limit on
// streams that it has opened itself (XEP-0288): there it arrives.
func tooLarge(ctx context.Context, d duo) error {
	text := repeat(peerLimit + 50_000)
	if err := d.ours.say(d.theirs.bare(), text); err != nil {
		return err
	}
	either, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make(chan error, 2)
	go func() {
		_, err := d.ours.until(either, "what was too large for the peer", func(n *node) bool {
			return n.is("message", "error", d.theirs.bare())
		})
		errs <- err
	}()
	go func() { errs <- d.theirs.hears(either, d.ours, text) }()
	if err := <-errs; err != nil {
		return err
	}
	if err := goesOn(ctx, d); err != nil {
		return err
	}
	if err := d.theirs.say(d.ours.bare(), repeat(700_000)); err != nil {
		return err
	}
	return goesOn(ctx, d)
}

// goesOn has both talk again; some may come back while servers find each other.
func goesOn(ctx context.Context, d duo) error {
	return d.both(func(from, to *user) error {
		for {
			if err := from.say(to.bare(), "still there?"); err != nil {
				return err
			}
			once, cancel := context.WithTimeout(ctx, time.Second)
			err := to.hears(once, from, "still there?")
			cancel()
			if err == nil || ctx.Err() != nil {
				return err
			}
		}
	})
}

// flood sends many messages both ways at a time: all arrive, in order.
func flood(ctx context.Context, d duo, count int) error {
	errs := make(chan error, 4)
	for _, way := range [][2]*user{{d.ours, d.theirs}, {d.theirs, d.ours}} {
		from, to := way[0], way[1]
		seen, wrong := 0, error(nil)
		to.onEach(func(n *node) bool {
			if !n.is("message", "chat", from.jid) {
				return false
			}
			if want := fmt.Sprint("flood ", seen); n.body() != want && wrong == nil {
				wrong = fmt.Errorf("%s got %q in place of %q", to.jid, n.body(), want)
			}
			seen++
			return true
		})
		go func() {
			for i := range count {
				if err := from.say(to.bare(), fmt.Sprint("flood ", i)); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
		go func() {
			var n int
			err := to.reached(ctx, fmt.Sprint(count, " messages"), func() bool {
				to.mu.Lock()
				defer to.mu.Unlock()
				n = seen
				return seen >= count || wrong != nil
			})
			to.onEach(nil)
			if err != nil {
				err = fmt.Errorf("%w: %d came", err, n)
			}
			errs <- errors.Join(err, wrong)
		}()
	}
	var all error
	for range 4 {
		all = errors.Join(all, <-errs)
	}
	return all
}

// namespaces sends what stands in the namespace of clients, servers and
// components, with and without saying so, between a user and a component.
func namespaces(ctx context.Context, d duo) error {
	return d.both(func(from, to *user) error {
		c, err := component(ctx, to.srv)
		if err != nil {
			return err
		}
		defer c.close()
		if err := explicit(ctx, from.stream, c); err != nil {
			return err
		}
		if err := explicit(ctx, c, from.stream); err != nil {
			return err
		}
		return explicit(ctx, from.stream, to.stream)
	})
}

// explicit sends a message whose body has its namespace spelled out, and one
// forwarded in it that has another.
func explicit(ctx context.Context, from, to *stream) error {
	const forwarded = "<forwarded xmlns='urn:xmpp:forward:0'>" +
		"<message xmlns='jabber:client' from='a@b.example'><body>kept</body></message></forwarded>"
	if _, err := from.stanza(fmt.Sprintf("<message from='%s' to='%s' id='ns'>"+
		"<body xmlns='%s'>explicit</body>%s</message>",
		from.jid, to.jid, from.ns, forwarded)); err != nil {
		return err
	}
	n, err := to.until(ctx, "a message", func(n *node) bool {
		return n.XMLName.Local == "message" && n.attr("from") == from.jid && n.attr("id") == "ns"
	})
	if err != nil {
		return err
	}
	if n.XMLName.Space != to.ns || n.body() != "explicit" {
		return fmt.Errorf("%s got another namespace: %s", to.jid, n)
	}
	inner := n.find(nsClient, "message")
	if inner == nil || inner.body() != "kept" {
		return fmt.Errorf("%s got something else forwarded: %s", to.jid, n)
	}
	return nil
}

// absent writes to domains that nobody is at.
func absent(ctx context.Context, l *lab, u *user) error {
	silent, err := net.Listen("tcp", l.net+"99:0")
	if err != nil {
		return err
	}
	defer silent.Close()
	l.dns.set("xmpp", "absent.example", "absent.example", l.net+"98", 9)
	l.dns.set("xmpp", "silent.example", "silent.example", l.net+"99",
		silent.Addr().(*net.TCPAddr).Port)
	ctx, cancel := context.WithTimeout(ctx, (connectTimeout+3)*time.Second)
	defer cancel()
	for domain, want := range map[string]string{
		"unknown.example": "remote-server-not-found",
		"absent.example":  "remote-server-timeout",
		"silent.example":  "remote-server-timeout",
	} {
		if err := refused(ctx, u, "somebody@"+domain, want); err != nil {
			return err
		}
	}
	return nil
}

// refused sends a message and waits for it to come back with an error; any will
// do where want is empty.
func refused(ctx context.Context, u *user, to, want string) error {
	if err := u.say(to, "is anybody there?"); err != nil {
		return err
	}
	n, err := u.until(ctx, "an error from "+to, func(n *node) bool {
		return n.is("message", "error", to)
	})
	if err != nil {
		return err
	}
	if got := n.condition(); want != "" && got != want {
		return fmt.Errorf("%s in place of %s: %s", got, want, n)
	}
	return nil
}
