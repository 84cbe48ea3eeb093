package pubsub_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"parley/conf"
	"parley/presence"
	"parley/pubsub"
	"parley/roster"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// quiet is a stream that keeps what it is sent.
type quiet struct{ t testing.TB }

func (q quiet) Wake()                     {}
func (q quiet) Close(*stanza.StreamError) {}
func (q quiet) Out() stanza.Out           { return stanza.Out{} }
func (q quiet) Addr() string              { return "192.0.2.1:5222" }

// seeds are requests of every kind.
var seeds = []string{
	`<publish node='n'><item id='i'><a xmlns='a'/></item></publish>`,
	`<publish node='n'><item id='i'><a xmlns='a'/></item></publish><publish-options><x xmlns='jabber:x:data'
		type='submit'><field var='pubsub#max_items'><value>max</value></field></x></publish-options>`,
	`<retract node='n' notify='1'><item id='i'/></retract>`,
	`<create/>`, `<create node='n'/><configure/>`, `<items node='n' max_items='1'/>`,
	`<items node='n'><item id='i'/></items><set xmlns='http://jabber.org/protocol/rsm'><max>1</max><before/></set>`,
	`<subscribe node='n' jid='alice@a.lit'/><options/>`, `<unsubscribe node='n' jid='alice@a.lit'/>`,
	`<options node='n' jid='alice@a.lit'/>`, `<affiliations node='n'/>`, `<subscriptions/>`, `<default/>`,
	`<configure node='n'><x xmlns='jabber:x:data' type='submit'><field var='pubsub#access_model'>
		<value>open</value></field></x></configure>`,
	`<affiliations node='n'><affiliation jid='b@a.lit' affiliation='member'/></affiliations>`,
	`<subscriptions node='n'><subscription jid='b@a.lit' subscription='subscribed'/></subscriptions>`,
	`<delete node='n'><redirect uri='xmpp:a'/></delete>`, `<purge node='n'/>`,
	`<publish node='storage:bookmarks'><item id='i'><storage xmlns='storage:bookmarks'>
		<conference jid='r@c.lit' name='R'/></storage></item></publish>`,
	`<publish node='urn:xmpp:bookmarks:1'><item id='r@c.lit'><conference xmlns='urn:xmpp:bookmarks:1'>
		<extensions><a xmlns='a'/></extensions></conference></item></publish>`,
	`<publish node='urn:xmpp:avatar:metadata'><item id='i'><metadata xmlns='urn:xmpp:avatar:metadata'>
		<info id='da39a3ee5e6b4b0d3255bfef95601890afd80709'/></metadata></item></publish>`,
}

// FuzzRequests sends requests of every kind to an account and a service: none
// is answered by an internal error, and every answer and event is well-formed.
func FuzzRequests(f *testing.F) {
	for _, s := range seeds {
		for n := range uint8(8) {
			f.Add(n, s)
		}
	}
	db, err := store.Open(context.Background(), f.TempDir(), store.Options{})
	if err != nil {
		f.Fatal(err)
	}
	defer db.Close()
	c, err := conf.Parse("fuzz", "domains = ['a.lit']")
	if err != nil {
		f.Fatal(err)
	}
	r := router.New(router.Options{Store: db, Config: c})
	ro := roster.New(r)
	m := pubsub.New(r, ro)
	r.AddHost("a.lit", true, ro, presence.New(r, ro), m)
	r.AddHost("pubsub.a.lit", false, m)
	session := login(f, r)
	var one sync.Mutex
	f.Fuzz(func(t *testing.T, n uint8, inner string) {
		one.Lock()
		defer one.Unlock()
		typ := []string{"get", "set"}[n&1]
		to := []string{"", " to='pubsub.a.lit'"}[n>>1&1]
		ns := "http://jabber.org/protocol/pubsub" + []string{"", "#owner"}[n>>2&1]
		st, err := stanza.Parse("<iq type='" + typ + "' id='i'" + to + "><pubsub xmlns='" + ns + "'>" + inner +
			"</pubsub></iq>")
		if err != nil || st.ChildCount() != 1 {
			return
		}
		session.Handle(t.Context(), st)
		if err := session.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		b, ok := session.Take()
		if !ok {
			t.Fatal("no answer")
		}
		text := string(b.Bytes)
		session.Written(b, nil)
		if strings.Contains(text, "internal-server-error") {
			t.Errorf("%s: %s", inner, text)
		}
		stanza.MustParse("<all>" + text + "</all>")
	})
}

// login makes an account and a session that hears of everything.
func login(f *testing.F, r *router.Router) *router.Session {
	jid := stanza.MustJID("alice@a.lit")
	err := r.Store.Update(context.Background(), func(tx *store.Tx) error {
		_, err := tx.CreateAccount(jid.String(), "x")
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	a, err := r.Binding(context.Background(), jid)
	if err != nil {
		f.Fatal(err)
	}
	s, err := a.Bind(context.Background(), "x", quiet{f})
	if err != nil {
		f.Fatal(err)
	}
	s.SetPresence(&router.Presence{Stanza: stanza.MustParse("<presence/>")})
	s.SetCaps(router.NewCaps([]string{"n+notify", "storage:bookmarks+notify", "urn:xmpp:bookmarks:1+notify"}))
	return s
}
