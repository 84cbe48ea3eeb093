package presence_test

import (
	"testing"
	"time"

	"parley/internal/imtest"
	"parley/stanza"
	"parley/store"
)

// TestProbe holds RFC 6121 section 4.3.2, step by step.
func TestProbe(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "work", "alice@a.lit/work")
		w.Do(remote)
		w.Login("idle", "alice@a.lit/idle")
		w.Talk(`
			# 1. not subscribed: the bare address, to the bare address
			away  -> <presence type='probe' id='1' from='eve@b.lit/x' to='alice@a.lit'/>
			away  <- <presence type='unsubscribed' id='1' from='alice@a.lit' to='eve@b.lit'/>
			away  -> <presence type='probe' id='2' from='eve@b.lit' to='alice@a.lit/home'/>
			away  <- <presence type='unsubscribed' id='2' from='alice@a.lit' to='eve@b.lit'/>
			# the same where there is no account
			away  -> <presence type='probe' id='3' from='eve@b.lit' to='nobody@a.lit'/>
			away  <- <presence type='unsubscribed' id='3' from='nobody@a.lit' to='eve@b.lit'/>

			# 4. the last presence of each available resource, with its own id
			work  -> <presence id='p7'><show>xa</show></presence>
			work  <- <presence id='p7' from='alice@a.lit/work' to='alice@a.lit/work'><show>xa</show></presence>
			alice <- <presence id='p7' from='alice@a.lit/work' to='alice@a.lit/home'><show>xa</show></presence>
			away  <- <presence id='p7' from='alice@a.lit/work' to='zoe@b.lit'><show>xa</show></presence>
			away  -> <presence type='probe' id='4' from='zoe@b.lit' to='alice@a.lit'/>
			away  <- <presence from='alice@a.lit/home' to='zoe@b.lit'/>
			away  <- <presence id='p7' from='alice@a.lit/work' to='zoe@b.lit'><show>xa</show></presence>
			# from a full address, as RFC 3921 servers do it: the answer goes there
			away  -> <presence type='probe' id='5' from='zoe@b.lit/x' to='alice@a.lit/work'/>
			away  <- <presence id='p7' from='alice@a.lit/work' to='zoe@b.lit/x'><show>xa</show></presence>
			# a resource that is not available, or is none
			away  -> <presence type='probe' id='6' from='zoe@b.lit' to='alice@a.lit/idle'/>
			away  <- <presence type='unavailable' id='6' from='alice@a.lit/idle' to='zoe@b.lit'/>
			away  -> <presence type='probe' id='7' from='zoe@b.lit' to='alice@a.lit/gone'/>
			away  <- <presence type='unavailable' id='7' from='alice@a.lit/gone' to='zoe@b.lit'/>
		`)
		// 3. no available resource: since when
		w.Logout("work")
		w.Do(`alice -> <presence type='unavailable'><status>gone fishing</status></presence>`)
		at := time.Now()
		time.Sleep(time.Hour)
		w.Talk(`
			away -> <presence type='probe' id='8' from='zoe@b.lit' to='alice@a.lit'/>
			away <- <presence type='unavailable' id='8' from='alice@a.lit' to='zoe@b.lit'>
				<delay xmlns='urn:xmpp:delay' from='alice@a.lit' stamp='` +
			at.UTC().Format(time.RFC3339) + `'/></presence>
		`)
		seen, status, err := w.Store.LastActivity(w.T.Context(), 1)
		if err != nil || !seen.Equal(at.Truncate(time.Second)) && !seen.Equal(at) || status != "gone fishing" {
			t.Errorf("%v %q %v, want %v", seen, status, err, at)
		}
	})
}

// TestNeverSeen: who was never available has no time to tell.
func TestNeverSeen(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Login("alice", "alice@a.lit/home")
		w.Do(remote)
		w.Logout("alice")
		w.Talk(`
			away -> <presence type='probe' from='zoe@b.lit' to='alice@a.lit'/>
			away <- <presence type='unavailable' from='alice@a.lit' to='zoe@b.lit'/>
		`)
	})
}

// TestProbeByClient: probes that a client sends are served, too (RFC 6121
// section 4.3), its own account's included.
func TestProbeByClient(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk", "eve", "eve@a.lit/lair")
		w.Do(befriend)
		w.Talk(`
			alice -> <presence type='probe' to='bob@a.lit'/>
			alice <- <presence from='bob@a.lit/desk' to='alice@a.lit/home'/>
			alice -> <presence type='probe' to='alice@a.lit'/>
			alice <- <presence from='alice@a.lit/home' to='alice@a.lit/home'/>
			alice -> <presence type='probe' to='zoe@b.lit'/>
			away  <- <presence type='probe' from='alice@a.lit/home' to='zoe@b.lit'/>
			# not subscribed, and known so at both ends: nothing to tell
			eve   -> <presence type='probe' to='bob@a.lit'/>
		`)
	})
}

// TestPutRight: where two local rosters differ, as after a restored backup, the
// next login puts the subscriber's right (RFC 6121 section 4.3.2, step 1).
func TestPutRight(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		a := w.Account("alice@a.lit")
		err := w.Store.Update(w.T.Context(), func(tx *store.Tx) error {
			_, err := tx.PutRosterItem(a.ID, store.RosterItem{JID: "bob@a.lit", To: true, Listed: true})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.Enter("bob", "bob@a.lit/desk")
		w.Login("alice", "alice@a.lit/home")
		w.Do(`alice -> <iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>`)
		w.Talk(`
			alice -> <presence/>
			alice <- <presence from='alice@a.lit/home' to='alice@a.lit/home'/>
			alice <- <presence type='unsubscribed' from='bob@a.lit' to='alice@a.lit'/>
			alice <- <iq type='set' id='*' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.2'>
				<item jid='bob@a.lit' subscription='none'/></query></iq>
		`)
	})
}

// TestWithdrawAnnounce is what blocking calls (router.Presences).
func TestWithdrawAnnounce(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk", "eve", "eve@a.lit/lair")
		w.Do(befriend)
		w.Do(remote)
		w.Do(`
			alice -> <presence to='room@c.lit/alice'/>
			alice -> <presence to='eve@a.lit/lair'/>
		`)
		ctx := w.T.Context()
		alice, pr := w.Account("alice@a.lit"), w.Host.Presences
		for _, to := range []string{"bob@a.lit", "bob@a.lit/desk", "mallory@a.lit"} {
			pr.Withdraw(ctx, alice, stanza.MustJID(to))
			pr.Announce(ctx, alice, stanza.MustJID(to))
		}
		w.Talk(`
			bob <- <presence type='unavailable' from='alice@a.lit/home' to='bob@a.lit'/>
			bob <- <presence from='alice@a.lit/home' to='bob@a.lit'/>
			bob <- <presence type='unavailable' from='alice@a.lit/home' to='bob@a.lit/desk'/>
			bob <- <presence from='alice@a.lit/home' to='bob@a.lit/desk'/>
		`)
		for _, to := range []string{"b.lit", "c.lit", "eve@a.lit"} {
			pr.Withdraw(ctx, alice, stanza.MustJID(to))
			pr.Announce(ctx, alice, stanza.MustJID(to))
		}
		w.Talk(`
			away <- <presence type='unavailable' from='alice@a.lit/home' to='zoe@b.lit'/>
			away <- <presence from='alice@a.lit/home' to='zoe@b.lit'/>
			away <- <presence type='unavailable' from='alice@a.lit/home' to='room@c.lit/alice'/>
			eve  <- <presence type='unavailable' from='alice@a.lit/home' to='eve@a.lit/lair'/>
			# what was directed has been withdrawn: it is not withdrawn again
			alice -> <presence type='unavailable'/>
			alice <- <presence type='unavailable' from='alice@a.lit/home' to='alice@a.lit/home'/>
			bob   <- <presence type='unavailable' from='alice@a.lit/home' to='bob@a.lit'/>
			away  <- <presence type='unavailable' from='alice@a.lit/home' to='zoe@b.lit'/>
		`)
	})
}
