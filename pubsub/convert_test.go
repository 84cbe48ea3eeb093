package pubsub_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"parley/internal/imtest"
	"parley/presence"
	"parley/pubsub"
	"parley/roster"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// TestConvert: bookmarks that were private XML before there were nodes are
// nodes behind that, once (XEP-0411 section 4, Implementation Notes).
func TestConvert(t *testing.T) {
	var m *pubsub.Service
	imtest.Run(t, "", func(r *router.Router) []router.Module {
		ro := roster.New(r)
		m = pubsub.New(r, ro)
		return []router.Module{ro, m}
	}, func(w *imtest.World) {
		const key = "{storage:bookmarks}storage"
		a := w.Account("alice@a.lit")
		broken := w.Account("bob@a.lit")
		err := w.Store.Update(context.Background(), func(tx *store.Tx) error {
			if err := tx.SetPrivate(broken.ID, key, "<storage xmlns='storage:bookmarks'/>", 0); err != nil {
				return err
			}
			return tx.SetPrivate(a.ID, key, "<storage xmlns='storage:bookmarks'>"+
				"<conference jid='r@c.lit' name='R' autojoin='1'/><url url='http://c.lit'/></storage>", 0)
		})
		if err != nil {
			w.T.Fatal(err)
		}
		for range 2 {
			if err := m.Convert(context.Background()); err != nil {
				w.T.Fatal(err)
			}
		}
		if xml, err := w.Store.Private(context.Background(), a.ID, key); err == nil {
			w.T.Errorf("still private XML: %s", xml)
		}
		w.Login("alice", "alice@a.lit/home")
		w.Talk(`alice -> <iq type='get' id='i'><pubsub xmlns='http://jabber.org/protocol/pubsub'>
			<items node='urn:xmpp:bookmarks:1'/></pubsub></iq>
			alice <- <iq type='result' id='i' from='*' to='*'><pubsub xmlns='http://jabber.org/protocol/pubsub'>
			<items node='urn:xmpp:bookmarks:1'><item id='r@c.lit'>
			<conference xmlns='urn:xmpp:bookmarks:1' name='R' autojoin='true'/></item></items></pubsub></iq>`)
		xml, err := m.Private(context.Background(), a)
		if err != nil || !strings.Contains(xml, "<url") || !strings.Contains(xml, "r@c.lit") {
			w.T.Errorf("%s %v", xml, err)
		}
	})
}

// TestLastIsLast: of two clients that publish at the same time, the item that
// stays is also the last that anybody hears of.
func TestLastIsLast(t *testing.T) {
	imtest.Run(t, "", func(r *router.Router) []router.Module {
		ro := roster.New(r)
		return []router.Module{ro, presence.New(r, ro), pubsub.New(r, ro)}
	}, func(w *imtest.World) {
		one, two := w.Login("one", "alice@a.lit/1"), w.Login("two", "alice@a.lit/2")
		w.Enter("ear", "alice@a.lit/3")
		w.Account("alice@a.lit").Session("3").SetCaps(router.NewCaps([]string{"urn:n+notify"}))
		for round := range 20 {
			var both sync.WaitGroup
			for n, s := range []*router.Session{one, two} {
				both.Go(func() {
					for i := range 5 {
						s.Handle(context.Background(), stanza.MustParse(strings.ReplaceAll(publish, "ID",
							fmt.Sprintf("%d-%d-%d", round, n, i))))
					}
				})
			}
			both.Wait()
			heard := w.Received("ear")
			w.Received("one")
			w.Received("two")
			if len(heard) != 10 {
				w.T.Fatalf("%d events: %v", len(heard), heard)
			}
			w.Send("one", "<iq type='get' id='i'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"+
				"<items node='urn:n'/></pubsub></iq>")
			now := strings.Join(w.Received("one"), "")
			_, id, _ := strings.Cut(heard[9], "<item id='")
			id, _, _ = strings.Cut(id, "'")
			if !strings.Contains(now, "<item id='"+id+"'") {
				w.T.Errorf("%s was heard of last, this is there: %s", id, now)
			}
		}
	})
}
