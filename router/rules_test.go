package router

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/stanza"
	"parley/store"
)

// offline stands for the archive: it keeps messages that nobody is there for.
func offline(h *Host) {
	h.On(Record, OfMessage, "offline", func(_ context.Context, p *Packet) error {
		t := p.MessageType()
		if p.Side == Sending || len(p.Targets) > 0 || t != "chat" && t != "normal" {
			return nil
		}
		p.Outcome.Stored = true
		text := string(p.Stanza.Append(nil, &p.Edits, stanza.Out{XMLNS: true}))
		p.Write(func(tx *store.Tx) error {
			body, err := tx.AddBody(text, p.From.String(), time.Now())
			if err == nil {
				_, err = tx.AddMissed(p.Account.ID, body, 0)
			}
			return err
		})
		return nil
	})
}

// TestMessageRules is the table of RFC 6121 section 8.5.4 (Summary of Message
// Delivery Rules), row by row. S is silently ignored, E an error to the
// sender, O stored offline, D delivered to the resource, A to all resources
// with a priority that is not negative.
//
// Where section 8.5.3.2.1 leaves the choice between S and E for a full JID that
// does not match we return the error, but for headlines: a sender who writes
// to a stale address must know, and rooms find occupants who are gone by it.
// Where the table has M (most available) we deliver to all, see bareMessage.
func TestMessageRules(t *testing.T) {
	const bare, full, nomatch = "romeo@a.lit", "romeo@a.lit/orchard", "romeo@a.lit/gone"
	for _, c := range []struct {
		condition string
		romeo     string // resources and priorities; "-": no such account
		to        string
		want      string // normal, chat, groupchat, headline, error
	}{
		{"account does not exist", "-", bare, "E E E S S"},
		{"account does not exist", "-", full, "E E E S S"},

		{"no active resources", "", bare, "O O E S S"},
		{"no active resources", "", nomatch, "E O E S S"},
		{"connected, not available", "orchard:", bare, "O O E S S"},
		{"connected, not available", "orchard:", full, "D D D D D"},

		{"negative only", "orchard:-1 inn:-128", bare, "O O E S S"},
		{"negative only", "orchard:-1 inn:-128", full, "D D D D D"},
		{"negative only", "orchard:-1 inn:-128", nomatch, "E O E S S"},

		{"one non-negative", "orchard:0", bare, "A A E A S"},
		{"one non-negative", "orchard:0", full, "D D D D D"},
		{"one non-negative", "orchard:0", nomatch, "E A E S S"},
		{"one non-negative, one negative", "orchard:5 inn:-1", bare, "A A E A S"},

		{"several non-negative", "orchard:0 inn:10 cell:-1", bare, "A A E A S"},
		{"several non-negative", "orchard:0 inn:10 cell:-1", full, "D D D D D"},
		{"several non-negative", "orchard:0 inn:10 cell:-1", nomatch, "E A E S S"},
	} {
		t.Run(c.condition+" "+strings.ReplaceAll(c.to, "/", "|"), func(t *testing.T) {
			w := newWorld(t, store.Options{}, module(offline))
			juliet := w.login("juliet@a.lit/balcony", "0")
			romeo := w.resources("romeo@a.lit", c.romeo)
			for i, typ := range []string{"normal", "chat", "groupchat", "headline", "error"} {
				want := strings.Fields(c.want)[i]
				if got := juliet.outcome(romeo, c.to, typ); got != want {
					t.Errorf("%s: got %s, want %s", typ, got, want)
				}
			}
		})
	}
}

// resources logs "resource:priority" in, for each in the list; "-" leaves the
// account unmade.
func (w *world) resources(bare, list string) map[string]*client {
	clients := map[string]*client{}
	if list == "-" {
		return clients
	}
	w.account(bare)
	for _, s := range strings.Fields(list) {
		resource, prio, _ := strings.Cut(s, ":")
		clients[s] = w.login(bare+"/"+resource, prio)
	}
	return clients
}

// outcome sends a message and says in the table's letters what became of it.
func (c *client) outcome(romeo map[string]*client, to, typ string) string {
	t, w := c.w.t, c.w
	t.Helper()
	before := w.missed("romeo@a.lit")
	c.send("<message id='m' to='" + to + "' type='" + typ + "'><body>x</body></message>")
	c.flush()
	want := "<message id='m' to='" + to + "' type='" + typ +
		"' from='juliet@a.lit/balcony'><body>x</body></message>"
	var got, able []string
	for spec, r := range romeo {
		if text := r.take(); text == want {
			got = append(got, spec)
		} else if text != "" {
			t.Errorf("%s: delivered %s", spec, text)
		}
		if !strings.Contains(spec, ":-") {
			able = append(able, spec)
		}
	}
	slices.Sort(got)
	slices.Sort(able)
	bounced := strings.Contains(c.take(), "<service-unavailable ")
	stored := w.missed("romeo@a.lit") > before
	switch one := len(got) == 1 && strings.HasPrefix(got[0], "orchard:"); {
	case bounced && !stored && len(got) == 0:
		return "E"
	case bounced || stored && len(got) > 0:
		t.Errorf("%s: bounced %v, stored %v, delivered to %v", typ, bounced, stored, got)
	case stored:
		return "O"
	case len(got) == 0:
		return "S"
	case one && strings.Contains(to, "/orchard"):
		return "D"
	case slices.Equal(got, able):
		return "A"
	}
	return strings.Join(got, " ")
}

// missed is the number of messages kept for an account, -1 if there is none.
func (w *world) missed(bare string) int {
	ctx := context.Background()
	a, err := w.db.Account(ctx, bare)
	if err != nil {
		return -1
	}
	n, err := w.db.MissedCount(ctx, a.ID)
	if err != nil {
		w.t.Error(err)
	}
	return n
}

// TestNothingKept: without offline storage the sender is told (RFC 6121
// section 8.5.2.2.1, Message).
func TestNothingKept(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.resources("romeo@a.lit", "orchard:-1")
	for typ, want := range map[string]string{"normal": "E", "chat": "E", "headline": "S"} {
		if got := juliet.outcome(romeo, "romeo@a.lit", typ); got != want {
			t.Errorf("%s: got %s, want %s", typ, got, want)
		}
	}
}

// TestPresenceRules holds RFC 6121 sections 8.5.1, 8.5.2.1.2, 8.5.2.2.2,
// 8.5.3.1 and 8.5.3.2.2 for presence: to whom each type goes. Nobody is ever
// answered.
func TestPresenceRules(t *testing.T) {
	const all = "orchard:0 inn:-1" // available; "cell:" is only connected
	types := []string{"", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed",
		"probe", "error"}
	for _, c := range []struct {
		origin, to string
		want       [8]string
	}{
		{"local", "nobody@a.lit", [8]string{}},
		{"local", "nobody@a.lit/x", [8]string{}},
		{"local", "a.lit", [8]string{}},
		{"local", "romeo@a.lit", [8]string{all, all, all, "cell:", "cell:", "cell:", "", ""}},
		// a subscription is the account's, whatever resource is written to
		{"local", "romeo@a.lit/gone", [8]string{"", "", all, "cell:", "cell:", "cell:", "", ""}},
		{"local", "romeo@a.lit/cell",
			[8]string{"cell:", "cell:", all, "cell:", "cell:", "cell:", "", "cell:"}},
		{"remote", "romeo@a.lit", [8]string{all, all, all, "cell:", "cell:", "cell:", "", ""}},
		{"remote", "romeo@a.lit/gone", [8]string{"", "", all, "", "", "", "", ""}},
		{"remote", "romeo@a.lit/cell",
			[8]string{"cell:", "cell:", all, "cell:", "cell:", "cell:", "", "cell:"}},
	} {
		t.Run(c.origin+" "+strings.ReplaceAll(c.to, "/", "|"), func(t *testing.T) {
			w := newWorld(t, store.Options{})
			juliet := w.login("juliet@a.lit/balcony", "0")
			romeo := w.resources("romeo@a.lit", "orchard:0 inn:-1 cell:")
			romeo["cell:"].s.Interested.Store(true)
			for i, typ := range types {
				xml := "<presence to='" + c.to + "' type='" + typ + "'/>"
				if typ == "" {
					xml = "<presence to='" + c.to + "'/>"
				}
				if c.origin == "local" {
					juliet.send(xml)
				} else {
					w.remote(Remote, xml, "juliet@b.lit/balcony")
				}
				var got []string
				for _, spec := range []string{"orchard:0", "inn:-1", "cell:"} {
					if romeo[spec].take() != "" {
						got = append(got, spec)
					}
				}
				if s := strings.Join(got, " "); s != c.want[i] {
					t.Errorf("type %q: to %q, want %q", typ, s, c.want[i])
				}
				juliet.gets("")
				if out := w.out.take(); out != "" {
					t.Errorf("type %q: answered %s", typ, out)
				}
			}
		})
	}
}

// remote puts a stanza in from another server or a component.
func (w *world) remote(o Origin, xml, from string) {
	w.t.Helper()
	st, err := stanza.Parse(strings.Replace(xml, " ", " from='"+from+"' ", 1))
	if err != nil {
		w.t.Fatal(err)
	}
	l := w.r.NewLine(o)
	if err := l.Put(context.Background(), st); err != nil {
		w.t.Fatal(err)
	}
	if err := l.Flush(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}
