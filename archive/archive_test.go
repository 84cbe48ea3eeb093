package archive_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"parley/archive"
	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// presences stands in for package presence: it makes sessions available.
type presences struct{}

func (presences) Register(h *router.Host) {
	h.On(router.Deliver, router.OfPresence, "presence", func(_ context.Context, p *router.Packet) error {
		if p.Side != router.Sending || p.Kind != router.Nowhere {
			return nil
		}
		if p.Stanza.Type == "unavailable" {
			p.Sender.SetPresence(nil)
			return nil
		}
		pr := &router.Presence{Stanza: p.Stanza}
		if c, ok := p.Stanza.Child("", "priority"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(p.Stanza.Element(c).Text))
			if err != nil {
				return stanza.BadRequest
			}
			pr.Priority = int8(n)
		}
		p.Sender.SetPresence(pr)
		return nil
	})
}

// contacts stands in for the roster: nurse is in everybody's.
type contacts struct{}

func (contacts) Listed(_ context.Context, _ *router.Account, bare stanza.JID) (bool, error) {
	return bare.Local() == "nurse", nil
}

// run runs a test with romeo@a.lit/orchard logged in and the account
// juliet@a.lit made: once with archives and once without.
func run(t *testing.T, config string, test func(w *imtest.World, m *archive.Archive)) {
	t.Helper()
	for name, config := range map[string]string{"archive": config, "no archive": without(config)} {
		t.Run(name, func(t *testing.T) { runOnce(t, config, test) })
	}
}

// without is a configuration without archives.
func without(config string) string {
	if head, rest, ok := strings.Cut(config, "[messages]"); ok {
		return head + "[messages]\narchive = false" + rest
	}
	return config + "\n[messages]\narchive = false"
}

func runOnce(t *testing.T, config string, test func(w *imtest.World, m *archive.Archive)) {
	t.Helper()
	m := archive.New(contacts{})
	imtest.Run(t, config, func(*router.Router) []router.Module {
		return []router.Module{m, presences{}}
	}, func(w *imtest.World) {
		w.Account("juliet@a.lit")
		w.Login("romeo", "romeo@a.lit/orchard")
		test(w, m)
	})
}

const delay = "<delay xmlns='urn:xmpp:delay' from='a.lit' stamp='*'>Offline Storage</delay>"

// XEP-0160 section 2, Process Flow.
func TestOffline(t *testing.T) {
	run(t, "", func(w *imtest.World, _ *archive.Archive) {
		w.Talk(`
			romeo -> <message to='juliet@a.lit' type='chat' id='1'><body>Oh blessed night</body></message>
			romeo -> <message to='juliet@a.lit/gone' type='chat' id='2'><body>I am afeard</body></message>
			romeo -> <message to='juliet@a.lit' id='3'><body>Too sweet</body></message>
		`)
		w.Login("juliet", "juliet@a.lit/balcony")
		w.Talk(`
			juliet -> <presence><priority>1</priority></presence>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit' type='chat' id='1'>
				<body>Oh blessed night</body>` + delay + `</message>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit/gone' type='chat' id='2'>
				<body>I am afeard</body>` + delay + `</message>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit' id='3'>
				<body>Too sweet</body>` + delay + `</message>
			romeo -> <message to='juliet@a.lit' id='4'><body>Now</body></message>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit' id='4'><body>Now</body></message>
			# once is enough
			juliet -> <presence><show>away</show></presence>
		`)
		w.Logout("juliet")
		w.Login("juliet", "juliet@a.lit/balcony")
		w.Talk(`juliet -> <presence/>`)
	})
}

// The stamp is when the message came, in UTC (XEP-0203, XEP-0082).
func TestStamp(t *testing.T) {
	run(t, "", func(w *imtest.World, _ *archive.Archive) {
		w.Talk(`romeo -> <message to='juliet@a.lit'><body>hi</body></message>`)
		w.Login("juliet", "juliet@a.lit/balcony")
		// the clock of a synctest bubble stands still
		w.Talk(`
			juliet -> <presence/>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit'><body>hi</body>` +
			strings.Replace(delay, "*", "2000-01-01T00:00:00.000Z", 1) + `</message>
		`)
	})
}

// Presence that takes messages is available and has no negative priority.
func TestPriority(t *testing.T) {
	run(t, "", func(w *imtest.World, _ *archive.Archive) {
		w.Login("juliet", "juliet@a.lit/balcony")
		w.Talk(`
			juliet -> <presence><priority>-1</priority></presence>
			romeo -> <message to='juliet@a.lit' type='chat'><body>1</body></message>
			# directed presence makes nobody available (RFC 6121 section 4.6)
			juliet -> <presence to='romeo@a.lit'/>
			juliet -> <presence><priority> 5 </priority></presence>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit' type='chat'>
				<body>1</body>` + delay + `</message>
			juliet -> <presence><priority>-5</priority></presence>
			romeo -> <message to='juliet@a.lit' type='chat'><body>2</body></message>
			juliet -> <presence type='unavailable'/>
			romeo -> <message to='juliet@a.lit' type='chat'><body>3</body></message>
			juliet -> <presence/>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit' type='chat'>
				<body>2</body>` + delay + `</message>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit' type='chat'>
				<body>3</body>` + delay + `</message>
		`)
	})
}

// A full queue is an error for the sender (XEP-0160 section 2, Process Flow,
// step 3), unless some session gets the message.
func TestQuota(t *testing.T) {
	runOnce(t, without("[messages]\noffline = 1"), func(w *imtest.World, _ *archive.Archive) {
		w.Talk(`
			romeo -> <message to='juliet@a.lit' id='1'><body>1</body></message>
			romeo -> <message to='juliet@a.lit' id='2'><body>2</body></message>
			romeo <- <message from='juliet@a.lit' to='romeo@a.lit/orchard' type='error' id='2'>
				<error type='cancel'><service-unavailable
				xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
		`)
		w.Login("juliet", "juliet@a.lit/balcony")
		w.Talk(`
			juliet -> <presence><priority>-1</priority></presence>
			romeo -> <message to='juliet@a.lit/balcony' id='3'><body>3</body></message>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit/balcony' id='3'><body>3</body></message>
			juliet -> <presence/>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit' id='1'><body>1</body>` + delay + `</message>
		`)
	})
}

// With offline = 0 nothing is kept, and the sender knows.
func TestNoStorage(t *testing.T) {
	runOnce(t, without("[messages]\noffline = 0"), func(w *imtest.World, _ *archive.Archive) {
		w.Talk(`
			romeo -> <message to='juliet@a.lit' id='1'><body>1</body></message>
			romeo <- <message from='juliet@a.lit' to='romeo@a.lit/orchard' type='error' id='1'>
				<error type='cancel'><service-unavailable
				xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
		`)
		for _, f := range w.Host.Features(router.ToHost) {
			if f == "msgoffline" {
				t.Error("msgoffline is announced")
			}
		}
	})
}

// What another server sends is stored as it came.
func TestRemote(t *testing.T) {
	run(t, "", func(w *imtest.World, _ *archive.Archive) {
		w.Talk(`away -> <message from='iago@b.lit/x' to='juliet@a.lit' xml:lang='it'>
			<body>ciao &amp; &lt;3</body></message>`)
		w.Login("juliet", "juliet@a.lit/balcony")
		w.Talk(`
			juliet -> <presence/>
			juliet <- <message from='iago@b.lit/x' to='juliet@a.lit' xml:lang='it'>
				<body>ciao &amp; &lt;3</body>` + delay + `</message>
		`)
	})
}

// What the server makes itself is kept where its maker says so.
func TestServerMade(t *testing.T) {
	run(t, "", func(w *imtest.World, _ *archive.Archive) {
		for _, hint := range []string{"", "<store xmlns='urn:xmpp:hints'/>"} {
			w.Router.Route(w.T.Context(), stanza.MustParse(
				"<message from='a.lit' to='juliet@a.lit'><body>news</body>"+hint+"</message>"))
		}
		w.Login("juliet", "juliet@a.lit/balcony")
		w.Talk(`
			juliet -> <presence/>
			juliet <- <message from='a.lit' to='juliet@a.lit'><body>news</body>
				<store xmlns='urn:xmpp:hints'/>` + delay + `</message>
		`)
	})
}

// DeleteAccount leaves no rows.
func TestDelete(t *testing.T) {
	run(t, "", func(w *imtest.World, _ *archive.Archive) {
		a := w.Account("juliet@a.lit")
		w.Talk(`romeo -> <message to='juliet@a.lit' type='chat'><body>1</body></message>`)
		if n, err := w.Store.MissedCount(w.T.Context(), a.ID); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if err := w.Router.DeleteAccount(w.T.Context(), a); err != nil {
			t.Fatal(err)
		}
		if n, err := w.Store.MissedCount(w.T.Context(), a.ID); n != 0 || err != nil {
			t.Error(n, err)
		}
	})
}

// unable refuses to delete its part of an account.
type unable struct{}

func (unable) Register(h *router.Host) {
	h.OnDelete(nil, func(*store.Tx, int64) error { return errors.New("disk on fire") })
}

// An account whose deletion failed is sent messages as before.
func TestDeleteFails(t *testing.T) {
	imtest.Run(t, "", func(*router.Router) []router.Module {
		return []router.Module{archive.New(contacts{}), presences{}, unable{}}
	}, func(w *imtest.World) {
		a := w.Account("juliet@a.lit")
		w.Login("romeo", "romeo@a.lit/orchard")
		w.Talk(`romeo -> <message to='juliet@a.lit' type='chat'><body>1</body></message>`)
		if err := w.Router.DeleteAccount(w.T.Context(), a); err == nil {
			t.Fatal("the account was deleted")
		}
		w.Talk(`romeo -> <message to='juliet@a.lit' type='chat'><body>2</body></message>`)
		if n := missed(w, "juliet@a.lit"); n != 2 {
			t.Errorf("%d missed, 2 expected", n)
		}
	})
}
