package roster

import (
	"strings"
	"testing"

	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// inBook runs a test with a session and its account's book.
func inBook(t *testing.T, test func(w *imtest.World, b *book, s *router.Session)) {
	var m *Roster
	imtest.Run(t, "", func(r *router.Router) []router.Module {
		m = New(r)
		return []router.Module{m}
	}, func(w *imtest.World) {
		s := w.Login("home", "alice@a.lit/home")
		b, err := m.books.Get(w.T.Context(), s.Account)
		if err != nil {
			t.Fatal(err)
		}
		test(w, b, s)
	})
}

// changed is a change as a commit makes it known.
func changed(version int64) change {
	i := store.RosterItem{JID: "bob@b.lit", Listed: true}
	return change{contact: newContact(stanza.MustJID(i.JID), &i), version: version, item: itemXML(&i)}
}

const pushed = `<item jid='bob@b.lit' subscription='none'/></query></iq>`

// TestPushWhileLoading: what is committed while a session is being sent the
// roster comes behind the answer, unless the answer contains it.
func TestPushWhileLoading(t *testing.T) {
	inBook(t, func(w *imtest.World, b *book, s *router.Session) {
		s.Interested.Store(true) // it has asked before
		if at := b.begin(s); at.version != 0 {
			t.Errorf("begins at %d", at.version)
		}
		b.apply(s.Account, changed(1))
		b.apply(s.Account, changed(2))
		b.finish(s, stanza.MustParse(`<iq type='result' id='1'/>`), answer{version: 1})
		b.apply(s.Account, changed(3))
		w.Talk(`
			home <- <iq type='result' id='1' to='alice@a.lit/home'/>
			home <- <iq type='set' id='push2' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.2'>` + pushed + `
			home <- <iq type='set' id='push3' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.3'>` + pushed)
		if len(b.loading) != 0 {
			t.Error("still loading")
		}
	})
}

// TestAbandonedGet: a session that was interested before misses nothing when
// its second get fails; one that was not gets nothing.
func TestAbandonedGet(t *testing.T) {
	inBook(t, func(w *imtest.World, b *book, s *router.Session) {
		b.begin(s)
		b.apply(s.Account, changed(1))
		b.abandon(s)
		w.Talk(``)
		s.Interested.Store(true)
		b.begin(s)
		b.apply(s.Account, changed(2))
		b.abandon(s)
		w.Talk(`home <- <iq type='set' id='push2' to='alice@a.lit/home'>
			<query xmlns='jabber:iq:roster' ver='1.2'>` + pushed)
	})
}

// TestApply: what clients do not see is kept and not pushed, and what was not
// written changes nothing.
func TestApply(t *testing.T) {
	inBook(t, func(w *imtest.World, b *book, s *router.Session) {
		s.Interested.Store(true)
		hidden := changed(1)
		hidden.item = ""
		b.apply(s.Account, hidden)
		b.apply(s.Account, changed(0))
		if c := b.now.Load(); c.version != 1 || c.Len() != 1 {
			t.Errorf("%+v", c)
		}
		w.Talk(``)
	})
}

// TestBrokenStore: a roster that cannot be read is our fault, and the session
// may ask again.
func TestBrokenStore(t *testing.T) {
	inBook(t, func(w *imtest.World, b *book, s *router.Session) {
		if err := w.Store.Close(); err != nil {
			t.Fatal(err)
		}
		w.Talk(`
			home -> <iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>
			home <- <iq type='error' id='1' from='alice@a.lit' to='alice@a.lit/home'>
				<error type='cancel'><internal-server-error
				xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
			home -> <iq type='get' id='2'><query xmlns='jabber:iq:roster' ver='1.0'/></iq>
			home <- <iq type='result' id='2' to='alice@a.lit/home'/>
		`)
	})
}

func TestVersionText(t *testing.T) {
	a := &router.Account{ID: 71}
	if got := versionText(a, 120); got != "1z.120" {
		t.Error(got)
	}
	for text, want := range map[string]int64{"1z.120": 120, "1z.0": 0, "1z.-1": -1, "1z.": -1,
		"1z": -1, "z.1": -1, "": -1, ".1": -1, "1z.x": -1, strings.Repeat("9", 30): -1} {
		got, ok := parseVersion(a, text)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %d %v", text, got, ok)
		}
	}
}
