package muc

import (
	"strings"
	"testing"

	"parley/internal/imtest"
	"parley/router"
)

// Where the store takes nothing, who asked for something hears so, and nobody is
// told that it is done; who was removed by it knows that he is outside (XEP-0045
// section 11.1, Service removes user because of error response). A room that was
// to be destroyed goes on.
func TestNotWritten(t *testing.T) {
	m := New()
	modules := func(r *router.Router) []router.Module {
		r.AddHost(fuzzHost, false, m)
		return nil
	}
	imtest.Run(t, "", modules, func(w *imtest.World) {
		for _, name := range []string{"ann", "bea"} {
			w.Login(name, name+"@a.lit/1")
			w.Send(name, "<presence to='"+fuzzRoom+"/"+name+"'><x xmlns='"+nsMUC+"'/></presence>")
			w.Drop()
		}
		if err := w.Router.Store.Close(); err != nil {
			t.Fatal(err)
		}
		const failed = `<error type='cancel'>
			<internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
		w.Talk(`
			ann -> <iq type='set' id='1' to='r@conference.a.lit'>
				<query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query></iq>
			ann <- <iq type='error' id='1' from='r@conference.a.lit' to='ann@a.lit/1'>` + failed + `</iq>`)
		r := m.rooms["r"]
		if r == nil || r.gone || len(r.order) != 2 {
			t.Fatalf("the room is not as it was: %+v", r)
		}
		r.stale = false // or it would be read from the store
		w.Send("ann", `<iq type='set' id='2' to='r@conference.a.lit'><query xmlns='`+nsAdmin+
			`'><item affiliation='outcast' jid='bea@a.lit'/></query></iq>`)
		for name, want := range map[string][]string{
			"ann": {"internal-server-error", "code=\"333\""},
			"bea": {"code=\"110\"", "code=\"333\""},
		} {
			got := strings.Join(w.Received(name), "\n")
			for _, text := range want {
				if !strings.Contains(strings.ReplaceAll(got, "'", `"`), text) {
					t.Errorf("%s misses %s in %s", name, text, got)
				}
			}
			if strings.Contains(got, "outcast") {
				t.Errorf("%s is told of what was not written: %s", name, got)
			}
		}
	})
}
