// Package imtest runs conversations against a router with modules, without
// sockets: tests of modules write down who sends what and who receives what.
//
//	home  -> <presence/>
//	home  <- <presence from='alice@a.lit/home' to='alice@a.lit/home'/>
//	away  -> <presence type='subscribe' from='x@b.lit' to='alice@a.lit'/>
//
// Each line is a client's name, an arrow and a stanza: "->" is sent by the
// client, "<-" is the next that it receives. Before the next "->" nobody may
// have received anything that is not written down. "away" is the rest of the
// network: another server sends, or is sent to. Order of attributes does not
// matter; the value '*' matches anything; an error's <text/> counts only if it
// is written down, and so does where a message is in its receiver's archive.
// Blank lines and those with # do not count. A line without an arrow goes on with
// the stanza above it: at once if it begins a tag, else, with attributes, behind a
// space.
//
// A test runs inside a testing/synctest bubble, so that "nothing more comes" is
// certain and time is the test's own.
package imtest

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"

	"parley/conf"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// Away is the name of the rest of the network.
const Away = "away"

// World is a router with the host a.lit, whose accounts are made when somebody
// logs in.
type World struct {
	T      testing.TB
	Router *router.Router
	Host   *router.Host
	Store  *store.DB

	clients map[string]*client
	away    outside
	line    *router.Line
}

// Run runs a test in a world whose host has the modules that make returns.
// config is added to the configuration file.
func Run(t *testing.T, config string, modules func(r *router.Router) []router.Module,
	test func(w *World)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.Context(), dir, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		c, err := conf.Parse("test", "domains = ['a.lit']\n"+config)
		if err != nil {
			t.Fatal(err)
		}
		w := &World{T: t, Store: db, clients: map[string]*client{}}
		w.Router = router.New(router.Options{Store: db, Config: c, Out: &w.away,
			Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
		w.Host = w.Router.AddHost("a.lit", true, modules(w.Router)...)
		w.line = w.Router.NewLine(router.Remote)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.Router.Run(ctx) }()
		test(w)
		synctest.Wait()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// outside is the rest of the network as the router sees it.
type outside struct {
	mu  sync.Mutex
	got []string
}

// Send implements router.Outbound.
func (o *outside) Send(_ context.Context, p *router.Packet) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.got = append(o.got, string(p.Stanza.Append(nil, &p.Edits, stanza.Out{})))
	return nil
}

func (o *outside) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	got := o.got
	o.got = nil
	return got
}

// client is a stream that takes all there is.
type client struct {
	t       testing.TB
	session *router.Session
	inbox   []string
	removed bool
}

// Wake implements router.Stream: what waits is taken by take.
func (c *client) Wake() {}

// Close implements router.Stream.
func (c *client) Close(e *stanza.StreamError) {
	if !c.removed {
		c.t.Errorf("%s closed: %v", c.session.JID, e)
	}
}

// Out implements router.Stream.
func (c *client) Out() stanza.Out { return stanza.Out{} }

// Addr implements router.Stream.
func (c *client) Addr() string { return "192.0.2.1:5222" }

// take is what waits for the client, one stanza each.
func (c *client) take() []string {
	b, ok := c.session.Take()
	if !ok {
		return nil
	}
	list := split(c.t, string(b.Bytes))
	c.session.Written(b, nil)
	return list
}

// Account makes the account if there is none.
func (w *World) Account(bare string) *router.Account {
	w.T.Helper()
	jid := stanza.MustJID(bare)
	if a, err := w.Router.Account(context.Background(), jid); err == nil {
		return a
	}
	err := w.Store.Update(context.Background(), func(tx *store.Tx) error {
		_, err := tx.CreateAccount(bare, "x")
		return err
	})
	if err != nil {
		w.T.Fatal(err)
	}
	a, err := w.Router.Account(context.Background(), jid)
	if err != nil {
		w.T.Fatal(err)
	}
	return a
}

// Login binds a session, which conversations then call by the name.
func (w *World) Login(name, full string) *router.Session {
	w.T.Helper()
	jid := stanza.MustJID(full)
	c := &client{t: w.T}
	s, err := w.Account(jid.Bare().String()).Bind(context.Background(), jid.Resource(), c)
	if err != nil {
		w.T.Fatal(err)
	}
	c.session = s
	w.clients[name] = c
	return s
}

// Enter binds sessions that ask for the roster and send initial presence, and
// forgets what they are sent. Each is a name and a full JID.
func (w *World) Enter(sessions ...string) {
	w.T.Helper()
	for i := 0; i+1 < len(sessions); i += 2 {
		w.Login(sessions[i], sessions[i+1])
		w.send(sessions[i], `<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`)
		w.send(sessions[i], `<presence/>`)
	}
	w.Drop()
}

// Logout ends a session as if its connection had been lost.
func (w *World) Logout(name string) {
	w.T.Helper()
	c := w.clients[name]
	delete(w.clients, name)
	c.session.End(context.Background())
	w.collect()
}

// Remove forgets a name whose session the server is going to end.
func (w *World) Remove(name string) {
	w.T.Helper()
	w.client(name).removed = true
	delete(w.clients, name)
}

// Talk runs a conversation.
func (w *World) Talk(script string) {
	w.T.Helper()
	w.collect()
	for _, l := range lines(w.T, script) {
		if l.arrow == "->" {
			w.Quiet(l.name + " -> " + l.xml)
			w.send(l.name, l.xml)
			w.collect()
		} else {
			w.expect(l.name, l.xml)
		}
	}
	w.Quiet("the end")
}

// Do sends what the lines of a script say and forgets what comes of it.
func (w *World) Do(script string) {
	w.T.Helper()
	for _, l := range lines(w.T, script) {
		if l.arrow == "->" {
			w.send(l.name, l.xml)
			w.Drop()
		}
	}
}

// Send sends a stanza for a client, or for Away.
func (w *World) Send(name, xml string) {
	w.T.Helper()
	w.send(name, xml)
}

// send is a stanza on its way in.
func (w *World) send(name, xml string) {
	w.T.Helper()
	st, err := stanza.Parse(xml)
	if err != nil {
		w.T.Fatalf("%s: %v", xml, err)
	}
	if name == Away {
		if err := w.line.Put(context.Background(), st); err != nil {
			w.T.Fatal(err)
		}
		return
	}
	w.client(name).session.Handle(context.Background(), st)
}

func (w *World) client(name string) *client {
	w.T.Helper()
	c := w.clients[name]
	if c == nil {
		w.T.Fatalf("nobody is called %s", name)
	}
	return c
}

// collect waits until nothing moves and empties the queues.
func (w *World) collect() {
	synctest.Wait()
	for _, c := range w.clients {
		c.inbox = append(c.inbox, c.take()...)
	}
}

// Received is what a client has received and nobody has asked for.
func (w *World) Received(name string) []string {
	w.T.Helper()
	w.collect()
	in := w.inbox(name)
	got := *in
	*in = nil
	return got
}

// inbox is what a client has received and nobody has asked for.
func (w *World) inbox(name string) *[]string {
	if name == Away {
		return &w.away.got
	}
	return &w.client(name).inbox
}

func (w *World) expect(name, want string) {
	w.T.Helper()
	in := w.inbox(name)
	if len(*in) == 0 {
		w.T.Errorf("%s got nothing, want\n %s", name, want)
		return
	}
	got := (*in)[0]
	*in = (*in)[1:]
	if !matches(w.T, want, got) {
		w.T.Errorf("%s got\n %s\nwant\n %s", name, got, want)
	}
}

// Quiet fails the test if anybody has received what was not written down.
func (w *World) Quiet(before string) {
	w.T.Helper()
	for name, c := range w.clients {
		for _, got := range c.inbox {
			w.T.Errorf("before %s\n %s also got\n %s", before, name, got)
		}
		c.inbox = nil
	}
	for _, got := range w.away.take() {
		w.T.Errorf("before %s\n away also got\n %s", before, got)
	}
}

// Drop forgets what everybody has received.
func (w *World) Drop() {
	w.collect()
	for _, c := range w.clients {
		c.inbox = nil
	}
	w.away.take()
}
