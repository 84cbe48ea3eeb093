package s2s

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"parley/conf"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// home is a router with the host a.lit, from which everything to other domains
// goes to far.
type home struct {
	t    *testing.T
	dir  string
	db   *store.DB
	r    *router.Router
	rows *Unconfirmed
	far  *far
	stop func()
}

// far takes what goes to other domains.
type far struct {
	mu   sync.Mutex
	got  []*router.Packet
	err  error
	rows *Unconfirmed
}

// Send implements router.Outbound.
func (f *far) Send(ctx context.Context, p *router.Packet) error {
	return f.rows.Send(ctx, taker{f}, p)
}

type taker struct{ f *far }

func (k taker) Send(_ context.Context, p *router.Packet) error {
	k.f.mu.Lock()
	defer k.f.mu.Unlock()
	k.f.got = append(k.f.got, p)
	return k.f.err
}

// openHome starts a router on a data folder.
func openHome(t *testing.T, dir, config string) *home {
	t.Helper()
	db, err := store.Open(t.Context(), dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := conf.Parse("test", "domains = ['a.lit']\n"+config)
	if err != nil {
		t.Fatal(err)
	}
	h := &home{t: t, dir: dir, db: db, far: new(far)}
	h.r = router.New(router.Options{Store: db, Config: c, Out: h.far,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if h.rows, err = NewUnconfirmed(t.Context(), h.r); err != nil {
		t.Fatal(err)
	}
	h.far.rows = h.rows
	h.r.AddHost("a.lit", true, h.rows)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.r.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ended, db.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(h.stop)
	return h
}

// killed is what starts on the folder as a process that was killed at this
// moment leaves it.
func (h *home) killed(config string) *home {
	h.t.Helper()
	dir := h.t.TempDir()
	for _, name := range []string{store.FileName, store.FileName + "-wal"} {
		b, err := os.ReadFile(filepath.Join(h.dir, name))
		if err != nil {
			h.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	h.stop()
	return openHome(h.t, dir, config)
}

// mouth is a client that notes what it is sent.
type mouth struct {
	h     *home
	s     *router.Session
	woken chan struct{}
}

func (m *mouth) Wake()                     { m.woken <- struct{}{} }
func (m *mouth) Close(*stanza.StreamError) {}
func (m *mouth) Out() stanza.Out           { return stanza.Out{} }
func (m *mouth) Addr() string              { return "192.0.2.1:5222" }

// login binds a session, whose account is made when there is none.
func (h *home) login(full string) *mouth {
	h.t.Helper()
	jid := stanza.MustJID(full)
	err := h.db.Update(h.t.Context(), func(tx *store.Tx) error {
		_, err := tx.CreateAccount(jid.Bare().String(), "x")
		if errors.Is(err, store.ErrExists) {
			err = nil
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	a, err := h.r.Account(h.t.Context(), jid.Bare())
	if err != nil {
		h.t.Fatal(err)
	}
	m := &mouth{h: h, woken: make(chan struct{}, 100)}
	if m.s, err = a.Bind(h.t.Context(), jid.Resource(), m); err != nil {
		h.t.Fatal(err)
	}
	return m
}

// send sends a stanza, and waits until what it wrote is committed and it has
// gone its way.
func (m *mouth) send(xml string) {
	m.h.t.Helper()
	m.s.Handle(m.h.t.Context(), stanza.MustParse(xml))
	if err := m.s.Flush(m.h.t.Context()); err != nil {
		m.h.t.Fatal(err)
	}
}

// chat sends messages with these bodies to juliet@b.lit.
func (m *mouth) chat(bodies ...string) {
	m.h.t.Helper()
	for _, b := range bodies {
		m.send(fmt.Sprintf(`<message to='juliet@b.lit' type='chat' id='%s'><body>%[1]s</body></message>`, b))
	}
}

// available is initial presence, as package presence takes it.
func (m *mouth) available() {
	m.h.t.Helper()
	m.send("<presence/>")
	m.s.SetPresence(&router.Presence{Stanza: stanza.MustParse("<presence/>")})
}

// got are the ids of the errors that have come, with their conditions.
func (m *mouth) got() string {
	m.h.t.Helper()
	b, ok := m.s.Take()
	if !ok {
		return ""
	}
	defer m.s.Written(b, nil)
	var list []string
	for _, text := range strings.SplitAfter(string(b.Bytes), "</error></message>") {
		if text == "" {
			continue
		}
		st := stanza.MustParse(text)
		if st.To != m.s.JID || st.From.Domain() != "b.lit" {
			m.h.t.Errorf("to %s from %s: %s", st.To, st.From, text)
		}
		c := st.Root().Children[0].Children[0].Name
		list = append(list, st.ID+" "+c)
	}
	return strings.Join(list, ", ")
}

// bodies is what has gone out, by the ids.
func (f *far) bodies() (list []string) {
	for _, p := range f.taken() {
		list = append(list, p.Stanza.ID)
	}
	return list
}

// taken is what has gone out since it was asked for last.
func (f *far) taken() []*router.Packet {
	f.mu.Lock()
	defer f.mu.Unlock()
	got := f.got
	f.got = nil
	return got
}

// left are the ids of the stanzas that have rows.
func (h *home) left(bare string) string {
	h.t.Helper()
	a, err := h.r.Account(h.t.Context(), stanza.MustJID(bare))
	if err != nil {
		h.t.Fatal(err)
	}
	rows, err := h.db.AccountOutbound(h.t.Context(), a.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	var list []string
	for _, o := range rows {
		list = append(list, stanza.MustParse(o.Stanza).ID)
	}
	return strings.Join(list, " ")
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}
