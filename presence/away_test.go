package presence_test

import (
	"testing"
	"time"

	"parley/internal/imtest"
)

// shown is presence from other domains that alice's sessions see.
const shown = `
	away -> <presence from='zoe@b.lit/x' to='alice@a.lit'/>
	away -> <presence from='zoe@b.lit/y' to='alice@a.lit'/>
	away -> <presence from='room@b.lit/n' to='alice@a.lit/home'/>
	away -> <presence from='max@c.lit/x' to='alice@a.lit'/>
`

// TestUnreachable: when a domain cannot be reached any more, the presence from
// there is over for those who saw it, once.
func TestUnreachable(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk")
		w.Do(remote)
		w.Do(shown)
		w.Do(`away -> <presence type='unavailable' from='zoe@b.lit/y' to='alice@a.lit'/>`)
		w.Router.Away(w.T.Context(), "other.lit", "b.lit", true)
		w.Talk(``)
		w.Router.Away(w.T.Context(), "a.lit", "b.lit", true)
		got := map[string]bool{}
		for _, text := range w.Received("alice") {
			got[text] = true
		}
		for _, want := range []string{
			"<presence type='unavailable' from='zoe@b.lit/x' to='alice@a.lit'/>",
			"<presence type='unavailable' from='room@b.lit/n' to='alice@a.lit/home'/>",
		} {
			if !got[want] {
				t.Errorf("%s is not among %v", want, got)
			}
		}
		if len(got) != 2 {
			t.Errorf("alice got %v", got)
		}
		w.Router.Away(w.T.Context(), "", "b.lit", true)
		w.Talk(``)
		w.Router.Away(w.T.Context(), "", "c.lit", true)
		w.Talk(`alice <- <presence type='unavailable' from='max@c.lit/x' to='alice@a.lit'/>`)
	})
}

// TestUnseen: who has left sees nothing, and is told nothing later.
func TestUnseen(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home")
		w.Do(shown)
		w.Do(`alice -> <presence type='unavailable'/>`)
		w.Do(`away -> <presence from='zoe@b.lit/x' to='alice@a.lit'/>`) // nobody sees it
		w.Do(`alice -> <presence/>`)
		w.Router.Away(w.T.Context(), "a.lit", "b.lit", true)
		w.Talk(``)
	})
}

// TestBroken: behind a stream that broke those who are subscribed to are asked
// whether they are still there; who does not say so within a minute is not. The
// rest waits until the domain cannot be reached.
func TestBroken(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home")
		w.Do(remote)
		w.Do(shown)
		w.Router.Away(w.T.Context(), "a.lit", "b.lit", false)
		w.Talk(`
			away  <- <presence type='probe' from='alice@a.lit' to='zoe@b.lit'/>
			away  -> <presence from='zoe@b.lit/x' to='alice@a.lit'/>
			alice <- <presence from='zoe@b.lit/x' to='alice@a.lit'/>
		`)
		w.Router.Away(w.T.Context(), "a.lit", "b.lit", false) // once more: they are asked already
		time.Sleep(59 * time.Second)
		w.Talk(``)
		time.Sleep(time.Second)
		w.Talk(`
			alice <- <presence type='unavailable' from='zoe@b.lit/y' to='alice@a.lit'/>
			away  <- <presence type='probe' from='alice@a.lit' to='zoe@b.lit'/>
		`)
		time.Sleep(time.Hour) // nobody answers this time
		w.Talk(`alice <- <presence type='unavailable' from='zoe@b.lit/x' to='alice@a.lit'/>`)
		w.Router.Away(w.T.Context(), "a.lit", "d.lit", false) // nobody is seen there
		w.Router.Away(w.T.Context(), "a.lit", "d.lit", false)
		w.Talk(``)
	})
}

// TestNobodyThere: the answer to a probe that nobody is there is about all
// resources that were seen (RFC 6121 section 4.3.2, step 3).
func TestNobodyThere(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home")
		w.Do(remote)
		w.Do(`away -> <presence from='zoe@b.lit/x' to='alice@a.lit'/>`)
		w.Talk(`
			away  -> <presence type='unavailable' from='zoe@b.lit' to='alice@a.lit'/>
			alice <- <presence type='unavailable' from='zoe@b.lit/x' to='alice@a.lit'/>
			alice <- <presence type='unavailable' from='zoe@b.lit' to='alice@a.lit'/>
			away  -> <presence type='unavailable' from='zoe@b.lit' to='alice@a.lit'/>
			alice <- <presence type='unavailable' from='zoe@b.lit' to='alice@a.lit'/>
		`)
	})
}
