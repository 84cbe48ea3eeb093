package router

import (
	"context"
	"errors"
	"testing"

	"parley/stanza"
	"parley/store"
)

// echo owns some iq requests and answers with its name.
func echo(h *Host) {
	reply := func(text string) Handler {
		return func(_ context.Context, p *Packet) error {
			p.Result("<by xmlns='urn:x'>" + text + "</by>")
			return nil
		}
	}
	h.HandleIQ("get", "urn:all", "q", ToHost|ToAccount, reply("all"))
	h.HandleIQ("get", "urn:self", "q", ToSelf, reply("self"))
	h.HandleIQ("get", "urn:missing", "q", ToMissing, reply("missing"))
	h.HandleIQ("set", "urn:fail", "q", ToHost, func(context.Context, *Packet) error {
		return stanza.NotAllowed.WithText("no")
	})
	h.HandleIQ("set", "urn:broken", "q", ToHost, func(context.Context, *Packet) error {
		return errors.New("disk on fire")
	})
	h.HandleIQ("set", "urn:panic", "q", ToHost, func(context.Context, *Packet) error {
		panic("oh")
	})
	h.HandleIQ("set", "urn:silent", "q", ToHost, func(context.Context, *Packet) error {
		return Handled
	})
	h.HandleIQ("set", "urn:forgot", "q", ToHost, func(context.Context, *Packet) error {
		return nil
	})
}

const (
	unavailable = "<error type='cancel'><service-unavailable xmlns='" + stanza.NSStanzas + "'/></error>"
	badRequest  = "<error type='modify'><bad-request xmlns='" + stanza.NSStanzas + "'/></error>"
)

// TestIQ holds RFC 6120 sections 8.2.3 (IQ Semantics), 8.4 (Extended Content)
// and 10.3.3, and RFC 6121 sections 8.5.1 to 8.5.3 for iq: what juliet sends
// and what she gets.
func TestIQ(t *testing.T) {
	const me = " to='juliet@a.lit/balcony'"
	for _, c := range []struct{ what, send, want string }{
		{"to the host", "<iq type='get' id='1' to='a.lit'><q xmlns='urn:all'/></iq>",
			"<iq from='a.lit' id='1' type='result'" + me + "><by xmlns='urn:x'>all</by></iq>"},
		{"to an account", "<iq type='get' id='1' to='romeo@a.lit'><q xmlns='urn:all'/></iq>",
			"<iq from='romeo@a.lit' id='1' type='result'" + me + "><by xmlns='urn:x'>all</by></iq>"},
		{"without to", "<iq type='get' id='1'><q xmlns='urn:self'/></iq>",
			"<iq id='1' type='result'" + me + " from='juliet@a.lit'><by xmlns='urn:x'>self</by></iq>"},
		{"to oneself", "<iq type='get' id='1' to='juliet@a.lit'><q xmlns='urn:self'/></iq>",
			"<iq from='juliet@a.lit' id='1' type='result'" + me + "><by xmlns='urn:x'>self</by></iq>"},
		{"what is one's own, of somebody else",
			"<iq type='get' id='1' to='romeo@a.lit'><q xmlns='urn:self'/></iq>",
			"<iq from='romeo@a.lit' id='1' type='error'" + me + ">" + unavailable + "</iq>"},
		{"without to, nobody's", "<iq type='get' id='1'><q xmlns='urn:none'/></iq>",
			"<iq id='1' type='error'" + me + " from='juliet@a.lit'>" + unavailable + "</iq>"},
		{"unknown namespace", "<iq type='get' id='1' to='a.lit'><q xmlns='urn:none'/></iq>",
			"<iq from='a.lit' id='1' type='error'" + me + ">" + unavailable + "</iq>"},
		{"known namespace, other name", "<iq type='get' id='1' to='a.lit'><p xmlns='urn:all'/></iq>",
			"<iq from='a.lit' id='1' type='error'" + me + "><error type='cancel'>" +
				"<feature-not-implemented xmlns='" + stanza.NSStanzas + "'/></error></iq>"},
		{"no such user", "<iq type='get' id='1' to='nobody@a.lit'><q xmlns='urn:all'/></iq>",
			"<iq from='nobody@a.lit' id='1' type='error'" + me + ">" + unavailable + "</iq>"},
		{"no such user, with an owner", "<iq type='get' id='1' to='nobody@a.lit'><q xmlns='urn:missing'/></iq>",
			"<iq from='nobody@a.lit' id='1' type='result'" + me + "><by xmlns='urn:x'>missing</by></iq>"},
		{"no such user's resource", "<iq type='get' id='1' to='nobody@a.lit/x'><q xmlns='urn:missing'/></iq>",
			"<iq from='nobody@a.lit/x' id='1' type='error'" + me + ">" + unavailable + "</iq>"},
		{"no such resource", "<iq type='get' id='1' to='romeo@a.lit/x'><q xmlns='urn:all'/></iq>",
			"<iq from='romeo@a.lit/x' id='1' type='error'" + me + ">" + unavailable + "</iq>"},
		{"resource of the host", "<iq type='get' id='1' to='a.lit/x'><q xmlns='urn:all'/></iq>",
			"<iq from='a.lit/x' id='1' type='error'" + me + ">" + unavailable + "</iq>"},
		{"host without accounts", "<iq type='get' id='1' to='r@chat.a.lit'><q xmlns='urn:all'/></iq>",
			"<iq from='r@chat.a.lit' id='1' type='error'" + me + ">" + unavailable + "</iq>"},
		{"no id", "<iq type='get' to='a.lit'><q xmlns='urn:all'/></iq>",
			"<iq from='a.lit' type='error'" + me + ">" + badRequest + "</iq>"},
		{"no type", "<iq id='1' to='a.lit'><q xmlns='urn:all'/></iq>",
			"<iq from='a.lit' id='1' type='error'" + me + ">" + badRequest + "</iq>"},
		{"unknown type", "<iq id='1' to='a.lit' type='put'><q xmlns='urn:all'/></iq>",
			"<iq from='a.lit' id='1' type='error'" + me + ">" + badRequest + "</iq>"},
		{"no child", "<iq id='1' to='a.lit' type='get'/>",
			"<iq from='a.lit' id='1' type='error'" + me + ">" + badRequest + "</iq>"},
		{"two children", "<iq id='1' to='a.lit' type='get'><q xmlns='urn:all'/><q xmlns='urn:all'/></iq>",
			"<iq from='a.lit' id='1' type='error'" + me + ">" + badRequest + "</iq>"},
		{"also to a session", "<iq id='1' to='romeo@a.lit/orchard' type='get'/>",
			"<iq from='romeo@a.lit/orchard' id='1' type='error'" + me + ">" + badRequest + "</iq>"},
		{"malformed to", "<iq type='get' id='1' to='@a.lit'><q xmlns='urn:all'/></iq>",
			"<iq from='@a.lit' id='1' type='error'" + me + "><error type='modify'>" +
				"<jid-malformed xmlns='" + stanza.NSStanzas + "'/></error></iq>"},
		{"refused by its owner", "<iq type='set' id='1' to='a.lit'><q xmlns='urn:fail'/></iq>",
			"<iq from='a.lit' id='1' type='error'" + me + "><error type='cancel'>" +
				"<not-allowed xmlns='" + stanza.NSStanzas + "'/>" +
				"<text xmlns='" + stanza.NSStanzas + "' xml:lang='en'>no</text></error></iq>"},
		{"owner fails", "<iq type='set' id='1' to='a.lit'><q xmlns='urn:broken'/></iq>",
			"<iq from='a.lit' id='1' type='error'" + me + "><error type='cancel'>" +
				"<internal-server-error xmlns='" + stanza.NSStanzas + "'/></error></iq>"},
		{"owner panics", "<iq type='set' id='1' to='a.lit'><q xmlns='urn:panic'/></iq>",
			"<iq from='a.lit' id='1' type='error'" + me + "><error type='cancel'>" +
				"<internal-server-error xmlns='" + stanza.NSStanzas + "'/></error></iq>"},
		{"owner forgot to answer", "<iq type='set' id='1' to='a.lit'><q xmlns='urn:forgot'/></iq>",
			"<iq from='a.lit' id='1' type='error'" + me + "><error type='cancel'>" +
				"<feature-not-implemented xmlns='" + stanza.NSStanzas + "'/></error></iq>"},
		{"owner answers later", "<iq type='set' id='1' to='a.lit'><q xmlns='urn:silent'/></iq>", ""},
		{"result nobody asked for", "<iq type='result' id='1' to='a.lit'/>", ""},
		{"result without to", "<iq type='result' id='1'/>", ""},
		{"result without id", "<iq type='result' to='romeo@a.lit/orchard'/>", ""},
		{"error to nobody", "<iq type='error' id='1' to='nobody@a.lit'>" + unavailable + "</iq>", ""},
		{"error to no resource", "<iq type='error' id='1' to='romeo@a.lit/x'>" + unavailable + "</iq>", ""},
		{"error to a malformed address", "<message type='error' to='@a.lit'/>", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, store.Options{}, module(echo))
			juliet := w.login("juliet@a.lit/balcony", "0")
			romeo := w.login("romeo@a.lit/orchard", "0")
			juliet.send(c.send)
			juliet.gets(c.want)
			romeo.gets("")
		})
	}
}

// TestIQToSession: an iq to a full JID passes unseen (RFC 6121 section
// 8.5.3.1, Resource Matches), and so does its answer.
func TestIQToSession(t *testing.T) {
	w := newWorld(t, store.Options{}, module(echo))
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "")
	juliet.send("<iq type='get' id='1' to='romeo@a.lit/orchard'><q xmlns='urn:all'/></iq>")
	romeo.gets("<iq type='get' id='1' to='romeo@a.lit/orchard' from='juliet@a.lit/balcony'>" +
		"<q xmlns='urn:all'/></iq>")
	romeo.send("<iq type='result' id='1' to='juliet@a.lit/balcony'/>")
	juliet.gets("<iq type='result' id='1' to='juliet@a.lit/balcony' from='romeo@a.lit/orchard'/>")
}

// TestFrom holds RFC 6120 section 8.1.2.1, Client-to-Server Streams.
func TestFrom(t *testing.T) {
	for _, c := range []struct {
		from string
		ok   bool
	}{
		{"juliet@a.lit/balcony", true},
		{"juliet@a.lit", true},
		{"JULIET@A.lit", true},
		{"juliet@a.lit/other", false},
		{"romeo@a.lit", false},
		{"a.lit", false},
		{"@", false},
		{"", false},
	} {
		t.Run(c.from, func(t *testing.T) {
			w := newWorld(t, store.Options{})
			juliet := w.login("juliet@a.lit/balcony", "0")
			romeo := w.login("romeo@a.lit/orchard", "0")
			juliet.send("<message from='" + c.from + "' to='romeo@a.lit'/>")
			juliet.send("<message to='romeo@a.lit'/>")
			if !c.ok {
				romeo.gets("") // nor what came behind it
				if juliet.error() != stanza.StreamInvalidFrom {
					t.Errorf("stream error %v", juliet.error())
				}
				return
			}
			romeo.gets("<message from='juliet@a.lit/balcony' to='romeo@a.lit'/>" +
				"<message to='romeo@a.lit' from='juliet@a.lit/balcony'/>")
		})
	}
}

// TestUnsupported holds RFC 6120 section 4.9.3.24, unsupported-stanza-type.
func TestUnsupported(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	juliet.send("<pubsub/>")
	if juliet.error() != stanza.StreamUnsupportedStanzaType {
		t.Errorf("stream error %v", juliet.error())
	}
}

// TestNoTo holds RFC 6120 section 10.3, No 'to' Address.
func TestNoTo(t *testing.T) {
	var seen []string
	w := newWorld(t, store.Options{}, module(func(h *Host) {
		h.On(Deliver, OfPresence, "see", func(_ context.Context, p *Packet) error {
			if p.Kind == Nowhere && p.Side == Sending && p.To.IsZero() {
				seen = append(seen, string(p.Stanza.Append(nil, &p.Edits, stanza.Out{})))
			}
			return nil
		})
	}))
	juliet := w.login("juliet@a.lit/balcony", "0")
	other := w.login("juliet@a.lit/chamber", "1")
	juliet.send("<message><body>note</body></message>")
	want := "<message to='juliet@a.lit' from='juliet@a.lit/balcony'><body>note</body></message>"
	juliet.gets(want)
	other.gets(want)
	juliet.send("<presence><priority>1</priority></presence>")
	other.gets("")
	if len(seen) != 1 ||
		seen[0] != "<presence from='juliet@a.lit/balcony'><priority>1</priority></presence>" {
		t.Errorf("broadcast: %q", seen)
	}
	w.remote(Remote, "<message />", "romeo@b.lit")
	juliet.gets("")
}

// TestTypes: an unknown message type is normal (RFC 6121 section 5.2.2), an
// unknown presence type an error (section 4.7.1).
func TestTypes(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	juliet.send("<message type='shout' to='romeo@a.lit'/>")
	romeo.gets("<message type='shout' to='romeo@a.lit' from='juliet@a.lit/balcony'/>")
	juliet.send("<presence type='away' id='p' to='romeo@a.lit'/>")
	romeo.gets("")
	juliet.gets("<presence from='romeo@a.lit' id='p' type='error' to='juliet@a.lit/balcony'>" +
		badRequest + "</presence>")
}

// TestSubscriptionAddresses: presence that manages subscriptions is between
// bare JIDs (RFC 6121 section 3.1.2).
func TestSubscriptionAddresses(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	juliet.send("<presence type='subscribe' to='romeo@a.lit/orchard'/>")
	romeo.gets("<presence type='subscribe' to='romeo@a.lit' from='juliet@a.lit'/>")
	juliet.send("<presence type='subscribe' to='romeo@b.lit/x'/>")
	if got := w.out.take(); got != "<presence type='subscribe' to='romeo@b.lit' from='juliet@a.lit'/>" {
		t.Error(got)
	}
}

// TestRemote holds RFC 6120 section 10.4, Remote Domain.
func TestRemote(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	juliet.send("<message to='romeo@b.lit'/>")
	if got := w.out.take(); got != "<message to='romeo@b.lit' from='juliet@a.lit/balcony'/>" {
		t.Error(got)
	}
	w.out.fail = stanza.RemoteServerTimeout
	juliet.send("<iq type='get' id='1' to='b.lit'><q xmlns='urn:x'/></iq>")
	juliet.gets("<iq from='b.lit' id='1' type='error' to='juliet@a.lit/balcony'><error type='wait'>" +
		"<remote-server-timeout xmlns='" + stanza.NSStanzas + "'/></error></iq>")
	juliet.send("<iq type='result' id='1' to='b.lit'/>")
	juliet.gets("")
	w.out.fail = nil

	// what comes from elsewhere is answered there, and not passed on elsewhere
	w.remote(Remote, "<message id='1' to='nobody@a.lit'/>", "romeo@b.lit/x")
	if got := w.out.take(); got != "<message from='nobody@a.lit' to='romeo@b.lit/x' id='1' type='error'>"+
		unavailable+"</message>" {
		t.Error(got)
	}
	w.remote(Remote, "<message to='x@c.lit'/>", "romeo@b.lit/x")
	if got := w.out.take(); got != "" {
		t.Error("relayed", got)
	}
	w.remote(Component, "<message to='x@c.lit'/>", "y@chat.a.lit")
	if got := w.out.take(); got != "<message from='y@chat.a.lit' to='x@c.lit'/>" {
		t.Error(got)
	}

	w.r.out = nil
	juliet.send("<message to='romeo@b.lit'/>")
	juliet.gets("<message from='romeo@b.lit' type='error' to='juliet@a.lit/balcony'>" +
		"<error type='cancel'><remote-server-not-found xmlns='" + stanza.NSStanzas + "'/></error></message>")
}

// TestForward: a component's host takes everything.
func TestForward(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	var got []string
	w.r.Host("chat.a.lit").Forward = func(_ context.Context, p *Packet) error {
		got = append(got, string(p.Stanza.Append(nil, &p.Edits, stanza.Out{})))
		if p.Stanza.Kind == stanza.Message {
			return stanza.NotAcceptable
		}
		return nil
	}
	juliet.send("<presence to='r@chat.a.lit/nick'/>")
	juliet.send("<iq type='get' id='1' to='chat.a.lit'><q xmlns='urn:all'/></iq>")
	juliet.gets("")
	juliet.send("<message to='r@chat.a.lit'/>")
	juliet.gets("<message from='r@chat.a.lit' type='error' to='juliet@a.lit/balcony'>" +
		"<error type='modify'><not-acceptable xmlns='" + stanza.NSStanzas + "'/></error></message>")
	if len(got) != 3 || got[0] != "<presence to='r@chat.a.lit/nick' from='juliet@a.lit/balcony'/>" {
		t.Errorf("%q", got)
	}
	w.r.RemoveHost("chat.a.lit")
	juliet.send("<presence to='r@chat.a.lit/nick'/>")
	if w.out.take() == "" || len(got) != 3 {
		t.Error("a removed host is not ours any more")
	}
}
