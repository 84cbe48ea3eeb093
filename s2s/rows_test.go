package s2s

import (
	"fmt"
	"strings"
	"testing"

	"parley/router"
	"parley/stanza"
)

// A row is there before the packet goes out and until the peer has confirmed it.
func TestRowUntilConfirmed(t *testing.T) {
	h := openHome(t, t.TempDir(), "")
	romeo := h.login("romeo@a.lit/x")
	romeo.chat("1", "2", "3")
	check(t, "rows", h.left("romeo@a.lit"), "1 2 3")
	sent := h.far.taken()
	h.rows.Written(sent)
	h.rows.Confirmed(sent[:2])
	h.rows.Confirmed(sent[:2]) // who says it twice changes nothing
	check(t, "rows", h.left("romeo@a.lit"), "3")
	if n := h.rows.Len(); n != 1 {
		t.Errorf("%d rows in memory", n)
	}
	check(t, "errors", romeo.got(), "")
}

// What the peer confirms at once never becomes a row, and nobody waits for it.
func TestConfirmedAtOnce(t *testing.T) {
	h := openHome(t, t.TempDir(), "")
	romeo := h.login("romeo@a.lit/x")
	for range 10 {
		romeo.s.Handle(t.Context(), stanza.MustParse("<message to='juliet@b.lit'><body>1</body></message>"))
		h.rows.Confirmed(h.far.taken())
	}
	romeo.send("<iq type='get' id='1' to='a.lit'><q xmlns='urn:x'/></iq>")
	h.rows.mu.Lock()
	defer h.rows.mu.Unlock()
	if n := len(h.rows.pending) + len(h.rows.gone) + len(h.rows.rows); n > 0 {
		t.Errorf("%d rows are to be written or removed", n)
	}
}

// What a client is answered behind a message comes when the row is on the disk
// (the promise: what was acknowledged is not lost).
func TestAnsweredBehindRow(t *testing.T) {
	h := openHome(t, t.TempDir(), "")
	romeo := h.login("romeo@a.lit/x")
	romeo.s.Handle(t.Context(), stanza.MustParse("<message to='juliet@b.lit' id='1'><body>1</body></message>"))
	romeo.s.Handle(t.Context(), stanza.MustParse("<iq type='get' id='2' to='a.lit'><q xmlns='urn:x'/></iq>"))
	if len(h.far.taken()) != 1 {
		t.Error("the message waits")
	}
	<-romeo.woken
	h = h.killed("")
	check(t, "rows", h.left("romeo@a.lit"), "1")
}

// What has a row, and what has none.
func TestKept(t *testing.T) {
	h := openHome(t, t.TempDir(), "s2s.deny = ['c.lit']")
	romeo := h.login("romeo@a.lit/x")
	for _, xml := range []string{
		`<message id='normal' to='juliet@b.lit'><body>a</body></message>`,
		`<message id='error' to='juliet@b.lit' type='error'/>`,
		// XEP-0334 section 4.2, No store
		`<message id='no-store' to='juliet@b.lit'><body>a</body><no-store xmlns='urn:xmpp:hints'/></message>`,
		`<iq type='set' id='set' to='b.lit'><query xmlns='urn:x'/></iq>`,
		`<iq type='get' id='get' to='b.lit'><query xmlns='urn:x'/></iq>`,
		`<iq type='result' id='result' to='b.lit'/>`,
		`<presence id='presence' to='juliet@b.lit'/>`,
		`<message id='denied' to='juliet@c.lit'><body>a</body></message>`,
		`<message id='local' to='romeo@a.lit/x'><body>a</body></message>`,
	} {
		romeo.send(xml)
	}
	check(t, "rows", h.left("romeo@a.lit"), "normal set")
	check(t, "sent", strings.Join(h.far.bodies(), " "),
		"normal error no-store set get result presence denied")
}

// Who is there is told at once by the bounce, so that the row goes.
func TestReturnedToSession(t *testing.T) {
	h := openHome(t, t.TempDir(), "")
	romeo := h.login("romeo@a.lit/x")
	romeo.chat("1", "2")
	h.rows.Returned(h.far.taken())
	check(t, "rows", h.left("romeo@a.lit"), "")
	romeo.available()
	check(t, "errors", romeo.got(), "")
}

// Whose session is gone is told by the next one, once.
func TestReturnedLater(t *testing.T) {
	h := openHome(t, t.TempDir(), "")
	romeo := h.login("romeo@a.lit/x")
	romeo.chat("1", "2", "3")
	sent := h.far.taken()
	romeo.s.End(t.Context())
	h.rows.Returned(sent[:2])
	check(t, "rows", h.left("romeo@a.lit"), "1 2 3")
	again := h.login("romeo@a.lit/y")
	again.available()
	check(t, "errors", again.got(), "1 remote-server-timeout, 2 remote-server-timeout")
	check(t, "rows", h.left("romeo@a.lit"), "3")
	again.available()
	check(t, "errors", again.got(), "")

	// Another one that is there already is told at once.
	h.rows.Returned(sent[2:])
	check(t, "errors", again.got(), "3 remote-server-timeout")
	check(t, "rows", h.left("romeo@a.lit"), "")
}

// What is left of a process that was killed is lost, and its senders are told.
func TestKilled(t *testing.T) {
	h := openHome(t, t.TempDir(), "")
	romeo, benvolio := h.login("romeo@a.lit/x"), h.login("benvolio@a.lit/x")
	romeo.chat("1", "2")
	benvolio.chat("3")
	romeo.send(`<iq type='set' id='4' to='b.lit'><query xmlns='urn:x'/></iq>`)
	sent := h.far.taken()
	h.rows.Confirmed(sent[:1])
	check(t, "rows", h.left("romeo@a.lit"), "2 4") // the removal is on the disk
	for range 2 {                                  // being killed once more changes nothing
		h = h.killed("")
	}
	h.rows.Resume(t.Context(), h.far)
	if got := h.far.bodies(); got != nil {
		t.Errorf("sent again: %s", got)
	}
	romeo = h.login("romeo@a.lit/x")
	romeo.chat("5") // before it is available: a row of this process
	check(t, "errors", romeo.got(), "")
	romeo.available()
	b, _ := romeo.s.Take()
	text := string(b.Bytes)
	romeo.s.Written(b, nil)
	if n := strings.Count(text, "<remote-server-timeout"); n != 2 ||
		!strings.Contains(text, "id='2'") || !strings.Contains(text, "id='4'") {
		t.Errorf("romeo got %s", text)
	}
	check(t, "rows", h.left("romeo@a.lit"), "5")
	check(t, "rows", h.left("benvolio@a.lit"), "3")
	h = h.killed("")
	benvolio = h.login("benvolio@a.lit/phone")
	benvolio.available()
	check(t, "errors", benvolio.got(), "3 remote-server-timeout")
}

// An iq is nothing to another session than the one that has sent it.
func TestKilledRequest(t *testing.T) {
	h := openHome(t, t.TempDir(), "")
	romeo := h.login("romeo@a.lit/x")
	romeo.send(`<iq type='set' id='4' to='b.lit'><query xmlns='urn:x'/></iq>`)
	h = h.killed("")
	other := h.login("romeo@a.lit/y")
	other.available()
	check(t, "errors", other.got(), "")
	check(t, "rows", h.left("romeo@a.lit"), "")
}

// After a planned stop, what was never written goes out in order; what was
// written is lost, as the peer may have it or not.
func TestStopped(t *testing.T) {
	h := openHome(t, t.TempDir(), "")
	romeo := h.login("romeo@a.lit/x")
	romeo.chat("1", "2", "3", "4", "5")
	sent := h.far.taken()
	h.rows.Written(sent[:2])
	h.rows.Confirmed(sent[:1])
	h.rows.Stopping()
	h.rows.Returned(sent[1:4]) // the streams are closed
	h.rows.Stop()
	h.stop()
	h = openHome(t, h.dir, "")
	romeo = h.login("romeo@a.lit/x")
	romeo.available()
	check(t, "errors", romeo.got(), "2 remote-server-timeout")
	h.rows.Resume(t.Context(), h.far)
	again := h.far.taken()
	text := ""
	for _, p := range again {
		text += string(p.Stanza.Append(nil, &p.Edits, stanza.Out{NS: stanza.NSServer}))
	}
	want := ""
	for _, id := range []string{"3", "4", "5"} {
		want += fmt.Sprintf("<message to='juliet@b.lit' type='chat' id='%s' from='romeo@a.lit/x'>"+
			"<body>%[1]s</body></message>", id)
	}
	check(t, "sent again", text, want)
	h.rows.Confirmed(again[:1])
	check(t, "rows", h.left("romeo@a.lit"), "4 5")

	// The second of them is lost on the way, the third with the process.
	h.rows.Returned(again[1:2])
	check(t, "errors", romeo.got(), "4 remote-server-timeout")
	check(t, "rows", h.left("romeo@a.lit"), "5")
	h = h.killed("")
	h.rows.Resume(t.Context(), h.far)
	romeo = h.login("romeo@a.lit/x")
	romeo.available()
	check(t, "errors", romeo.got(), "5 remote-server-timeout")
	check(t, "rows", h.left("romeo@a.lit"), "")
}

// What is refused at once leaves no row: its sender is told by the router.
func TestRefused(t *testing.T) {
	h := openHome(t, t.TempDir(), "")
	romeo := h.login("romeo@a.lit/x")
	h.far.err = stanza.RemoteServerNotFound
	romeo.chat("1")
	check(t, "errors", romeo.got(), "1 remote-server-not-found")
	check(t, "rows", h.left("romeo@a.lit"), "")
}

// Each domain has its bound (RFC 6120 section 8.3.3.18, resource-constraint),
// which is free again when something is confirmed.
func TestUnconfirmedBound(t *testing.T) {
	for _, config := range []string{"s2s.unconfirmed = 2", "s2s.unconfirmed_bytes = '64 KiB'"} {
		h := openHome(t, t.TempDir(), config)
		romeo := h.login("romeo@a.lit/x")
		pad := strings.Repeat("x", 30<<10)
		chat := func(domain, id string) {
			romeo.send("<message to='j@" + domain + "' id='" + id + "'><body>" + pad + "</body></message>")
		}
		chat("b.lit", "1")
		chat("b.lit", "2")
		chat("b.lit", "3")
		chat("c.lit", "4")
		check(t, config, romeo.got(), "3 resource-constraint")
		check(t, config, h.left("romeo@a.lit"), "1 2 4")
		h.rows.Confirmed(h.far.taken()[:1])
		chat("b.lit", "5")
		check(t, config, romeo.got(), "")
		check(t, config, h.left("romeo@a.lit"), "2 4 5")
	}
}

// An account that is deleted leaves no rows, and what the peers say of them
// later does not matter.
func TestDeletedAccountHasNoRows(t *testing.T) {
	h := openHome(t, t.TempDir(), "")
	romeo := h.login("romeo@a.lit/x")
	romeo.chat("1", "2")
	a, err := h.r.Account(t.Context(), romeo.s.JID.Bare())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.r.DeleteAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	accounts, _, err := h.db.OutboundLeft(t.Context())
	if len(accounts) > 0 || err != nil {
		t.Errorf("rows of %v, %v", accounts, err)
	}
	sent := h.far.taken()
	h.rows.Confirmed(sent[:1])
	h.rows.Returned(append(sent[1:], &router.Packet{}))
	if n := h.rows.Len(); n != 0 {
		t.Errorf("%d rows in memory", n)
	}
}
