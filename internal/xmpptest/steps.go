package xmpptest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

func (r *run) connect(ctx context.Context, actor string) error {
	user, resource := r.user(actor), "test"
	if _, res, ok := strings.Cut(actor, "/"); ok {
		resource = res
	}
	srv := r.at(actor)
	if err := srv.Register(ctx, user, password(user)); err != nil {
		return err
	}
	conn, err := srv.Dial(ctx, false)
	if err != nil {
		return err
	}
	c := newClient(conn, srv.Domain(), false)
	r.add(actor, c)
	return c.login(ctx, user, password(user), resource)
}

func (r *run) add(actor string, c *client) {
	if old := r.clients[actor]; old != nil {
		old.close()
	}
	r.clients[actor] = c
	r.order = append(r.order, actor)
}

// online connects if need be, sends initial presence and waits for its
// reflection (RFC 6121 section 4.2.2).
func (r *run) online(ctx context.Context, actor string) error {
	if r.clients[actor] == nil {
		if err := r.connect(ctx, actor); err != nil {
			return err
		}
	}
	c := r.clients[actor]
	if err := c.send("<presence/>"); err != nil {
		return err
	}
	p, err := c.element(ctx, "presence")
	if err != nil {
		return err
	}
	if p.Attrs["from"] != c.jid {
		return fmt.Errorf("its own presence expected, %s came", p)
	}
	return nil
}

// opens makes a connection without logging in: "a TCP connection", "a direct
// TLS connection", "a TLS stream" (STARTTLS done, nothing behind it), "a secure
// stream" (that, and the features have come), "an authenticated stream" (SASL done, nothing behind it), "an unbound stream" (all
// but the resource).
func (r *run) opens(ctx context.Context, actor, what string) error {
	direct := strings.Contains(what, "direct")
	conn, err := r.at(actor).Dial(ctx, direct)
	if err != nil {
		return err
	}
	c := newClient(conn, r.at(actor).Domain(), direct)
	r.add(actor, c)
	switch what {
	case "a TCP connection":
		return nil
	case "a direct TLS connection":
		return c.tls(ctx)
	}
	if _, err := c.open(ctx); err != nil {
		return err
	}
	if err := c.startTLS(ctx); err != nil {
		return err
	}
	switch what {
	case "a TLS stream":
		return nil
	case "a secure stream":
		_, err := c.open(ctx)
		return err
	}
	return r.authenticate(ctx, c, actor, what)
}

func (r *run) authenticate(ctx context.Context, c *client, actor, what string) error {
	if what != "an authenticated stream" && what != "an unbound stream" {
		return fmt.Errorf("opens %q: unknown", what)
	}
	user := r.user(actor)
	if err := r.at(actor).Register(ctx, user, password(user)); err != nil {
		return err
	}
	if _, err := c.open(ctx); err != nil {
		return err
	}
	text := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password(user)))
	if err := c.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
		text + "</auth>"); err != nil {
		return err
	}
	if _, err := c.element(ctx, "success"); err != nil {
		return err
	}
	c.read()
	if what == "an unbound stream" {
		_, err := c.open(ctx)
		return err
	}
	return nil
}

func (r *run) logsIn(ctx context.Context, c *client, user string) error {
	if err := r.at(user).Register(ctx, r.prefix+user, password(r.prefix+user)); err != nil {
		return err
	}
	return c.login(ctx, r.prefix+user, password(r.prefix+user), "test")
}

func (r *run) disconnect(ctx context.Context, c *client, actor string) error {
	delete(r.clients, actor)
	defer c.close()
	if err := c.send("</stream:stream>"); err != nil {
		return err
	}
	for {
		i, err := c.next(ctx, patience)
		switch {
		case err != nil:
			return err
		case i.end:
			c.close()
			return r.forget(ctx, c)
		case i.err != nil:
			return fmt.Errorf("</stream:stream> expected: %w", i.err)
		}
	}
}

// forget waits until the server has nothing more to do with the client.
func (r *run) forget(ctx context.Context, c *client) error {
	f, ok := r.srv.(Forgetter)
	if !ok || c.jid == "" {
		return nil
	}
	return f.Forget(ctx, c.jid)
}

// ends waits for the end of the stream, after a stream error if condition is
// not "" (RFC 6120 section 4.4 and 4.9).
func (r *run) ends(ctx context.Context, c *client, condition string) error {
	if condition != "" {
		e, err := c.element(ctx, "error")
		if err != nil {
			return err
		}
		if len(e.Children) == 0 || e.Children[0].Name != condition {
			return fmt.Errorf("stream error %s expected, %s came", condition, e)
		}
	}
	i, err := c.next(ctx, patience)
	if err != nil {
		return err
	}
	if !i.end && i.err == nil {
		return fmt.Errorf("the end of the stream expected, %s came", i.el)
	}
	if condition != "" && !i.end {
		return fmt.Errorf("</stream:stream> expected: %w", i.err)
	}
	c.close()
	return nil
}

func (r *run) header(ctx context.Context, c *client, text string) error {
	want, err := parseElements(text)
	if err != nil || len(want) != 1 {
		return fmt.Errorf("one expected header: %w", err)
	}
	i, err := c.next(ctx, patience)
	if err != nil {
		return err
	}
	if i.header == nil {
		return fmt.Errorf("a stream header expected, %v came", i.el)
	}
	return r.m.match(want[0], i.header)
}

func (r *run) receives(ctx context.Context, c *client, text string, anyOrder bool) error {
	want, err := parseElements(text)
	if err != nil {
		return err
	}
	var early []item // what a dialect sends earlier than a script has it
	defer func() { c.pending = append(early, c.pending...) }()
	for len(want) > 0 {
		if want, early = r.take(want, early, anyOrder); len(want) == 0 {
			break
		}
		i, err := c.next(ctx, patience)
		if err != nil {
			return fmt.Errorf("%s expected: %w; %s", want[0], err, came(early))
		}
		if i.el == nil {
			return fmt.Errorf("%s expected, the stream ended: %v", want[0], i.err)
		}
		n, err := r.which(want, i.el, anyOrder)
		if err != nil && i.el.asks() {
			continue
		}
		if err != nil && r.m.early(i.el) {
			early = append(early, i)
			continue
		}
		if err != nil {
			return fmt.Errorf("%w\n\texpected: %s\n\tcame:     %s", err, want[0], i.el)
		}
		want = append(want[:n], want[n+1:]...)
		if i.el.Name == "success" && i.el.restarts() {
			c.read() // a new stream follows (RFC 6120 section 6.4.6, SASL Success)
		}
		c.note(i.el)
		r.left(i.el)
	}
	return nil
}

// take matches what came early with what is expected now.
func (r *run) take(want []*Element, early []item, anyOrder bool) ([]*Element, []item) {
	for k := 0; k < len(early) && len(want) > 0; k++ {
		n, err := r.which(want, early[k].el, anyOrder)
		if err != nil {
			continue
		}
		want = append(want[:n], want[n+1:]...)
		early = append(early[:k], early[k+1:]...)
		k = -1
	}
	return want, early
}

// note remembers the full JID of a client that a script binds by hand
// (RFC 6120 section 7.6.1, Success Case; XEP-0388 section 2.6.1, Success).
func (c *client) note(e *Element) {
	if id := e.child("authorization-identifier"); id != nil && strings.Contains(id.Text, "/") {
		c.jid = id.Text
	}
	if b := e.child("bind"); b != nil && b.child("jid") != nil {
		c.jid = b.child("jid").Text
	}
}

// which of the expected elements came: the first, or any.
func (r *run) which(want []*Element, got *Element, anyOrder bool) (int, error) {
	var first error
	for n, w := range want {
		if n > 0 && !anyOrder {
			break
		}
		i, err := r.m.find(w, []*Element{got})
		if err == nil {
			return n + i, nil
		}
		if first == nil {
			first = err
		}
	}
	return 0, first
}

// nothing makes sure that all that was sent so far has been dealt with, and
// that nothing has come for c since: every client asks its server something
// and waits for the answer, c last (in-order processing, RFC 6120 section 10.1).
func (r *run) nothing(ctx context.Context, c *client) error {
	if c.jid == "" || c.ended {
		return nil
	}
	for _, name := range r.order {
		if o := r.clients[name]; o != nil && o != c && o.jid != "" && !o.ended {
			if err := r.settle(ctx, o, true); err != nil {
				return err
			}
		}
	}
	return r.settle(ctx, c, false)
}

// sync sends an iq to a server and reads up to its answer; what comes before
// it is put back if keep is set, and an error otherwise.
func (r *run) sync(ctx context.Context, c *client, domain string, keep bool) error {
	r.syncs++
	id := fmt.Sprintf("sync-%d", r.syncs)
	ping := "<iq type='get' id='" + id + "' to='" + domain + "'><ping xmlns='urn:xmpp:ping'/></iq>"
	if err := c.send(ping); err != nil {
		return err
	}
	var before []item
	for {
		i, err := c.next(ctx, patience)
		if err != nil {
			return fmt.Errorf("sync: %w", err)
		}
		if i.el != nil && i.el.Name == "iq" && i.el.Attrs["id"] == id {
			break
		}
		if i.err != nil || i.end {
			return errors.Join(errors.New("the stream ended"), i.err)
		}
		if !keep && (i.el.asks() || r.m.passes(i.el)) {
			continue
		}
		if !keep {
			return fmt.Errorf("nothing expected, %s came", i.el)
		}
		before = append(before, i)
	}
	c.pending = append(c.pending, before...)
	return nil
}
