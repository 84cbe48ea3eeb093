package archive_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/archive"
	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// archived is how many messages are in an account's archive.
func archived(w *imtest.World, bare string) int {
	w.T.Helper()
	page, err := w.Store.ArchivePage(w.T.Context(), w.Account(bare).ID, store.ArchiveQuery{Max: 1000})
	if err != nil {
		w.T.Fatal(err)
	}
	return len(page.Messages)
}

// TestArchivedEvents holds the table of message events (doc/architecture.md) with
// archives on: what is in which archive, and what stays owed.
func TestArchivedEvents(t *testing.T) {
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
		kept    int    // in both archives
		missed  int    // when the client has taken what it gets
	}{
		{"nobody there", "-", bare + body, 1, 1},
		{"unknown type", "-", " type='what'" + bare + body, 1, 1},
		{"chat, resource gone", "-", " type='chat'" + full + body, 1, 1},
		{"subject", "-", bare + "<subject>hi</subject>", 1, 1},
		{"taken", "<presence/>", " type='chat'" + bare + body, 1, 0},
		{"taken at full JID", "<presence/>", full + body, 1, 0},
		{"not available, addressed itself", "", full + body, 1, 0},
		{"not available", "", bare + body, 1, 1},
		{"negative", "<presence><priority>-1</priority></presence>", bare + body, 1, 1},
		{"negative, got it", "<presence><priority>-1</priority></presence>", full + body, 1, 1},
		{"no-permanent-store", "-", bare + body + "<no-permanent-store" + hints, 0, 1},
		{"no-permanent-store, taken", "<presence/>", bare + body + "<no-permanent-store" + hints, 0, 0},
		{"no-permanent-store and store", "-", bare + body + "<no-permanent-store" + hints + "<store" + hints, 0, 1},
		{"no-store", "-", bare + body + "<no-store" + hints, 0, 0},
		{"store", "-", " type='chat'" + bare + "<store" + hints, 1, 1},
		{"store, taken", "<presence/>", " type='chat'" + bare + "<store" + hints, 1, 0},
		{"unknown content", "-", bare + "<x xmlns='urn:example'/>", 0, 1},
		{"receipt asked for", "-", bare + "<request xmlns='urn:xmpp:receipts'/>", 0, 1},
		{"receipt", "<presence/>", bare + "<received xmlns='urn:xmpp:receipts' id='1'/>", 1, 0},
		{"marker", "-", bare + "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", 1, 1},
		{"markable", "-", bare + "<markable xmlns='urn:xmpp:chat-markers:0'/>", 0, 1},
		{"call", "-", bare + "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", 1, 1},
		{"encrypted", "-", bare + "<encrypted xmlns='urn:xmpp:omemo:2'/>", 1, 1},
		{"key transport", "-", bare + "<keys xmlns='urn:xmpp:omemo:2'/>", 0, 1},
		{"reaction", "-", bare + "<reactions xmlns='urn:xmpp:reactions:0' id='1'/>", 1, 1},
		{"invitation", "-", bare + "<x xmlns='jabber:x:conference' jid='a@b'/>", 1, 1},
		{"chat state", "-", " type='chat'" + bare + "<active xmlns='http://jabber.org/protocol/chatstates'/>", 0, 0},
		{"page of an archive", "-", bare + "<result xmlns='urn:xmpp:mam:2' id='1'/>", 0, 0},
		{"forged carbon", "-", bare + "<received xmlns='urn:xmpp:carbons:2'/>", 0, 0},
		{"headline", "<presence/>", " type='headline'" + bare + body, 0, 0},
		{"headline to keep", "-", " type='headline'" + bare + body + "<store" + hints, 0, 0}, // dropped
		{"groupchat", "-", " type='groupchat'" + bare + body, 0, 0},
		{"error", "<presence/>", " type='error'" + full + body + "<store" + hints, 0, 0},
	}
	runOnce(t, "", func(w *imtest.World, _ *archive.Archive) {
		for i, test := range tests {
			juliet, romeo := fmt.Sprintf("j%d@a.lit", i), fmt.Sprintf("r%d@a.lit", i)
			w.Account(juliet)
			var c *stream
			if test.present != "-" {
				c = bind(w, juliet+"/balcony")
			}
			if len(test.present) > 1 {
				c.send(test.present)
			}
			bind(w, romeo+"/orchard").send("<message id='m'" +
				strings.ReplaceAll(test.message, "juliet@a.lit", juliet) + "</message>")
			if c != nil {
				c.text()
			}
			if n := archived(w, juliet); n != test.kept {
				t.Errorf("%s: %d in the receiver's archive, want %d", test.name, n, test.kept)
			}
			if n := archived(w, romeo); n != test.kept {
				t.Errorf("%s: %d in the sender's archive, want %d", test.name, n, test.kept)
			}
			if n := missed(w, juliet); n != test.missed {
				t.Errorf("%s: %d missed, want %d", test.name, n, test.missed)
			}
			if n := missed(w, romeo); n != 0 {
				t.Errorf("%s: the sender missed %d", test.name, n)
			}
		}
	})
}

const wholeArchive = "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>"

// A page is taken when its end is: until then others get the messages, and so
// does the same client when it comes again (XEP-0313 section 6.1.1, User
// Archives).
func TestPageIsTakenWithItsEnd(t *testing.T) {
	runOnce(t, "", func(w *imtest.World, _ *archive.Archive) {
		romeo := bind(w, "romeo@a.lit/x")
		chat(romeo, "juliet@a.lit", "1", "2")
		balcony := bind(w, "juliet@a.lit/balcony")
		balcony.send(wholeArchive, "<presence/>")
		if n := missed(w, "juliet@a.lit"); n != 2 {
			t.Errorf("%d missed before the page was written", n)
		}
		balcony.dies()
		if n := missed(w, "juliet@a.lit"); n != 2 || archived(w, "juliet@a.lit") != 2 {
			t.Errorf("%d missed after nobody got them", n)
		}
		garden := bind(w, "juliet@a.lit/garden")
		garden.send(wholeArchive)
		attic := bind(w, "juliet@a.lit/attic")
		attic.send("<presence/>")
		attic.gets("1 2")
		garden.gets("1 2 result")
		garden.send("<presence/>")
		garden.gets("")
		if n := missed(w, "juliet@a.lit"); n != 0 {
			t.Errorf("%d missed", n)
		}
	})
}

// What a session had in its queue when it died goes to the others at once, and
// stays owed where there are none.
func TestLostLive(t *testing.T) {
	runOnce(t, "", func(w *imtest.World, _ *archive.Archive) {
		romeo := bind(w, "romeo@a.lit/x")
		balcony, garden := bind(w, "juliet@a.lit/balcony"), bind(w, "juliet@a.lit/garden")
		balcony.send("<presence/>")
		garden.send("<presence/>")
		chat(romeo, "juliet@a.lit/balcony", "1", "2")
		garden.gets("")
		balcony.dies()
		garden.gets("1 2")
		if n := missed(w, "juliet@a.lit"); n != 0 {
			t.Errorf("%d missed", n)
		}
		chat(romeo, "juliet@a.lit", "3")
		garden.dies()
		if n := missed(w, "juliet@a.lit"); n != 1 {
			t.Errorf("%d missed, want 1", n)
		}
		if n := archived(w, "juliet@a.lit"); n != 3 {
			t.Errorf("%d archived, want 3", n)
		}
	})
}

// copier gives the session "garden" a copy of what others get.
type copier struct{}

func (copier) Register(h *router.Host) {
	h.On(router.Copy, router.OfMessage, "copies", func(_ context.Context, p *router.Packet) error {
		if s := p.Account.Session("garden"); s != nil && p.Side == router.Receiving {
			s.Copy(p, stanza.MustParse("<message><body>copy</body></message>"), new(stanza.Edits))
		}
		return nil
	})
}

// A copy counts as taken (XEP-0280 section 7, Receiving Messages); where it is
// lost, and the client that was addressed does not count, the message stays owed.
func TestCopiesCount(t *testing.T) {
	imtest.Run(t, "", func(*router.Router) []router.Module {
		return []router.Module{archive.New(contacts{}), presences{}, copier{}}
	}, func(w *imtest.World) {
		romeo := bind(w, "romeo@a.lit/x")
		balcony, garden := bind(w, "juliet@a.lit/balcony"), bind(w, "juliet@a.lit/garden")
		balcony.send("<presence><priority>-1</priority></presence>")
		garden.send("<presence/>")
		chat(romeo, "juliet@a.lit/balcony", "1")
		balcony.gets("1")
		if n := missed(w, "juliet@a.lit"); n != 1 {
			t.Errorf("%d missed before the copy was taken", n)
		}
		garden.gets("copy")
		if n := missed(w, "juliet@a.lit"); n != 0 {
			t.Errorf("%d missed after the copy was taken", n)
		}
		chat(romeo, "juliet@a.lit/balcony", "2")
		garden.dies()
		if n := missed(w, "juliet@a.lit"); n != 1 {
			t.Errorf("%d missed after the copy was lost", n)
		}
		attic := bind(w, "juliet@a.lit/attic")
		attic.send("<presence/>")
		attic.gets("2")
	})
}

// A page is no larger than a part of the queue, and says that it is not all.
func TestPageFitsTheQueue(t *testing.T) {
	runOnce(t, "[limits]\nqueue = '64 KiB'", func(w *imtest.World, _ *archive.Archive) {
		romeo := bind(w, "romeo@a.lit/x")
		for range 6 {
			chat(romeo, "juliet@a.lit", strings.Repeat("x", 6000))
		}
		balcony := bind(w, "juliet@a.lit/balcony")
		balcony.send(wholeArchive)
		text := balcony.text()
		if n := strings.Count(text, "<result"); n != 3 || strings.Contains(text, "complete=") {
			t.Errorf("%d messages: %.100s", n, text[strings.Index(text, "<fin"):])
		}
	})
}

// Old messages leave the archive; those that are owed stay (XEP-0313 section
// 3.2, Message retention and deletion).
func TestTrim(t *testing.T) {
	runOnce(t, "[messages]\narchive_days = 2", func(w *imtest.World, _ *archive.Archive) {
		romeo, juliet := bind(w, "romeo@a.lit/x"), bind(w, "juliet@a.lit/balcony")
		juliet.send("<presence/>")
		w.Account("nurse@a.lit")
		for i := range 3 {
			chat(romeo, "juliet@a.lit", strconv.Itoa(i))
			chat(romeo, "nurse@a.lit", strconv.Itoa(i))
			juliet.gets(strconv.Itoa(i))
			time.Sleep(24*time.Hour - time.Minute)
		}
		synctest.Wait()
		for bare, want := range map[string]int{"juliet@a.lit": 2, "romeo@a.lit": 4} {
			if n := archived(w, bare); n != want {
				t.Errorf("%s has %d archived, want %d", bare, n, want)
			}
		}
	})
}

// A failure of the store is the sender's to know, and nobody gets the message.
func TestRosterFails(t *testing.T) {
	imtest.Run(t, "", func(*router.Router) []router.Module {
		return []router.Module{archive.New(broken{}), presences{}}
	}, func(w *imtest.World) {
		w.Login("juliet", "juliet@a.lit/balcony")
		w.Login("romeo", "romeo@a.lit/orchard")
		w.Talk(`
			juliet -> <presence/>
			juliet -> <iq type='set' id='1'><prefs xmlns='urn:xmpp:mam:2' default='roster'/></iq>
			juliet <- <iq type='result' id='1' from='juliet@a.lit' to='juliet@a.lit/balcony'><prefs
				xmlns='urn:xmpp:mam:2' default='roster'><always/><never/></prefs></iq>
			romeo -> <message to='juliet@a.lit' id='2'><body>hi</body></message>
			romeo <- <message type='error' id='2' from='juliet@a.lit' to='romeo@a.lit/orchard'>
				<error type='cancel'><internal-server-error
				xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
			juliet -> <message id='3'><body>note</body></message>
			juliet <- <message id='3' from='juliet@a.lit/balcony' to='juliet@a.lit'><body>note</body></message>
		`)
	})
}

// broken is a roster that cannot be read.
type broken struct{}

func (broken) Listed(context.Context, *router.Account, stanza.JID) (bool, error) {
	return false, fmt.Errorf("read roster: %w", store.ErrClosed)
}
