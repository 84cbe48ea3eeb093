package muc

import (
	"strings"
	"testing"

	"parley/internal/imtest"
	"parley/router"
)

// TestThin: what new_rooms.broadcast says is whose presence occupants see; they
// see their own, and moderators see all (XEP-0045 section 7.2.2, Presence
// Broadcast).
func TestThin(t *testing.T) {
	for broadcast, want := range map[string][3]string{
		// what ann, the owner, bea and cat see, who enter in this order
		"visitor":   {"ann bea cat", "ann bea cat", "ann bea cat"},
		"moderator": {"ann bea cat", "ann bea", "ann cat"},
		"none":      {"ann bea cat", "bea", "cat"},
	} {
		service := New()
		modules := func(r *router.Router) []router.Module {
			r.AddHost(fuzzHost, false, service)
			return nil
		}
		imtest.Run(t, "[new_rooms]\nbroadcast = \""+broadcast+"\"\n", modules, func(w *imtest.World) {
			names := [...]string{"ann", "bea", "cat"}
			for _, name := range names {
				w.Login(name, name+"@a.lit/1")
				w.Send(name, "<presence to='"+fuzzRoom+"/"+name+"'><x xmlns='"+nsMUC+"'/></presence>")
			}
			for n, name := range names {
				var saw []string
				for _, got := range w.Received(name) {
					_, nick, _ := strings.Cut(got, "from='"+fuzzRoom+"/")
					if nick, _, _ = strings.Cut(nick, "'"); strings.HasPrefix(got, "<presence") {
						saw = append(saw, nick)
					}
				}
				if got := strings.Join(saw, " "); got != want[n] {
					t.Errorf("broadcast %s: %s saw %s, not %s", broadcast, name, got, want[n])
				}
			}
		})
	}
}
