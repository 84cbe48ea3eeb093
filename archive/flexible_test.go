package archive_test

import (
	"context"
	"strings"
	"testing"

	"parley/archive"
	"parley/internal/imtest"
	"parley/router"
)

// disco stands in for the service discovery module.
type disco struct{ m *archive.Archive }

func (d *disco) Register(h *router.Host) {
	for ns, fn := range map[string]func(context.Context, *router.Packet) (string, error){
		"http://jabber.org/protocol/disco#info":  d.m.DiscoInfo,
		"http://jabber.org/protocol/disco#items": d.m.DiscoItems,
	} {
		h.HandleIQ("get", ns, "query", router.ToAccount, func(ctx context.Context, p *router.Packet) error {
			query, err := fn(ctx, p)
			if err == nil {
				p.Result(query)
			}
			return err
		})
	}
}

// runFlexible is run with three messages waiting for juliet@a.lit, who is
// logged in as "juliet".
func runFlexible(t *testing.T, test func(w *imtest.World)) {
	t.Helper()
	m := archive.New(contacts{})
	imtest.Run(t, without(""), func(*router.Router) []router.Module {
		return []router.Module{m, presences{}, &disco{m}}
	}, func(w *imtest.World) {
		w.Account("juliet@a.lit")
		w.Login("romeo", "romeo@a.lit/orchard")
		w.Talk(`
			romeo -> <message to='juliet@a.lit'><body>1</body></message>
			away -> <message from='nurse@b.lit/n' to='juliet@a.lit'><body>2</body></message>
			romeo -> <message to='juliet@a.lit'><body>3</body></message>
		`)
		w.Login("juliet", "juliet@a.lit/balcony")
		test(w)
	})
}

// talk is World.Talk with short forms: N1 to N9 are nodes, OFF and DELAY what
// comes with a message.
func talk(w *imtest.World, script string) {
	w.T.Helper()
	const node = "000000000000000000"
	r := strings.NewReplacer("DELAY", delay, "NS", "http://jabber.org/protocol/offline",
		"N1", node+"1", "N2", node+"2", "N3", node+"3", "N9", node+"9",
		"RESULT", "<iq from='juliet@a.lit' to='juliet@a.lit/balcony' type='result' id=",
		"ERROR", "<iq from='juliet@a.lit' to='juliet@a.lit/balcony' type='error' id=",
		"NOTFOUND", "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
		"BAD", "<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")
	w.Talk(r.Replace(script))
}

// XEP-0013 sections 2.2, Requesting Number of Messages, and 2.3, Requesting
// Message Headers.
func TestHeaders(t *testing.T) {
	runFlexible(t, func(w *imtest.World) {
		talk(w, `
			juliet -> <iq type='get' id='a'><query xmlns='http://jabber.org/protocol/disco#info' node='NS'/></iq>
			juliet <- RESULT'a'><query xmlns='http://jabber.org/protocol/disco#info' node='NS'>
				<identity category='automation' type='message-list'/><feature var='NS'/>
				<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>
				<value>NS</value></field><field var='number_of_messages'><value>3</value></field>
				</x></query></iq>
			juliet -> <iq type='get' id='b' to='juliet@a.lit'>
				<query xmlns='http://jabber.org/protocol/disco#items' node='NS'/></iq>
			juliet <- RESULT'b'><query xmlns='http://jabber.org/protocol/disco#items' node='NS'>
				<item jid='juliet@a.lit' node='N1' name='romeo@a.lit/orchard'/>
				<item jid='juliet@a.lit' node='N2' name='nurse@b.lit/n'/>
				<item jid='juliet@a.lit' node='N3' name='romeo@a.lit/orchard'/></query></iq>

			# no flood, but what is new
			juliet -> <presence/>
			romeo -> <message to='juliet@a.lit'><body>new</body></message>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit'><body>new</body></message>
		`)
		// nor for a second session while the first is there
		w.Login("garden", "juliet@a.lit/garden")
		talk(w, `garden -> <presence/>`)
		w.Logout("garden")
		w.Logout("juliet")
		w.Login("juliet", "juliet@a.lit/balcony")
		talk(w, `
			juliet -> <presence/>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit'><body>1</body>DELAY</message>
			juliet <- <message from='nurse@b.lit/n' to='juliet@a.lit'><body>2</body>DELAY</message>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit'><body>3</body>DELAY</message>
		`)
	})
}

// XEP-0013 sections 2.4, Retrieving Specific Messages, 2.5, Removing Specific
// Messages, 2.6, Retrieving All Messages, and 2.7, Removing All Messages.
func TestViewAndRemove(t *testing.T) {
	runFlexible(t, func(w *imtest.World) {
		talk(w, `
			juliet -> <iq type='get' id='a'><offline xmlns='NS'><item action='view' node='N3'/>
				<item action='view' node='N2'/></offline></iq>
			juliet <- <message from='nurse@b.lit/n' to='juliet@a.lit'>
				<body>2</body>DELAY<offline xmlns='NS'><item node='N2'/></offline></message>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit'>
				<body>3</body>DELAY<offline xmlns='NS'><item node='N3'/></offline></message>
			juliet <- RESULT'a'/>
			juliet -> <iq type='set' id='b'><offline xmlns='NS'><item action='remove' node='N2'/></offline></iq>
			juliet <- RESULT'b'/>
			juliet -> <iq type='get' id='c'><offline xmlns='NS'><fetch/></offline></iq>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit'>
				<body>1</body>DELAY<offline xmlns='NS'><item node='N1'/></offline></message>
			juliet <- <message from='romeo@a.lit/orchard' to='juliet@a.lit'>
				<body>3</body>DELAY<offline xmlns='NS'><item node='N3'/></offline></message>
			juliet <- RESULT'c'/>
			juliet -> <presence/>

			# one that is not there: none of them goes
			juliet -> <iq type='set' id='d'><offline xmlns='NS'><item action='remove' node='N1'/>
				<item action='remove' node='N9'/></offline></iq>
			juliet <- ERROR'd'>NOTFOUND</iq>
			juliet -> <iq type='get' id='e'><offline xmlns='NS'><item action='view' node='N1'/>
				<item action='view' node='N2'/></offline></iq>
			juliet <- ERROR'e'>NOTFOUND</iq>
			juliet -> <iq type='get' id='f'><offline xmlns='NS'><item action='view' node='1'/></offline></iq>
			juliet <- ERROR'f'>NOTFOUND</iq>
		`)
		if n := missed(w, "juliet@a.lit"); n != 2 {
			t.Errorf("%d missed", n)
		}
		talk(w, `
			juliet -> <iq type='set' id='g'><offline xmlns='NS'><purge/></offline></iq>
			juliet <- RESULT'g'/>
			juliet -> <iq type='get' id='h'><query xmlns='http://jabber.org/protocol/disco#items' node='NS'/></iq>
			juliet <- RESULT'h'><query xmlns='http://jabber.org/protocol/disco#items' node='NS'/></iq>
			juliet -> <iq type='get' id='i'><offline xmlns='NS'><fetch/></offline></iq>
			juliet <- RESULT'i'/>
			juliet -> <iq type='set' id='j'><offline xmlns='NS'><purge/></offline></iq>
			juliet <- RESULT'j'/>
		`)
		if n := missed(w, "juliet@a.lit"); n != 0 {
			t.Errorf("%d missed", n)
		}
		// what comes after a purge is not purged
		w.Logout("juliet")
		w.Talk(`romeo -> <message to='juliet@a.lit'><body>4</body></message>`)
		if n := missed(w, "juliet@a.lit"); n != 1 {
			t.Errorf("%d missed", n)
		}
	})
}

// Requests that make no sense.
func TestFlexibleErrors(t *testing.T) {
	runFlexible(t, func(w *imtest.World) {
		talk(w, `
			juliet -> <iq type='get' id='a'><offline xmlns='NS'/></iq>
			juliet <- ERROR'a'>BAD</iq>
			juliet -> <iq type='set' id='b'><offline xmlns='NS'><item action='view' node='N1'/></offline></iq>
			juliet <- ERROR'b'>BAD</iq>
			juliet -> <iq type='get' id='c'><offline xmlns='NS'><item action='remove' node='N1'/></offline></iq>
			juliet <- ERROR'c'>BAD</iq>
			juliet -> <iq type='get' id='d'><offline xmlns='NS'><purge/></offline></iq>
			juliet <- ERROR'd'>BAD</iq>
		`)
	})
}

// Nobody else may see the messages (XEP-0013 section 4, Security
// Considerations).
func TestFlexibleForbidden(t *testing.T) {
	runFlexible(t, func(w *imtest.World) {
		for _, payload := range []string{
			"get'><query xmlns='http://jabber.org/protocol/disco#info' node='NS'/>",
			"get'><query xmlns='http://jabber.org/protocol/disco#items' node='NS'/>",
			"get'><offline xmlns='NS'><fetch/></offline>",
			"get'><offline xmlns='NS'><item action='view' node='N1'/></offline>",
			"set'><offline xmlns='NS'><purge/></offline>",
			"set'><offline xmlns='NS'><item action='remove' node='N1'/></offline>",
		} {
			const no = "<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
			talk(w, `
				romeo -> <iq to='juliet@a.lit' id='x' type='`+payload+`</iq>
				romeo <- <iq from='juliet@a.lit' to='romeo@a.lit/orchard' id='x' type='error'>`+no+`
				away -> <iq from='iago@b.lit/y' to='juliet@a.lit' id='y' type='`+payload+`</iq>
				away <- <iq from='juliet@a.lit' to='iago@b.lit/y' id='y' type='error'>`+no+`
			`)
		}
		if n := missed(w, "juliet@a.lit"); n != 3 {
			t.Errorf("%d missed", n)
		}
	})
}

// A fetch of more than fits into a queue ends with its result.
func TestFetchMuch(t *testing.T) {
	run(t, "[limits]\nqueue = '64 KiB'", func(w *imtest.World, _ *archive.Archive) {
		romeo, juliet := bind(w, "romeo@a.lit/x"), bind(w, "juliet@a.lit/balcony")
		var want []string
		for i := range 30 {
			want = append(want, strings.Repeat(".", 5000+i))
			chat(romeo, "juliet@a.lit", want[i])
		}
		fetch := "<iq type='get' id='1'><offline xmlns='" + archive.NodeOffline + "'><fetch/></offline></iq>"
		juliet.send(fetch)
		if got := strings.TrimSpace(drain(juliet)); got != strings.Join(want, " ")+" result" {
			t.Errorf("got %d bytes, ending in %q", len(got), got[max(0, len(got)-20):])
		}
		if n := missed(w, "juliet@a.lit"); n != 30 || juliet.closed != nil {
			t.Errorf("%d missed, stream closed: %v", n, juliet.closed)
		}
		// one that dies in the middle leaves nothing behind
		juliet.send(fetch)
		juliet.dies()
		again := bind(w, "juliet@a.lit/balcony")
		again.send("<presence/>")
		if got := strings.TrimSpace(drain(again)); got != strings.Join(want, " ") {
			t.Errorf("got %d bytes", len(got))
		}
	})
}
