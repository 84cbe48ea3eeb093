package xep_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/archive"
	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
	"parley/store"
	"parley/xep"
)

// friend is what a roster says of a contact.
type friend struct {
	to, from bool
	groups   []string
}

// friends are all rosters: everybody has the same.
type friends map[string]friend

func (f friends) Subscribed(_ context.Context, _ *router.Account, j stanza.JID) (to, from bool, err error) {
	return f[j.String()].to, f[j.String()].from, nil
}

func (f friends) Groups(_ context.Context, _ *router.Account, j stanza.JID) ([]string, error) {
	return f[j.String()].groups, nil
}

func (f friends) HasGroup(_ context.Context, _ *router.Account, group string) (bool, error) {
	for _, one := range f {
		if slices.Contains(one.groups, group) {
			return true, nil
		}
	}
	return false, nil
}

func (f friends) Subscriptions(context.Context, *router.Account) (list []xep.Subscription, err error) {
	for j, one := range f {
		if one.to || one.from {
			list = append(list, xep.Subscription{JID: stanza.MustJID(j), To: one.to, From: one.from})
		}
	}
	slices.SortFunc(list, func(a, b xep.Subscription) int {
		return strings.Compare(a.JID.String(), b.JID.String())
	})
	return list, nil
}

// presences stands in for package presence: it makes sessions available, and
// notes what it is asked for.
type presences struct {
	mu    sync.Mutex
	calls []string
}

func (m *presences) Register(h *router.Host) {
	h.Presences = m
	h.On(router.Deliver, router.OfPresence, "presence", func(_ context.Context, p *router.Packet) error {
		if p.Side == router.Sending && p.Kind == router.Nowhere {
			p.Sender.SetPresence(&router.Presence{Stanza: p.Stanza})
		}
		return nil
	})
}

func (m *presences) Withdraw(_ context.Context, a *router.Account, to stanza.JID) {
	m.note(fmt.Sprint(a.JID, " hides from ", to))
}

func (m *presences) Announce(_ context.Context, a *router.Account, to stanza.JID) {
	m.note(fmt.Sprint(a.JID, " shows to ", to))
}

func (m *presences) WithdrawDirected(context.Context, *router.Session, func(stanza.JID) bool) {}

func (m *presences) note(call string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, call)
}

// was compares the calls since the last time, in any order.
func (m *presences) was(t testing.TB, want ...string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	slices.Sort(m.calls)
	slices.Sort(want)
	if !slices.Equal(m.calls, want) {
		t.Errorf("presences: %q, want %q", m.calls, want)
	}
	m.calls = nil
}

// runBlocking is a world where juliet@a.lit has two sessions, "juliet" and
// "garden", and romeo@a.lit one.
func runBlocking(t *testing.T, config string, f friends, test func(w *imtest.World, pr *presences)) {
	t.Helper()
	pr := new(presences)
	imtest.Run(t, config, func(*router.Router) []router.Module {
		return []router.Module{xep.NewBlocking(f), archive.New(nil), pr}
	}, func(w *imtest.World) {
		w.Login("juliet", "juliet@a.lit/balcony")
		w.Login("garden", "juliet@a.lit/garden")
		w.Login("romeo", "romeo@a.lit/orchard")
		test(w, pr)
	})
}

// talk is World.Talk with short forms.
func talk(w *imtest.World, script string) {
	w.T.Helper()
	r := strings.NewReplacer(
		"BLOCKED", "<error type='cancel'><not-acceptable xmlns='"+stanza.NSStanzas+"'/>"+
			"<blocked xmlns='urn:xmpp:blocking:errors'/></error>",
		"BL", "xmlns='urn:xmpp:blocking'", "PV", "xmlns='jabber:iq:privacy'",
		"UNAVAILABLE", cond("cancel", "service-unavailable"),
		"NOTACCEPTABLE", cond("cancel", "not-acceptable"),
		"BADREQUEST", cond("modify", "bad-request"),
		"NOTFOUND", cond("cancel", "item-not-found"),
		"CONFLICT", cond("cancel", "conflict"),
		"MALFORMED", cond("modify", "jid-malformed"),
		"NOTALLOWED", cond("cancel", "not-allowed"),
		"RESULT", "<iq from='juliet@a.lit' to='juliet@a.lit/balcony' type='result' id=",
		"ERROR", "<iq from='juliet@a.lit' to='juliet@a.lit/balcony' type='error' id=",
	)
	w.Talk(r.Replace(script))
}

func cond(typ, name string) string {
	return "<error type='" + typ + "'><" + name + " xmlns='" + stanza.NSStanzas + "'/></error>"
}

// XEP-0191 sections 3.2, User Retrieves Block List, to 3.5, User Unblocks All
// blocked JIDs: lists, results and pushes.
func TestBlockingList(t *testing.T) {
	runBlocking(t, "", nil, func(w *imtest.World, pr *presences) {
		talk(w, `
			juliet -> <iq type='get' id='1'><blocklist BL/></iq>
			juliet <- RESULT'1'><blocklist BL/></iq>
			juliet -> <iq type='set' id='2'><block BL><item jid='Romeo@A.lit'/><item jid='iago@b.lit'/></block></iq>
			juliet <- <iq to='juliet@a.lit/balcony' type='set' id='*'><block BL>
				<item jid='romeo@a.lit'/><item jid='iago@b.lit'/></block></iq>
			juliet <- RESULT'2'/>
			# garden has not asked for the list and is told nothing; now it asks
			garden -> <iq type='get' id='1' to='juliet@a.lit'><blocklist BL/></iq>
			garden <- <iq from='juliet@a.lit' to='juliet@a.lit/garden' type='result' id='1'>
				<blocklist BL><item jid='iago@b.lit'/><item jid='romeo@a.lit'/></blocklist></iq>
		`)
		pr.was(t, "juliet@a.lit hides from romeo@a.lit", "juliet@a.lit hides from iago@b.lit")
		talk(w, `
			juliet -> <iq type='set' id='3'><unblock BL><item jid='romeo@a.lit'/><item jid='who@c.lit'/></unblock></iq>
			juliet <- <iq to='juliet@a.lit/balcony' type='set' id='*'><unblock BL>
				<item jid='romeo@a.lit'/><item jid='who@c.lit'/></unblock></iq>
			garden <- <iq to='juliet@a.lit/garden' type='set' id='*'><unblock BL>
				<item jid='romeo@a.lit'/><item jid='who@c.lit'/></unblock></iq>
			juliet <- RESULT'3'/>
			# XEP-0377: a report does no harm and is nobody else's business
			juliet -> <iq type='set' id='4'><block BL><item jid='b.lit'>
				<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'/></item>
				</block></iq>
			juliet <- <iq to='juliet@a.lit/balcony' type='set' id='*'><block BL><item jid='b.lit'/></block></iq>
			garden <- <iq to='juliet@a.lit/garden' type='set' id='*'><block BL><item jid='b.lit'/></block></iq>
			juliet <- RESULT'4'/>
			# twice is once
			juliet -> <iq type='set' id='5'><block BL><item jid='b.lit'/></block></iq>
			juliet <- <iq to='juliet@a.lit/balcony' type='set' id='*'><block BL><item jid='b.lit'/></block></iq>
			garden <- <iq to='juliet@a.lit/garden' type='set' id='*'><block BL><item jid='b.lit'/></block></iq>
			juliet <- RESULT'5'/>
			juliet -> <iq type='get' id='6'><blocklist BL/></iq>
			juliet <- RESULT'6'><blocklist BL><item jid='b.lit'/><item jid='iago@b.lit'/></blocklist></iq>
		`)
		pr.was(t, "juliet@a.lit shows to romeo@a.lit", "juliet@a.lit hides from b.lit")
		talk(w, `
			# still blocked by the domain
			juliet -> <iq type='set' id='7'><unblock BL><item jid='iago@b.lit'/></unblock></iq>
			juliet <- <iq to='juliet@a.lit/balcony' type='set' id='*'><unblock BL>
				<item jid='iago@b.lit'/></unblock></iq>
			garden <- <iq to='juliet@a.lit/garden' type='set' id='*'><unblock BL><item jid='iago@b.lit'/></unblock></iq>
			juliet <- RESULT'7'/>
		`)
		pr.was(t)
		talk(w, `
			juliet -> <iq type='set' id='8'><unblock BL/></iq>
			juliet <- <iq to='juliet@a.lit/balcony' type='set' id='*'><unblock BL/></iq>
			garden <- <iq to='juliet@a.lit/garden' type='set' id='*'><unblock BL/></iq>
			juliet <- RESULT'8'/>
			juliet -> <iq type='get' id='9'><blocklist BL/></iq>
			juliet <- RESULT'9'><blocklist BL/></iq>
		`)
		pr.was(t, "juliet@a.lit shows to b.lit")
	})
}

func TestBlockingErrors(t *testing.T) {
	runBlocking(t, "", nil, func(w *imtest.World, _ *presences) {
		talk(w, `
			juliet -> <iq type='set' id='1'><block BL/></iq>
			juliet <- ERROR'1'>BADREQUEST</iq>
			juliet -> <iq type='set' id='2'><block BL><item jid='@'/></block></iq>
			juliet <- ERROR'2'>MALFORMED</iq>
			juliet -> <iq type='set' id='3'><block BL><item/></block></iq>
			juliet <- ERROR'3'>MALFORMED</iq>
			juliet -> <iq type='set' id='4'><unblock BL><item jid='a@@b'/></unblock></iq>
			juliet <- ERROR'4'>MALFORMED</iq>
			juliet -> <iq type='set' id='5'><block BL><item jid='juliet@a.lit/garden'/></block></iq>
			juliet <- ERROR'5'>NOTALLOWED</iq>
			# it is nobody else's list
			romeo -> <iq type='get' to='juliet@a.lit' id='6'><blocklist BL/></iq>
			romeo <- <iq from='juliet@a.lit' to='romeo@a.lit/orchard' type='error' id='6'>UNAVAILABLE</iq>
			romeo -> <iq type='set' to='juliet@a.lit' id='7'><unblock BL/></iq>
			romeo <- <iq from='juliet@a.lit' to='romeo@a.lit/orchard' type='error' id='7'>UNAVAILABLE</iq>
			juliet -> <iq type='get' id='8'><blocklist BL/></iq>
			juliet <- RESULT'8'><blocklist BL/></iq>
		`)
		// a list has an end
		var b strings.Builder
		for i := range 3000 {
			fmt.Fprintf(&b, "<item jid='%d@b.lit'/>", i)
		}
		many := b.String()
		w.Login("long", "juliet@a.lit/long").Handle(w.T.Context(), stanza.MustParse(
			`<iq type='set' id='9'><block xmlns='urn:xmpp:blocking'>`+many+`</block></iq>`))
		w.Drop()
		talk(w, `
			juliet -> <iq type='set' id='10'><block BL>`+strings.ReplaceAll(many, "b.lit", "c.lit")+`</block></iq>
			juliet <- ERROR'10'>`+cond("wait", "resource-constraint")+`</iq>
		`)
	})
}

// block blocks addresses for juliet.
func block(w *imtest.World, jids ...string) {
	w.T.Helper()
	w.Login("blocker", "juliet@a.lit/blocker")
	w.Talk("blocker -> <iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='" +
		strings.Join(jids, "'/><item jid='") + "'/></block></iq>\n" +
		"blocker <- <iq from='juliet@a.lit' to='juliet@a.lit/blocker' type='result' id='b'/>")
	w.Logout("blocker")
}

// What somebody who is blocked sends: XEP-0191 section 3.3, User Blocks JID.
func TestBlockedInbound(t *testing.T) {
	runBlocking(t, "", nil, func(w *imtest.World, _ *presences) {
		block(w, "romeo@a.lit", "iago@b.lit")
		talk(w, `
			juliet -> <presence/>
			romeo -> <message to='juliet@a.lit' id='1' type='chat'><body>hi</body></message>
			romeo <- <message from='juliet@a.lit' to='romeo@a.lit/orchard' id='1' type='error'>UNAVAILABLE</message>
			romeo -> <message to='juliet@a.lit/balcony' id='2'><body>hi</body></message>
			romeo <- <message from='juliet@a.lit/balcony' to='romeo@a.lit/orchard' id='2'
				type='error'>UNAVAILABLE</message>
			romeo -> <message to='juliet@a.lit' id='3' type='headline'><body>hi</body></message>
			romeo <- <message from='juliet@a.lit' to='romeo@a.lit/orchard' id='3' type='error'>UNAVAILABLE</message>
			romeo -> <message to='juliet@a.lit/balcony' id='4' type='error'><error type='cancel'>
				<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
			romeo -> <iq to='juliet@a.lit/balcony' id='5' type='get'><query xmlns='jabber:iq:version'/></iq>
			romeo <- <iq from='juliet@a.lit/balcony' to='romeo@a.lit/orchard' id='5' type='error'>UNAVAILABLE</iq>
			romeo -> <iq to='juliet@a.lit' id='6' type='set'><query xmlns='jabber:iq:version'/></iq>
			romeo <- <iq from='juliet@a.lit' to='romeo@a.lit/orchard' id='6' type='error'>UNAVAILABLE</iq>
			romeo -> <iq to='juliet@a.lit/balcony' id='7' type='result'/>
			romeo -> <iq to='juliet@a.lit/balcony' id='8' type='error'/>
			romeo -> <presence to='juliet@a.lit'/>
			romeo -> <presence to='juliet@a.lit/balcony'/>
			romeo -> <presence to='juliet@a.lit' type='subscribe'/>
			romeo -> <presence to='juliet@a.lit' type='probe'/>
			away -> <message from='iago@b.lit/x' to='juliet@a.lit' id='9'><body>hi</body></message>
			away <- <message from='juliet@a.lit' to='iago@b.lit/x' id='9' type='error'>UNAVAILABLE</message>
			away -> <presence from='iago@b.lit/x' to='juliet@a.lit'/>
			# others are not concerned
			away -> <message from='cassio@b.lit/x' to='juliet@a.lit/balcony'><body>hi</body></message>
			juliet <- <message from='cassio@b.lit/x' to='juliet@a.lit/balcony'><body>hi</body></message>
		`)
	})
}

// What the user sends to somebody who is blocked (the same section).
func TestBlockedOutbound(t *testing.T) {
	runBlocking(t, "", nil, func(w *imtest.World, _ *presences) {
		block(w, "romeo@a.lit", "b.lit")
		talk(w, `
			romeo -> <presence/>
			juliet -> <message to='romeo@a.lit' id='1' type='chat'><body>hi</body></message>
			juliet <- <message from='romeo@a.lit' to='juliet@a.lit/balcony' id='1' type='error'>BLOCKED</message>
			juliet -> <iq to='romeo@a.lit/orchard' id='2' type='get'><query xmlns='jabber:iq:version'/></iq>
			juliet <- <iq from='romeo@a.lit/orchard' to='juliet@a.lit/balcony' id='2' type='error'>BLOCKED</iq>
			juliet -> <presence to='romeo@a.lit/orchard' id='3'/>
			juliet <- <presence from='romeo@a.lit/orchard' to='juliet@a.lit/balcony' id='3'
				type='error'>BLOCKED</presence>
			juliet -> <presence to='iago@b.lit' type='subscribe' id='4'/>
			juliet <- <presence from='iago@b.lit' to='juliet@a.lit' id='4' type='error'>BLOCKED</presence>
			# answers are dropped in silence
			juliet -> <iq to='romeo@a.lit/orchard' id='5' type='result'/>
			juliet -> <message to='iago@b.lit' id='6'><body>hi</body></message>
			juliet <- <message from='iago@b.lit' to='juliet@a.lit/balcony' id='6' type='error'>BLOCKED</message>
			garden -> <message to='cassio@c.lit' id='7'><body>hi</body></message>
			away <- <message from='juliet@a.lit/garden' to='cassio@c.lit' id='7'><body>hi</body></message>
		`)
		// what the server sends for her goes by the same rule
		st := stanza.MustParse("<presence/>")
		juliet := w.Account("juliet@a.lit")
		for _, to := range []string{"iago@b.lit", "romeo@a.lit", "cassio@c.lit"} {
			w.Router.RouteAs(w.T.Context(), juliet, st, stanza.MustJID("juliet@a.lit/balcony"), stanza.MustJID(to))
		}
		w.Talk(`away <- <presence from='juliet@a.lit/balcony' to='cassio@c.lit'/>`)
	})
}

// The server and one's own account cannot be blocked.
func TestBlockedServer(t *testing.T) {
	runBlocking(t, "", nil, func(w *imtest.World, _ *presences) {
		block(w, "a.lit")
		talk(w, `
			juliet -> <presence/>
			romeo -> <message to='juliet@a.lit/balcony' id='1'><body>hi</body></message>
			romeo <- <message from='juliet@a.lit/balcony' to='romeo@a.lit/orchard' id='1'
				type='error'>UNAVAILABLE</message>
			juliet -> <iq to='a.lit' type='get' id='2'><query xmlns='x:y'/></iq>
			juliet <- <iq from='a.lit' to='juliet@a.lit/balcony' type='error' id='2'>UNAVAILABLE</iq>
			garden -> <message to='juliet@a.lit/balcony'><body>note</body></message>
			juliet <- <message from='juliet@a.lit/garden' to='juliet@a.lit/balcony'><body>note</body></message>
		`)
		w.Router.Route(w.T.Context(), stanza.MustParse(
			"<message from='a.lit' to='juliet@a.lit'><body>news</body></message>"))
		w.Talk(`juliet <- <message from='a.lit' to='juliet@a.lit'><body>news</body></message>`)
	})
}

// A message that was stored before its sender was blocked waits until that is
// over.
func TestBlockedOffline(t *testing.T) {
	runBlocking(t, "", nil, func(w *imtest.World, _ *presences) {
		talk(w, `
			romeo -> <message to='juliet@a.lit'><body>1</body></message>
			away -> <message from='nurse@b.lit/x' to='juliet@a.lit'><body>2</body></message>
		`)
		block(w, "romeo@a.lit")
		const delay = "<delay xmlns='urn:xmpp:delay' from='a.lit' stamp='*'>Offline Storage</delay>"
		talk(w, `
			juliet -> <presence/>
			juliet <- <message from='nurse@b.lit/x' to='juliet@a.lit'><body>2</body>`+delay+`</message>
			juliet -> <iq type='set' id='1'><unblock BL/></iq>
			juliet <- RESULT'1'/>
			garden -> <presence/>
			garden <- <message from='romeo@a.lit/orchard' to='juliet@a.lit'><body>1</body>`+delay+`</message>
		`)
	})
}

// Rules are read from the store, and go with the account.
func TestBlockingStored(t *testing.T) {
	runBlocking(t, "", nil, func(w *imtest.World, _ *presences) {
		nurse := w.Account("nurse@a.lit")
		err := w.Store.Update(w.T.Context(), func(tx *store.Tx) error {
			return tx.SetRules(nurse.ID, "", []store.Rule{{Type: "jid", Value: "romeo@a.lit"}})
		})
		if err != nil {
			t.Fatal(err)
		}
		talk(w, `
			romeo -> <message to='nurse@a.lit' id='1'><body>hi</body></message>
			romeo <- <message from='nurse@a.lit' to='romeo@a.lit/orchard' id='1' type='error'>UNAVAILABLE</message>
		`)
		if err := w.Router.DeleteAccount(w.T.Context(), nurse); err != nil {
			t.Fatal(err)
		}
		if all, _, err := w.Store.Rules(w.T.Context(), nurse.ID); len(all) > 0 || err != nil {
			t.Error(all, err)
		}
	})
}
