package archive_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"parley/archive"
	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
)

// TestEvents holds the table of message events (doc/architecture.md) with the
// archive off: which messages become missed, and for whom.
func TestEvents(t *testing.T) {
	const (
		body  = "<body>hi</body>"
		hints = " xmlns='urn:xmpp:hints'/>"
		full  = " to='juliet@a.lit/balcony'>"
		bare  = " to='juliet@a.lit'>"
	)
	tests := []struct {
		name    string
		present string // juliet's presence at the balcony, "" for none, "-" for no session
		message string // behind "<message"
		got     bool   // at the balcony, at once
		missed  int
	}{
		// normal and chat, nobody there
		{"normal", "-", bare + body, false, 1},
		{"explicitly normal", "-", " type='normal'" + bare + body, false, 1},
		{"unknown type", "-", " type='what'" + bare + body, false, 1},
		{"chat", "-", " type='chat'" + bare + body, false, 1},
		{"chat, resource gone", "-", " type='chat'" + full + body, false, 1},
		{"normal, resource gone", "-", full + body, false, 0}, // an error
		{"other payload", "-", " type='chat'" + bare + "<received xmlns='urn:xmpp:receipts' id='1'/>", false, 1},
		{"subject", "-", bare + "<subject>hi</subject>", false, 1},
		// a session with a priority that is not negative
		{"taken", "<presence/>", " type='chat'" + bare + body, true, 0},
		{"taken at full JID", "<presence/>", full + body, true, 0},
		{"not available, addressed itself", "", full + body, true, 0},
		{"not available", "", bare + body, false, 1},
		// sessions with negative priority only
		{"negative", "<presence><priority>-1</priority></presence>", bare + body, false, 1},
		{"negative, got it", "<presence><priority>-1</priority></presence>", full + body, true, 1},
		// hints
		{"no-permanent-store", "-", bare + body + "<no-permanent-store" + hints, false, 1},
		{"no-store", "-", bare + body + "<no-store" + hints, false, 0},
		{"no-store got", "<presence/>", bare + body + "<no-store" + hints, true, 0},
		{"store", "-", " type='chat'" + bare + "<store" + hints, false, 1},
		{"store headline", "-", " type='headline'" + bare + body + "<store" + hints, false, 0}, // dropped
		{"no-store and store", "-", bare + body + "<store" + hints + "<no-store" + hints, false, 0},
		{"no-copy", "-", bare + body + "<no-copy" + hints, false, 1},
		// chat states only
		{"chat state", "-", " type='chat'" + bare +
			"<active xmlns='http://jabber.org/protocol/chatstates'/>", false, 0},
		{"chat state in a thread", "-", " type='chat'" + bare +
			"<gone xmlns='http://jabber.org/protocol/chatstates'/><thread>t</thread>", false, 0},
		{"chat state with body", "-", " type='chat'" + bare + body +
			"<active xmlns='http://jabber.org/protocol/chatstates'/>", false, 1},
		{"nothing", "-", " type='chat'" + bare, false, 0},
		// types that are of their time
		{"headline", "-", " type='headline'" + bare + body, false, 0},
		{"headline, negative", "<presence><priority>-1</priority></presence>",
			" type='headline'" + full + body, true, 0},
		{"groupchat", "-", " type='groupchat'" + bare + body, false, 0},
		{"groupchat to a session", "<presence><priority>-1</priority></presence>",
			" type='groupchat'" + full + body, true, 0},
		{"error", "-", " type='error'" + bare + body, false, 0},
		{"error to a session", "<presence><priority>-1</priority></presence>", " type='error'" + full +
			body + "<store" + hints, true, 0},
	}
	runOnce(t, without(""), func(w *imtest.World, _ *archive.Archive) {
		for i, test := range tests {
			account := "j" + strconv.Itoa(i) + "@a.lit"
			w.Account(account)
			var c *stream
			if test.present != "-" {
				c = bind(w, account+"/balcony")
			}
			if len(test.present) > 1 {
				c.send(test.present)
			}
			message := strings.ReplaceAll(test.message, "juliet@a.lit", account)
			st := stanza.MustParse("<message from='nurse@b.lit/n'" + message + "</message>")
			if err := w.Router.NewLine(router.Remote).Put(w.T.Context(), st); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if n := missed(w, account); n != test.missed {
				t.Errorf("%s: %d missed, want %d", test.name, n, test.missed)
			}
			if c == nil {
				continue
			}
			if text := c.text(); (text != "") != test.got {
				t.Errorf("%s: got %q, want something: %v", test.name, text, test.got)
			}
		}
	})
}
