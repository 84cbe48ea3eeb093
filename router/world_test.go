package router

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"parley/conf"
	"parley/stanza"
	"parley/store"
)

// world is a router with the domain a.lit, the service chat.a.lit, and accounts.
type world struct {
	t    testing.TB
	r    *Router
	h    *Host
	db   *store.DB
	out  *outside
	logs *lockedText

	clients map[string]*client
}

// outside is the rest of the network: it keeps what was sent there.
type outside struct {
	mu   sync.Mutex
	got  []string
	fail error
}

func (o *outside) Send(_ context.Context, p *Packet) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return o.fail
	}
	o.got = append(o.got, string(p.Stanza.Append(nil, &p.Edits, stanza.Out{})))
	return nil
}

func (o *outside) take() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := strings.Join(o.got, "\n")
	o.got = nil
	return s
}

type lockedText struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// module registers by a function.
type module func(h *Host)

func (m module) Register(h *Host) { m(h) }

func newWorld(t testing.TB, o store.Options, modules ...Module) *world {
	return newWorldWith(t, "", o, modules...)
}

func newWorldWith(t testing.TB, config string, o store.Options, modules ...Module) *world {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c, err := conf.Parse("test", "domains = ['a.lit']\n"+config)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, out: &outside{}, logs: &lockedText{}, clients: map[string]*client{}}
	log := slog.New(slog.NewTextHandler(w.logs, nil))
	w.r = New(Options{Store: db, Config: c, Log: log, Out: w.out})
	w.h = w.r.AddHost("a.lit", true, modules...)
	w.r.AddHost("chat.a.lit", false)
	return w
}

// account makes an account if it is not there.
func (w *world) account(bare string) *Account {
	w.t.Helper()
	ctx := context.Background()
	jid := stanza.MustJID(bare)
	if a, err := w.r.Account(ctx, jid); err == nil {
		return a
	}
	if err := w.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.CreateAccount(bare, "x")
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	a, err := w.r.Account(ctx, jid)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// client is a fake stream with its session.
type client struct {
	w *world
	s *Session

	mu     sync.Mutex
	wakes  int
	writes int // calls of WriteNow
	closed *stanza.StreamError
	addr   string
	woken  chan struct{}
}

func (c *client) Wake() {
	c.mu.Lock()
	c.wakes++
	c.mu.Unlock()
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

// WriteNow implements Writer; the test takes what is to be written.
func (c *client) WriteNow() {
	c.mu.Lock()
	c.writes++
	c.mu.Unlock()
}

func (c *client) Close(e *stanza.StreamError) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed == nil {
		c.closed = e
	}
}

func (c *client) Out() stanza.Out { return stanza.Out{} }
func (c *client) Addr() string    { return c.addr }

func (c *client) error() *stanza.StreamError {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// login binds a session; prio is its presence priority, or "" for a session
// that has not sent presence.
func (w *world) login(full, prio string) *client {
	w.t.Helper()
	jid := stanza.MustJID(full)
	c := &client{w: w, woken: make(chan struct{}, 1)}
	s, err := w.account(jid.Bare().String()).Bind(context.Background(), jid.Resource(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	c.s = s
	if prio != "" {
		var n int8
		for _, d := range strings.TrimPrefix(prio, "-") {
			n = n*10 + int8(d-'0')
		}
		if prio[0] == '-' {
			n = -n
		}
		s.SetPresence(&Presence{Stanza: stanza.MustParse("<presence/>"), Priority: n})
	}
	w.clients[full] = c
	return c
}

// send is a stanza from the client, scanned as c2s does it.
func (c *client) send(raw string) {
	c.w.t.Helper()
	st, err := stanza.Parse(raw)
	if err != nil {
		c.w.t.Fatalf("%s: %v", raw, err)
	}
	c.s.Handle(context.Background(), st)
}

// take is what waits for the client, written now.
func (c *client) take() string {
	b, ok := c.s.Take()
	if !ok {
		return ""
	}
	text := string(b.Bytes)
	c.s.Written(b, nil)
	return text
}

// gets compares what waits for the client.
func (c *client) gets(want string) {
	c.w.t.Helper()
	if got := c.take(); got != want {
		c.w.t.Errorf("%s\n got  %s\n want %s", c.s.JID, got, want)
	}
}

// waits is take that waits until something is there.
func (c *client) waits() string {
	for {
		if text := c.take(); text != "" {
			return text
		}
		<-c.woken
	}
}

// flush waits until all that the client sent is finished.
func (c *client) flush() {
	c.w.t.Helper()
	if err := c.s.line.Flush(context.Background()); err != nil {
		c.w.t.Fatal(err)
	}
}
