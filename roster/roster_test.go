package roster_test

import (
	"testing"

	"parley/internal/imtest"
	"parley/roster"
	"parley/router"
)

func modules(r *router.Router) []router.Module { return []router.Module{roster.New(r)} }

func TestGetAndSet(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Login("home", "alice@a.lit/home")
		w.Login("work", "alice@a.lit/work")
		w.Talk(`
			home -> <iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>
			home <- <iq type='result' id='1' to='alice@a.lit/home'><query xmlns='jabber:iq:roster' ver='1.0'/></iq>
			home -> <iq type='set' id='2'><query xmlns='jabber:iq:roster'><item jid='bob@b.lit' name='Bob'><group>Friends</group></item></query></iq>
			home <- <iq type='set' id='*' to='alice@a.lit/home'><query xmlns='jabber:iq:roster' ver='1.1'><item jid='bob@b.lit' name='Bob' subscription='none'><group>Friends</group></item></query></iq>
			home <- <iq type='result' id='2' to='alice@a.lit/home'/>
		`)
	})
}
