package xep_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
	"parley/xep"
)

func runStrangers(t *testing.T, config string, f friends, test func(w *imtest.World)) {
	t.Helper()
	imtest.Run(t, config, func(*router.Router) []router.Module {
		return []router.Module{xep.NewStrangers(f), new(presences)}
	}, func(w *imtest.World) {
		w.Login("juliet", "juliet@a.lit/balcony")
		w.Login("romeo", "romeo@a.lit/orchard")
		w.Talk("juliet -> <presence/>\nromeo -> <presence/>")
		test(w)
	})
}

const blockStrangers = "[messages]\nstrangers = 'block'"

// What strangers may send and what not.
func TestStrangers(t *testing.T) {
	f := friends{"nurse@b.lit": {to: true}, "friar@b.lit": {from: true}}
	runStrangers(t, blockStrangers, f, func(w *imtest.World) {
		talk(w, `
			away -> <message from='iago@b.lit/x' to='juliet@a.lit' id='1' type='chat'><body>buy</body></message>
			away <- <message from='juliet@a.lit' to='iago@b.lit/x' id='1' type='error'>UNAVAILABLE</message>
			away -> <message from='iago@b.lit/x' to='juliet@a.lit/balcony' id='2'><body>buy</body></message>
			away <- <message from='juliet@a.lit/balcony' to='iago@b.lit/x' id='2' type='error'>UNAVAILABLE</message>
			away -> <message from='iago@b.lit/x' to='juliet@a.lit' id='3' type='headline'><body>buy</body></message>
			away <- <message from='juliet@a.lit' to='iago@b.lit/x' id='3' type='error'>UNAVAILABLE</message>
			romeo -> <message to='juliet@a.lit' id='4'><body>hi</body></message>
			romeo <- <message from='juliet@a.lit' to='romeo@a.lit/orchard' id='4' type='error'>UNAVAILABLE</message>
			# the same as for nobody
			away -> <message from='iago@b.lit/x' to='nobody@a.lit' id='5'><body>buy</body></message>
			away <- <message from='nobody@a.lit' to='iago@b.lit/x' id='5' type='error'>UNAVAILABLE</message>

			# a subscription either way
			away -> <message from='nurse@b.lit/x' to='juliet@a.lit'><body>hi</body></message>
			juliet <- <message from='nurse@b.lit/x' to='juliet@a.lit'><body>hi</body></message>
			away -> <message from='friar@b.lit/x' to='juliet@a.lit'><body>hi</body></message>
			juliet <- <message from='friar@b.lit/x' to='juliet@a.lit'><body>hi</body></message>
			juliet -> <message><body>note</body></message>
			juliet <- <message from='juliet@a.lit/balcony' to='juliet@a.lit'><body>note</body></message>

			# not shown by themselves, or how strangers become contacts
			away -> <message from='node@b.lit' to='juliet@a.lit' type='headline'><event xmlns='x:y'/></message>
			juliet <- <message from='node@b.lit' to='juliet@a.lit' type='headline'><event xmlns='x:y'/></message>
			away -> <message from='room@b.lit/x' to='juliet@a.lit/balcony' type='groupchat'><body>hi</body></message>
			juliet <- <message from='room@b.lit/x' to='juliet@a.lit/balcony' type='groupchat'><body>hi</body></message>
			away -> <message from='iago@b.lit/x' to='juliet@a.lit/balcony' type='error'><body>hi</body></message>
			juliet <- <message from='iago@b.lit/x' to='juliet@a.lit/balcony' type='error'><body>hi</body></message>
			away -> <presence from='iago@b.lit' to='juliet@a.lit' type='subscribe'/>
			juliet <- <presence from='iago@b.lit' to='juliet@a.lit' type='subscribe'/>
		`)
		w.Router.Route(w.T.Context(), stanza.MustParse(
			"<message from='a.lit' to='juliet@a.lit'><body>news</body></message>"))
		w.Talk("juliet <- <message from='a.lit' to='juliet@a.lit'><body>news</body></message>")
	})
}

// Who was written to is no stranger for 30 days, also after a restart of the
// account's state.
func TestStrangersWrittenTo(t *testing.T) {
	runStrangers(t, blockStrangers, nil, func(w *imtest.World) {
		const (
			in      = "away -> <message from='iago@b.lit/x' to='juliet@a.lit' id='1'><body>hi</body></message>\n"
			comes   = "juliet <- <message from='iago@b.lit/x' to='juliet@a.lit' id='1'><body>hi</body></message>"
			refused = "away <- <message from='juliet@a.lit' to='iago@b.lit/x' id='1' type='error'>UNAVAILABLE</message>"
		)
		talk(w, in+refused)
		talk(w, `
			juliet -> <message to='iago@b.lit' type='error' id='2'><error type='cancel'>
				<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
			away <- <message from='juliet@a.lit/balcony' to='iago@b.lit' type='error' id='2'>
				<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
				</message>
		`)
		talk(w, in+refused)
		talk(w, `
			juliet -> <message to='iago@b.lit/x' id='3'><body>who are you</body></message>
			away <- <message from='juliet@a.lit/balcony' to='iago@b.lit/x' id='3'><body>who are you</body></message>
		`)
		talk(w, in+comes)
		time.Sleep(29 * 24 * time.Hour)
		talk(w, in+comes)
		time.Sleep(3 * 24 * time.Hour) // notes are a day coarse
		talk(w, in+refused)
	})
}

// One writes to a room by entering it, and to a contact-to-be by asking.
func TestStrangersPresence(t *testing.T) {
	runStrangers(t, blockStrangers, nil, func(w *imtest.World) {
		talk(w, `
			juliet -> <presence to='room@b.lit/juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>
			away <- <presence from='juliet@a.lit/balcony' to='room@b.lit/juliet'>
				<x xmlns='http://jabber.org/protocol/muc'/></presence>
			away -> <message from='room@b.lit/romeo' to='juliet@a.lit/balcony' type='chat'><body>psst</body></message>
			juliet <- <message from='room@b.lit/romeo' to='juliet@a.lit/balcony' type='chat'><body>psst</body></message>
			juliet -> <presence to='nurse@b.lit' type='subscribe'/>
			away <- <presence from='juliet@a.lit' to='nurse@b.lit' type='subscribe'/>
			away -> <message from='nurse@b.lit/x' to='juliet@a.lit'><body>who are you</body></message>
			juliet <- <message from='nurse@b.lit/x' to='juliet@a.lit'><body>who are you</body></message>
			juliet -> <presence to='iago@b.lit' type='unavailable'/>
			away <- <presence from='juliet@a.lit/balcony' to='iago@b.lit' type='unavailable'/>
			away -> <message from='iago@b.lit/x' to='juliet@a.lit' id='1'><body>hi</body></message>
			away <- <message from='juliet@a.lit' to='iago@b.lit/x' id='1' type='error'>UNAVAILABLE</message>
		`)
	})
}

// A note is written once a day, not for contacts, and not where strangers are
// let in. What one account wrote to concerns no other.
func TestStrangersNotes(t *testing.T) {
	has := func(w *imtest.World, who, to string, since time.Duration) bool {
		w.T.Helper()
		synctest.Wait()
		if err := w.Store.Sync(context.Background()); err != nil {
			w.T.Fatal(err)
		}
		// HasSentTo may be a day off in the contact's favour
		ok, err := w.Store.HasSentTo(w.T.Context(), w.Account(who).ID, to, time.Now().Add(-since+24*time.Hour))
		if err != nil {
			w.T.Fatal(err)
		}
		return ok
	}
	write := func(w *imtest.World, to string) {
		w.Talk("juliet -> <message to='" + to + "'><body>hi</body></message>\n" +
			"away <- <message from='juliet@a.lit/balcony' to='" + to + "'><body>hi</body></message>")
	}
	runStrangers(t, blockStrangers, friends{"nurse@b.lit": {to: true}}, func(w *imtest.World) {
		write(w, "nurse@b.lit")
		write(w, "iago@b.lit")
		if has(w, "juliet@a.lit", "nurse@b.lit", time.Hour) || has(w, "romeo@a.lit", "iago@b.lit", time.Hour) ||
			!has(w, "juliet@a.lit", "iago@b.lit", time.Hour) {
			t.Error("wrong notes")
		}
		time.Sleep(23 * time.Hour)
		write(w, "iago@b.lit")
		if has(w, "juliet@a.lit", "iago@b.lit", time.Hour) {
			t.Error("noted twice a day")
		}
		time.Sleep(time.Hour)
		write(w, "iago@b.lit")
		if !has(w, "juliet@a.lit", "iago@b.lit", time.Hour) {
			t.Error("not noted again after a day")
		}
		w.Logout("juliet")
		a := w.Account("juliet@a.lit")
		if err := w.Router.DeleteAccount(w.T.Context(), a); err != nil {
			t.Fatal(err)
		}
		sent, err := w.Store.HasSentTo(w.T.Context(), a.ID, "iago@b.lit", time.Now().Add(-time.Hour))
		if sent || err != nil {
			t.Error("note of a deleted account", err)
		}
	})
	runStrangers(t, "", nil, func(w *imtest.World) {
		write(w, "iago@b.lit")
		if has(w, "juliet@a.lit", "iago@b.lit", time.Hour) {
			t.Error("noted although strangers are let in")
		}
		w.Talk(`
			away -> <message from='who@b.lit/x' to='juliet@a.lit'><body>hi</body></message>
			juliet <- <message from='who@b.lit/x' to='juliet@a.lit'><body>hi</body></message>
		`)
	})
}
