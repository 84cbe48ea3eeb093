package presence

import (
	"context"
	"slices"
	"testing"

	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
)

// TestCurrent: what changes while it is sent is sent again, and the end last.
func TestCurrent(t *testing.T) {
	none := func(*router.Router) []router.Module { return nil }
	imtest.Run(t, "", none, func(w *imtest.World) {
		s := w.Login("home", "alice@a.lit/home")
		var sent []string
		change := func(to *router.Presence) func(*stanza.Stanza) {
			return func(st *stanza.Stanza) {
				if sent = append(sent, st.ID+st.Type); len(sent) == 1 {
					s.SetPresence(to)
				}
			}
		}
		one := &router.Presence{Stanza: stanza.MustParse(`<presence id='1'/>`)}
		two := &router.Presence{Stanza: stanza.MustParse(`<presence id='2'/>`)}
		check := func(found bool, sends func(*stanza.Stanza), want ...string) {
			t.Helper()
			sent = nil
			if got := current(s, sends); got != found || !slices.Equal(sent, want) {
				t.Errorf("%v %v, want %v %v", got, sent, found, want)
			}
		}
		check(false, change(nil))
		s.SetPresence(one)
		check(true, change(one), "1")
		check(true, change(two), "1", "2")
		check(false, change(nil), "2", unavailable)
		s.SetPresence(two)
		check(false, func(st *stanza.Stanza) {
			if sent = append(sent, st.ID+st.Type); len(sent) == 1 {
				w.Remove("home")
				s.End(context.Background()) // its presence field still says what it was
			}
		}, "2", unavailable)
		check(false, change(nil))
	})
}
