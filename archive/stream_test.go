package archive_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
)

// stream is a client whose socket the test works by hand.
type stream struct {
	t      testing.TB
	s      *router.Session
	closed *stanza.StreamError
}

func (c *stream) Wake()                       {}
func (c *stream) Close(e *stanza.StreamError) { c.closed = e }
func (c *stream) Out() stanza.Out             { return stanza.Out{} }
func (c *stream) Addr() string                { return "192.0.2.1:5222" }

// bind logs in.
func bind(w *imtest.World, full string) *stream {
	w.T.Helper()
	c := &stream{t: w.T}
	jid := stanza.MustJID(full)
	s, err := w.Account(jid.Bare().String()).Bind(context.Background(), jid.Resource(), c)
	if err != nil {
		w.T.Fatal(err)
	}
	c.s = s
	return c
}

// send sends stanzas and waits until nothing moves.
func (c *stream) send(stanzas ...string) {
	for _, raw := range stanzas {
		c.s.Handle(context.Background(), stanza.MustParse(raw))
	}
	synctest.Wait()
}

var bodies = regexp.MustCompile(`<body>([^<]*)</body>|<iq [^>]*type='(\w+)'`)

// brief is the bodies and the types of iqs in what was written.
func brief(text string) string {
	var list []string
	for _, m := range bodies.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1]+m[2])
	}
	return strings.Join(list, " ")
}

// text writes what waits for the client.
func (c *stream) text() string {
	synctest.Wait()
	b, ok := c.s.Take()
	if !ok {
		return ""
	}
	text := string(b.Bytes)
	c.s.Written(b, nil)
	synctest.Wait()
	return text
}

// gets writes what waits for the client and compares it in brief.
func (c *stream) gets(want string) {
	c.t.Helper()
	if got := brief(c.text()); got != want {
		c.t.Errorf("%s got %q, want %q", c.s.JID, got, want)
	}
}

// dies ends the session, after the socket refused what it was given first.
func (c *stream) dies() {
	synctest.Wait()
	if b, ok := c.s.Take(); ok {
		c.s.Written(b, errors.New("connection reset"))
	}
	c.s.End(context.Background())
	synctest.Wait()
}

// missed is how many messages are owed to an account.
func missed(w *imtest.World, bare string) int {
	w.T.Helper()
	n, err := w.Store.MissedCount(w.T.Context(), w.Account(bare).ID)
	if err != nil {
		w.T.Fatal(err)
	}
	return n
}
